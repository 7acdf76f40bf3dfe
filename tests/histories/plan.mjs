// What is to happen in a history, and when: a list of steps that a seed repeats, and that is whole without any of them.

import { REGIONS } from './edge.mjs';
import { STORES } from './promises.mjs';
import { seeded } from './random.mjs';
import { TROUBLES } from './trouble.mjs';

const SIZES = ['spilled', 'spilled', 'spilled', 'resizing', 'resizing', 'small'];
const KINDS = ['calm', 'calm', 'log outs', 'troubled', 'troubled', 'killed', 'skewed', 'rotated', 'late'];
const KEYS = ['cart', 'note', 'theme'];
const VISITORS = ['ada', 'bob'];
/** Steps begin within so many milliseconds. */
const SPAN = 3200;
/** By when everybody is to be logged in. */
const BEGUN = 500;

/** The names of all kinds of plan, to be asked for. */
export const kinds = [...new Set(KINDS)];

/**
 * `{ seed, store, protocol, size, kind, skew, lag, steps }`; `wanted` settles some of these.
 * A step: `{ at, act, visitor, browser, tab, region, … }`. The steps of one tab happen one after another.
 */
export function planOf(seed, wanted = {}) {
  const random = seeded(seed);
  const plan = {
    seed,
    store: random.chance(0.04) ? 'none' : random.pick(STORES.filter(store => store !== 'none')),
    protocol: random.pick(['headers', 'transcode']),
    size: random.pick(SIZES),
    kind: random.pick(KINDS),
    ...wanted,
  };
  if (plan.store === 'none') plan.size = 'small';
  // The site and an origin store refuse what was signed by a clock that is so wrong.
  if (plan.kind === 'skewed' && plan.store.includes('origin')) plan.kind = 'calm';
  if (plan.kind === 'skewed') plan.protocol = 'transcode';
  plan.skew = plan.kind === 'skewed' ? random.pick([-200_000, 200_000]) : 0;
  plan.lag = plan.kind === 'late' ? 1200 : 0;
  plan.steps = [...VISITORS.flatMap(visitor => visits(plan, visitor, random.fork())), ...events(plan, random.fork())];
  plan.steps.sort((one, other) => one.at - other.at);
  plan.steps.forEach((step, index) => (step.number = index + 1));
  return plan;
}

function visits(plan, visitor, random) {
  const leaves = plan.kind === 'log outs' || random.chance(0.2);
  const [browsers, tabs] = random.pick([[1, 1], [1, 2], [1, 3], [2, 1], [2, 2]]);
  const step = (at, browser, tab, what) => ({ at, visitor, browser, tab, region: random.pick(REGIONS), ...what });
  const by = () => random.pick(['page', 'api']);
  const steps = [step(0, 0, 0, { act: 'log in', by: by() })];
  for (let browser = 0; browser < browsers; browser++) {
    if (browser > 0) steps.push(step(BEGUN + 300, browser, 0, { act: 'copy' }));
    for (let tab = 0; tab < tabs; tab++) {
      for (let count = 4 + random.below(4); count > 0; count--) {
        const at = BEGUN + (browser && 400) + random.below(SPAN - BEGUN);
        steps.push(step(at, browser, tab, oneVisit(plan, random, by)));
      }
    }
  }
  if (leaves) {
    const at = BEGUN + 800 + random.below(SPAN - BEGUN - 800);
    const how = plan.kind === 'skewed' || plan.store === 'none' ? by() : random.pick(['page', 'api', 'user', 'everywhere']);
    const browser = random.below(browsers);
    steps.push(step(at, browser, random.below(tabs), { act: 'log out', by: how }));
    if (random.chance(0.7)) steps.push(step(at + random.below(900), browser, tabs, { act: 'log in', by: by() }));
  }
  return steps;
}

function oneVisit(plan, random, by) {
  const roll = random.below(10);
  if (roll < 2) return { act: 'look', path: random.pick(['/page', '/account', '/_session']) };
  if (plan.size === 'resizing' && roll < 5) return { act: random.pick(['grow', 'shrink']), by: by() };
  const wait = random.chance(0.3) ? random.below(900) : 0;
  // A script may not put up with a change of which it does not know whether it was made.
  return { act: 'change', key: random.pick(KEYS), by: by(), wait, insists: random.chance(0.5) };
}

function events(plan, random) {
  const at = () => BEGUN + random.below(SPAN - BEGUN);
  switch (plan.kind) {
    case 'troubled':
      return Array.from({ length: 2 }, () => ({
        at: at(),
        act: 'trouble',
        region: random.pick(REGIONS),
        lasts: 300 + random.below(1200),
        trouble: { percent: random.pick([30, 60, 100]), modes: random.pick([TROUBLES, ...TROUBLES.map(mode => [mode])]) },
      }));
    case 'killed':
      return [{ at: at(), act: plan.store === 'origin' ? random.pick(['kill', 'kill the store']) : 'kill' }];
    case 'rotated':
      return [{ at: at(), act: 'rotate' }];
    default:
      return [];
  }
}
