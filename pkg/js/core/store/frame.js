// `expires, seconds since 1970, 8 bytes | record`: how stores without an expiry of their own keep records, the same as
// in the edge-session Worker.

import { limits } from '../limits.js';

const HEAD = 8;

/** The longest frame, in bytes: no more of an answer need be read. */
export const mostBytes = () => HEAD + limits().recordBytes;

export function frame(record, expiresAt) {
  const framed = new Uint8Array(HEAD + record.length);
  new DataView(framed.buffer).setBigUint64(0, BigInt(Math.max(0, Math.floor(expiresAt / 1000))));
  framed.set(record, HEAD);
  return framed;
}

/** The record if it has not expired. */
export function unframe(buffer, now) {
  if (buffer === null || buffer.byteLength < HEAD || buffer.byteLength > mostBytes()) return null;
  const seconds = Number(new DataView(buffer).getBigUint64(0));
  return seconds * 1000 > now ? new Uint8Array(buffer, HEAD) : null;
}
