// A cookie of a history: what it came from, and by which change.

let count = 0;

export class Cookie {
  /** `life` is the session that it is of (life.mjs); `write` the change that its answer confirmed, if it was one. */
  constructor({ value, life, parent, write }) {
    Object.assign(this, { value, life, parent, write, name: `c${++count}` });
    life.cookies.push(this);
  }

  /** The changes that led to it, the latest first, as far as its session's beginning. */
  *changes() {
    for (let cookie = this; cookie?.life === this.life; cookie = cookie.parent) if (cookie.write) yield cookie.write;
  }

  /** How many changes followed it, on the way to `newer`; undefined if it is not on that way. */
  behind(newer) {
    let count = 0;
    for (let cookie = newer; cookie; cookie = cookie.parent) {
      if (cookie === this) return count;
      count += 1;
    }
    return undefined;
  }
}

/** From a log in, or a stranger's first change, to a log out. */
export class Life {
  constructor({ visitor, who, begun, hasPast }) {
    Object.assign(this, { visitor, who, begun, hasPast, cookies: [] });
  }

  /** Whether a log in ended it: `followed` is that. */
  get isFollowed() {
    return this.followed !== undefined;
  }

  get isStranger() {
    return this.who === undefined;
  }
}
