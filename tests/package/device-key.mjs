// A browser's part of Device Bound Session Credentials, without a browser: a key, and what is signed with it.

const encoded = bytes => Buffer.from(bytes).toString('base64url');

export async function newDeviceKey() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const { x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const jwk = { kty: 'EC', crv: 'P-256', x, y };
  /** The token that a browser sends; `registers`: with the key in it. */
  async function proof(challenge, registers = false) {
    const header = { alg: 'ES256', typ: 'dbsc+jwt', ...(registers && { jwk }) };
    const signed = [header, { jti: challenge }].map(part => encoded(JSON.stringify(part))).join('.');
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, new TextEncoder().encode(signed));
    return `${signed}.${encoded(signature)}`;
  }
  return { jwk, proof };
}

/** The challenge in a field `Secure-Session-Registration` or `Secure-Session-Challenge`. */
export const challengeIn = field => field.match(/challenge="([\w-]+)"/)?.[1] ?? field.match(/^"([\w-]+)"/)[1];
