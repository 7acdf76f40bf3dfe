import { binding, call } from '../binding.js';
import { EdgeSessionError } from '../error.js';
import { Recent } from './recent.js';

/** For how long it is believed what a store said of a session: less than the shortest life of a device cookie. */
const BELIEVED_SECONDS = 60;
/** What is kept a little longer than needed does no harm; what ends before the last cookie does. */
const MARGIN_MILLISECONDS = 300_000;

/** To which devices sessions are bound, and which of them have ended: in the store, under each session's name. */
export class Bindings {
  #store;
  #codec;
  #said = new Recent(BELIEVED_SECONDS);

  constructor(store, codec) {
    this.#store = store;
    this.#codec = codec;
  }

  /**
   * @param {string} state of a session
   * @returns {{ name: string, head: string, ends: number } | undefined} `undefined`: it has no id yet
   */
  of(state) {
    const [name, head, seconds] = this.#codec.deviceNames(state).split(' ');
    return seconds === undefined ? undefined : { name, head, ends: Number(seconds) * 1000 + MARGIN_MILLISECONDS };
  }

  /** What the store says now: bytes, or `undefined`. */
  async read({ name, head }, now) {
    const kept = await asked(() => this.#store.get(name, now), 'read');
    let bytes = kept ?? undefined;
    let flag = call(() => binding().device_standing(bytes));
    // Whoever binds it looks for its end after that, and may come to nothing before.
    if (flag === 'w' && head !== undefined && ((await asked(() => this.#store.get(head, now), 'read')) ?? undefined) !== undefined) {
      bytes = binding().device_denied();
      flag = 'd';
    }
    this.#said.set(name, flag, now);
    return bytes;
  }

  /** What a session's standing is, as `device_standing` says it. */
  async standing(session, now) {
    const said = this.#said.get(session.name, now);
    if (said !== undefined) return said;
    await this.read(session, now);
    return this.#said.get(session.name, now);
  }

  /** Whether this process knows that the session has ended. */
  isEnded(name, now) {
    return this.#said.get(name, now) === 'd';
  }

  /** Keeps what the module has made. Gives whether the session goes on: what has ended meanwhile has left word, and is put back. */
  async keep({ name, head, ends }, now) {
    const record = binding().take_record();
    const flag = binding().device_standing(record);
    await asked(() => this.#store.put(name, record, ends, now, true), 'written');
    const ended = await asked(() => this.#store.get(head, now), 'read');
    if ((ended ?? undefined) !== undefined) {
      await asked(() => this.#store.put(name, binding().device_denied(), ends, now, true), 'written');
      this.#said.set(name, 'd', now);
      return false;
    }
    this.#said.set(name, flag, now);
    return true;
  }

  /** The session has ended. Whoever binds it at the same time finds that out by what is written first. */
  async end({ name, head, ends }, now) {
    const denied = binding().device_denied();
    this.#said.set(name, 'd', now);
    await asked(() => this.#store.put(head, denied, ends, now, true), 'written');
    await asked(() => this.#store.put(name, denied, ends, now, true), 'written');
  }
}

async function asked(work, what) {
  try {
    return await work();
  } catch (cause) {
    throw new EdgeSessionError('store_unavailable', `the session store cannot be ${what}`, { cause });
  }
}
