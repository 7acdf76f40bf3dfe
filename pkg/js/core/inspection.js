import * as argument from './argument.js';
import { binding, call } from './binding.js';
import { Codec } from './codec.js';
import { EdgeSessionError } from './error.js';
import { parse } from './json.js';
import { wrapping } from './wrapping.js';

/** See index.d.ts. */
export function inspect(value) {
  argument.string(value, 'value');
  const text = binding().inspect(value);
  const bytes = new TextEncoder().encode(value).length;
  const end = text.indexOf('\0');
  const [envelope, ...fields] = (end < 0 ? text : text.slice(0, end)).split(' ');
  if (envelope === 'unknown') return { envelope, claims: fields[0], bytes, problem: fields[1] };
  if (envelope === 'sealed')
    return { envelope, bytes, version: 1, keyId: fields[0], ciphertextBytes: Number(fields[1]) };
  const json = text.slice(end + 1);
  const value_ = parse(json);
  const isObject = typeof value_ === 'object' && value_ !== null && !Array.isArray(value_);
  return {
    envelope,
    bytes,
    payloadBytes: Number(fields[2]),
    compressed: fields[1] === '1',
    issuedAt: Number(fields[0]) * 1000,
    json,
    keys: isObject ? JSON.parse(call(() => binding().sizes(json))).map(([key, bytes]) => ({ key, bytes })) : [],
    ticket: isObject ? ticket(value_._edge_ticket) : undefined,
  };
}

/** `key id 4 | record id 16 | revision 4 | digest 16` in base64url. */
function ticket(text) {
  if (typeof text !== 'string' || !/^[\w-]{54}$/.test(text)) return undefined;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
  const keyId = Array.from(bytes.subarray(0, 4), byte => byte.toString(16).padStart(2, '0')).join('');
  return { keyId, revision: new DataView(bytes.buffer).getUint32(20) };
}

const NAME = Object.freeze(['name']);

/** See index.d.ts. */
export function readCookies(cookieHeader, options) {
  argument.string(cookieHeader, 'cookieHeader');
  const { name } = argument.options(options, NAME);
  if (name !== undefined) argument.string(name, 'name');
  const parts = call(() => binding().read_cookies(cookieHeader, name)).split('\0');
  const length = text => new TextEncoder().encode(text).length;
  const cookies = [];
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [relation, name, value] = parts.slice(at, at + 3);
    cookies.push({ name, value, bytes: length(name) + length(value), relation });
  }
  return cookies;
}

/** See index.d.ts. */
export function readSetCookie(line) {
  argument.string(line, 'line');
  const [name, value, ...attributes] = call(() => binding().read_set_cookie(line)).split('\0');
  const cookie = { name, value };
  for (let at = 0; at + 1 < attributes.length; at += 2) {
    const [attribute, said] = attributes.slice(at, at + 2);
    cookie[attribute] = attribute === 'maxAge' ? Number(said) : SWITCHES.has(attribute) || said;
  }
  return cookie;
}

const SWITCHES = new Set(['secure', 'httpOnly', 'partitioned']);

/** See index.d.ts. */
export const generateKey = () => call(() => binding().generate_key());

/** See index.d.ts. */
export function keyId(key) {
  const round = wrapping(argument.string(key, 'key'));
  if (round !== undefined) throw new EdgeSessionError('invalid_key', round);
  return call(() => binding().key_id(key));
}

/** See index.d.ts. */
export function plan(config, data, at) {
  const { keys = generateKey(), overflow = 'spill', ...others } = argument.object(config, 'config');
  return new Codec({ ...others, keys, overflow }).plan(argument.object(data, 'data'), at);
}
