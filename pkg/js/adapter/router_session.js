// React Router's Session on top of ours: the same keys, flash values included, as its cookie storage has them.

import { refuseProperties } from '../core/no_properties.js';
import { flashKey as flash } from '../core/own_keys.js';

export class RouterSession {
  #inner;

  /** @param {import('../index.js').Session} inner */
  constructor(inner) {
    this.#inner = inner;
  }

  /** @param {unknown} session @returns {import('../index.js').Session} */
  static inner(session) {
    if (session !== null && typeof session === 'object' && #inner in session) return session.#inner;
    throw new TypeError('session: one from getSession of this storage is expected');
  }

  /** Nothing names a session that is in its cookie. */
  get id() {
    return '';
  }

  get data() {
    return this.#inner.toJSON();
  }

  has(name) {
    return this.#inner.has(name) || this.#inner.has(flash(name));
  }

  get(name) {
    if (this.#inner.has(name)) return this.#inner.get(name);
    const value = this.#inner.get(flash(name));
    if (value !== undefined) this.#inner.delete(flash(name));
    return value;
  }

  set(name, value) {
    this.#put(name, value);
  }

  flash(name, value) {
    this.#put(flash(name), value);
  }

  unset(name) {
    this.#inner.delete(name);
  }

  // JSON has no `undefined`; what React Router writes then is a session without the key.
  #put(name, value) {
    if (value === undefined) this.#inner.delete(name);
    else this.#inner.set(name, value);
  }
}

refuseProperties(RouterSession, 'session');
