// What the cookie is, as far as anybody or the key can tell.

import { wrapping } from '../js/doctor/value.js';
import { ago, dateTime } from '../js/inspect/ago.js';
import { definitions, element, panel } from './element.js';

const ENVELOPES = {
  sealed: 'sealed: encrypted',
  django: 'Django: signed, readable by whoever holds it',
  flask: 'Flask: signed, readable by whoever holds it',
  fernet: 'Fernet, with Django’s signed value inside',
};

export function cookiePanel({ name, envelope, layers, opened, life }, now) {
  const rows = [['Format', ENVELOPES[envelope.kind] ?? unknown(envelope)]];
  if (name) rows.unshift(['Name', element('code', {}, name)]);
  if (layers.length > 0) rows.push(['Wrapped in', wrapping(layers)]);
  if (envelope.kind === 'sealed') rows.push(['Key', keyText(envelope.keyId, opened)]);
  else if (opened?.kind === 'session') rows.push(['Key', position(opened)]);
  if (life?.issued !== undefined) rows.push(['Issued', `${dateTime(life.issued)}, ${ago(life.issued, now)}`]);
  if (opened?.kind === 'session' && opened.hasRecord) {
    rows.push(['Record', 'more keys lie in a store; they are not in the cookie and not shown here']);
  }
  return panel('cookie-panel', 'Cookie', definitions(rows));
}

function keyText(id, opened) {
  const text = element('span', {}, element('code', {}, id));
  if (opened?.kind === 'session') text.append(`, ${position(opened)}`);
  return text;
}

const position = ({ isPrimary }) => (isPrimary ? 'the one that writes' : 'a fallback: the cookie will be issued anew');

const unknown = ({ guess }) => (guess ? `not ours; it looks like ${guess}` : 'not an envelope of a session');
