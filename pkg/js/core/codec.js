import * as argument from './argument.js';
import { binding, call, failure } from './binding.js';
import { readConfig } from './config.js';
import { EdgeSessionError } from './error.js';
import { stringify } from './json.js';
import { check } from './schema.js';
import { Session, internals } from './session.js';

const ABSENT = Object.freeze({ kind: 'absent' });
const CONFLICT = Object.freeze({ kind: 'conflict' });
const MERGED = Object.freeze({ kind: 'merged' });
const NO_OPS = Object.freeze([]);
const END = '\0';

/** See index.d.ts. */
export function createCodec(config) {
  return new Codec(config);
}

export class Codec {
  #module;
  #schema;
  #persistent;

  constructor(given) {
    const { Codec: Module } = binding();
    const { config, keys, persistent, schema } = readConfig(given);
    this.#module = call(() => new Module(config, keys));
    this.#schema = schema;
    this.#persistent = persistent;
    const [cookieName, ...keyIds] = this.#module.about().split(' ');
    this.cookieName = cookieName;
    this.keyIds = Object.freeze(keyIds);
  }

  open(cookieHeader, at) {
    if (cookieHeader === null || cookieHeader === undefined) return ABSENT;
    argument.string(cookieHeader, 'cookieHeader');
    const now = argument.now(at);
    const text = this.#module.open(cookieHeader, now);
    return text[0] === 's' ? this.#opened(text, false, cookieHeader, now) : outcome(text);
  }

  openValue(value, at) {
    argument.string(value, 'value');
    const now = argument.now(at);
    const text = this.#module.open_value(value, now);
    return text[0] === 's' ? this.#opened(text, true, value, now) : outcome(text);
  }

  openRecord(session, record, at) {
    own(session);
    argument.octets(record, 'record');
    argument.now(at);
    const source = internals.source(session);
    if (source === undefined) return { kind: 'rejected', reason: 'wrong_record' };
    // The cookie is opened again, as of the time when it was accepted.
    const text = this.#module.open_record(source.isValue, source.text, source.now, record);
    if (text[0] !== 's') return outcome(text);
    if (this.#schema !== undefined) {
      const checked = check(this.#schema, internals.opened(text).toJSON());
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
    const now = argument.now(options);
    const persistent =
      options?.persistent === undefined ? this.#persistent : argument.boolean(options.persistent, 'persistent');
    this.#check(session);
    const input = internals.sealInput(session);
    let text;
    try {
      text = this.#module.seal(...input, now, persistent);
    } catch (thrown) {
      throw failure(thrown);
    }
    const end = text.indexOf(END);
    return new Commit(text.slice(end + 1), ops(text, end), this.#module, input, now);
  }

  end(session) {
    const state = session === undefined ? '' : internals.state(own(session));
    const text = call(() => this.#module.end(state));
    const end = text.indexOf(END);
    return { setCookie: text.slice(end + 1), storeOps: ops(text, end) };
  }

  plan(data, at) {
    const now = argument.now(at);
    const session = data instanceof Session ? data : this.create(data, { now });
    this.#check(session);
    return report(this.#module, internals.sealInput(session), now);
  }

  #opened(text, isValue, source, now) {
    const session = internals.opened(text, { isValue, text: source, now });
    if (this.#schema !== undefined && !internals.isPending(session)) {
      const checked = check(this.#schema, session.toJSON());
      if (checked.issues !== undefined) return invalid(checked.issues);
      internals.validated(session, checked.value);
    }
    return { kind: 'session', session };
  }

  #check(session) {
    if (this.#schema === undefined || session.isDestroyed || internals.isPending(session)) return;
    const { issues } = check(this.#schema, JSON.parse(stringify(session, 'session')));
    if (issues === undefined) return;
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

  constructor(setCookie, storeOps, module, input, now) {
    this.setCookie = setCookie;
    this.storeOps = storeOps;
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
