import * as argument from './argument.js';
import { Codec } from './codec.js';
import { Device } from './device/device.js';
import { OFFER } from './device/offer.js';
import { EdgeSessionError } from './error.js';
import { cookieHeader, isRequest } from './request.js';
import { makePrivate } from './privacy.js';
import { limits } from './limits.js';
import { internals } from './session.js';
import { ADAPTER, Visit, enter, visitOf } from './visits.js';

/** Fourteen touches in a session's idle time: one a day by default. */
const TOUCHES = 14;
/** Why a cookie was refused that is left alone. */
const KEPT = new Set(['record_lost', 'device_missing']);
const SAVING = Object.freeze(['now', 'persistent', 'force']);
const COMMITTING = Object.freeze(['now', 'persistent']);
const REQUIRING = Object.freeze(['now', 'proofSeconds']);
const OTHERS = Object.freeze({ store: argument.skip, touchSeconds: argument.skip, device: argument.skip });
/** Browsers sign six times in nine minutes. */
const LEAST_PROOF_SECONDS = 120;
const NO_LINES = Object.freeze([]);

/** See index.d.ts. */
export function createSessions(config) {
  return new Sessions(config);
}

class Sessions {
  #store;
  #touch;
  /** How sessions are bound to devices, where they are. */
  #device;
  /** Lines of sessions that are committed. */
  #committed = new WeakMap();

  constructor(given) {
    const { store, touchSeconds, device, ...config } = argument.object(given, 'config');
    if (store !== undefined) {
      for (const method of ['get', 'put', 'delete']) {
        if (typeof store?.[method] !== 'function') throw new TypeError(`store must have a method ${method}`);
      }
      config.overflow ??= 'spill';
    }
    if (device !== undefined) config.identify ??= true;
    this.codec = new Codec(config, OTHERS);
    this.#store = store;
    if (device !== undefined) {
      const load = async (from, now) => (await this.#opened(from, now)).session;
      this.#device = new Device(device, config, OTHERS, { codec: this.codec, store, load });
    }
    this.#touch =
      touchSeconds === undefined
        ? Math.floor(((config.idleSeconds ?? limits().idleSeconds) * 1000) / TOUCHES)
        : argument.whole(touchSeconds, 'touchSeconds') * 1000;
  }

  async load(from, at) {
    const now = argument.now(at);
    // Asked as of another time it is another question.
    if (at?.now === undefined && isRequest(from)) return visitOf(requestOf(from), this, () => this.#visit(from)).session();
    return this.#load(from, now);
  }

  async deviceAnswer(request, at) {
    const answer = await this.#device?.answer(request, argument.now(at));
    return answer === undefined ? undefined : new Response(answer.body, { status: answer.status, headers: answer.headers });
  }

  requireDevice(session, options) {
    const now = argument.now(options, REQUIRING);
    const { proofSeconds } = options ?? {};
    if (proofSeconds !== undefined) argument.whole(proofSeconds, 'proofSeconds', LEAST_PROOF_SECONDS);
    if (this.#device === undefined) throw new TypeError('device is not configured');
    this.#device.require(session, proofSeconds, now);
  }

  async save(session, options) {
    const lines = await this.setCookies(session, options);
    if (lines.length > 1 && session.isDestroyed) {
      throw new TypeError(
        'save gives one line, and this log out needs several, one for each cookie that is read: send those of setCookies(), or use commit()',
      );
    }
    return lines[0];
  }

  async setCookies(session, options) {
    const now = argument.now(options, SAVING);
    if (this.#committed.has(session)) return NO_LINES;
    const wasSent = session.outcome === 'rejected' || session.outcome === 'conflict';
    const isOpened = internals.hasCookie(session);
    if (session.isDestroyed) return isOpened || wasSent ? this.#end(session, now) : NO_LINES;
    if (options?.persistent !== undefined) internals.choose(session, argument.boolean(options.persistent, 'persistent'));
    const isModified = session.isModified;
    // Whose record is gone may be an old cookie that was long on its way: the browser may have a newer one by now, which
    // a removal would take with it; and whose device is not there may be an honest visitor's.
    const isUseless = wasSent && !KEPT.has(session.rejection);
    if ((isModified || isUseless) && internals.isEmpty(session)) return isOpened || wasSent ? this.#end(session, now) : NO_LINES;
    if (!isModified && !(isOpened && (options?.force || this.#isDue(session, now)))) return NO_LINES;
    const { setCookie, storeOps, removals } = this.codec.seal(session, { now });
    for (const operation of storeOps) await this.#apply(operation, now);
    this.#device?.sealed(session, setCookie, now);
    return removals.length === 0 ? [setCookie] : [setCookie, ...removals];
  }

  async commit(session, response, options) {
    argument.options(options, COMMITTING);
    const isSet = setsCookie(response.headers, this.codec.cookieName);
    const committed = this.#committed.get(session);
    let lines = committed ?? NO_LINES;
    if (committed === undefined) {
      if (isSet && (session.isModified || session.isDestroyed)) {
        throw new EdgeSessionError(
          'set_twice',
          `the answer sets ${this.codec.cookieName} already, of another session of the same request: load it once, with the same Sessions and the same Request`,
        );
      }
      // A cookie that is only due must not replace the one that somebody else has set.
      if (!isSet) lines = await this.setCookies(session, options);
      this.#committed.set(session, lines);
      internals.close(session, 'the session is committed: a change would be lost. Change it before, and commit last');
    }
    // A copy: the answer may be one that is given to everybody, and what fetch() gave cannot be changed.
    const copy = new Response(response.body, response);
    addHeaders(copy.headers, isSet ? NO_LINES : lines);
    const offer = this.#device?.offer(session, argument.now(options, COMMITTING));
    if (offer !== undefined) copy.headers.set(OFFER, offer);
    return copy;
  }

  /** For adapters, see visits.js. */
  get [ADAPTER]() {
    return {
      enter: (request, ...aliases) => enter(request, aliases, this, () => this.#visit(request)),
      close: internals.close,
      destroy: internals.destroy,
      /** What the pages of devices answer, in parts; `undefined` for every other request. */
      page: async request => this.#device?.answer(requestOf(request), Date.now()),
      /** The field that asks the browser to bind the session, where no Response is at hand. */
      offer: session => this.#device?.offer(session, Date.now()),
    };
  }

  #visit(request) {
    return new Visit(this, this.codec, () => this.#load(request, Date.now()), internals.close);
  }

  #isDue(session, now) {
    return session.needsReissue || now - session.issuedAt >= this.#touch;
  }

  async #load(from, now) {
    const { session, header } = await this.#opened(from, now);
    if (this.#device === undefined || session.outcome !== 'session') return session;
    const { rejection } = await this.#device.judge(session, header, from, now);
    return rejection === undefined ? session : this.#fresh(now, 'rejected', rejection);
  }

  /** The session of a request, whatever its device, with the header that it came in. */
  async #opened(from, now) {
    const names = this.#device === undefined ? this.codec.cookieNames : [...this.codec.cookieNames, this.#device.cookieName];
    const header = await cookieHeader(from, names);
    return { session: await this.#complete(header, now), header };
  }

  async #complete(header, now) {
    const opened = this.codec.open(header, { now });
    if (opened.kind !== 'session') return this.#fresh(now, opened.kind, opened.reason);
    const { session } = opened;
    const { ticket } = session;
    if (ticket === undefined) return session;
    const reason = await this.#addRecord(session, ticket, now);
    if (reason === undefined) return session;
    if (reason === 'invalid_session') return this.#fresh(now, 'rejected', reason);
    if (now - session.issuedAt < limits().recordVisibleSeconds * 1000) {
      throw new EdgeSessionError('record_missing', `the store has not got the session's record yet (${reason})`);
    }
    return this.#fresh(now, 'rejected', 'record_lost');
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

  async #end(session, now) {
    const { setCookie, storeOps, removals } = this.codec.end(internals.hasCookie(session) ? session : undefined);
    for (const operation of storeOps) await this.#apply(operation);
    if (this.#device === undefined || session.outcome !== 'session') return [setCookie, ...removals];
    await this.#device.end(session, now);
    return [setCookie, ...removals, this.#device.removal];
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

/** What stands for a request: that of the platform, where a framework wraps it. */
const requestOf = from => (isRequest(from.raw) ? from.raw : from);

const setsCookie = (headers, name) => headers.getSetCookie().some(line => line.startsWith(`${name}=`));

function addHeaders(headers, lines) {
  makePrivate(headers);
  for (const line of lines) headers.append('set-cookie', line);
}
