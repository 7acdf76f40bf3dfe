import * as argument from '../argument.js';
import { binding, call } from '../binding.js';
import { EdgeSessionError } from '../error.js';
import { frame, mostBytes, unframe } from './frame.js';

const READ_MILLISECONDS = 1000;
const WRITE_MILLISECONDS = 1500;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** See index.d.ts; the protocol is docs/ORIGIN-STORE.md. */
export function httpStore(options) {
  const { url, key, timeoutMilliseconds, fetch: send = globalThis.fetch } = argument.options(
    argument.object(options, 'options'),
    ['url', 'key', 'timeoutMilliseconds', 'fetch'],
  );
  const base = address(url);
  const { OriginMac } = binding();
  const mac = call(() => new OriginMac(argument.string(key, 'key')));
  if (timeoutMilliseconds !== undefined) argument.whole(timeoutMilliseconds, 'timeoutMilliseconds', 1);

  const uncached = bypassingCaches();

  const ask = async (method, name, body, milliseconds, kind = 'records') => {
    const target = new URL(`${base}/${kind}/${name}`);
    const time = String(Math.floor(Date.now() / 1000));
    const path = target.pathname;
    const asked = mac.text(message('request', method, path, time, body));
    const response = await send(target, {
      method,
      body: method === 'PUT' ? body : undefined,
      headers: { 'x-store-time': time, 'x-store-mac': asked },
      // A name or a record goes nowhere but where it was configured to go.
      redirect: 'manual',
      ...uncached,
      signal: AbortSignal.timeout(timeoutMilliseconds ?? milliseconds),
    });
    const answer = await read(response);
    // Only who has the key says what there is; anybody else's answer is an outage.
    const expected = mac.text(message('answer', asked, String(response.status), answer));
    if (!isEqual(response.headers.get('x-store-mac') ?? '', expected))
      throw new EdgeSessionError('store_unavailable', `the store answered ${response.status} without a right MAC`);
    return { status: response.status, answer };
  };
  const refused = status => new EdgeSessionError('store_unavailable', `the store answered ${status}`);

  return {
    async get(name, now) {
      const attempt = () => ask('GET', name, NOTHING, READ_MILLISECONDS);
      const { status, answer } = await attempt().catch(attempt);
      if (status === 404) return null;
      if (status !== 200) throw refused(status);
      return unframe(answer.buffer, now);
    },
    async put(name, record, expiresAt, now, replaces = false) {
      const kind = replaces ? 'revocations' : 'records';
      const { status } = await ask('PUT', name, frame(record, expiresAt), WRITE_MILLISECONDS, kind);
      if (status !== 200 && status !== 204) throw refused(status);
    },
    async delete(name) {
      const { status } = await ask('DELETE', name, NOTHING, WRITE_MILLISECONDS);
      if (status !== 200 && status !== 204 && status !== 404) throw refused(status);
    },
  };
}

const NOTHING = new Uint8Array();

/**
 * The zone's cache of a Worker, or a framework's that wraps `fetch`, must not answer for the store. A Worker with a
 * compatibility date before 2024-11-11 knows no such word; there an answer from a cache fails by its MAC.
 */
function bypassingCaches() {
  try {
    return { cache: new Request('https://store.example', { cache: 'no-store' }).cache };
  } catch {
    return {};
  }
}

function address(url) {
  let read;
  try {
    read = new URL(url);
  } catch (cause) {
    throw new TypeError('url must be an address', { cause });
  }
  const isHere = read.protocol === 'http:' && LOOPBACK.has(read.hostname);
  if (read.protocol !== 'https:' && !isHere) throw new TypeError('url must be https: (http: only on this machine)');
  if (read.search !== '' || read.hash !== '' || read.username !== '' || read.password !== '')
    throw new TypeError('url must have no query, fragment or credentials');
  return read.href.replace(/\/+$/, '');
}

/** `edge-session-store/1 kind LF part LF ... LF body` */
function message(kind, ...parts) {
  const body = parts.pop();
  const head = new TextEncoder().encode(`edge-session-store/1 ${[kind, ...parts].join('\n')}\n`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

async function read(response) {
  const parts = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > mostBytes()) throw new EdgeSessionError('store_unavailable', 'the answer is longer than any record');
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** In the same time wherever they differ. */
function isEqual(one, other) {
  let difference = one.length ^ other.length;
  for (let at = 0; at < other.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}
