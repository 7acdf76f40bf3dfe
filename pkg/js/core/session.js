import * as argument from './argument.js';
import { binding, call } from './binding.js';
import { EdgeSessionError } from './error.js';
import { parse, stringify } from './json.js';

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
  /** The parsed base, or what a new session began with. */
  #values;
  /** Keys that were set, in order. */
  #changes;
  /** Keys of the base that were removed. */
  #removed;
  /** Objects that were given out, each with its JSON then. */
  #given;
  #isPending;
  #isDestroyed = false;
  #isRestarted = false;
  #outcome;
  #rejection;
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
      session.#values = undefined;
      session.#isPending = false;
      session.#source = undefined;
    };
    internals.validated = (session, values) => {
      session.#values = values;
    };
    internals.tell = (session, outcome, rejection) => {
      session.#outcome = outcome;
      session.#rejection = rejection;
      return session;
    };
    internals.state = session => session.#state;
    internals.hasCookie = session => session.#state[0] === 's';
    /** Everything the module needs to seal it: its first four arguments. */
    internals.sealInput = session => {
      if (session.#isPending) throw pending();
      if (session.#isDestroyed) throw destroyed();
      session.#findChanges();
      const { base, changes, removed } = session.#texts();
      return [session.#state, base, changes, removed];
    };
  }

  get(key) {
    argument.string(key, 'key');
    return this.#value(key);
  }

  set(key, value) {
    argument.string(key, 'key');
    const type = typeof value;
    if (type === 'undefined' || type === 'function' || type === 'symbol' || type === 'bigint')
      throw new TypeError(`value must be a JSON value, not ${type === 'bigint' ? 'a bigint' : type}`);
    if (this.#isDestroyed) throw destroyed();
    (this.#changes ??= new Map()).set(key, value);
    return this;
  }

  delete(key) {
    argument.string(key, 'key');
    if (this.#isDestroyed) throw destroyed();
    const was = this.has(key);
    this.#changes?.delete(key);
    if (Object.hasOwn(this.#parsed(), key)) (this.#removed ??= new Set()).add(key);
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
    for (const key of this.#keys()) this.delete(key);
  }

  toJSON() {
    if (this.#isPending) throw pending();
    // Nothing was looked at or changed, or a schema's output taken: what was opened is parsed.
    if (this.#base !== '' && this.#values === undefined && this.#changes === undefined) return parse(this.#base);
    return JSON.parse(objectText(this.#keys().map(key => [key, this.#value(key)])));
  }

  raw(key) {
    argument.string(key, 'key');
    if (this.#changes?.has(key)) return stringify(this.#changes.get(key), key);
    if (!this.has(key)) return undefined;
    if (this.#base === '') return stringify(this.#values[key], key);
    return call(() => binding().raw(this.#base, key));
  }

  sizes() {
    if (this.#isPending) throw pending();
    this.#findChanges();
    const { base, changes, removed } = this.#texts();
    const json = base === '' ? changes : call(() => binding().overlaid(base, changes, removed));
    return call(() => JSON.parse(binding().sizes(json))).map(([key, octets]) => ({ key, octets }));
  }

  restart(at) {
    const created = Math.floor(argument.now(at) / 1000);
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
    this.#isDestroyed = true;
  }

  get isNew() {
    return this.#state[0] !== 's';
  }

  get isModified() {
    this.#findChanges();
    return Boolean(
      this.#isRestarted || this.#changes?.size || this.#removed?.size || (this.#base === '' && this.#keys().length),
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
    return (this.#values ??= parse(this.#base));
  }

  #value(key) {
    if (this.#changes?.has(key)) return this.#changes.get(key);
    const values = this.#parsed();
    if (!Object.hasOwn(values, key) || this.#removed?.has(key)) {
      if (this.#isPending && !this.#removed?.has(key)) throw pending();
      return undefined;
    }
    const value = values[key];
    if (typeof value === 'object' && value !== null) this.#give(key, value);
    return value;
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

  #give(key, value) {
    if (this.#base === '') return; // A new session is written as it is then.
    const given = (this.#given ??= new Map());
    if (!given.has(key)) given.set(key, stringify(value, key));
  }

  /** Objects that were given out and changed in place count as set. */
  #findChanges() {
    if (this.#given === undefined) return;
    for (const [key, before] of this.#given) {
      if (this.#changes?.has(key) || this.#removed?.has(key)) continue;
      const value = this.#values[key];
      if (stringify(value, key) !== before) (this.#changes ??= new Map()).set(key, value);
    }
  }

  /** JSON texts: what was there, what is set, what is gone. */
  #texts() {
    const [changes, removed] = [this.#changes, this.#removed];
    if (this.#base === '') {
      if (changes === undefined && removed === undefined)
        return { base: '', changes: stringify(this.#values, 'session'), removed: '' };
      return { base: '', changes: objectText(this.#keys().map(key => [key, this.#value(key)])), removed: '' };
    }
    return {
      base: this.#base,
      changes: changes === undefined || changes.size === 0 ? '' : objectText([...changes]),
      removed: removed === undefined ? '' : objectText([...removed].map(key => [key, 0])),
    };
  }
}

/** Not through an object, which would put keys that look like numbers first. */
function objectText(entries) {
  const members = entries
    // What has no JSON form is left out, as JSON.stringify does in an object.
    .filter(([, value]) => value !== undefined && typeof value !== 'function' && typeof value !== 'symbol')
    .map(([key, value]) => `${JSON.stringify(key)}:${stringify(value, key)}`);
  return `{${members.join(',')}}`;
}

const pending = () =>
  new EdgeSessionError(
    'record_pending',
    'some keys lie in a record that was not opened: codec.openRecord(session, record) adds them; sessions.load() does it',
  );
const destroyed = () => new EdgeSessionError('session_destroyed', 'the session was destroyed');
