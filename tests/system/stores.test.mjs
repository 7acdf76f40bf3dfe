// Stores other than KV alone, in front of the real Django: what is saved is there, what ends has ended, and two
// changes at once both survive where the store can compare and swap.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sessionStore } from '../../docs/examples/session_store.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { startSwitchboard } from './switchboard.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
const token = randomBytes(24).toString('base64url');
const bearer = { authorization: `Bearer ${token}` };
const storeKey = newSessionKey();
let site, store, switchboard;

before(async () => {
  site = await startSite({ secret });
  store = sessionStore(':memory:', [storeKey]).listen(0, '127.0.0.1');
  await once(store, 'listening');
  switchboard = await startSwitchboard(`http://127.0.0.1:${store.address().port}`);
});
after(async () => {
  await switchboard?.stop();
  store?.closeAllConnections();
  store?.close();
  await site?.stop();
});

const start = (store, settings = {}) =>
  startEdge(
    {
      ORIGIN_URL: site.url,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: secret,
      SESSION_API_TOKEN: token,
      SESSION_STORE: store,
      SESSION_ORIGIN_STORE_URL: switchboard.url,
      SESSION_ORIGIN_STORE_KEY: storeKey,
      SESSION_ROUTES: '{"/": "optional", "/whoami": "required"}',
      ...settings,
    },
    { faulty: true },
  );

function fault(edge, { origin, ...modes }) {
  if (origin) switchboard.set(origin);
  return send(`${edge.url}/__store?${new URLSearchParams(modes)}`);
}

async function bigVisitor(edge) {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  await visitor.post('/big/', { kind: 'random' });
  return visitor;
}

/** The same visitor in another tab: the same cookies, a jar of its own. */
function tab(visitor) {
  const other = new Visitor(visitor.place);
  other.cookies = new Map(visitor.cookies);
  return other;
}

async function patch(visitor, change) {
  const body = JSON.stringify(change);
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await send(`${visitor.place.url}/_session`, {
    method: 'PATCH',
    headers: { ...bearer, cookie, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    body,
  });
  for (const { name, value } of response.setCookies) visitor.cookies.set(name, value);
  return response;
}

const session = async visitor => {
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return send(`${visitor.place.url}/_session`, { headers: { ...bearer, cookie } });
};

async function metrics(edge) {
  const { body } = await send(`${edge.url}/_session/metrics`, { headers: bearer });
  return body;
}

for (const store of ['d1', 'r2', 'do', 'origin', 'kv+d1', 'kv+r2', 'kv+do', 'kv+origin']) {
  describe(store, () => {
    let edge;
    before(async () => {
      edge = await start(store);
    });
    after(() => edge?.stop());

    test('20 KB of session are there on every visit, and in another cookie after every change', async () => {
      const visitor = await bigVisitor(edge);
      const { digest, bytes } = await visitor.whoami();
      assert.ok(bytes > 20_000, `${bytes}`);
      assert.ok(visitor.cookies.get(COOKIE).length < 600);
      for (let n = 0; n < 3; n++) assert.equal((await visitor.whoami()).digest, digest);
      for (let n = 1; n <= 3; n++) {
        await visitor.post('/cart/', { article: 'tea' });
        assert.deepEqual((await visitor.whoami()).cart, { tea: n });
      }
    });

    test('after log out every copy of the cookie is refused at once (F24)', async () => {
      const visitor = await bigVisitor(edge);
      const copy = tab(visitor);
      await visitor.post('/logout/');
      assert.ok(!visitor.cookies.has(COOKIE));
      assert.equal((await copy.get('/whoami')).status, 401);
    });

    test('a store that is down is 503 for what is in it, and nothing is lost (F1, F7, F9)', async () => {
      const visitor = await bigVisitor(edge);
      const { digest } = await visitor.whoami();
      const durable = store.split('+').at(-1);
      const before = visitor.cookies.get(COOKIE);
      await fault(edge, { get: 'down', [durable]: 'down' });
      for (let n = 0; n < 2; n++) {
        const response = await visitor.get('/whoami');
        assert.equal(response.status, 503);
        assert.match(response.headers['retry-after'], /^[0-9]+$/);
        assert.deepEqual(response.setCookies, []);
      }
      assert.equal(visitor.cookies.get(COOKIE), before);
      await fault(edge, { get: 'ok', [durable]: 'ok' });
      // The breaker may have opened: it lets a probe through after ten seconds.
      for (let n = 0; n < 30 && (await visitor.get('/whoami')).status === 503; n++) await sleep(500);
      assert.equal((await visitor.whoami()).digest, digest);
    });

    test('what it costs and how it goes is counted', async () => {
      const text = await metrics(edge);
      const durable = store.split('+').at(-1);
      assert.match(text, new RegExp(`session_store_calls_total\\{store="${durable}",call="write",outcome="ok"\\} [1-9]`));
      assert.match(text, /session_loads_total\{result="ok"\} [1-9]/);
      assert.match(text, /session_saves_total\{result="ok"\} [1-9]/);
      assert.match(text, /session_keys_placed_total\{placement="spilled"\} [1-9]/);
      assert.match(text, new RegExp(`session_store_seconds_bucket\\{store="${durable}",call="write",le="\\+Inf"\\} [1-9]`));
    });
  });
}

for (const store of ['d1', 'do', 'origin', 'kv+d1', 'kv+do', 'kv+origin']) {
  describe(`${store}: changes at once`, () => {
    let edge;
    before(async () => {
      edge = await start(store);
    });
    after(() => edge?.stop());

    test('of different keys both survive (F27)', async () => {
      const one = await bigVisitor(edge);
      const other = tab(one);
      const answers = await Promise.all([patch(one, { first: 1 }), patch(other, { second: 2 })]);
      assert.deepEqual(answers.map(answer => answer.status), [200, 200]);
      // Whichever came second has both, in its answer and behind its cookie.
      const whole = answers.map(answer => answer.json()).filter(({ first, second }) => first === 1 && second === 2);
      assert.equal(whole.length, 1);
      const seen = await Promise.all([one, other].map(async visitor => (await session(visitor)).json()));
      assert.equal(seen.filter(({ first, second }) => first === 1 && second === 2).length, 1);
      assert.match(await metrics(edge), /session_merged_total\{result="merged"\} 1\n/);
    });

    test('eight of them: all are in the last one', async () => {
      const visitor = await bigVisitor(edge);
      const tabs = Array.from({ length: 8 }, () => tab(visitor));
      const answers = await Promise.all(tabs.map((each, n) => patch(each, { [`key${n}`]: n })));
      assert.deepEqual(answers.map(({ status }) => status), Array(8).fill(200));
      // One more change finds the head, and with it everything that was confirmed.
      const last = tabs[0];
      assert.equal((await patch(last, { last: true })).status, 200);
      const seen = (await session(last)).json();
      for (let n = 0; n < 8; n++) assert.equal(seen[`key${n}`], n, `key${n}`);
    });

    test('a slow request does not bring back a session that ended meanwhile (F28)', async () => {
      const visitor = await bigVisitor(edge);
      const slow = tab(visitor);
      // The session is read when the head of a request has come, and saved after the body has.
      const answer = await slow.post('/cart/', { article: 'tea' }, async () => {
        await sleep(500);
        assert.equal((await visitor.post('/logout/')).status, 302);
      });
      assert.equal(answer.status, 302);
      assert.deepEqual(answer.setCookies.filter(({ name }) => name === COOKIE), []);
      assert.equal((await slow.get('/whoami')).status, 401);
    });

    test('a late request does not bring it back either: the site takes it for a stranger (F28)', async () => {
      const visitor = await bigVisitor(edge);
      const [late, copy] = [tab(visitor), tab(visitor)];
      await visitor.post('/logout/');
      const answer = await late.post('/cart/', { article: 'tea' });
      assert.equal(answer.status, 302);
      const { user, cart, bytes } = await late.whoami();
      assert.equal(user, null);
      assert.deepEqual(cart, { tea: 1 });
      assert.ok(bytes < 1000, `${bytes} of 20,000 bytes`);
      assert.equal((await copy.get('/whoami')).status, 401);
    });

    test('a write that was done and not confirmed is found by the next (F9)', async () => {
      const visitor = await bigVisitor(edge);
      const durable = store.split('+').at(-1);
      await fault(edge, { [durable]: 'after' });
      const answer = await patch(visitor, { unsure: 1 });
      assert.equal(answer.status, 503);
      assert.deepEqual(answer.setCookies, []);
      await fault(edge, { [durable]: 'ok' });
      for (let n = 0; n < 30 && (await visitor.get('/whoami')).status === 503; n++) await sleep(500);
      assert.equal((await patch(visitor, { sure: 1 })).status, 200);
      assert.equal((await session(visitor)).json().sure, 1);
    });
  });
}

describe('kv+d1', () => {
  let edge;
  before(async () => {
    edge = await start('kv+d1', { SESSION_COLUMNS: '["ip", "user_agent"]' });
  });
  after(() => edge?.stop());

  test('without KV everything goes on from D1 (F1, F3, F35)', async () => {
    const visitor = await bigVisitor(edge);
    const { digest } = await visitor.whoami();
    await fault(edge, { get: 'down', put: 'down', delete: 'down' });
    for (let n = 0; n < 8; n++) assert.equal((await visitor.whoami()).digest, digest);
    await visitor.post('/cart/', { article: 'tea' });
    assert.deepEqual((await visitor.whoami()).cart, { tea: 1 });
    const text = await metrics(edge);
    assert.match(text, /session_store_calls_total\{store="kv",call="read",outcome="unavailable"\} [1-9]/);
    await fault(edge, { get: 'ok', put: 'ok', delete: 'ok' });
  });

  test('KV hanging costs 300 ms, not the page (F2)', async () => {
    const visitor = await bigVisitor(edge);
    await fault(edge, { get: 'slow' });
    const began = Date.now();
    assert.equal((await visitor.get('/whoami')).status, 200);
    assert.ok(Date.now() - began < 1500, `${Date.now() - began} ms`);
    await fault(edge, { get: 'ok' });
  });

  test('a record that is damaged in KV is read past it (F5, F12)', async () => {
    // KV is left alone after the tests before; a new isolate does not know that.
    await edge.restart();
    const visitor = await bigVisitor(edge);
    const { digest } = await visitor.whoami();
    const kv = await edge.store();
    const names = (await kv.list()).keys.map(key => key.name);
    assert.ok(names.length > 0);
    for (const name of names) {
      const good = Buffer.from(await kv.get(name, 'arrayBuffer'));
      good[good.length - 1] ^= 1;
      await kv.put(name, good);
    }
    assert.equal((await visitor.whoami()).digest, digest);
  });

  test('what is no record at all, in KV and in D1, is counted and as good as none (F12)', async () => {
    const visitor = await bigVisitor(edge);
    const { digest } = await visitor.whoami();
    const [kv, database] = [await edge.store(), await edge.database()];
    for (const { name } of (await kv.list()).keys) await kv.put(name, 'short');
    assert.equal((await visitor.whoami()).digest, digest);
    await database.prepare("UPDATE session_record SET record = '?' || record WHERE kind = 'session'").run();
    for (const { name } of (await kv.list()).keys) await kv.put(name, Buffer.alloc(2 << 20));
    const lost = await visitor.get('/whoami');
    assert.deepEqual([lost.status, lost.setCookies], [503, []]);
    await database.prepare("UPDATE session_record SET record = substr(record, 2) WHERE kind = 'session'").run();
    assert.equal((await visitor.whoami()).digest, digest);
    const text = await metrics(edge);
    assert.match(text, /session_malformed_records_total\{store="kv"\} [2-9]/);
    assert.match(text, /session_malformed_records_total\{store="d1"\} [1-9]/);
  });

  test('a user is warmed: what D1 has of them goes into KV, for whoever has the token', async () => {
    const visitor = await bigVisitor(edge);
    const kv = await edge.store();
    for (const { name } of (await kv.list()).keys) await kv.delete(name);
    const warm = (query, options = {}) => send(`${edge.url}/_session/warm${query}`, { method: 'POST', headers: bearer, ...options });
    assert.equal((await warm('?user=1', { headers: {} })).status, 403);
    assert.equal((await warm('?user=1', { method: 'GET' })).status, 405);
    assert.equal((await warm('')).status, 400);
    assert.deepEqual((await warm('?user=nobody')).json(), { warmed: 0 });
    const warmed = await warm('?user=1');
    assert.equal(warmed.status, 200, warmed.body);
    assert.ok(warmed.json().warmed > 0);
    assert.equal((await kv.list()).keys.length, warmed.json().warmed);
    // It is there without D1.
    await fault(edge, { d1: 'down' });
    assert.equal((await visitor.get('/')).status, 200);
    await fault(edge, { d1: 'ok' });
  });

  test('a record that is in D1 only is filled into KV again', async () => {
    const visitor = await bigVisitor(edge);
    const { digest } = await visitor.whoami();
    const kv = await edge.store();
    for (const { name } of (await kv.list()).keys) await kv.delete(name);
    // KV may still be left alone, after what it did in the tests before.
    for (let n = 0; n < 30 && (await kv.list()).keys.length === 0; n++) {
      assert.equal((await visitor.whoami()).digest, digest);
      await sleep(500);
    }
    assert.equal((await kv.list()).keys.length, 1);
  });

  test('D1 knows whose records there are, for people to look at', async () => {
    const database = await edge.database();
    const { results } = await database.prepare("SELECT * FROM session_record WHERE kind = 'session'").all();
    assert.ok(results.length > 0);
    for (const row of results) {
      assert.match(row.name, /^[A-Za-z0-9_-]{32}$/);
      assert.ok(row.created <= row.last_seen && row.last_seen < row.expires);
    }
    const owned = results.filter(row => row.user_id !== null);
    assert.ok(owned.length > 0);
    assert.equal(new Set(owned.map(row => row.user_id)).size, 1, 'one visitor, one keyed hash');
    assert.notEqual(owned[0].user_id, '1');
  });

  test('/_session/stats counts records, ages and the largest, for whoever has the token', async () => {
    assert.equal((await send(`${edge.url}/_session/stats`)).status, 403);
    const response = await send(`${edge.url}/_session/stats`, { headers: bearer });
    assert.equal(response.status, 200, response.body);
    const stats = response.json();
    assert.ok(stats.records > 0 && stats.users === 1 && stats.bytes > 20_000, response.body);
    assert.ok(stats.largest.length > 0 && stats.largest.length <= 10);
    assert.ok(stats.largest[0].bytes > 15_000);
    assert.equal(stats.ages[0].up_to_hours, 1);
  });

  test('the cron trigger deletes what has expired, and only that', async () => {
    const database = await edge.database();
    const count = async where => (await database.prepare(`SELECT count(*) AS n FROM ${where}`).first()).n;
    const alive = await count('session_record WHERE expires > unixepoch()');
    const insert = 'INSERT INTO session_record (name, kind, record, last_seen, expires) VALUES (?1, ?2, ?3, 1, 2)';
    await database.batch(
      Array.from({ length: 700 }, (_, n) => database.prepare(insert).bind(`old${n}`, 'session', 'AAAA')),
    );
    await database.prepare("INSERT INTO session_head (name, expires) VALUES ('old', 2)").run();
    await edge.scheduled();
    assert.equal(await count('session_record WHERE expires <= unixepoch()'), 0);
    assert.equal(await count('session_head WHERE expires <= unixepoch()'), 0);
    assert.equal(await count('session_record'), alive);
  });
});

test('behind: KV confirms, D1 follows; aside: D1 confirms, KV is filled by reading', async () => {
  const edge = await start('kv+d1', { SESSION_STORE_WRITE: 'behind' });
  try {
    const behind = await bigVisitor(edge);
    const { digest } = await behind.whoami();
    const database = await edge.database();
    const rows = async () => (await database.prepare("SELECT name FROM session_record WHERE kind = 'session'").all()).results.length;
    for (let n = 0; n < 40 && (await rows()) === 0; n++) await sleep(50);
    assert.equal(await rows(), 1);
    assert.equal((await behind.whoami()).digest, digest);

    await edge.restart({ SESSION_STORE_WRITE: 'aside' });
    const kv = await edge.store();
    for (const { name } of (await kv.list()).keys) await kv.delete(name);
    const aside = await bigVisitor(edge);
    assert.equal((await kv.list()).keys.length, 0);
    await aside.whoami();
    for (let n = 0; n < 40 && (await kv.list()).keys.length === 0; n++) await sleep(50);
    assert.equal((await kv.list()).keys.length, 1);
  } finally {
    await edge.stop();
  }
});

test('R2 keeps records in hashed directories, and the cron trigger deletes the old ones', async () => {
  const edge = await start('r2');
  try {
    await bigVisitor(edge);
    const bucket = await edge.bucket();
    const keys = async () => (await bucket.list()).objects.map(object => object.key);
    const [key] = await keys();
    assert.match(key, /^(..)\/(..)\/\1\2[A-Za-z0-9_-]{28}$/);
    // One of 64 prefixes is swept each minute: an old object under every one of them.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const letter of alphabet) {
      await bucket.put(`${letter}A/AA/${letter}AAA`, 'old', { customMetadata: { expires: '1' } });
    }
    const before = await keys();
    await edge.scheduled();
    const left = await keys();
    const swept = before.length - left.length;
    assert.ok(swept === 1 || swept === 2, `${swept} in this minute`);
    assert.ok(left.includes(key));
  } finally {
    await edge.stop();
  }
});

test('a binding that is missing is named at start', async () => {
  const edge = await startEdge(
    { ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret, SESSION_STORE: 'kv+do' },
    { store: false },
  );
  try {
    const response = await send(`${edge.url}/_session/health`);
    assert.equal(response.status, 503);
    const { problems } = response.json();
    assert.equal(problems.length, 2);
    assert.match(problems[0], /^SESSIONS: the binding is missing/);
    assert.match(problems[1], /^SESSIONS_OBJECT: the binding is missing/);
  } finally {
    await edge.stop();
  }
});
