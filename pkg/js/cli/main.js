// edge-session: keys, cookies and deployments on the command line.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as check from './check.js';
import * as deploy from './deploy.js';
import * as dev from './dev.js';
import * as doctor from './doctor.js';
import * as init from './init.js';
import * as inspect from './inspect.js';
import * as keygen from './keygen.js';
import * as keys from './keys.js';
import * as plan from './plan.js';
import * as rotate from './rotate.js';
import * as verify from './verify.js';
import * as verifyRelease from './verify_release.js';
import { dialogue } from './dialogue.js';
import { standardInput } from './input.js';
import { EXIT, Problem, usageProblem } from './problem.js';
import { terminalOf, visible, visibleJson } from './terminal.js';
import { version } from './version.js';
import { start } from '../core/binding.js';

const COMMANDS = { init, dev, deploy, check, keys, keygen, rotate, inspect, verify, plan, doctor, 'verify-release': verifyRelease };
const COMMON = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } };

const HELP = `usage: edge-session <command> [options]

commands
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`)
  .join('\n')}

  edge-session <command> --help says more. --json gives JSON. An argument that is - or not there is read
  from standard input.

secrets
  come from the environment, as the Worker's settings: SESSION_KEYS, DJANGO_SECRET_KEY,
  DJANGO_SECRET_KEY_FALLBACKS; or from standard input with --keys-stdin. A cookie opens a session too:
  give it on standard input where others can list processes or read your shell's history.

exit codes
  0  done, and the answer is good
  1  done, and the answer is bad: no valid session, does not fit, something is broken
  2  used wrongly: no such command or option
  3  what was given cannot be read or reached: a file, a key, JSON, a folder, an address
`;

start(readFileSync(new URL('./codec.wasm', import.meta.url)));
process.stdout.on('error', error => {
  // Whoever read the output has seen enough.
  if (error.code === 'EPIPE') process.exit(EXIT.good);
  throw error;
});
process.exitCode = await main(process.argv.slice(2));

async function main(words) {
  const terminal = terminalOf(process.stdout, process.env);
  try {
    return await run(words, terminal);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`edge-session: ${visible(error.message)}\n`);
    return error.code;
  }
}

async function run([name, ...rest], terminal) {
  if (name === undefined) {
    process.stderr.write(HELP);
    return EXIT.usage;
  }
  if (['--help', '-h', 'help'].includes(name)) return say(HELP);
  if (['--version', '-v'].includes(name)) return say(`${version()}\n`);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command)
    throw usageProblem(`there is no command ${JSON.stringify(name)}; edge-session --help lists them`);
  // What follows -- is for those who start another command; the others take it as arguments.
  const end = command.startsCommand ? rest.indexOf('--') : -1;
  const own = end < 0 ? rest : rest.slice(0, end);
  const { values, positionals } = parsed(own, { ...COMMON, ...command.options }, name);
  if (end >= 0 && end + 1 === rest.length) throw usageProblem('after -- a command is expected');
  if (values.help) return say(command.help);
  const {
    text,
    json,
    isGood = true,
  } = await command.run({
    values,
    positionals,
    command: end < 0 ? [] : rest.slice(end + 1),
    terminal,
    env: process.env,
    input: standardInput(process.stdin),
    dialogue: dialogue(process.stdin, process.stderr),
    report: line => process.stderr.write(`${visible(line)}\n`),
    now: Date.now(),
    warn: message => process.stderr.write(`edge-session: ${visible(message)}\n`),
  });
  if (values.json || text !== undefined) say(values.json ? `${visibleJson(JSON.stringify(json, undefined, 2))}\n` : `${text}\n`);
  return isGood ? EXIT.good : EXIT.bad;
}

function parsed(args, options, name) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    if (!error.code?.startsWith('ERR_PARSE_ARGS')) throw error;
    // Only the first sentence: the rest explains how to pass what begins with a hyphen.
    throw usageProblem(`${error.message.split('. ')[0]}; edge-session ${name} --help lists the options`);
  }
}

function say(text) {
  process.stdout.write(text);
  return EXIT.good;
}
