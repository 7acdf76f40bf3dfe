// What a browser signs with its device's key: a JSON Web Token of the type `dbsc+jwt`. The Worker reads the same in
// gateway/src/device/proof.rs; tests/vectors/device_proofs.json holds both to one rule. Nothing of it is verified here.

/** Four times what browsers send. */
const MAX_CHARACTERS = 2048;
const SIGNATURE_CHARACTERS = 86;
const COORDINATE = /^[\w-]{43}$/;

/** Why a text is no proof: `too_long`, `malformed`, `other_kind` or `bad_key`. */
export class NoProof extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

const malformed = () => new NoProof('malformed');

/**
 * @param {string} field `Secure-Session-Response`: the token, bare or as a structured field's string
 * @returns {{ signed: Uint8Array, signature: Uint8Array, challenge: string, key?: { x: string, y: string } }}
 */
export function readProof(field) {
  if (field.length > MAX_CHARACTERS) throw new NoProof('too_long');
  const parts = unquoted(field).split('.');
  if (parts.length !== 3 || parts[2].length !== SIGNATURE_CHARACTERS) throw malformed();
  const [first, second, signature] = parts.map(decoded);
  const header = object(first);
  once(header, ['typ', 'alg', 'jwk', 'crit']);
  if (typeof header.value.typ !== 'string' || typeof header.value.alg !== 'string') throw malformed();
  // What has to be understood (`crit`, RFC 7515 4.1.11) nobody here does.
  if (header.value.typ !== 'dbsc+jwt' || header.value.alg !== 'ES256' || (header.value.crit ?? null) !== null) throw new NoProof('other_kind');
  const jwk = header.value.jwk ?? null;
  const key = jwk === null ? undefined : keyOf(jwk);
  const payload = object(second);
  once(payload, ['jti']);
  if (typeof payload.value.jti !== 'string') throw malformed();
  return { signed: new TextEncoder().encode(`${parts[0]}.${parts[1]}`), signature, challenge: payload.value.jti, key };
}

/** A structured field's string without its quotation marks, or the text as it is: the draft says the one, browsers send the other. */
export function unquoted(field) {
  const text = field.replace(/^[ \t]+|[ \t]+$/g, '');
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** Of a JSON Web Key. Who sends the private part, `d`, has given the key away. */
function keyOf(jwk) {
  const isP256 = typeof jwk === 'object' && jwk.kty === 'EC' && jwk.crv === 'P-256' && !Object.hasOwn(jwk, 'd');
  if (!isP256 || ![jwk.x, jwk.y].every(isCoordinate)) throw new NoProof('bad_key');
  return { x: jwk.x, y: jwk.y };
}

const isCoordinate = text => {
  if (typeof text !== 'string' || !COORDINATE.test(text)) return false;
  try {
    return decoded(text).length === 32;
  } catch {
    return false;
  }
};

/** Canonical base64url, so that no two texts are one token. */
function decoded(part) {
  if (!/^[\w-]*$/.test(part)) throw malformed();
  let binary;
  try {
    binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    throw malformed();
  }
  if (btoa(binary).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_') !== part) throw malformed();
  return Uint8Array.from(binary, character => character.charCodeAt(0));
}

/** A JSON object, and its text. */
function object(bytes) {
  if (bytes[0] !== 0x7b) throw malformed();
  try {
    const json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { value: JSON.parse(json), json };
  } catch {
    throw malformed();
  }
}

/** Of a member that is there twice each reader would take another one. */
function once({ json }, names) {
  const seen = new Set();
  let depth = 0;
  let key;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token !== ':') key = token;
    else if (depth === 1) {
      const name = JSON.parse(key);
      if (names.includes(name) && seen.has(name)) throw malformed();
      seen.add(name);
    }
  }
}
