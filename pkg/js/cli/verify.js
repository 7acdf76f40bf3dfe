// edge-session verify

import { look } from '../inspect.js';
import { isKnown } from '../inspect/envelope.js';
import { readPasted } from '../inspect/pasted.js';
import { argument } from './input.js';
import { inputProblem } from './problem.js';
import { settingsHelp, settingsOf, settingsOptions } from './settings.js';

export const summary = 'whether a cookie is a valid session';

export const help = `usage: edge-session verify [options] [<cookie>]

One line, and an exit code for scripts: whether this value, Cookie header or Set-Cookie line is a session under
the keys that are given, and now. - or nothing reads standard input.

${settingsHelp}
exit code: 0 valid; 1 not
`;

export const options = settingsOptions;

export async function run({ values, positionals, terminal, env, input, now, warn }) {
  const settings = await settingsOf({ values, env, input, warn });
  if (settings.sessionKeys.length + settings.djangoKeys.length === 0) {
    throw inputProblem(
      'there is no key: set SESSION_KEYS or DJANGO_SECRET_KEY, or give one with --keys-stdin',
    );
  }
  const { verdict, tried, envelope } = look(
    readPasted(await argument(positionals, input, 'cookie')),
    settings,
    now,
  );
  if (tried.kind === 'misconfigured') throw inputProblem(tried.message);
  const isGood = verdict.state === 'good';
  const json = {
    valid: isGood,
    format: envelope?.envelope,
    reason: isGood ? undefined : (tried.refusal ?? tried.reason ?? withoutReason(envelope, tried)),
    keyId: tried.session?.keyId,
    keyPosition: tried.session?.keyPosition,
    expiresAt: isGood ? tried.session.expiresAt : undefined,
  };
  return { text: (isGood ? terminal.green : terminal.red)(verdict.text), json, isGood };
}

// Nothing was tried: there is no such cookie, it is no envelope, or there is no key for its kind.
function withoutReason(envelope, { kind }) {
  if (kind === 'conflict') return kind;
  if (!envelope) return 'absent';
  return isKnown(envelope) ? 'no_key' : 'malformed';
}
