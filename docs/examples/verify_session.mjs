// Verifies what edge-session tells an origin (SESSION_PROTOCOL = headers). Node's own modules only.
//
//   import { sessionVerifier, sessionPatch } from './verify_session.mjs';
//   const verify = sessionVerifier([process.env.SESSION_ORIGIN_KEY]);
//   const { session, visitor } = verify(request.method, request.url, request.headers);
//   response.setHeader('session-patch', sessionPatch({ cart: ['tea'] })); // null logs out
//
// `session` is an object, or null for a visitor without one; `visitor` is "anonymous", "known" or "fresh",
// and "" on public routes. Throws for every request that did not come through the Worker, was meant for
// another path, or is too old. In Express take request.originalUrl instead of request.url.
//
// A session of 20 KB is a header of 27 KB: Node takes 16 KB of headers unless told otherwise, as in
// http.createServer({ maxHeaderSize: 128 * 1024 }, ...).

import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';

const TOLERANCE = 60; // seconds that the clocks may differ and a request may take

/** `keys`: the SESSION_ORIGIN_KEY, and during a rotation the other one too. */
export function sessionVerifier(keys) {
  const macKeys = keys.map(macKey);
  return (method, url, headers) => {
    const header = name => headers[name] ?? '';
    const [at, visitor, text] = ['x-session-time', 'x-session-class', 'x-session'].map(header);
    const [issued, created] = ['x-session-issued', 'x-session-created'].map(header);
    const message = ['edge-session/1', method, url, at, visitor, issued, created, text].join('\n');
    const given = Buffer.from(header('x-session-mac')); // compared as text: there is no second spelling
    const matches = key => {
      const expected = Buffer.from(createHmac('sha256', key).update(message).digest('base64url'));
      return given.length === expected.length && timingSafeEqual(given, expected);
    };
    if (!macKeys.some(matches)) throw new Error('not from the edge: wrong MAC');
    if (Math.abs(Date.now() / 1000 - Number(at)) > TOLERANCE) {
      throw new Error('not from the edge: wrong time');
    }
    if (text === '') return { session: null, visitor };
    const session = JSON.parse(Buffer.from(text, 'base64url').toString());
    return { session, visitor, issued: Number(issued), created: Number(created) };
  };
}

/** The value of the response header session-patch: a JSON merge patch, or null to log out. */
export const sessionPatch = patch => Buffer.from(JSON.stringify(patch)).toString('base64url');

function macKey(text) {
  const secret = Buffer.from(text.slice(4), 'base64url');
  if (!text.startsWith('es1_') || secret.length !== 32) {
    throw new Error('a key is es1_ and the base64url of 32 bytes');
  }
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'edge-session/v1', 'origin-mac', 32)));
}
