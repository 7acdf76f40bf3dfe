// edge-session doctor

import { diagnose } from '../doctor.js';
import { readPasted } from '../inspect/pasted.js';
import { argument } from './input.js';
import { number } from './settings.js';
import { visible } from './terminal.js';

export const summary = 'what is wrong with a Cookie header or a Set-Cookie line';

export const help = `usage: edge-session doctor [options] [<Cookie header>]

Looks for values that were encoded twice, duplicate names, cookies that other servers take for the session, wrong
prefixes and attributes, and sizes near a limit of a browser or a server. Needs no key and shows no value. - or
nothing reads standard input.

  --name NAME     SESSION_COOKIE          the session cookie; found out where it is not said
  --idle SECONDS  SESSION_IDLE_SECONDS    default 1209600

exit code: 0 nothing worse than warnings; 1 something that does not work
`;

export const options = { name: { type: 'string' }, idle: { type: 'string' } };

const COLOURS = { error: 'red', warning: 'yellow', note: 'cyan' };

export async function run({ values, positionals, terminal, env, input, now }) {
  const pasted = readPasted(await argument(positionals, input, 'Cookie header'));
  const { name, findings } = diagnose(pasted, {
    name: values.name ?? (env.SESSION_COOKIE || undefined),
    idleSeconds: number(values.idle ?? (env.SESSION_IDLE_SECONDS || undefined), '--idle', 0, 0xffff_ffff),
    now,
  });
  const text = findings.map(finding => findingText(finding, terminal)).join('\n');
  return {
    text: text || terminal.green('Nothing is wrong with it that can be seen from outside.'),
    json: { kind: pasted.kind, name, cookies: pasted.cookies.length, bytes: pasted.bytes, findings },
    isGood: !findings.some(({ severity }) => severity === 'error'),
  };
}

function findingText({ severity, cookie, message, advice }, terminal) {
  const head = terminal[COLOURS[severity]](severity.padEnd(7));
  const about = cookie ? `${terminal.bold(visible(cookie))}: ` : '';
  return `${head}  ${about}${visible(message)}${advice ? `\n         ${terminal.dim(visible(advice))}` : ''}`;
}
