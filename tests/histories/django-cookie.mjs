// Django's signed cookie sessions, as its own code reads and writes them (django.core.signing).

import { createHash, createHmac } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';

const SALT = 'django.contrib.sessions.backends.signed_cookies';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const base62 = number => (number < 62 ? '' : base62(Math.floor(number / 62))) + DIGITS[number % 62];

function signature(secret, value) {
  const key = createHash('sha256').update(`${SALT}signer${secret}`).digest();
  return createHmac('sha256', key).update(value).digest('base64url');
}

export function write(secret, session) {
  const json = Buffer.from(JSON.stringify(session));
  const short = deflateSync(json);
  const payload = short.length < json.length - 1 ? `.${short.toString('base64url')}` : json.toString('base64url');
  const value = `${payload}:${base62(Math.floor(Date.now() / 1000))}`;
  return `${value}:${signature(secret, value)}`;
}

export function read(secret, text) {
  const at = text.lastIndexOf(':');
  if (signature(secret, text.slice(0, at)) !== text.slice(at + 1)) throw new Error('the edge sent a bad signature');
  const payload = text.slice(0, text.indexOf(':'));
  const bytes = Buffer.from(payload.replace(/^\./, ''), 'base64url');
  return JSON.parse(payload.startsWith('.') ? inflateSync(bytes) : bytes);
}
