import { readConfig } from '../config.js';
import { binding, call } from '../binding.js';
import { EdgeSessionError } from '../error.js';
import { internals } from '../session.js';
import { notBound, showDevice } from './answers.js';
import { askedBy, wantsPage } from './asked.js';
import { Bindings } from './bindings.js';
import { readDevice } from './config.js';
import { REFRESH, REGISTER, answerPage } from './pages.js';
import { missing, withAnswer } from './presence.js';
import { Recent } from './recent.js';

/** A browser that takes no binding is not asked with every page; an alarm tells of a session once a minute. */
const OFFER_SECONDS = 600;
const ALARM_SECONDS = 60;
/** Copies of the cookie that are looked at. */
const MOST_COPIES = 3;

/** Sessions that are good with one device only (docs/DEVICE.md of the repository). */
export class Device {
  #userKey;
  #report;
  #codec;
  #load;
  #offered = new Recent(OFFER_SECONDS);
  #alarmed = new Recent(ALARM_SECONDS);
  /** First device cookies that this process has seen confirmed: they are asked about once. */
  #confirmed;
  /** What was found out of each session's device when it was loaded. */
  #evidence = new WeakMap();
  /** Names of users' sessions that began with a cookie that is not sent yet. */
  #began = new WeakMap();

  /** `load` gives the session of a request, whatever its device. */
  constructor(given, config, others, { codec, store, load }) {
    const { isEnforced, userKey, seconds, initiators, publicPaths, report } = readDevice(given, config, store);
    this.isEnforced = isEnforced;
    this.initiators = initiators;
    this.publicPaths = publicPaths;
    this.#userKey = userKey;
    this.#confirmed = new Recent(seconds);
    this.#report = report;
    this.#codec = codec;
    this.#load = load;
    const { Device: Module } = binding();
    const texts = readConfig(config, others);
    this.module = call(() => new Module(texts.config, texts.keys, seconds));
    [this.cookieName, this.attributes, this.removal] = this.module.about().split('\0');
    this.bindings = new Bindings(store, codec);
  }

  /** Judges a session by what its request shows: the same session, or `undefined` and why it is none. */
  async judge(session, header, from, now) {
    const names = this.#namesOf(session);
    const asked = askedBy(from);
    const evidence = { names, asked, isBound: false };
    this.#evidence.set(session, evidence);
    if (names === undefined) return { session };
    const { wasSent, value, isFirst, proved } = this.#shown(header, names.name, now);
    let isOther = wasSent && value === undefined;
    if (this.bindings.isEnded(names.name, now)) return { rejection: 'ended' };
    if (value !== undefined && (!isFirst || (await this.#isConfirmed(value, names, now)))) {
      evidence.isBound = true;
      evidence.provedAt = proved;
      internals.tellDevice(session, { isBound: true, provedAt: proved });
      return { session };
    }
    if (value !== undefined) isOther = true;
    const standing = await this.#standing(names, now);
    if (standing === 'd') return { rejection: 'ended' };
    internals.tellDevice(session, { isBound: false, provedAt: undefined });
    if (standing !== 'b') {
      evidence.isToBeOffered = asked !== undefined && wantsPage(asked);
      return { session };
    }
    const { answered, answer } = missing(this, isOther, asked);
    const side = isOther ? 'other_device' : 'no_device';
    if (answered !== 'again' && this.#alarmed.passes(names.name, now)) {
      this.tell({ event: 'missing', session: names.name, at: now, side, answered });
    }
    if (answered === 'observed') return { session };
    if (answer !== undefined) throw withAnswer(answer, 'the session is bound to a device, and its request came without it');
    return { rejection: 'device_missing' };
  }

  /** What the pages of `/_session/device` answer; `undefined` for other requests. */
  answer(from, now) {
    const asked = askedBy(from);
    if (asked === undefined || (asked.path !== REGISTER && asked.path !== REFRESH)) return undefined;
    return answerPage(this, asked, from, now);
  }

  /** The names of a request's session, if it is a user's. */
  async named(from, now) {
    return this.#namesOf(await this.#load(from, now));
  }

  /** A session is sealed: whether it is one that begins as a user's, which is offered with the same answer. */
  sealed(session, setCookie, now) {
    if (!session.has(this.#userKey)) return;
    const known = this.bindings.of(internals.state(session));
    // It was a user's before, and did not begin anew.
    if (known !== undefined && this.#evidence.get(session)?.names !== undefined) return;
    const names = known ?? this.#namesIn(setCookie, now);
    if (names !== undefined) this.#began.set(session, names.name);
  }

  /** The field that asks the browser to bind the session, with the answer that logs in and with pages of who is not bound. */
  offer(session, now) {
    const evidence = this.#evidence.get(session);
    const name = this.#began.get(session) ?? (evidence?.isToBeOffered ? evidence.names.name : undefined);
    if (name === undefined || session.isDestroyed || !session.has(this.#userKey) || !this.#offered.passes(name, now)) return undefined;
    this.tell({ event: 'offered', session: name });
    return this.#offering(name, now);
  }

  /** Throws unless the session's device was shown, and that so many seconds ago at the most. */
  require(session, proofSeconds, now) {
    const evidence = this.#evidence.get(session);
    if (evidence?.isBound && (proofSeconds === undefined || now - evidence.provedAt <= proofSeconds * 1000)) return;
    if (evidence?.isBound && evidence.asked !== undefined) throw withAnswer(showDevice(evidence.asked, this.removal), 'a proof of the device that is younger is wanted');
    // Where nobody is refused yet it is only seen.
    if (!this.isEnforced) return;
    const offer = evidence?.names === undefined || evidence.isBound ? undefined : this.#offering(evidence.names.name, now);
    throw withAnswer(notBound(offer), 'a session that is bound to a device is wanted');
  }

  /** A session has ended. That what stands in the store cannot be written now ends no log out. */
  async end(session, now) {
    const names = this.bindings.of(internals.state(session));
    if (names !== undefined) await this.bindings.end(names, now).catch(() => this.tell({ event: 'end_not_kept', session: names.name }));
  }

  challenge(name, now) {
    return call(() => this.module.challenge(name, now));
  }

  /** What the module made to be kept, and nobody keeps. */
  dropRecord() {
    binding().take_record();
  }

  tell(event) {
    this.#report?.(event);
  }

  #offering(name, now) {
    return `(ES256);path="${REGISTER}";challenge="${this.challenge(name, now)}"`;
  }

  /** Of a session whose id was drawn when it was sealed. */
  #namesIn(setCookie, now) {
    const value = setCookie.slice(setCookie.indexOf('=') + 1, setCookie.indexOf(';'));
    const opened = this.#codec.openValue(value, { now });
    return opened.kind === 'session' ? this.bindings.of(internals.state(opened.session)) : undefined;
  }

  #namesOf(session) {
    if (session === undefined || session.isNew || !session.has(this.#userKey)) return undefined;
    return this.bindings.of(internals.state(session));
  }

  /** Of several device cookies the first one that is ours. */
  #shown(header, name, now) {
    const values = valuesOf(header ?? '', this.cookieName).slice(0, MOST_COPIES);
    for (const value of values) {
      const [session, isFirst, seconds] = this.module.shown(value, now).split(' ');
      if (seconds === undefined) continue;
      if (session !== name) break;
      return { wasSent: true, value, isFirst: isFirst === '1', proved: Number(seconds) * 1000 };
    }
    return { wasSent: values.length > 0 };
  }

  /** A first cookie is that of the device to which the session is bound; from now on it counts. */
  async #isConfirmed(value, names, now) {
    if (this.#confirmed.get(value, now)) return true;
    try {
      const kept = await this.bindings.read(names, now);
      const flag = this.module.confirm(value, kept, now);
      if (flag === 'k' && (await this.bindings.keep(names, now))) this.tell({ event: 'confirmed', session: names.name });
      if (flag === 'o' || this.bindings.isEnded(names.name, now)) return false;
      this.#confirmed.set(value, true, now);
      return true;
    } catch {
      // If that cannot be written now, the next request does it.
      return true;
    }
  }

  async #standing(names, now) {
    try {
      const standing = await this.bindings.standing(names, now);
      if (standing === 'x') throw new EdgeSessionError('store_unavailable', 'the store has something under the name of a session that nobody here wrote');
      return standing;
    } catch (error) {
      // Nobody knows: where nobody is refused anything yet, that refuses nobody either.
      if (this.isEnforced) throw error;
      return 'n';
    }
  }
}

/** The values of a cookie in a header, as sent. */
function valuesOf(header, name) {
  const pairs = header.split(';').map(pair => pair.trim());
  return pairs.filter(pair => pair.startsWith(`${name}=`)).map(pair => pair.slice(name.length + 1));
}
