// What the cookie is, as far as anybody or the key can tell.

import { ago, dateTime } from '../js/inspect/ago.js';
import { wrapping } from '../js/inspect/unwrapped.js';
import { definitions, element, panel } from './element.js';

const ENVELOPES = {
  sealed: 'sealed: encrypted',
  django: 'Django: signed, readable by whoever holds it',
  flask: 'Flask: signed, readable by whoever holds it',
  fernet: 'Fernet, with Django’s signed value inside',
  stranger: 'not ours',
};

/** @param {import('../js/inspect.js').Look} look @param {number} now */
export function cookiePanel({ name, cookieBytes, envelope, layers, tried, life }, now) {
  const { session } = tried;
  const rows = [['Format', ENVELOPES[envelope.envelope] ?? 'not an envelope of a session']];
  if (name) rows.unshift(['Name', element('code', {}, name)]);
  if (layers.length > 0) rows.push(['Wrapped in', wrapping(layers)]);
  if (envelope.keyId || session) rows.push(['Key', keyText(envelope, session)]);
  if (life) rows.push(['Issued', `${dateTime(life.issued)}, ${ago(life.issued, now)}`]);
  rows.push(['Length', `${cookieBytes.toLocaleString('en')} bytes, name and value`]);
  if (session?.ticket)
    rows.push(['Record', 'more keys lie in a store; they are not in the cookie and not shown here']);
  return panel('cookie-panel', 'Cookie', definitions(rows));
}

function keyText({ keyId }, session) {
  const text = element('span', {}, ...(keyId ? [element('code', {}, keyId)] : []));
  if (session)
    text.append(
      keyId ? ', ' : '',
      session.keyPosition === 0 ? 'the one that writes' : 'a fallback: the cookie will be issued anew',
    );
  return text;
}
