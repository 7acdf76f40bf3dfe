import * as argument from './argument.js';
import { binding, call, failure } from './binding.js';
import { explained, readConfig } from './config.js';
import { EdgeSessionError } from './error.js';
import { check } from './schema.js';
import { Session, internals } from './session.js';

const ABSENT = Object.freeze({ kind: 'absent' });
const CONFLICT = Object.freeze({ kind: 'conflict' });
const MERGED = Object.freeze({ kind: 'merged' });
const NO_OPS = Object.freeze([]);
const NO_LINES = NO_OPS;
/** For the module: no `Max-Age`. */
const UNTIL_IT_CLOSES = -1;
const END = '\0';

/** See index.d.ts. */
export function createCodec(config) {
  return new Codec(config);
}

const SEALING = Object.freeze(['now', 'persistent']);

export class Codec {
  #module;
  #schema;
  #persistent;
  #idleSeconds;
  /** The cookie's name of before: another codec that only reads, until its end. */
  #former;
  /** What removes the cookies that are read beside ours. */
  #removals;

  /** Everything that two codecs of one cookie may differ in, without secrets. */
  #identity;

  constructor(given, others) {
    const { Codec: Module } = binding();
    const { config, keys, persistent, idleSeconds, schema, former, djangoCookie } = readConfig(given, others);
    const made = text => {
      try {
        return new Module(text, keys);
      } catch (thrown) {
        throw explained(failure(thrown), given);
      }
    };
    this.#module = made(config);
    this.#schema = schema;
    this.#persistent = persistent;
    this.#idleSeconds = idleSeconds;
    const [cookieName, ...keyIds] = this.#module.about().split(' ');
    this.cookieName = cookieName;
    this.keyIds = Object.freeze(keyIds);
    this.#identity = [config, ...keyIds, persistent].join();
    const removals = [];
    if (djangoCookie !== undefined) {
      const module = made(djangoCookie.config);
      removals.push(removalOf(module));
      module.free();
    }
    if (former !== undefined) {
      if (former.name === cookieName) throw new TypeError('formerCookie.name must be another name than the cookie has');
      this.#former = { module: made(former.config), until: former.until, sessions: new WeakSet() };
      removals.push(removalOf(this.#former.module));
    }
    this.#removals = Object.freeze(removals);
    /** The names that are read, ours first. */
    this.cookieNames = Object.freeze([cookieName, djangoCookie?.name, former?.name].filter(name => name !== undefined));
  }

  /** Whether another codec makes the same of every cookie. */
  isLike(other) {
    return (
      this === other || (#identity in other && this.#identity === other.#identity && this.#schema === other.#schema)
    );
  }

  /** Of a session's state, as `device_names` of the module. */
  deviceNames(state) {
    return call(() => this.#module.device_names(state));
  }

  open(cookieHeader, at) {
    if (cookieHeader === null || cookieHeader === undefined) return ABSENT;
    argument.string(cookieHeader, 'cookieHeader');
    const now = argument.now(at);
    const text = this.#module.open(cookieHeader, now);
    if (text[0] === 's') return this.#opened(text, this.#module, false, cookieHeader, now);
    // A cookie of ours that failed must not fall through to another one.
    if (text[0] === 'a' && this.#former !== undefined && now < this.#former.until)
      return this.#openFormer(cookieHeader, now);
    return outcome(text);
  }

  openValue(value, at) {
    argument.string(value, 'value');
    const now = argument.now(at);
    const text = this.#module.open_value(value, now);
    return text[0] === 's' ? this.#opened(text, this.#module, true, value, now) : outcome(text);
  }

  openRecord(session, record, at) {
    own(session);
    argument.uint8Array(record, 'record');
    argument.now(at);
    const source = internals.source(session);
    if (source === undefined) return { kind: 'rejected', reason: 'wrong_record' };
    // The cookie is opened again, as of the time when it was accepted.
    const read = source.module.open_record(source.isValue, source.text, source.now, record);
    if (read[0] !== 's') return outcome(read);
    const text = source.module === this.#module ? read : due(read);
    if (this.#schema !== undefined) {
      const checked = check(this.#schema, internals.data(internals.opened(text)));
      if (checked.issues !== undefined) return invalid(checked.issues);
      internals.merge(session, text);
      internals.validated(session, checked.value);
    } else {
      internals.merge(session, text);
    }
    return MERGED;
  }

  create(data, at) {
    const values = data === undefined ? {} : { ...argument.object(data, 'data') };
    const created = Math.floor(argument.now(at) / 1000);
    return new Session(`n - - - - ${created} - 0 - -`, '', values, 'new');
  }

  seal(session, options) {
    own(session);
    const now = argument.now(options, SEALING);
    const { persistent } = options ?? {};
    if (persistent !== undefined) argument.boolean(persistent, 'persistent');
    const expiry = internals.expiry(session, persistent, this.#persistent, this.#idleSeconds);
    const input = internals.sealInput(session, this.#check(session));
    let text;
    try {
      text = this.#module.seal(...input, now, this.#maxAge(expiry, now));
    } catch (thrown) {
      throw failure(thrown);
    }
    const end = text.indexOf(END);
    const isFormer = this.#former !== undefined && this.#former.sessions.has(session);
    return new Commit(text.slice(end + 1), ops(text, end), isFormer ? this.#removals.slice(-1) : NO_LINES, this.#module, input, now);
  }

  end(session) {
    const state = session === undefined ? '' : internals.state(own(session));
    const text = call(() => this.#module.end(state));
    const end = text.indexOf(END);
    // A cookie of another name that is still read would log in again.
    return { setCookie: text.slice(end + 1), storeOps: ops(text, end), removals: this.#removals };
  }

  plan(data, at) {
    const now = argument.now(at);
    const session = data instanceof Session ? data : this.create(data, { now });
    return report(this.#module, internals.sealInput(session, this.#check(session)), now);
  }

  #openFormer(cookieHeader, now) {
    const { module } = this.#former;
    const text = module.open(cookieHeader, now);
    if (text[0] !== 's') return outcome(text);
    const opened = this.#opened(due(text), module, false, cookieHeader, now);
    if (opened.kind === 'session') this.#former.sessions.add(opened.session);
    return opened;
  }

  /** Seconds that the browser keeps the cookie, as the module reads them. */
  #maxAge(expiry, now) {
    if (expiry === undefined) return this.#persistent ? Infinity : UNTIL_IT_CLOSES;
    if (typeof expiry === 'string') return Math.max(0, Math.floor((Date.parse(expiry) - now) / 1000));
    return expiry === 0 ? UNTIL_IT_CLOSES : Math.max(0, Math.floor(expiry));
  }

  #opened(text, module, isValue, source, now) {
    const session = internals.opened(text, { module, isValue, text: source, now });
    if (this.#schema !== undefined && !internals.isPending(session)) {
      const checked = check(this.#schema, internals.data(session));
      if (checked.issues !== undefined) return invalid(checked.issues);
      internals.validated(session, checked.value);
    }
    return { kind: 'session', session };
  }

  /** What the schema makes of it, if there is one. */
  #check(session) {
    if (this.#schema === undefined || session.isDestroyed || internals.isPending(session)) return undefined;
    const { value, issues } = check(this.#schema, internals.data(session));
    if (issues === undefined) return value;
    // The values are not shown: a message goes into logs.
    const places = issues.map(issue => (issue.path ?? []).map(part => String(part?.key ?? part)).join('.') || 'session');
    throw new EdgeSessionError('invalid_session', `the schema refuses: ${places.join(', ')}`, { issues });
  }
}

/** A sealed session. The report is made when it is asked for, by placing the same session again. */
class Commit {
  #module;
  #input;
  #now;
  #report;

  constructor(setCookie, storeOps, removals, module, input, now) {
    this.setCookie = setCookie;
    this.storeOps = storeOps;
    this.removals = removals;
    this.#module = module;
    this.#input = input;
    this.#now = now;
  }

  get report() {
    return (this.#report ??= report(this.#module, this.#input, this.#now));
  }
}

function report(module, input, now) {
  return JSON.parse(call(() => module.plan(...input, now)));
}

function outcome(text) {
  switch (text[0]) {
    case 'a':
      return ABSENT;
    case 'c':
      return CONFLICT;
    default:
      return { kind: 'rejected', reason: text.slice(1) };
  }
}

const invalid = issues => ({ kind: 'rejected', reason: 'invalid_session', issues });

function own(session) {
  if (!(session instanceof Session)) throw new TypeError(`session must be a Session, not ${argument.kind(session)}`);
  return session;
}

/** `0`, or `1 put seconds deleted...`. */
function ops(text, end) {
  if (text[0] === '0') return NO_OPS;
  const [, put, seconds, ...deleted] = text.slice(0, end).split(' ');
  const list = deleted.map(name => ({ op: 'delete', name }));
  if (put !== '-') {
    const record = binding().take_record();
    list.unshift({ op: 'put', name: put, record, expiresAt: Number(seconds) * 1000 });
  }
  return list;
}

/** The line that removes a codec's cookie. */
function removalOf(module) {
  const text = call(() => module.end(''));
  return text.slice(text.indexOf(END) + 1);
}

/** The state of a session that has to move: due for a new cookie. */
const due = text => text.replace(/^(sp?)r?/, '$1r');
