// Settings and secrets from options and the environment, under the names that the Worker has for them.

import { keysFrom, words } from '../inspect/keys.js';
import { inputProblem, usageProblem } from './problem.js';
import { WORKER_SETTINGS } from './project/worker_settings.js';

/** Options of commands that open or seal. */
export const settingsOptions = {
  name: { type: 'string' },
  audience: { type: 'string' },
  budget: { type: 'string' },
  idle: { type: 'string' },
  absolute: { type: 'string' },
  key: { type: 'string', multiple: true },
  'keys-stdin': { type: 'boolean' },
};

export const settingsHelp = `settings (option, or variable of the environment)
  --name NAME         SESSION_COOKIE            the session cookie; found out where it is not said
  --audience TEXT     SESSION_AUDIENCE          default "default"
  --budget BYTES     SESSION_BUDGET            name and value; 64 to 4096, default 4093
  --idle SECONDS      SESSION_IDLE_SECONDS      default 1209600, 14 days
  --absolute SECONDS  SESSION_ABSOLUTE_SECONDS  default 2592000, 30 days

secrets
  SESSION_KEYS        es1_..., separated by blanks or commas, the one that writes first
  DJANGO_SECRET_KEY   Django's or Flask's; and DJANGO_SECRET_KEY_FALLBACKS, a JSON list
  --keys-stdin        on standard input, instead of the environment: SESSION_KEYS, or a line for each Django or
                      Flask key, blanks and commas in it and all
  --key KEY           the same as an argument: others may read it, so there is a warning
`;

/**
 * @param {object} run what `main.js` gives a command
 * @returns {Promise<import('../inspect/settings.js').Settings>}
 */
export async function settingsOf({ values, env, input, warn }) {
  const text = (option, variable) => values[option] ?? (env[variable] || undefined);
  const read = (option, variable) => number(text(option, variable), `--${option}`, WORKER_SETTINGS[variable].least, WORKER_SETTINGS[variable].most);
  return {
    name: text('name', 'SESSION_COOKIE'),
    audience: text('audience', 'SESSION_AUDIENCE'),
    userKey: env.SESSION_USER_KEY || undefined,
    budget: read('budget', 'SESSION_BUDGET'),
    idleSeconds: read('idle', 'SESSION_IDLE_SECONDS'),
    absoluteSeconds: read('absolute', 'SESSION_ABSOLUTE_SECONDS'),
    ...(await keysOf({ values, env, input, warn })),
  };
}

/**
 * The secrets, from exactly one place.
 *
 * @returns {Promise<{ sessionKeys: string[], djangoKeys: string[] }>} the one that writes first
 */
export async function keysOf({ values, env, input, warn }) {
  if (values.key && values['keys-stdin']) throw usageProblem('--key and --keys-stdin cannot both be given');
  if (values.key) {
    warn(
      'a key on the command line can be read by others (ps, shell history): use SESSION_KEYS or --keys-stdin',
    );
    return together(values.key.map(keysFrom));
  }
  if (values['keys-stdin']) {
    const given = keysFrom(await input.read('keys'));
    if (given.sessionKeys.length + given.djangoKeys.length === 0)
      throw inputProblem('there is no key on standard input');
    return given;
  }
  const django = env.DJANGO_SECRET_KEY ? [env.DJANGO_SECRET_KEY] : [];
  return { sessionKeys: words(env.SESSION_KEYS ?? ''), djangoKeys: [...django, ...fallbacks(env)] };
}

const together = all => ({
  sessionKeys: all.flatMap(({ sessionKeys }) => sessionKeys),
  djangoKeys: all.flatMap(({ djangoKeys }) => djangoKeys),
});

function fallbacks({ DJANGO_SECRET_KEY_FALLBACKS: text }) {
  if (!text) return [];
  let list;
  try {
    list = JSON.parse(text);
  } catch {
    // The text is a secret, so the parser's message, which quotes it, is not repeated.
  }
  if (!Array.isArray(list) || list.some(key => typeof key !== 'string')) {
    throw inputProblem('DJANGO_SECRET_KEY_FALLBACKS is not a JSON list of texts');
  }
  return list;
}

/** A whole number, or `undefined` for `undefined`. */
export function number(text, what, least, most) {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most))
    throw usageProblem(`${what}: a whole number from ${least} to ${most} is expected`);
  return value;
}
