import * as argument from './argument.js';
import { binding, call } from './binding.js';
import { EdgeSessionError } from './error.js';
import { add, check, copy, isJson, loosely, parse, stringify } from './json.js';
import { refuseProperties } from './no_properties.js';
import { EXPIRY_KEY, isOwn } from './own_keys.js';

const NOTHING = Object.freeze([]);
const END = '\0';

/** What the codec does to a session and users do not: one object, so that it costs nothing a session. */
export const internals = {};

/**
 * See index.d.ts. What was opened is kept as text, and what is changed beside it: values that nobody changes go back
 * as they were spelled, and a session that nobody looks at is never parsed.
 */
export class Session {
  /** As pkg/src/state.rs writes it; for a new session only the times count. */
  #state;
  #fields;
  /** JSON text of what was opened; empty for a new session. */
  #base;
  #expired;
  /** The parsed base, what a schema made of it, or what a new session began with. */
  #values;
  /** The values are this session's alone: nobody else has made them. */
  #isParsed = false;
  /** Keys that were set, in order. */
  #changes;
  /** Keys of the base that were removed. */
  #removed;
  /** Keys of the base that a schema hides: they go with the next save, and are no reason for one. */
  #hidden;
  /** Objects that were given out, each with its JSON then. */
  #given;
  /** Whether the browser is to keep it when it closes, where that was said of it. */
  #persistent;
  #isPending;
  #isDestroyed = false;
  #isRestarted = false;
  /** Why it cannot be changed any more. */
  #closed;
  #outcome;
  #rejection;
  /** What its request showed of the device to which it is bound. */
  #device;
  /** How to open it again, with its record; only where there is one. */
  #source;

  constructor(state, base, values, outcome) {
    this.#state = state;
    this.#base = base;
    this.#values = values;
    this.#outcome = outcome;
    this.#isPending = state[1] === 'p';
  }

  static {
    internals.opened = (text, source) => {
      const end = text.indexOf(END);
      let base = text.slice(end + 1);
      let expired;
      const second = base.indexOf(END);
      if (second >= 0) {
        expired = base.slice(second + 1);
        base = base.slice(0, second);
      }
      const session = new Session(text.slice(0, end), base, undefined, 'session');
      session.#expired = expired;
      if (session.#isPending) session.#source = source;
      return session;
    };
    internals.source = session => session.#source;
    /** JSON of what the cookie itself held, as it was spelled, whether or not there is a record. */
    internals.cookieJson = session => session.#base;
    internals.isPending = session => session.#isPending;
    internals.merge = (session, text) => {
      const merged = internals.opened(text);
      session.#state = merged.#state;
      session.#fields = undefined;
      session.#base = merged.#base;
      session.#expired = merged.#expired;
      const before = session.#values;
      session.#values = undefined;
      session.#isPending = false;
      session.#source = undefined;
      // Objects that were given out stay those that are looked at again.
      for (const key of session.#given?.keys() ?? NOTHING) session.#parsed()[key] = before[key];
    };
    /** What a schema made of it, given what is the application's own (`internals.data`). */
    internals.validated = (session, output) => {
      const before = session.#parsed();
      const values = { ...output };
      const hidden = new Set();
      for (const key of Object.keys(before)) {
        if (isOwn(key)) values[key] = before[key];
        else if (!Object.hasOwn(output, key)) hidden.add(key);
      }
      session.#values = values;
      session.#isParsed = false;
      session.#hidden = hidden.size === 0 ? undefined : hidden;
    };
    /** A copy of what belongs to the application, for a schema. */
    internals.data = session => session.#copied(key => !isOwn(key));
    /** Whether there is anything in it but what the session itself keeps. */
    internals.isEmpty = session => session.#keys().every(key => key === EXPIRY_KEY);
    /** As `destroy`, also for one that is committed: another line follows. */
    internals.destroy = session => {
      session.#isDestroyed = true;
    };
    internals.close = (session, why) => {
      session.#closed ??= why;
    };
    /** As the setter of `persistent`, also for one that is closed. */
    internals.choose = (session, persistent) => {
      session.#persistent = persistent;
    };
    /**
     * Settles whether the browser keeps it when it closes, and gives `_session_expiry` then. `usual` is what the
     * configuration says, `seconds` the time to say where that is not what is wanted.
     */
    internals.expiry = (session, persistent, usual, seconds) => {
      const said = session.#expiry();
      const wanted = persistent ?? session.#persistent;
      if (wanted === undefined || wanted === (session.#isKept() ?? usual)) return said;
      if (wanted === usual) session.#drop(EXPIRY_KEY);
      else session.#put(EXPIRY_KEY, wanted ? seconds : 0);
      return session.#expiry();
    };
    internals.tell = (session, outcome, rejection) => {
      session.#outcome = outcome;
      session.#rejection = rejection;
      return session;
    };
    internals.tellDevice = (session, device) => {
      session.#device = Object.freeze(device);
    };
    internals.state = session => session.#state;
    internals.hasCookie = session => session.#state[0] === 's';
    /** Everything the module needs to seal it: its first four arguments. `output` is what its schema makes of it. */
    internals.sealInput = (session, output) => {
      if (session.#isPending) throw pending();
      if (session.#isDestroyed) throw destroyed();
      session.#findChanges();
      const { base, changes, removed } = output === undefined ? session.#texts() : session.#textsOf(output);
      return [session.#state, base, changes, removed];
    };
  }

  get(key) {
    argument.string(key, 'key');
    return this.#value(key);
  }

  set(key, value) {
    argument.string(key, 'key');
    check(value, `value of ${key}`);
    this.#assertOpen();
    this.#put(key, value);
    return this;
  }

  delete(key) {
    argument.string(key, 'key');
    this.#assertOpen();
    const was = this.has(key);
    this.#drop(key);
    return was;
  }

  has(key) {
    argument.string(key, 'key');
    if (this.#changes?.has(key)) return true;
    if (this.#removed?.has(key)) return false;
    if (Object.hasOwn(this.#parsed(), key)) return true;
    if (this.#isPending) throw pending();
    return false;
  }

  *entries() {
    for (const key of this.#keys()) yield [key, this.#value(key)];
  }

  *keys() {
    yield* this.#keys();
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  get size() {
    return this.#keys().length;
  }

  clear() {
    this.#assertOpen();
    for (const key of this.#keys()) this.#drop(key);
  }

  toJSON() {
    if (this.#isPending) throw pending();
    // Nothing was looked at or changed, or a schema's output taken: what was opened is parsed.
    if (this.#base !== '' && this.#values === undefined && this.#changes === undefined) return parse(this.#base);
    return this.#copied(() => true);
  }

  raw(key) {
    argument.string(key, 'key');
    if (this.#changes?.has(key)) return loosely(this.#changes.get(key), key);
    if (!this.has(key)) return undefined;
    const kept = this.#base === '' ? undefined : call(() => binding().raw(this.#base, key));
    // What a schema added is in no cookie yet.
    return kept ?? loosely(this.#values[key], key);
  }

  sizes() {
    if (this.#isPending) throw pending();
    this.#findChanges();
    const { base, changes, removed } = this.#texts();
    const json = base === '' ? changes : call(() => binding().overlaid(base, changes, removed));
    return call(() => JSON.parse(binding().sizes(json))).map(([key, bytes]) => ({ key, bytes }));
  }

  restart(at) {
    const created = Math.floor(argument.now(at) / 1000);
    this.#assertOpen();
    const lineage = call(() => binding().restarted(this.#state));
    // The old state still tells where the session came from.
    this.#fields = this.#allFields();
    const fields = [...this.#fields];
    [fields[5], fields[6]] = [String(created), lineage];
    this.#state = fields.join(' ');
    this.#fields = fields;
    this.#isRestarted = true;
  }

  destroy() {
    if (this.#closed !== undefined) throw closed(this.#closed);
    this.#isDestroyed = true;
  }

  get persistent() {
    return this.#persistent ?? this.#isKept();
  }

  set persistent(value) {
    argument.boolean(value, 'persistent');
    this.#assertOpen();
    this.#persistent = value;
  }

  get isNew() {
    return this.#state[0] !== 's';
  }

  get isModified() {
    this.#findChanges();
    return Boolean(
      this.#isRestarted ||
        this.#changes?.size ||
        this.#removed?.size ||
        (this.#persistent !== undefined && this.#persistent !== this.#isKept()) ||
        (this.#base === '' && this.#keys().length),
    );
  }

  get isDestroyed() {
    return this.#isDestroyed;
  }

  get needsReissue() {
    return /^sp?r/.test(this.#state);
  }

  get envelope() {
    return this.#field(1);
  }

  get keyPosition() {
    return this.isNew ? undefined : Number(this.#field(2));
  }

  get keyId() {
    return this.#field(3);
  }

  get issuedAt() {
    return this.#time(4);
  }

  get createdAt() {
    return this.#time(5);
  }

  get expiresAt() {
    return this.#time(9);
  }

  get expiredKeys() {
    return this.#expired === undefined ? NOTHING : JSON.parse(this.#expired);
  }

  get ticket() {
    if (!this.#isPending) return undefined;
    return { recordName: this.#field(8), revision: Number(this.#field(7)) };
  }

  get outcome() {
    return this.#outcome;
  }

  get rejection() {
    return this.#rejection;
  }

  get device() {
    return this.#device;
  }

  #allFields() {
    return (this.#fields ??= this.#state.split(' '));
  }

  #field(index) {
    const field = this.#allFields()[index];
    return field === '-' ? undefined : field;
  }

  #time(index) {
    const seconds = this.#field(index);
    return seconds === undefined ? undefined : Number(seconds) * 1000;
  }

  #parsed() {
    if (this.#values === undefined) {
      this.#values = parse(this.#base);
      this.#isParsed = true;
    }
    return this.#values;
  }

  #value(key) {
    if (this.#changes?.has(key)) return this.#changes.get(key);
    const values = this.#parsed();
    if (!Object.hasOwn(values, key) || this.#removed?.has(key)) {
      if (this.#isPending && !this.#removed?.has(key)) throw pending();
      return undefined;
    }
    const value = values[key];
    return typeof value === 'object' && value !== null ? this.#give(key, value) : value;
  }

  #keys() {
    if (this.#isPending) throw pending();
    const [removed, changes] = [this.#removed, this.#changes];
    const keys = Object.keys(this.#parsed());
    if (removed === undefined && changes === undefined) return keys;
    const kept = removed === undefined ? keys : keys.filter(key => !removed.has(key));
    if (changes === undefined) return kept;
    const places = new Set(kept);
    for (const key of changes.keys()) places.add(key);
    return [...places];
  }

  #put(key, value) {
    (this.#changes ??= new Map()).set(key, value);
  }

  #drop(key) {
    this.#changes?.delete(key);
    if (Object.hasOwn(this.#parsed(), key)) (this.#removed ??= new Set()).add(key);
  }

  #assertOpen() {
    if (this.#isDestroyed) throw destroyed();
    if (this.#closed !== undefined) throw closed(this.#closed);
  }

  /** Whether the cookie ends with the browser (0), or when; `undefined` for as configured. */
  #expiry() {
    let value = this.#changes?.get(EXPIRY_KEY);
    if (value === undefined && !this.#removed?.has(EXPIRY_KEY)) {
      // A look at the text spares most sessions from being parsed.
      if (this.#base !== '' && this.#values === undefined && !this.#base.includes(EXPIRY_KEY)) return undefined;
      const values = this.#parsed();
      if (Object.hasOwn(values, EXPIRY_KEY)) value = values[EXPIRY_KEY];
    }
    return Number.isFinite(value) || (typeof value === 'string' && Number.isFinite(Date.parse(value))) ? value : undefined;
  }

  /** Whether the browser keeps it when it closes; `undefined` for as configured. */
  #isKept() {
    const said = this.#expiry();
    return said === undefined ? undefined : said !== 0;
  }

  /** A deep copy of the keys that `isWanted`. */
  #copied(isWanted) {
    const copied = {};
    for (const key of this.#keys()) {
      if (isWanted(key)) add(copied, key, this.#changes?.has(key) ? this.#changes.get(key) : this.#values[key]);
    }
    return copied;
  }

  #give(key, value) {
    const given = (this.#given ??= new Map());
    if (given.has(key)) return value;
    // What somebody else has made, a constant or a schema's default, may be every visitor's.
    const own = this.#isParsed || !isJson(value) ? value : (this.#values[key] = copy(value));
    // A new session is written as it is then.
    given.set(key, this.#base === '' ? undefined : loosely(own, key));
    return own;
  }

  /** Objects that were given out and changed in place count as set. */
  #findChanges() {
    if (this.#given === undefined || this.#base === '') return;
    for (const [key, before] of this.#given) {
      if (this.#changes?.has(key) || this.#removed?.has(key)) continue;
      const value = this.#values[key];
      if (loosely(value, key) !== before) this.#put(key, value);
    }
  }

  /** JSON texts: what was there, what is set, what is gone. */
  #texts() {
    const [changes, removed] = [this.#changes, this.#removed];
    if (this.#base === '') {
      if (changes === undefined && removed === undefined) {
        check(this.#values, '');
        return { base: '', changes: loosely(this.#values, 'session'), removed: '' };
      }
      return { base: '', changes: objectText(this.#keys().map(key => [key, this.#value(key)])), removed: '' };
    }
    const gone = [...(removed ?? NOTHING), ...(this.#hidden ?? NOTHING)];
    return {
      base: this.#base,
      changes: changes === undefined || changes.size === 0 ? '' : objectText([...changes]),
      removed: gone.length === 0 ? '' : objectText(gone.map(key => [key, 0])),
    };
  }

  /** The same where there is a schema: what it makes of the session is what is written. */
  #textsOf(output) {
    const wanted = key => (isOwn(key) ? this.#value(key) : output[key]);
    const keys = new Set(this.#keys().filter(key => isOwn(key) || Object.hasOwn(output, key)));
    for (const key of Object.keys(output)) keys.add(key);
    if (this.#base === '') {
      const members = [...keys].map(key => [key, isJson(wanted(key)) ? wanted(key) : this.#value(key)]);
      return { base: '', changes: objectText(members), removed: '' };
    }
    const before = parse(this.#base);
    const changes = [];
    for (const key of keys) {
      const value = wanted(key);
      if (value === undefined) continue;
      // A schema may make a Date of a text: what was there says the same and stays, unless somebody set the key.
      if (this.#changes?.has(key)) changes.push([key, isJson(value) ? value : this.#changes.get(key)]);
      else if (isJson(value) && !(Object.hasOwn(before, key) && loosely(before[key], key) === loosely(value, key)))
        changes.push([key, value]);
    }
    const gone = Object.keys(before).filter(key => !keys.has(key));
    return {
      base: this.#base,
      changes: changes.length === 0 ? '' : objectText(changes),
      removed: gone.length === 0 ? '' : objectText(gone.map(key => [key, 0])),
    };
  }
}

refuseProperties(Session, 'session');

/** Not through an object, which would put keys that look like numbers first. */
function objectText(entries) {
  const members = entries
    // A key without a value is no key, as in JSON.
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${JSON.stringify(key)}:${stringify(value, key)}`);
  return `{${members.join(',')}}`;
}

const pending = () =>
  new EdgeSessionError(
    'record_pending',
    'some keys lie in a record that was not opened: codec.openRecord(session, record) adds them; sessions.load() does it',
  );
const destroyed = () => new EdgeSessionError('session_destroyed', 'the session was destroyed');
const closed = why => new EdgeSessionError('session_closed', why);
