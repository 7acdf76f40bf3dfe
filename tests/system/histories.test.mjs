// Histories of visitors with several tabs and browsers, in two regions, on every store, with what goes wrong there: each is
// judged by what docs/FAULTS.md promises (tests/histories; scripts/histories.sh runs more of them). HISTORIES_SEED begins elsewhere.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Cookie, Life } from '../histories/cookie.mjs';
import { carryOut } from '../histories/history.mjs';
import { judge } from '../histories/judge.mjs';
import { kinds, planOf } from '../histories/plan.mjs';
import { printed } from '../histories/print.mjs';
import { STORES } from '../histories/promises.mjs';
import { violations } from '../histories/rules.mjs';
import { shrink } from '../histories/shrink.mjs';

const SEED = Number(process.env.HISTORIES_SEED ?? 1);
const PROTOCOLS = ['headers', 'transcode'];
/** For so long a history that violates something is made shorter, in milliseconds. */
const SHRINKING = 40_000;

// Each store with each kind of trouble that the rounds bring it to, and with sessions that are in it, go there and back, or never do.
const rounds = [() => 'spilled', store => (store === 'none' ? 'small' : 'resizing'), (_, index) => (index % 2 ? 'small' : 'spilled')];
const plans = rounds.flatMap((size, round) =>
  STORES.map((store, index) =>
    planOf(SEED + round * STORES.length + index, {
      store,
      size: size(store, index),
      protocol: PROTOCOLS[(round + index) % 2],
      kind: kinds[(round * 3 + index) % kinds.length],
    }),
  ),
).filter((plan, index) => plan.store !== 'none' || index >= 2 * STORES.length);

describe('histories', { concurrency: 3 }, () => {
  const sums = {};
  for (const plan of plans) {
    test(`${plan.store}, ${plan.size}, ${plan.protocol}, ${plan.kind}: what docs/FAULTS.md promises (seed ${plan.seed})`, async () => {
      const { history, violations: [violation], counts } = await judge(plan);
      for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
      if (!violation) return;
      const shortest = await shrink(history, violation, SHRINKING);
      assert.fail(printed(shortest.history, shortest.violation));
    });
  }
  after(() => {
    if (sums.histories !== plans.length) return; // only some were asked for
    // A run in which something never happened has not tested it.
    for (const [name, least] of [['confirmed', 300], ['shown', 500], ['ends', 5], ['after the end', 50], ['old copies', 30], ['unavailable', 1], ['sent again', 1]]) {
      assert.ok(sums[name] >= least, `${name}: ${sums[name]}`);
    }
  });
});

/** A plan after which one visitor is logged in, and the other is not. */
function planWithOneEnd() {
  for (let seed = 1; ; seed++) {
    const plan = planOf(seed, { store: 'd1', protocol: 'headers', size: 'spilled', kind: 'calm' });
    const left = plan.steps.filter(({ act, by }) => act === 'log out' && by === 'api');
    if (left.length === 1 && plan.steps.every(({ act, by }) => act !== 'log out' || by === 'api')) return plan;
  }
}

/** What is said of a history in which all is well when `doctor` has changed it. */
let well;
async function doctored(doctor) {
  well ??= await carryOut(planWithOneEnd());
  const copy = event => ({ ...event, session: event.session && { ...event.session }, write: event.write && { ...event.write } });
  const history = { ...well, events: well.events.map(copy) };
  assert.deepEqual(violations(history).map(({ rule, says }) => `${rule}: ${says}`), []);
  doctor(history);
  return violations(history).map(({ rule }) => rule);
}

const isChange = ({ write, isAfter, session }) => write && isAfter && session && Object.keys(write.values).length === 2;
const keyOf = ({ write }) => Object.keys(write.values)[0];

describe('a history that is made worse is caught:', () => {
  const cases = {
    whole(history) {
      const event = history.events.find(isChange);
      delete event.session[`${keyOf(event)}_too`];
    },
    "nobody else's"(history) {
      history.events.find(isChange).session.who = 'eve 1';
    },
    'refused is refused'(history) {
      const event = history.events.find(isChange);
      event.write.isPossible = false;
    },
    'never older'(history) {
      const event = history.events.find(isChange);
      const key = keyOf(event);
      delete event.session[key];
      delete event.session[`${key}_too`];
    },
    'none is lost'(history) {
      const confirmed = history.events.filter(event => isChange(event) && event.write.isConfirmed && event.got);
      const before = last => confirmed.find(event => event !== last && event.got.life === last.got.life);
      const last = history.events.findLast(event => event.step.act === 'change at last' && event.status === 200 && before(event));
      const lost = before(last);
      delete last.session[keyOf(lost)];
      delete last.session[`${keyOf(lost)}_too`];
    },
    readable(history) {
      Object.assign(history.events.findLast(({ step }) => step.act === 'old copy'), { status: 503, session: undefined });
    },
    ended(history) {
      const { step, sent } = history.events.find(each => each.step.act === 'after the end');
      const event = { step, sent, start: 9000, end: 9001, status: 200, session: { who: sent.life.who } };
      history.events.push(event);
    },
    answers(history) {
      history.events.find(({ step }) => step.act === 'old copy').session = null;
    },
  };
  for (const [rule, doctor] of Object.entries(cases)) {
    test(rule, async () => {
      const rules = await doctored(doctor);
      assert.ok(rules.includes(rule), `only ${rules.join(', ') || 'nothing'}`);
    });
  }

  test('a change that is made a second time when it is sent again', () => {
    const life = new Life({ visitor: 'ada', who: 'ada 1', begun: { start: 0, end: 1 } });
    const base = new Cookie({ value: 'base', life, parent: null });
    const told = cart => ({ who: 'ada 1', cart, cart_too: cart });
    const write = (n, start, end) => ({ values: told(`ada ${n}`), start, end, isPossible: true, isConfirmed: true });
    const [again, other] = [write(2, 2, 31), write(3, 20, 21)];
    delete again.values.who;
    delete other.values.who;
    const historyWhoseLastShows = cart => {
      const got = (from, made) => new Cookie({ value: cart, life, parent: from, write: made });
      const step = { visitor: 'ada', act: 'change', number: 1, browser: 0, tab: 0 };
      const events = [
        { step, start: 2, end: 3, sent: base, status: 503, write: again },
        { step: { ...step, act: 'look' }, start: 10, end: 11, sent: base, status: 200, session: told('ada 2') },
        { step, start: 20, end: 21, sent: base, status: 200, isAfter: true, session: told('ada 3'), write: other, got: got(base, other) },
        { step, start: 30, end: 31, sent: base, status: 200, isAfter: true, session: told(cart), write: again, got: got(base, again) },
        { step: { ...step, act: 'change at last' }, start: 40, end: 41, sent: base, status: 200, isAfter: true, session: told(cart), got: got(base, undefined) },
      ];
      return { plan: { store: 'd1', size: 'spilled', kind: 'calm' }, lives: [life], events };
    };
    const rules = cart => [...new Set(violations(historyWhoseLastShows(cart)).map(({ rule }) => rule))];
    assert.deepEqual(rules('ada 3'), []);
    assert.deepEqual(rules('ada 2'), ['none is lost']);
  });

  test('a store that does not merge, judged as one that does', async () => {
    const found = [];
    for (let seed = 1; seed < 12 && !found.includes('none is lost'); seed++) {
      const history = await carryOut(planOf(seed, { store: 'r2', protocol: 'headers', size: 'spilled', kind: 'calm' }));
      history.plan = { ...history.plan, store: 'd1' };
      found.push(...violations(history).map(({ rule }) => rule));
    }
    assert.ok(found.includes('none is lost'), found.join(', '));
  });
});
