// Several requests of one session at once: what is kept of each, what each is told, and what the others see of it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { startServer } from './native-server.mjs';
import { startHeadersOrigin } from './site.mjs';
import { send } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const token = randomBytes(24).toString('base64url');
const [storeKey, originKey] = [newSessionKey(), newSessionKey()];
let origin, server;

before(async () => {
  origin = await startHeadersOrigin('node', originKey);
  server = await startServer(storeKey);
});
after(async () => {
  await server?.stop();
  await origin?.stop();
});

const pad = () => randomBytes(6000).toString('base64');

/** One request with a cookie, or none: its answer, the session as it was shown, and the cookie that the browser has then. */
async function ask(edge, cookie, { path, method = 'GET', content, headers = {} }) {
  const body = content === undefined ? undefined : JSON.stringify(content);
  const isApi = path.startsWith('/_session');
  const response = await send(edge.url + path, {
    method,
    headers: {
      ...headers,
      ...(cookie && { cookie: `${COOKIE}=${cookie}` }),
      ...(isApi && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
    body,
  });
  const set = response.setCookies.find(({ name }) => name === COOKIE);
  const shown = response.status === 200 ? response.json() : {};
  return { ...response, session: isApi ? shown : shown.session, given: set?.value || null, cookie: set ? set.value : cookie };
}

const patch = (edge, cookie, content) => ask(edge, cookie, { path: '/_session', method: 'PATCH', content });
const page = (edge, cookie, content) => ask(edge, cookie, { path: '/patch', method: 'POST', content });
const look = (edge, cookie) => ask(edge, cookie, { path: '/_session' });

for (const store of ['d1', 'do', 'origin', 'kv+d1', 'kv+do', 'kv+origin']) {
  describe(store, () => {
    let edge;
    before(async () => {
      edge = await startEdge(
        {
          ORIGIN_URL: origin.url,
          SESSION_PROTOCOL: 'headers',
          SESSION_ORIGIN_KEY: originKey,
          SESSION_KEYS: newSessionKey(),
          SESSION_API_TOKEN: token,
          SESSION_STORE: store,
          SESSION_ORIGIN_STORE_URL: store.endsWith('origin') ? server.url : undefined,
          SESSION_ORIGIN_STORE_KEY: store.endsWith('origin') ? storeKey : undefined,
          SESSION_ROUTES: '{"/": "optional", "/account/": "required"}',
        },
        { faulty: true },
      );
    });
    after(() => edge?.stop());
    const start = session => patch(edge, null, { pad: pad(), ...session }).then(({ cookie }) => cookie);

    test('eight changes from one cookie, by pages and by scripts, are all kept, wherever the store is', async () => {
      for (let round = 0; round < 3; round++) {
        const cookie = await start({ _auth_user_id: '7' });
        const change = n => (n % 2 ? patch : page)(edge, cookie, { [`k${n}`]: n });
        const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => change(n)));
        assert.deepEqual(answers.map(({ status, given }) => [status, Boolean(given)]), Array(8).fill([200, true]));
        const { session } = await patch(edge, cookie, { last: true });
        for (let n = 0; n < 8; n++) assert.equal(session[`k${n}`], n, `k${n}`);
      }
    });

    test('of any number nobody is answered as if their change were kept when it is not', async () => {
      const cookie = await start({ _auth_user_id: '7' });
      const change = n => (n % 2 ? patch : page)(edge, cookie, { [`k${n}`]: n });
      const answers = await Promise.all(Array.from({ length: 24 }, (_, n) => change(n)));
      const { session } = await patch(edge, cookie, { last: true });
      for (const [n, { status, given, headers }] of answers.entries()) {
        const told = headers['session-unsaved'];
        if (n % 2) assert.ok(status === 200 ? given : [409, 503].includes(status), `k${n}: ${status}`);
        else assert.ok(status === 200 && (told ? !given : given), `k${n}: ${status} ${told}`);
        if (given) assert.equal(session[`k${n}`], n, `k${n}`);
        else if (status === 409 || told === 'contested') assert.equal(session[`k${n}`], undefined, `k${n}`);
      }
    });

    test('merge patches of one key are merged in it, at any depth, by pages and by scripts', async () => {
      for (const [one, other] of [[patch, patch], [page, patch], [page, page]]) {
        const cookie = await start({ cart: { ham: { count: 1 } } });
        const answers = await Promise.all([
          one(edge, cookie, { cart: { tea: { count: 1 }, ham: { count: 2 } } }),
          other(edge, cookie, { cart: { cake: { count: 1 }, ham: { wrapped: true } } }),
        ]);
        for (const { status } of answers) assert.equal(status, 200);
        const { session } = await patch(edge, cookie, { last: true });
        const ham = { count: 2, wrapped: true };
        assert.deepEqual(session.cart, { ham, tea: { count: 1 }, cake: { count: 1 } });
      }
      // What one takes out and the other changes in is as the later of them has it, and no more.
      const cookie = await start({ cart: { ham: 1, tea: 1 } });
      assert.equal((await patch(edge, cookie, { cart: { ham: null } })).status, 200);
      const { session } = await patch(edge, cookie, { cart: { tea: 2 } });
      assert.deepEqual(session.cart, { tea: 2 });
    });

    test('the earlier one whose answer comes last does not show the other, until the next change shows both', async () => {
      const cookie = await start({ _auth_user_id: '7' });
      const first = await patch(edge, cookie, { cart: 'tea' });
      const second = await patch(edge, cookie, { note: 'x' });
      assert.deepEqual([second.session.cart, second.session.note], ['tea', 'x']);
      const shown = (await look(edge, first.cookie)).session;
      assert.deepEqual([shown.cart, shown.note], ['tea', undefined]);
      const { session } = await patch(edge, first.cookie, { seen: 1 });
      assert.deepEqual([session.cart, session.note, session.seen], ['tea', 'x', 1]);
    });

    test('what is changed while another tab logs in stays with the session from before, which has ended', async () => {
      const stranger = await start({ cart: 'tea' });
      const added = await page(edge, stranger, { coupon: 'x' });
      assert.ok(added.given);
      const user = await page(edge, stranger, { _auth_user_id: '7' });
      assert.ok(user.given);
      // The log in has what its own request was told.
      const { session } = await look(edge, user.cookie);
      assert.deepEqual([session._auth_user_id, session.cart, session.coupon], ['7', 'tea', undefined]);
      for (const copy of [stranger, added.cookie]) {
        assert.equal((await look(edge, copy)).status, 401);
        assert.equal((await ask(edge, copy, { path: '/account/' })).status, 401);
        assert.equal((await ask(edge, copy, { path: '/page' })).session ?? null, null);
        // And nothing comes of changing it, but a session of a stranger who has nothing yet.
        const again = await page(edge, copy, { coupon: 'y' });
        const kept = again.given ? (await look(edge, again.given)).session : {};
        assert.deepEqual([kept.cart, kept._auth_user_id], [undefined, undefined]);
      }
      assert.equal((await look(edge, user.cookie)).status, 200);
    });

    if (!store.endsWith('origin')) {
      test('a page whose change the store did not take says so', async () => {
        const { cookie } = await patch(edge, null, { _auth_user_id: '7' });
        const durable = store.split('+').at(-1);
        const fault = mode => send(`${edge.url}/__store?${durable}=${mode}`);
        await fault('down');
        const answer = await page(edge, cookie, { pad: pad() });
        await fault('ok');
        assert.equal(answer.status, 200);
        assert.equal(answer.given, null);
        assert.equal(answer.headers['session-unsaved'], 'unavailable');
        assert.match(answer.headers['cache-control'], /no-store/);
        assert.equal((await page(edge, cookie, { small: 1 })).headers['session-unsaved'], undefined);
      });
    }
  });
}
