// A change of /_session whose answer never came, sent again with its Idempotency-Key: in every store it is made once, and nobody
// else's change is taken back by it.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from '../histories/browser.mjs';
import { send } from '../histories/send.mjs';
import { HELD } from '../histories/trouble.mjs';
import { startWorld, TOKEN } from '../histories/world.mjs';

const pad = () => randomBytes(4600).toString('base64');
/** A client waits so long: until the store has been asked to keep a change, and not until it says that it has. */
const PATIENCE = 700;
/** A busy machine may not have come so far by then: it is tried again. */
const ATTEMPTS = 5;

const MERGES = { d1: true, do: true, origin: true, 'kv+d1': true, 'kv+do': true, kv: false, r2: false };

for (const [store, merges] of Object.entries(MERGES)) {
  describe(store, { concurrency: false }, () => {
    let world;
    before(async () => {
      world = await startWorld({ store, protocol: 'headers', settings: { SESSION_REVOCATION_SECONDS: '0' } });
    });
    after(() => world?.stop());

    const ask = (request, cookie) => new Browser().ask(world.edge.urls.east, { ...request, cookie: cookie && { value: cookie } });
    const patch = (body, cookie, more) => ask({ method: 'PATCH', path: '/_session', body, ...more }, cookie);
    const done = async (body, cookie, more) => {
      const answer = await patch(body, cookie, more);
      assert.equal(answer.status, 200, answer.error);
      return answer;
    };
    const trouble = async what => {
      if (world.originStore) world.originStore.trouble = what;
      await world.edge.control('east', { trouble: what });
    };
    /** A change that the store was asked to keep, and whose answer nobody got: by a cut connection. */
    const cutOff = async (body, cookie, key) => {
      await trouble(HELD);
      const answer = await patch(body, cookie, { key, patience: PATIENCE });
      await sleep(600);
      await trouble(null);
      assert.equal(answer.status, 0);
    };

    const change = { coupon: 'x', seen: 1 };

    if (merges) {
      const givesUp = { 'a cut connection': cutOff };
      if (store === 'd1') {
        givesUp['an error of the store'] = async (body, cookie, key) => {
          await trouble({ percent: 100, modes: ['after'], only: 'd1 batch' });
          const answer = await patch(body, cookie, { key });
          await trouble(null);
          assert.deepEqual([answer.status, answer.error], [503, 'store_uncertain']);
        };
      }
      for (const [how, losing] of Object.entries(givesUp)) {
        test(`by ${how}: it is found by its key, whatever others did meanwhile`, async () => {
          let wasKept = false;
          for (let n = 0; n < ATTEMPTS && !wasKept; n++) {
            const key = randomUUID();
            const { set: cookie } = await done({ _auth_user_id: '7', pad: pad() });
            await losing(change, cookie, key);
            // Somebody else, with the same cookie, takes a part of it back.
            const other = await done({ coupon: null, note: 'y' }, cookie);
            wasKept = other.session.seen === 1;
            const coupon = wasKept ? undefined : 'x';
            for (let again = 0; again < 2; again++) {
              const { session, set } = await done(change, cookie, { key });
              assert.deepEqual([session.coupon, session.seen, session.note], [coupon, 1, 'y']);
              const shown = await ask({ path: '/_session' }, set);
              assert.deepEqual(shown.session, session);
              // From the cookie of its own answer as well.
              const after = await done(change, set, { key });
              assert.deepEqual(after.session, session);
            }
            for (const body of [{ ...change, seen: 2 }, {}]) {
              const { status, error } = await patch(body, cookie, { key });
              assert.deepEqual([status, error], [422, 'idempotency_key_reused']);
            }
            const last = await done({ last: 1 }, cookie);
            assert.deepEqual([last.session.coupon, last.session.seen], [coupon, 1]);
          }
          assert.ok(wasKept, 'no change was kept whose answer was cut off');
        });
      }

      test('attempts of one request at once are one change', async () => {
        const { set: cookie } = await done({ _auth_user_id: '7', pad: pad() });
        const key = randomUUID();
        const answers = await Promise.all(Array.from({ length: 6 }, () => patch({ coupon: 'x' }, cookie, { key })));
        for (const { status, session } of answers) assert.deepEqual([status, session.coupon], [200, 'x']);
        const taken = await done({ coupon: null }, cookie);
        assert.equal(taken.session.coupon, undefined);
        assert.equal((await done({ coupon: 'x' }, cookie, { key })).session.coupon, undefined);
      });
    } else {
      test('whoever lost the answer lost its cookie: from the one they have it is made once', async () => {
        const key = randomUUID();
        const { set: cookie } = await done({ _auth_user_id: '7', pad: pad() });
        await cutOff(change, cookie, key);
        const again = await done(change, cookie, { key });
        assert.deepEqual([again.session.coupon, again.session.seen], ['x', 1]);
        const taken = await done({ coupon: null }, again.set);
        const third = await done(change, taken.set, { key });
        assert.deepEqual([third.session.coupon, third.session.seen], [undefined, 1]);
      });
    }

    test('in its cookie: whoever has the cookie is told what was done, whoever has not makes it', async () => {
      const key = randomUUID();
      const { set: cookie } = await done({ _auth_user_id: '7' });
      const first = await done(change, cookie, { key });
      // The cookie came, and the body did not.
      const taken = await done({ coupon: null }, first.set);
      const again = await done(change, taken.set, { key });
      assert.deepEqual([again.session.coupon, again.session.seen], [undefined, 1]);
      assert.ok(again.set);
      // Nothing came.
      assert.equal((await done(change, cookie, { key })).session.coupon, 'x');
      // It goes with the session into the store, and back.
      const large = await done({ pad: pad() }, taken.set);
      const small = await done({ pad: null }, large.set);
      for (const { set } of [large, small]) assert.equal((await done(change, set, { key })).session.coupon, undefined);
      assert.equal((await patch({}, small.set, { key })).status, 422);
    });

    test('with PUT, and beside eight others; the ninth is too much', async () => {
      const put = (body, cookie, key) => ask({ method: 'PUT', path: '/_session', body, key }, cookie);
      const key = randomUUID();
      let { set: cookie } = await done({ _auth_user_id: '7', pad: pad() });
      const whole = { _auth_user_id: '7', a: 1 };
      ({ set: cookie } = await put(whole, cookie, key));
      for (let n = 0; n < 7; n++) ({ set: cookie } = await done({ a: 10 + n }, cookie, { key: randomUUID() }));
      const again = await put(whole, cookie, key);
      assert.deepEqual([again.status, again.session.a], [200, 16]);
      assert.equal((await patch(whole, cookie, { key })).status, 422);
      // Sent again it counts as the latest: of the others the first is forgotten.
      ({ set: cookie } = again);
      for (let n = 0; n < 8; n++) ({ set: cookie } = await done({ a: 20 + n }, cookie, { key: randomUUID() }));
      assert.equal((await put(whole, cookie, key)).session.a, 1);
    });

    test('a log out is one however often it is asked for', async () => {
      const { set: cookie } = await done({ _auth_user_id: '7', pad: pad() });
      for (let n = 0; n < 3; n++) assert.equal((await ask({ method: 'DELETE', path: '/_session', key: 'k' }, cookie)).status, 204);
      assert.equal((await ask({ method: 'DELETE', path: '/_session?everywhere', key: 'k' }, cookie)).status, 401);
    });

    if (store === 'd1') {
      test('what is no key is refused with the cure, and nothing is done', async () => {
        const { set: cookie } = await done({ _auth_user_id: '7', a: 1 });
        const field = async (value, method = 'PATCH') => {
          const headers = {
            cookie: `__Host-sessionid=${cookie}`,
            authorization: `Bearer ${TOKEN}`,
            'content-type': 'application/json',
            'idempotency-key': value,
          };
          const { status, bytes } = await send(`${world.edge.urls.east}/_session`, { method, headers, body: method === 'GET' ? undefined : '{"a":2}' });
          return { status, ...JSON.parse(bytes.length ? bytes : '{}') };
        };
        for (const method of ['PATCH', 'PUT', 'DELETE']) {
          for (const value of ['8e03978e-40d5-43dd-bc93-6894a57f9324', '""', '"a", "b"', `"${'a'.repeat(129)}"`]) {
            const { status, error, message } = await field(value, method);
            assert.deepEqual([status, error], [400, 'bad_idempotency_key'], value);
            assert.match(message, /double quotes/);
          }
        }
        assert.deepEqual(await field('nothing is done with it', 'GET'), { status: 200, _auth_user_id: '7', a: 1 });
        assert.equal((await field(`"${'a'.repeat(128)}"`)).a, 2);
      });
    }
  });
}
