/**
 * Whether a signature is that of a P-256 key (ES256), by the platform's cryptography. A key that is no point of the
 * curve signs nothing. What is handed over lies in the module's memory, so it is copied before anybody waits.
 */
export async function isSigned(point, signed, signature) {
  [point, signed, signature] = [point.slice(), signed.slice(), signature.slice()];
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  let key;
  try {
    key = await crypto.subtle.importKey('raw', point, curve, false, ['verify']);
  } catch {
    return false;
  }
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, signed);
}
