// What a cookie value tells anybody, without a key.

import { inspect } from '../index.js';
import { fromBase64url } from './base64url.js';

// Other people's cookies, by what they begin with or look like.
const STRANGERS = [
  ['iron-session', /^Fe26\.\d\*/],
  ['a JWT', /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*$/],
  ['a JWE', /^eyJ[\w-]*(\.[\w-]*){4}$/],
  ['express-session', /^s(:|%3A)[\w-]+\./i],
  ['PASETO', /^v\d\.(local|public)\./],
];

/**
 * What can be said of a value by its form alone. Nothing here is verified: anybody could have written it.
 *
 * @param {string} value
 * @returns {import('../index.js').Inspection | Fernet | Stranger}
 *
 * @typedef {{ envelope: 'fernet', bytes: number, issuedAt: number }} Fernet Django's signed value in a Fernet token
 * @typedef {{ envelope: 'stranger', bytes: number, guess: string }} Stranger
 */
export function readEnvelope(value) {
  const bytes = value.length;
  const stranger = STRANGERS.find(([, form]) => form.test(value));
  if (stranger) return { envelope: 'stranger', bytes, guess: stranger[0] };
  return readFernet(value) ?? inspect(value);
}

/** Whether a value is an envelope that we know, intact as far as that shows. */
export const isKnown = ({ envelope }) => envelope !== 'unknown' && envelope !== 'stranger';

// A Fernet token in base64 once more: version 1 | seconds 8 | ...
function readFernet(value) {
  if (!/^"?Z0FBQUFB/.test(value)) return undefined;
  const token = fromBase64url(value.replaceAll('"', ''));
  const bytes = token && fromBase64url(new TextDecoder().decode(token));
  if (!bytes || bytes.length < 9) return undefined;
  const seconds = new DataView(bytes.buffer).getBigUint64(1);
  return { envelope: 'fernet', bytes: value.length, issuedAt: Number(seconds) * 1000 };
}
