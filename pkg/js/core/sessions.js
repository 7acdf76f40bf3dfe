import * as argument from './argument.js';
import { Codec } from './codec.js';
import { EdgeSessionError } from './error.js';
import { makePrivate } from './privacy.js';
import { internals } from './session.js';

/** A younger record may not be visible yet where we ask; an older one is lost. Twice the time that KV names. */
const PROPAGATION = 120_000;
/** Fourteen touches in a session's idle time: one a day by default. */
const TOUCHES = 14;
const IDLE_SECONDS = 14 * 24 * 3600;

/** See index.d.ts. */
export function createSessions(config) {
  return new Sessions(config);
}

class Sessions {
  #store;
  #touch;

  constructor(given) {
    const { store, touchSeconds, ...config } = argument.object(given, 'config');
    if (store !== undefined) {
      for (const method of ['get', 'put', 'delete']) {
        if (typeof store?.[method] !== 'function') throw new TypeError(`store must have a method ${method}`);
      }
      config.overflow ??= 'spill';
    }
    this.codec = new Codec(config);
    this.#store = store;
    this.#touch =
      touchSeconds === undefined
        ? Math.floor(((config.idleSeconds ?? IDLE_SECONDS) * 1000) / TOUCHES)
        : argument.whole(touchSeconds, 'touchSeconds') * 1000;
  }

  async load(from, at) {
    const now = argument.now(at);
    const opened = this.codec.open(cookieHeader(from), { now });
    if (opened.kind !== 'session') return this.#fresh(now, opened.kind, opened.reason);
    const { session } = opened;
    const { ticket } = session;
    if (ticket === undefined) return session;
    const reason = await this.#addRecord(session, ticket, now);
    if (reason === undefined) return session;
    if (reason === 'invalid_session') return this.#fresh(now, 'rejected', reason);
    if (now - session.issuedAt < PROPAGATION) {
      throw new EdgeSessionError('record_missing', `the store has not got the session's record yet (${reason})`);
    }
    return this.#fresh(now, 'rejected', 'record_lost');
  }

  async save(session, options) {
    const now = argument.now(options);
    const wasSent = session.outcome === 'rejected' || session.outcome === 'conflict';
    const isOpened = internals.hasCookie(session);
    if (session.isDestroyed) return isOpened || wasSent ? this.#end(session) : undefined;
    const isModified = session.isModified;
    if (session.size === 0 && (isModified || wasSent)) return isOpened || wasSent ? this.#end(session) : undefined;
    const isDue = isOpened && (options?.force || session.needsReissue || now - session.issuedAt >= this.#touch);
    if (!isModified && !isDue) return undefined;
    const { setCookie, storeOps } = this.codec.seal(session, { now, persistent: options?.persistent });
    for (const operation of storeOps) await this.#apply(operation, now);
    return setCookie;
  }

  async commit(session, response, options) {
    const line = await this.save(session, options);
    try {
      addHeaders(response.headers, line);
      return response;
    } catch (error) {
      // What fetch() or Response.redirect() gave has headers that cannot be changed.
      if (!(error instanceof TypeError)) throw error;
      const copy = new Response(response.body, response);
      addHeaders(copy.headers, line);
      return copy;
    }
  }

  #fresh(now, outcome, rejection) {
    return internals.tell(this.codec.create(undefined, { now }), outcome, rejection);
  }

  async #addRecord(session, ticket, now) {
    if (this.#store === undefined) {
      throw new EdgeSessionError('invalid_config', 'the cookie names a record, but no store is configured');
    }
    let record;
    try {
      record = await this.#store.get(ticket.recordName, now);
    } catch (cause) {
      throw new EdgeSessionError('store_unavailable', 'the session store cannot be read', { cause });
    }
    if (record === null || record === undefined) return 'absent';
    const opened = this.codec.openRecord(session, record, { now });
    return opened.kind === 'merged' ? undefined : opened.reason;
  }

  async #end(session) {
    const { setCookie, storeOps } = this.codec.end(internals.hasCookie(session) ? session : undefined);
    for (const operation of storeOps) await this.#apply(operation);
    return setCookie;
  }

  async #apply(operation, now) {
    if (this.#store === undefined) {
      // Only a session of another configuration has records to delete; they expire by themselves.
      if (operation.op === 'delete') return;
      throw new EdgeSessionError('invalid_config', 'a rule spills, but no store is configured');
    }
    try {
      if (operation.op === 'put') await this.#store.put(operation.name, operation.record, operation.expiresAt, now);
      else await this.#store.delete(operation.name);
    } catch (cause) {
      // What is not deleted expires by itself.
      if (operation.op === 'put')
        throw new EdgeSessionError('store_unavailable', 'the session store cannot be written', { cause });
    }
  }
}

function cookieHeader(from) {
  if (from === null || from === undefined || typeof from === 'string') return from;
  const headers = typeof from.get === 'function' ? from : from.headers;
  if (typeof headers?.get !== 'function')
    throw new TypeError(`from must be a Request, Headers or a Cookie header, not ${argument.kind(from)}`);
  return headers.get('cookie');
}

function addHeaders(headers, line) {
  makePrivate(headers);
  if (line !== undefined) headers.append('set-cookie', line);
}
