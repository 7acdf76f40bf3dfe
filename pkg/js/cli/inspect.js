// edge-session inspect

import { look } from '../inspect.js';
import { ago, dateTime } from '../inspect/ago.js';
import { indented } from '../inspect/indented.js';
import { readPasted } from '../inspect/pasted.js';
import { wrapping } from '../inspect/unwrapped.js';
import { argument } from './input.js';
import { settingsHelp, settingsOf, settingsOptions } from './settings.js';
import { sizeLines } from './size.js';
import { visible } from './terminal.js';

export const summary = 'what is in a cookie';

export const help = `usage: edge-session inspect [options] [<cookie>]

Takes a value, a Cookie header or a Set-Cookie line, and says what it is: format, key, age, end, size, and with
the key what is in it. Without a key it shows what everybody can see. - or nothing reads standard input.

${settingsHelp}
exit code: 0 valid, or nothing can be told without a key; 1 refused, or no session
`;

export const options = settingsOptions;

const FORMATS = {
  sealed: 'sealed (encrypted)',
  django: 'Django (signed, readable by everybody)',
  flask: 'Flask (signed, readable by everybody)',
  fernet: 'Fernet',
  stranger: 'not ours',
  unknown: 'unknown',
};

const COLOURS = { good: 'green', note: 'cyan', warning: 'yellow', error: 'red' };

export async function run({ values, positionals, terminal, env, input, now, warn }) {
  const settings = await settingsOf({ values, env, input, warn });
  const pasted = readPasted(await argument(positionals, input, 'cookie'));
  const seen = look(pasted, settings, now);
  const isGood = seen.verdict.state === 'good' || seen.verdict.state === 'note';
  return { text: textOf(seen, terminal, now), json: jsonOf(seen), isGood };
}

function textOf(seen, terminal, now) {
  const { verdict, name, envelope, layers, tried, life, size, json } = seen;
  const parts = [terminal[COLOURS[verdict.state]](verdict.text)];
  if (envelope) {
    parts.push(
      lines(terminal, [
        ['name', name && visible(name)],
        ['format', FORMATS[envelope.envelope]],
        ['wrapped in', layers.length > 0 && wrapping(layers)],
        ['key', keyText(envelope, tried)],
        ['began', life?.created !== undefined && time(life.created, now)],
        ['issued', life && time(life.issued, now)],
        ['ends idle', life && time(life.idleEnd, now)],
        ['ends at last', life?.absoluteEnd !== undefined && time(life.absoluteEnd, now)],
        ['record', tried.session?.ticket && 'more keys lie in a store; they are not shown here'],
      ]),
    );
    parts.push(sizeLines(size ?? { cookieBytes: seen.cookieBytes }, terminal, true));
    if (seen.sizeProblem) parts.push(terminal.yellow(`Its keys cannot be measured: ${seen.sizeProblem}`));
  }
  if (json !== undefined) parts.push(visibleLines(indented(json)));
  return parts.filter(Boolean).join('\n\n');
}

function lines(terminal, pairs) {
  const shown = pairs.filter(([, text]) => text);
  const width = Math.max(...shown.map(([term]) => term.length));
  return shown.map(([term, text]) => `${terminal.dim(term.padEnd(width))}  ${text}`).join('\n');
}

const time = (at, now) => `${dateTime(at)}, ${ago(at, now)}`;

function keyText({ keyId }, { session }) {
  if (!session) return keyId;
  const place = session.keyPosition === 0 ? 'the one that writes' : `fallback ${session.keyPosition}`;
  return [session.keyId ?? keyId, place].filter(Boolean).join(', ');
}

const visibleLines = text => text.split('\n').map(visible).join('\n');

function jsonOf({ verdict, name, cookieBytes, layers, envelope, tried, json, life, size }) {
  return {
    verdict,
    name,
    cookieBytes,
    format: envelope?.envelope,
    layers,
    keyId: tried.session?.keyId ?? envelope?.keyId,
    keyPosition: tried.session?.keyPosition,
    verified: tried.kind === 'session',
    refusal: tried.refusal ?? tried.reason ?? (tried.kind === 'conflict' ? tried.kind : undefined),
    life,
    record: tried.session?.ticket,
    // As text: JSON.parse would change numbers that JavaScript cannot hold.
    session: json,
    size,
  };
}
