// How often a request waits for a store: round trips one after another, until its answer. A store is a journey away, so that is
// what a visitor waits for; what goes on beside it, or after the answer, does not count.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from '../histories/browser.mjs';
import { PACED } from '../histories/trouble.mjs';
import { startWorld } from '../histories/world.mjs';

const pad = () => randomBytes(4600).toString('base64');
/** On a busy machine an answer may be read so late that what goes on after it is over: then it is measured again. */
const ATTEMPTS = 3;
/** Until what goes on after an answer is over. */
const SETTLED = 500;

// Trips by kind of request. Looking is one, whatever is looked up: the record and the list are asked at once. What changes a session
// looks, and then saves in one; when somebody else was first, in another one.
const limits = {
  'small page': 1,
  'small required': 1,
  'small api': 1,
  'small write': 2,
  'first spill': 2,
  page: 1,
  required: 1,
  api: 1,
  'old copy': 1,
  // Its record is there still, as nobody would find the last one.
  'copy of before': 1,
  write: 2,
  'api write': 2,
  'lost race': 2,
  'log out': 2,
  'api log out': 2,
};
// Without heads nobody is told of a race: the last answer wins.
const withHeads = { ...limits, 'lost race': 3, 'copy of before': 2 };
// KV is asked first.
const behindKv = { ...withHeads, 'copy of before': 3 };

const stores = {
  kv: limits,
  r2: limits,
  d1: withHeads,
  do: withHeads,
  origin: withHeads,
  'kv+d1': behindKv,
  'kv+do': behindKv,
  'kv+r2': limits,
  'kv+origin': behindKv,
};

describe('round trips', { concurrency: 4 }, () => {
  for (const [store, limits] of Object.entries(stores)) {
    test(`${store}: no request waits for it more often than it has to`, async t => {
      // Nothing is remembered of sessions, so that every look-up shows.
      const world = await startWorld({ store, protocol: 'headers', settings: { SESSION_REVOCATION_SECONDS: '0' } });
      t.after(() => world.stop());
      let more;
      for (let n = 0; n < ATTEMPTS && more !== ''; n++) more = beyond(limits, await tripsOf(world));
      assert.equal(more, '');
    });

    test(`${store}: what is remembered of a session in its cookie costs no trip`, async t => {
      const world = await startWorld({ store, protocol: 'headers', settings: { SESSION_REVOCATION_SECONDS: '60' } });
      t.after(() => world.stop());
      const { ask, counted } = await meter(world);
      const logIn = async () => (await ask({ method: 'PATCH', path: '/_session', body: { _auth_user_id: '7' } })).set;
      // Once an hour it is kept, beside a request, that the key was of use.
      await counted(async () => ask({ path: '/page' }, await logIn()));
      const cookie = await logIn();
      const first = await counted(() => ask({ path: '/page' }, cookie));
      const second = await counted(() => ask({ path: '/page' }, cookie));
      assert.deepEqual([first.trips <= 1, second.trips], [true, 0], [first, second].map(({ calls }) => calls.join(', ')).join('; '));
    });
  }
});

/** The kinds of request whose trips are not as many as they should be. */
function beyond(limits, seen) {
  const others = Object.entries(limits).filter(([kind, limit]) => seen[kind].trips !== limit);
  return others.map(([kind, limit]) => `${kind}: ${seen[kind].trips} trips, not ${limit}: ${seen[kind].calls.join(', ')}`).join('\n');
}

/** The trips of each kind of request, and the calls that they were. */
async function tripsOf(world) {
  const { ask, counted } = await meter(world);
  const patch = (body, cookie) => ask({ method: 'PATCH', path: '/_session', body }, cookie);
  const post = (body, cookie) => ask({ method: 'POST', path: '/page', body }, cookie);
  const seen = {};
  const note = async (kind, request) => (seen[kind] = await counted(request));

  const small = (await patch({ _auth_user_id: '7' })).set;
  await note('small page', () => ask({ path: '/page' }, small));
  await note('small required', () => ask({ path: '/account' }, small));
  await note('small api', () => ask({ path: '/_session' }, small));
  await note('small write', () => post({ cart: 'tea' }, small));
  const one = (await note('first spill', () => post({ pad: pad() }, small))).set;
  await note('page', () => ask({ path: '/page' }, one));
  await note('required', () => ask({ path: '/account' }, one));
  await note('api', () => ask({ path: '/_session' }, one));
  const two = (await note('write', () => post({ cart: 'tea' }, one))).set;
  const three = (await note('api write', () => patch({ cart: 'cake' }, two))).set;
  await note('lost race', () => post({ note: 'late' }, two));
  await note('old copy', () => ask({ path: '/page' }, one));
  await note('log out', () => post(null, three));
  // Its record is gone, and the session in a later cookie.
  const before = (await patch({ _auth_user_id: '9', pad: pad() })).set;
  await patch({ pad: null }, before);
  await note('copy of before', () => ask({ path: '/page' }, before));
  const other = (await patch({ _auth_user_id: '8', pad: pad() })).set;
  await note('api log out', () => ask({ method: 'DELETE', path: '/_session' }, other));
  return seen;
}

/** `ask`, and `counted`, which adds `trips` and `calls` to what it answers. */
async function meter({ edge, originStore }) {
  if (originStore) originStore.trouble = PACED;
  await edge.control('east', { trouble: PACED });
  const taken = async () => [...(await edge.control('east')).calls, ...(originStore?.calls.splice(0) ?? [])];
  return {
    ask: (request, cookie) => new Browser().ask(edge.urls.east, { ...request, cookie: cookie && { value: cookie } }),
    async counted(request) {
      await sleep(SETTLED);
      await taken();
      const answer = await request();
      const answered = Date.now();
      assert.ok([200, 204].includes(answer.status), `${answer.status}`);
      await sleep(SETTLED);
      const waited = (await taken()).filter(({ end }) => end <= answered);
      return { ...answer, trips: trips(waited), calls: waited.map(({ what }) => what) };
    },
  };
}

/** Calls that are under way together are one trip. */
function trips(calls) {
  let [count, until] = [0, -Infinity];
  for (const { start, end } of calls.toSorted((one, other) => one.start - other.start)) {
    if (start < until) continue;
    count += 1;
    until = end;
  }
  return count;
}
