// Who goes when: visitors together, what changes the site for all of them alone.

/** So many visitors are busy at once; who sleeps gives its place to another. */
export class Places {
  #free;
  #waiting = [];

  constructor(count) {
    this.#free = count;
  }

  async enter() {
    if (this.#free === 0) return new Promise(resolve => this.#waiting.push(resolve));
    this.#free -= 1;
  }

  leave() {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** Steps of visitors go at the same time, and a change of the site when nobody is in the middle of one. */
export class Turns {
  #inside = 0;
  #closed;
  #whenEmpty = () => {};
  #changes = {};

  async together(work) {
    while (this.#closed !== undefined) await this.#closed;
    this.#inside += 1;
    try {
      return await work();
    } finally {
      this.#inside -= 1;
      if (this.#inside === 0) this.#whenEmpty();
    }
  }

  async alone(work) {
    while (this.#closed !== undefined) await this.#closed;
    const { promise, resolve } = Promise.withResolvers();
    this.#closed = promise;
    try {
      if (this.#inside > 0) await new Promise(empty => (this.#whenEmpty = empty));
      return await work();
    } finally {
      this.#closed = undefined;
      resolve();
    }
  }

  /** A change that all who ask for it before it begins have together. */
  change(name, work) {
    const begin = () => {
      this.#changes[name] = undefined;
      return work();
    };
    // Not at once, or it would have begun before it is known here.
    this.#changes[name] ??= Promise.resolve().then(() => this.alone(begin));
    return this.#changes[name];
  }
}
