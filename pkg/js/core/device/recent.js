/** What was learned or done a short time ago, by name, of the last few sessions. A process that forgets does it once more. */
const MOST = 1024;

export class Recent {
  #kept = new Map();
  #milliseconds;

  constructor(seconds) {
    this.#milliseconds = seconds * 1000;
  }

  /** What was kept under the name, unless its time is over. */
  get(name, now) {
    const kept = this.#kept.get(name);
    const age = kept === undefined ? -1 : now - kept.at;
    return age >= 0 && age < this.#milliseconds ? kept.value : undefined;
  }

  set(name, value, now) {
    this.#kept.delete(name);
    this.#kept.set(name, { value, at: now });
    // The oldest goes first.
    if (this.#kept.size > MOST) this.#kept.delete(this.#kept.keys().next().value);
  }

  /** Whether it was not done for this name of late; then it is now. */
  passes(name, now) {
    if (this.get(name, now) !== undefined) return false;
    this.set(name, true, now);
    return true;
  }
}
