// What a cookie value tells anybody, without a key.

import { fromBase64url, isCanonical } from './base64url.js';
import { inflated } from './inflated.js';

/** version 1 | key id 4 | nonce 24 | tag 16, and an inner text of 5 octets at least */
const LEAST_SEALED_OCTETS = 1 + 4 + 24 + 16 + 5;

// Other people's cookies, by what they begin with or look like.
const STRANGERS = [
  ['iron-session', /^Fe26\.\d\*/],
  ['JWT', /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*$/],
  ['JWE', /^eyJ[\w-]*(\.[\w-]*){4}$/],
  ['express-session', /^s(:|%3A)[\w-]+\./i],
  ['PASETO', /^v\d\.(local|public)\./],
];

/**
 * What can be said of a value by its form alone. Nothing here is verified: anybody could have written it.
 *
 * @param {string} value
 * @returns {Promise<Envelope>}
 *
 * @typedef {SealedEnvelope | SignedEnvelope | FernetEnvelope | UnknownEnvelope} Envelope
 * @typedef {{ kind: 'sealed', version: number, keyId: string, octets: number, isCanonical: boolean }} SealedEnvelope
 *   `octets`: of the encrypted content, which is all that it tells of the session
 * @typedef {{ kind: 'django' | 'flask', issued: number | undefined, isCompressed: boolean,
 *   json: string | undefined }} SignedEnvelope  `issued` in seconds; `json`: the session, which whoever holds the cookie can read
 * @typedef {{ kind: 'fernet', issued: number }} FernetEnvelope
 * @typedef {{ kind: 'unknown', guess: string | undefined }} UnknownEnvelope
 */
export async function readEnvelope(value) {
  const stranger = STRANGERS.find(([, form]) => form.test(value));
  if (stranger) return { kind: 'unknown', guess: stranger[0] };
  return (
    readSealed(value) ??
    (await readDjango(value)) ??
    (await readFlask(value)) ??
    readFernet(value) ?? { kind: 'unknown', guess: undefined }
  );
}

function readSealed(value) {
  const octets = fromBase64url(value);
  if (!octets || octets.length < LEAST_SEALED_OCTETS || octets[0] !== 1) return undefined;
  return {
    kind: 'sealed',
    version: octets[0],
    keyId: Array.from(octets.subarray(1, 5), octet => octet.toString(16).padStart(2, '0')).join(''),
    octets: octets.length - (1 + 4 + 24 + 16),
    isCanonical: isCanonical(value),
  };
}

async function readDjango(value) {
  const parts = /^(\.?)([\w-]+):(\w{1,11}):([\w-]{27,43})$/.exec(value);
  if (!parts) return undefined;
  const [, dot, payload, time] = parts;
  return { kind: 'django', issued: fromBase62(time), isCompressed: dot !== '', json: await readJson(payload, dot) };
}

async function readFlask(value) {
  const parts = /^(\.?)([\w-]+)\.([\w-]{2,11})\.([\w-]{27})$/.exec(value);
  if (!parts) return undefined;
  const [, dot, payload, time] = parts;
  const issued = fromBase64url(time)?.reduce((seconds, octet) => seconds * 256 + octet, 0);
  return { kind: 'flask', issued, isCompressed: dot !== '', json: await readJson(payload, dot) };
}

// A Fernet token in base64 once more, as Django's signed value is put into one.
function readFernet(value) {
  if (!/^"?Z0FBQUFB/.test(value)) return undefined;
  const token = fromBase64url(value.replaceAll('"', ''));
  const octets = token && fromBase64url(decoder.decode(token));
  if (!octets || octets.length < 9) return undefined;
  return { kind: 'fernet', issued: Number(new DataView(octets.buffer).getBigUint64(1)) };
}

async function readJson(payload, dot) {
  const octets = fromBase64url(payload);
  const plain = octets && dot ? await inflated(octets) : octets;
  return plain && decoder.decode(plain);
}

const decoder = new TextDecoder();

// Django's alphabet, b62: digits, capitals, small letters.
function fromBase62(text) {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let value = 0;
  for (const character of text) {
    const digit = digits.indexOf(character);
    if (digit < 0) return undefined;
    value = value * 62 + digit;
  }
  return value;
}
