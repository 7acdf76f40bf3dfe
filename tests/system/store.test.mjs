// The store loses records, lies, hangs or is down: a session that was saved is never turned into none.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, recordNames, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
let site, edge;

before(async () => {
  site = await startSite({ secret });
  edge = await startEdge(
    { ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret },
    { faulty: true },
  );
});
// A restart, because a breaker that a test has opened must not decide the next one.
beforeEach(() => edge.restart());
after(async () => {
  await edge?.stop();
  await site?.stop();
});

const fault = modes => send(`${edge.url}/__store?${new URLSearchParams(modes)}`);

/** Logged in, with 20 KB in the store. */
async function bigVisitor() {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  await visitor.post('/big/', { kind: 'random' });
  return visitor;
}

function assertUnavailable(response) {
  assert.equal(response.status, 503);
  assert.match(response.headers['retry-after'], /^\d+$/);
  assert.deepEqual(response.setCookies, []);
  assert.match(response.headers['cache-control'], /no-store/);
}

/** The first answer that is not 503, within 15 seconds: a breaker may be open for ten. */
async function recovered(visitor) {
  for (let n = 0; n < 30; n++) {
    const response = await visitor.get('/whoami');
    if (response.status !== 503) return response.json();
    await sleep(500);
  }
  throw new Error('still 503 after 15 seconds');
}

describe('a record that is gone or is not the one', () => {
  test('deleted under a fresh ticket: 503, and the cookie stays', async () => {
    const visitor = await bigVisitor();
    const store = await edge.store();
    for (const name of await recordNames(edge)) await store.delete(name);
    assertUnavailable(await visitor.get('/whoami'));
    assert.ok(visitor.cookies.has(COOKIE));
  });

  test('not visible yet: 503, then it is there', async () => {
    const visitor = await bigVisitor();
    const { digest } = await visitor.whoami();
    await fault({ get: 'gone' });
    assertUnavailable(await visitor.get('/whoami'));
    await fault({ get: 'ok' });
    assert.equal((await recovered(visitor)).digest, digest);
  });

  test("damaged, cut off, empty or another visitor's: 503, and nothing of it is used", async () => {
    const store = await edge.store();
    for (const name of await recordNames(edge)) await store.delete(name);
    const visitor = await bigVisitor();
    const [name] = await recordNames(edge);
    const other = await bigVisitor();
    const [otherName] = (await recordNames(edge)).filter(each => each !== name);
    const { digest } = await visitor.whoami();
    const good = Buffer.from(await store.get(name, 'arrayBuffer'));
    const foreign = Buffer.from(await store.get(otherName, 'arrayBuffer'));
    const flipped = Buffer.from(good);
    flipped[flipped.length >> 1] ^= 1;
    const grown = Buffer.concat([good, Buffer.from([0])]);
    for (const bad of [flipped, good.subarray(0, good.length - 1), grown, Buffer.alloc(0), foreign]) {
      await (await edge.store()).put(name, bad);
      assertUnavailable(await visitor.get('/whoami'));
      await edge.restart();
    }
    await (await edge.store()).put(name, good);
    assert.equal((await visitor.whoami()).digest, digest);
    assert.equal((await other.whoami()).user, 'ada');
  });
});

describe('a store that is down', () => {
  test('reading: 503 for sessions that are in it, cookies kept; then all is as before', async () => {
    const visitor = await bigVisitor();
    const { digest } = await visitor.whoami();
    await fault({ get: 'down' });
    for (let n = 0; n < 4; n++) assertUnavailable(await visitor.get('/whoami'));
    await fault({ get: 'ok' });
    const seen = await recovered(visitor);
    assert.equal(seen.digest, digest);
    assert.equal(seen.user, 'ada');
  });

  test('hanging: cut off, 503 within a second and a half', async () => {
    const visitor = await bigVisitor();
    await fault({ get: 'slow' });
    const started = Date.now();
    assertUnavailable(await visitor.get('/whoami'));
    assert.ok(Date.now() - started < 1500, `${Date.now() - started} ms`);
  });

  test('sessions that fit into their cookie do not notice', async () => {
    await fault({ get: 'down', put: 'down', delete: 'down' });
    const visitor = new Visitor(edge);
    await visitor.logIn();
    await visitor.post('/cart/', { article: 'tea' });
    const seen = await visitor.whoami();
    assert.equal(seen.user, 'ada');
    assert.deepEqual(seen.cart, { tea: 1 });
    await visitor.post('/logout/');
    assert.equal((await visitor.whoami()).user, null);
  });

  for (const mode of ['down', 'slow']) {
    test(`writing (${mode}): the site's answer comes through, no cookie is set, the old one still works`, async () => {
      const visitor = new Visitor(edge);
      await visitor.logIn();
      const { digest } = await visitor.whoami();
      const before = visitor.cookies.get(COOKIE);
      await fault({ put: mode });
      const response = await visitor.post('/big/', { kind: 'random' });
      assert.equal(response.status, 302);
      assert.equal(response.headers.location, '/');
      assert.ok(!response.setCookies.some(({ name }) => /sessionid/.test(name)));
      assert.match(response.headers['cache-control'], /no-store/);
      assert.equal(visitor.cookies.get(COOKIE), before);
      await fault({ put: 'ok' });
      assert.equal((await recovered(visitor)).digest, digest);
    });
  }

  test('writing over a session of 20 KB: the old record is still there', async () => {
    const visitor = await bigVisitor();
    const { digest } = await visitor.whoami();
    await fault({ put: 'down' });
    assert.equal((await visitor.post('/big/', { kind: 'random' })).status, 302);
    await fault({ put: 'ok' });
    assert.equal((await recovered(visitor)).digest, digest);
  });

  test('deleting: logging out works for this browser all the same', async () => {
    const visitor = await bigVisitor();
    await fault({ delete: 'down' });
    assert.equal((await visitor.post('/logout/')).status, 302);
    assert.ok(!visitor.cookies.has(COOKIE));
    assert.equal((await visitor.whoami()).user, null);
  });
});

test('without a store, what does not fit is not saved, and the session goes on as it was', async () => {
  const none = await startEdge(
    { ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret, SESSION_STORE: 'none' },
    { store: false },
  );
  try {
    const visitor = new Visitor(none);
    await visitor.logIn();
    const { digest } = await visitor.whoami();
    const response = await visitor.post('/big/', { kind: 'random' });
    assert.equal(response.status, 302);
    assert.deepEqual(
      response.setCookies.filter(({ name }) => /sessionid/.test(name)),
      [],
    );
    assert.equal((await visitor.whoami()).digest, digest);
    await visitor.post('/big/', { kind: 'text' });
    assert.ok((await visitor.whoami()).bytes > 15_000, 'what fits after compression is saved');
  } finally {
    await none.stop();
  }
});
