// A deployment as commands are told of it: its address, and the token that opens its pages.

import { existsSync } from 'node:fs';
import { textOf } from './input.js';
import { inputProblem, usageProblem } from './problem.js';
import { readSecrets } from './project/secrets_file.js';

const LOCAL_SECRETS = '.dev.vars';

/** SESSION_API_TOKEN of a file, of the environment, or of the Worker on this machine. */
export function tokenFrom({ keys }, env, url) {
  const isLocal = url.hostname === 'localhost' || url.hostname === '127.0.0.1';
  const file = keys ?? (env.SESSION_API_TOKEN === undefined && isLocal && existsSync(LOCAL_SECRETS) ? LOCAL_SECRETS : undefined);
  if (file === undefined) return env.SESSION_API_TOKEN || undefined;
  const token = readSecrets(textOf(file, 'the keys'), file).SESSION_API_TOKEN;
  if (keys !== undefined && !token) throw inputProblem(`there is no SESSION_API_TOKEN in ${file}`);
  return token;
}

export function address(text, what) {
  try {
    const url = new URL(text);
    if (/^https?:$/.test(url.protocol)) return new URL(url.origin);
  } catch {
    // Said below.
  }
  throw usageProblem(`${what}: scheme and host are expected, as https://shop.example`);
}
