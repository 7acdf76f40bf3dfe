// edge-session plan

import { EdgeSessionError } from '../index.js';
import { faceOf } from '../inspect/face.js';
import { parsedJson, rulesFrom } from '../inspect/rules.js';
import { sizeConfig } from '../inspect/settings.js';
import { sizeOf } from '../inspect/size.js';
import { fileArgument, textOf } from './input.js';
import { inputProblem, usageProblem } from './problem.js';
import { number } from './settings.js';
import { sizeLines } from './size.js';

export const summary = 'what of a session would be in the cookie';

export const help = `usage: edge-session plan [options] [<session.json>]

Where each key of a session would go, and how much it takes: JSON bytes, and what the cookie is longer by. Needs
no key. - or nothing reads standard input.

  --for FACE          worker or package: whose defaults count. The Worker's where the cookie is __Host-sessionid or
                      the session is Django's: there the user key (SESSION_USER_KEY, _auth_user_id) is critical
                      and each cookie has an id, by which it can be revoked
  --rules FILE        rules for keys as JSON, as SESSION_RULES of the Worker, which counts otherwise
  --overflow HOW      spill (default: into a store), drop, or refuse
  --write ENVELOPE    sealed (default), django or flask
  --name NAME         SESSION_COOKIE      default __Host-sessionid for the Worker, __Host-session for the package
  --budget BYTES     SESSION_BUDGET      default 4093
  --audience TEXT     SESSION_AUDIENCE

exit code: 0 every key is kept, in the cookie or the store; 1 keys would be dropped, or it does not fit at all
`;

export const options = {
  for: { type: 'string' },
  rules: { type: 'string' },
  overflow: { type: 'string' },
  write: { type: 'string' },
  name: { type: 'string' },
  budget: { type: 'string' },
  audience: { type: 'string' },
};

export async function run({ values, positionals, terminal, env, input, now }) {
  const data = sessionFrom(await fileArgument(positionals, input, 'session'));
  const name = values.name ?? (env.SESSION_COOKIE || undefined);
  const settings = {
    userKey: env.SESSION_USER_KEY || undefined,
    audience: values.audience ?? (env.SESSION_AUDIENCE || undefined),
    budget: number(values.budget ?? (env.SESSION_BUDGET || undefined), '--budget', 64, 4096),
    rules: readable(() =>
      values.rules
        ? rulesFrom(textOf(values.rules, 'rules'), values.rules)
        : rulesFrom(env.SESSION_RULES || '[]', 'SESSION_RULES'),
    ),
  };
  const config = {
    ...sizeConfig(
      settings,
      values.for === undefined ? faceOf(name, data) : oneOf(values.for, ['worker', 'package'], '--for'),
      name,
      oneOf(values.write ?? 'sealed', ['sealed', 'django', 'flask'], '--write'),
    ),
    overflow: oneOf(values.overflow ?? 'spill', ['spill', 'drop', 'refuse'], '--overflow'),
  };
  let size;
  try {
    size = sizeOf(config, data, { now });
  } catch (error) {
    return refused(error, terminal);
  }
  const isGood = size.keys.every(({ placement }) => placement === 'cookie' || placement === 'spilled');
  return { text: sizeLines(size, terminal), json: { fits: isGood, ...size }, isGood };
}

// What does not fit is an answer; a wrong setting is not.
function refused(error, terminal) {
  const isAnswer = error instanceof EdgeSessionError && /^(does_not_fit|too_)/.test(error.code);
  if (!isAnswer && (error instanceof EdgeSessionError || error instanceof TypeError))
    throw inputProblem(error.message);
  if (!isAnswer) throw error;
  return {
    text: terminal.red(error.message),
    json: { fits: false, error: error.code, message: error.message },
    isGood: false,
  };
}

function sessionFrom(text) {
  const value = readable(() => parsedJson(text, 'the session'));
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw inputProblem('the session is not a JSON object');
  return value;
}

function readable(read) {
  try {
    return read();
  } catch (error) {
    throw error instanceof SyntaxError ? inputProblem(error.message) : error;
  }
}

function oneOf(value, allowed, option) {
  if (!allowed.includes(value)) throw usageProblem(`${option}: one of ${allowed.join(', ')} is expected`);
  return value;
}
