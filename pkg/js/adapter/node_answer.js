// An answer of Node's: held back at its first byte until the session is saved.

import { OFFER } from '../core/device/offer.js';
import { UNAVAILABLE, isToBeSaved, isUnavailable } from './answer.js';
import { makePrivate } from '../core/privacy.js';

/**
 * @typedef {Pick<import('node:http').ServerResponse, 'statusCode' | 'statusMessage' | 'getHeader' | 'getHeaderNames'
 *   | 'setHeader' | 'removeHeader'>} Answer Node's own, or a framework's that is made to look like it
 */

/** An answer with what of `Headers` is needed to make an answer private. */
const asHeaders = response => ({
  keys: () => response.getHeaderNames(),
  get(name) {
    const value = response.getHeader(name);
    return value === undefined ? null : [value].flat().join(', ');
  },
  set: (name, value) => response.setHeader(name, value),
  append(name, value) {
    const before = response.getHeader(name);
    response.setHeader(name, before === undefined ? value : [before].flat().concat(value).join(', '));
  },
  delete: name => response.removeHeader(name),
});

/** The lines that are set so far. */
const setCookies = response => [response.getHeader('set-cookie') ?? []].flat().map(String);

/**
 * @param {import('../core/visits.js').Visit} visit
 * @param {{ method?: string }} request
 * @param {Answer} response
 *
 * Saves what there is to be saved, and puts it on the headers. `false`: the session cannot be kept, so the answer is to
 * be another one (see `replace`).
 */
export async function saveOn(visit, { method }, response) {
  if (!visit.isAsked) return true;
  makePrivate(asHeaders(response));
  const session = visit.loaded;
  if (session === undefined || visit.isFailed) return true;
  const isSet = setCookies(response).some(line => line.startsWith(`${visit.codec.cookieName}=`));
  // Another session of the same request set it: a cookie that is only due must not replace it. Commit says the rest.
  if (isSet ? !(session.isModified || session.isDestroyed) : !isToBeSaved(session, method, response.statusCode)) return true;
  const answer = new Response(null, { headers: setCookies(response).map(line => ['set-cookie', line]) });
  try {
    const saved = await visit.sessions.commit(session, answer);
    const lines = saved.headers.getSetCookie();
    if (lines.length > 0) response.setHeader('Set-Cookie', lines);
    const offer = saved.headers.get(OFFER);
    if (offer !== null) response.setHeader(OFFER, offer);
    return true;
  } catch (error) {
    if (isUnavailable(error)) return false;
    throw error;
  }
}

/** Puts an answer, 503 where none is given, in the place of what it was to be; gives its body. */
export function replace(response, { status, headers, body } = UNAVAILABLE) {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusCode = status;
  // HTTP/2 has none, and warns of every assignment.
  if (response.statusMessage) response.statusMessage = '';
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  return body;
}

const HELD = ['writeHead', 'write', 'end', 'flushHeaders'];

/**
 * Holds the answer back at its first byte until the session is saved, which may take the store's time. What is written
 * meanwhile follows in order.
 *
 * @param {import('../core/visits.js').Visit} visit
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {(error: unknown) => void} failed what to do when saving is refused; the answer is not sent then
 * @param {() => void} [settle] called when the status is known, before saving
 * @returns {Promise<void>} of the answer's going
 */
export function hold(visit, request, response, failed, settle = () => {}) {
  let gone;
  const going = new Promise(resolve => (gone = resolve));
  const before = HELD.map(name => [name, Object.hasOwn(response, name), response[name]]);
  const waiting = [];
  let isHeld = false;

  const release = () => {
    for (const [name, isOwn, method] of before) {
      if (isOwn) response[name] = method;
      else delete response[name];
    }
  };
  const send = async () => {
    try {
      settle();
      const isKept = await saveOn(visit, request, response);
      visit.end();
      release();
      if (isKept) for (const [name, args] of waiting) response[name](...args);
      else refuse();
    } catch (error) {
      visit.fail();
      visit.end();
      release();
      failed(error);
    } finally {
      gone();
    }
  };
  // Whoever still writes what is not wanted any more is told that it is written.
  const refuse = () => {
    const body = replace(response);
    response.end(body);
    for (const [, args] of waiting) for (const arg of args) if (typeof arg === 'function') process.nextTick(arg);
    response.write = () => true;
    response.end = () => response;
    response.writeHead = () => response;
    response.flushHeaders = () => {};
  };

  for (const name of HELD) {
    response[name] = (...args) => {
      // What comes with writeHead goes over what was set: ours has to come after both.
      const rest = name === 'writeHead' ? headed(response, args) : args;
      waiting.push([name, rest]);
      if (!isHeld) {
        isHeld = true;
        send();
      }
      return name === 'write' ? true : name === 'flushHeaders' ? undefined : response;
    };
  }
  return going;
}

/** Puts the arguments of writeHead on the answer, and gives those that are left. */
function headed(response, [status, ...rest]) {
  const [message, headers] = typeof rest[0] === 'string' ? rest : [undefined, rest[0]];
  response.statusCode = status;
  if (message !== undefined) response.statusMessage = message;
  for (const [name, value] of grouped(headers ?? {})) response.setHeader(name, value);
  return message === undefined ? [status] : [status, message];
}

/** Headers as writeHead takes them: an object, pairs, or names and values in turn. */
function grouped(headers) {
  if (!Array.isArray(headers)) return Object.entries(headers).filter(([, value]) => value !== undefined);
  const pairs = Array.isArray(headers[0]) ? headers : headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []));
  const byName = new Map();
  for (const [name, value] of pairs) {
    const known = byName.get(name.toLowerCase());
    if (known === undefined) byName.set(name.toLowerCase(), [name, value]);
    else known[1] = [known[1]].flat().concat(value);
  }
  return [...byName.values()];
}
