// A plan, carried out: what every request showed and set, in the order of time, and a look back when all is well again.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from './browser.mjs';
import { Cookie, Life } from './cookie.mjs';
import { REGIONS } from './edge.mjs';
import { promiseTo } from './promises.mjs';
import { REMEMBERED, newKey, startWorld } from './world.mjs';

const USERS = { ada: '101', bob: '102' };
/** Too long for a cookie, whatever compresses it. */
const pad = () => randomBytes(4600).toString('base64');
/** Until a store that was in trouble is asked again, and a record that does not show is given up. */
const PATIENCE = 25_000;
/** So often a change is sent again of which nobody knows whether it was made, and so long after. */
const [INSISTS, PAUSE] = [4, 150];
/** So many of a session's cookies are tried when it has ended, and so many when it has not. */
const [TRIED_OF_ENDED, TRIED_OF_LIVING] = [10, 4];

/** `{ plan, lives, events }`. An event: `{ step, start, end, sent, got, status, session, write, isConfirmed }`. */
export async function carryOut(plan) {
  const world = await startWorld(plan);
  try {
    return await new History(plan, world).run();
  } finally {
    await world.stop();
  }
}

class History {
  lives = [];
  events = [];
  #browsers = new Map();
  /** Log outs of all of a user's sessions. */
  #endsOfUsers = [];

  constructor(plan, world) {
    Object.assign(this, { plan, world, begun: performance.now() });
  }

  async run() {
    const [east, west] = REGIONS;
    await this.world.edge.control(east, { lag: this.plan.lag });
    await this.world.edge.control(west, { lag: this.plan.lag, clock: this.plan.skew });
    this.begun = performance.now();
    this.clock = Date.now();
    const tabs = Map.groupBy(this.plan.steps, step => (step.visitor ? `${step.visitor} ${step.browser} ${step.tab}` : step.number));
    await Promise.all([...tabs.values()].map(steps => this.#inTurn(steps)));
    await this.#allIsWell();
    await this.#lookBack();
    const { plan, lives, events } = this;
    events.sort((one, other) => one.start - other.start);
    return { plan, lives, events };
  }

  get #now() {
    return Math.round(performance.now() - this.begun);
  }

  async #inTurn(steps) {
    for (const step of steps) {
      await sleep(Math.max(0, step.at - this.#now));
      await this.#take(step);
    }
  }

  #browser({ visitor, browser }) {
    const name = `${visitor} ${browser}`;
    if (!this.#browsers.has(name)) this.#browsers.set(name, Object.assign(new Browser(), { visitor, number: browser }));
    return this.#browsers.get(name);
  }

  #take(step) {
    switch (step.act) {
      case 'log in':
        return this.#logIn(step);
      case 'log out':
        return this.#logOut(step);
      case 'copy':
        this.#browser(step).cookie = this.#browser({ ...step, browser: 0 }).cookie;
        return undefined;
      case 'look':
        return this.#ask(step, { path: step.path });
      case 'change':
        return this.#change(step, { [step.key]: step.number, [`${step.key}_too`]: step.number });
      case 'grow':
        return this.#change(step, { pad: pad() });
      case 'shrink':
        return this.#change(step, { pad: null });
      default:
        return this.#event(step);
    }
  }

  async #logIn(step) {
    const browser = this.#browser(step);
    if (!(await this.#isLoggedOut(browser))) return;
    const who = `${step.visitor} ${step.number}`;
    const body = { _auth_user_id: USERS[step.visitor], who, ...(this.plan.size !== 'small' && { pad: pad() }) };
    for (let tries = 0; tries < 3; tries++) {
      const event = await this.#ask(step, { ...this.#writing(step), body, who });
      if (event.got) return;
    }
  }

  /**
   * Whether a browser's session ended, as one log out after the other is answered. Where it may still be in force its
   * cookie is taken away: a log in of the same user would go on with it, and end with it.
   */
  async #isLoggedOut(browser) {
    for (;;) {
      const life = browser.cookie?.life;
      if (!life || life.isStranger) return true;
      if (!life.isEnding) return false;
      if (life.ends) {
        if (!this.#isKnownToHaveEnded(life)) browser.cookie = null;
        return true;
      }
      await sleep(20);
    }
  }

  #isKnownToHaveEnded(life) {
    // KV alone tells of an end late.
    return this.plan.store !== 'kv' && promiseTo(this.plan).ends && life.ends.some(end => end.isSure);
  }

  /** Whether a log in of the same second may be ended with the others, as it is not told of their end: elsewhere KV alone tells late. */
  #isUnseen(end, { step, start }) {
    const { store, lag, kind } = this.plan;
    const isToldLate = (store === 'kv' && lag > 0) || kind === 'troubled';
    const isElsewhere = isToldLate && end.step.region !== step.region;
    const second = time => Math.floor((this.clock + time) / 1000);
    return (isElsewhere || kind === 'killed') && end.step.visitor === step.visitor && second(start) <= second(end.end);
  }

  async #change(step, patch) {
    const browser = this.#browser(step);
    if (!browser.cookie) return;
    const values = Object.fromEntries(Object.entries(patch).map(([key, value]) => [key, key === 'pad' ? value : `${step.visitor} ${value}`]));
    const request = { ...this.#writing(step), body: values, values };
    if (step.by !== 'api' || !step.insists) {
      await this.#ask(step, request);
      return;
    }
    // However often it is sent it is one change: it may have been made at any time from the first attempt to the last.
    Object.assign(request, { key: `${this.plan.seed}.${step.number}`, write: { values } });
    const { life } = browser.cookie;
    for (let tries = 0; tries < INSISTS && browser.cookie?.life === life; tries++) {
      const { status } = await this.#ask(step, request);
      if (status !== 0 && status !== 503) return;
      await sleep(PAUSE);
    }
  }

  #writing({ by, wait }) {
    return by === 'api' ? { method: 'PATCH', path: '/_session' } : { method: 'POST', path: `/page?wait=${wait ?? 0}` };
  }

  async #logOut(step) {
    const browser = this.#browser(step);
    const life = browser.cookie?.life;
    if (!life || life.isStranger) return;
    const isAll = step.by === 'user' || step.by === 'everywhere';
    for (const each of this.lives) if (each === life || (isAll && each.visitor === life.visitor)) each.isEnding = true;
    const requests = {
      page: { method: 'POST', path: '/page', body: null },
      api: { method: 'DELETE', path: '/_session' },
      everywhere: { method: 'DELETE', path: '/_session?everywhere' },
      user: { method: 'DELETE', path: `/_session?user=${USERS[step.visitor]}` },
    };
    const event = await this.#ask(step, requests[step.by]);
    // The site's own answer goes through whether the store took the end or not, and is tried again then.
    const isCalm = !['troubled', 'killed', 'rotated'].includes(this.plan.kind);
    const isSure = event.status === 204 || (event.status === 200 && step.by === 'page' && isCalm);
    if (isAll) this.#endsOfUsers.push(event);
    for (const each of this.lives) {
      if (each !== life && !(isAll && each.visitor === life.visitor && each.begun.start < event.end)) continue;
      each.ends = [...(each.ends ?? []), { start: event.start, end: event.end, isSure: isSure && each.begun.end < event.start }];
    }
  }

  /** One request of a browser, with what came of it. */
  async #ask(step, request) {
    const browser = this.#browser(step);
    const sent = 'cookie' in request ? request.cookie : browser.cookie;
    const event = { step, start: this.#now, sent };
    const answer = await browser.ask(this.world.edge.urls[step.region], request);
    Object.assign(event, { end: this.#now, status: answer.status, session: answer.session, reason: answer.reason });
    const isApi = request.path.startsWith('/_session');
    event.isAfter = isApi && request.method === 'PATCH';
    if (request.values) {
      const { start, isPossible: wasPossible } = request.write ?? {};
      const now = { start: start ?? event.start, end: event.end, isPossible: wasPossible || isPossible(event, isApi) };
      event.write = Object.assign(request.write ?? { values: request.values }, now);
    }
    if (answer.set !== undefined) event.got = this.#taken(browser, event, request, answer);
    if (answer.isRemoved && !('cookie' in request)) browser.cookie = null;
    event.isRemoved = answer.isRemoved;
    if (event.write) event.write.isConfirmed ||= event.status === 200 && (isApi || event.got !== undefined);
    this.events.push(event);
    return event;
  }

  #taken(browser, event, { who, cookie }, { set }) {
    const { sent, step, session } = event;
    // A page shows the session that it was asked with: where that was none, one begins with its answer.
    const isSame = sent && who === undefined && (event.isAfter ? session?.who === sent.life.who : !event.write || session !== null);
    let life = sent?.life;
    if (!isSame) {
      if (life && who !== undefined) life.followed ??= event;
      life = new Life({ visitor: step.visitor, who, begun: event, hasPast: Boolean(sent) });
      this.lives.push(life);
      const end = who !== undefined && this.#endsOfUsers.find(end => this.#isUnseen(end, event));
      if (end) life.ends = [{ start: end.start, end: end.end, isSure: false }];
    }
    const got = new Cookie({ value: set, life, parent: isSame ? sent : null, write: event.write });
    if (cookie === undefined) browser.cookie = got;
    return got;
  }

  async #event({ act, region, trouble, lasts }) {
    const { edge, originStore, keys } = this.world;
    switch (act) {
      case 'trouble':
        await this.#trouble(region, trouble);
        await sleep(lasts);
        await this.#trouble(region, null);
        break;
      case 'kill':
        await edge.kill();
        break;
      case 'kill the store':
        await originStore.kill(300);
        break;
      case 'rotate': {
        // In two deployments, as docs/ROTATE.md says: neither is everywhere at once.
        const key = newKey();
        await edge.restart({ SESSION_KEYS: [...keys, key].join(' ') });
        keys.unshift(key);
        await edge.restart({ SESSION_KEYS: keys.join(' ') });
        break;
      }
      default:
        throw new Error(`nobody knows how to ${act}`);
    }
  }

  async #trouble(region, trouble) {
    if (this.world.originStore) this.world.originStore.trouble = trouble;
    await this.world.edge.control(region, { trouble }).catch(() => {}); // it was killed: all is well there
  }

  async #allIsWell() {
    if (this.world.originStore) this.world.originStore.trouble = null;
    for (const region of REGIONS) await this.world.edge.control(region, { trouble: null });
    await sleep(400 + 2 * this.plan.lag);
  }

  /** Every browser changes its session once more; old copies of cookies are tried, and all of those that have ended. */
  async #lookBack() {
    for (const browser of this.#browsers.values()) {
      const { cookie, visitor, number } = browser;
      if (!cookie || !isLiving(cookie.life)) continue;
      const at = { visitor, browser: number, tab: 0, region: REGIONS[0] };
      await this.#patiently({ ...at, act: 'look back', number: 0 }, { path: '/account', cookie });
      const values = { last: `${visitor} last ${number}` };
      await this.#patiently({ ...at, act: 'change at last', number: 0 }, { method: 'PATCH', path: '/_session', body: values, values });
    }
    for (const life of this.lives) {
      const at = { visitor: life.visitor, browser: life.begun.step.browser, tab: 0, region: REGIONS[1], number: 0 };
      if (isLiving(life)) {
        for (const cookie of spread(life.cookies, TRIED_OF_LIVING)) await this.#patiently({ ...at, act: 'old copy' }, { path: '/account', cookie });
        continue;
      }
      const sure = life.ends?.filter(end => end.isSure).at(-1);
      if (!sure) continue;
      await sleep(Math.max(0, sure.end + REMEMBERED * 1000 + 2 * this.plan.lag + 200 - this.#now));
      for (const cookie of spread(life.cookies, TRIED_OF_ENDED)) {
        for (const path of ['/page', '/account', '/_session']) await this.#patiently({ ...at, act: 'after the end', path }, { path, cookie }, mayGoByCookie);
      }
    }
  }

  /** Asks again while the answer is to ask again, or one of those that `isForNow`. */
  async #patiently(step, request, isForNow = () => false) {
    const until = this.#now + PATIENCE;
    for (;;) {
      const event = await this.#ask(step, request);
      const isFinal = ![0, 409, 503].includes(event.status) && !isForNow(event, this.plan);
      if (isFinal || this.#now > until) return;
      await sleep(500);
    }
  }
}

/** Whether a change may have been made although its answer does not say so. */
function isPossible({ status }, isApi) {
  return status === 200 || status === 0 || status === 503 || (!isApi && status >= 500);
}

/** Whether an answer may show what has ended: a store that failed is left alone for a while, and where none is required the cookie counts. */
export const mayGoByCookie = ({ step, session }, { kind }) => Boolean(session) && step.path === '/page' && ['troubled', 'killed'].includes(kind);

export const isLiving = life => !life.isStranger && !life.isFollowed && !life.ends;

/** The last ones, and some of those before. */
function spread(list, count) {
  const recent = list.slice(-Math.ceil(count / 2));
  const before = list.slice(0, -recent.length || undefined).filter(each => !recent.includes(each));
  const every = Math.max(1, Math.ceil(before.length / (count - recent.length)));
  return [...before.filter((_, index) => index % every === 0), ...recent];
}
