// edge-session keygen

import { generateKey, keyId } from '../index.js';

export const summary = 'a new key';

export const help = `usage: edge-session keygen [--json]

Prints a new key for SESSION_KEYS: es1_ and 32 random bytes in base64url. With --json its id too, by which
cookies and /_session/health name it; the id is no secret.
`;

export const options = {};

export function run() {
  const key = generateKey();
  return { text: key, json: { key, id: keyId(key) } };
}
