/**
 * Whether a signature is that of a P-256 key (ES256), by the platform's cryptography. A key that is no point of the
 * curve signs nothing.
 *
 * @param {{ x: string, y: string }} key members of a JSON Web Key
 * @param {Uint8Array} signed
 * @param {Uint8Array} signature
 */
export async function isSigned({ x, y }, signed, signature) {
  let key;
  try {
    const curve = { name: 'ECDSA', namedCurve: 'P-256' };
    key = await crypto.subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', x, y }, curve, false, ['verify']);
  } catch {
    return false;
  }
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, signed);
}
