// /_session/health?deep tries everything, bounded; /_session/health with the token says which keys are of use; and
// /_session/stats counts in bounded time.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as keysCommand from '../../pkg/js/cli/keys.js';
import { newSessionKey, startEdge } from './edge.mjs';
import { insertSessions } from './session-rows.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';

const token = randomBytes(24).toString('base64url');
const bearer = { authorization: `Bearer ${token}` };

/** What the site does with a request, and how often it was asked without a visitor. */
const site = { mode: 'ok', heads: 0 };
const server = createServer((request, response) => {
  if (request.method === 'HEAD') site.heads++;
  if (site.mode === 'hanging') return;
  if (site.mode === 'late clock') response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString());
  if (request.url === '/set') response.setHeader('set-cookie', 'sessionid=none:none:none; Path=/');
  response.statusCode = site.mode === 'broken' ? 502 : 200;
  response.end('a page');
});

const settings = () => ({
  ORIGIN_URL: `http://127.0.0.1:${server.address().port}`,
  SESSION_KEYS: newSessionKey(),
  DJANGO_SECRET_KEY: newDjangoSecret(),
  SESSION_API_TOKEN: token,
});

before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
after(() => {
  server.close();
  server.closeAllConnections();
});

async function deep(edge) {
  const began = performance.now();
  const response = await send(`${edge.url}/_session/health?deep`, { headers: bearer });
  const millis = performance.now() - began;
  const { checks, ...rest } = response.json();
  return { ...rest, status: response.status, checks: checks && Object.fromEntries(checks.map(check => [check.check, check])), millis };
}

describe('deep health', () => {
  let edge;
  before(async () => {
    edge = await startEdge({ ...settings(), SESSION_STORE: 'kv+d1' }, { faulty: true });
  });
  after(() => edge?.stop());
  const restart = async () => {
    await edge.restart();
    site.heads = 0;
  };

  test('is for those who have the token', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const { status } = await send(`${edge.url}/_session/health?deep`, { headers });
      assert.ok([401, 403].includes(status), `${status}`);
    }
    assert.equal(site.heads, 0);
  });

  test('says that all is well, remembers it for a while, and asks one at a time', async () => {
    const first = await deep(edge);
    assert.equal(first.status, 200, JSON.stringify(first));
    assert.deepEqual(Object.keys(first.checks), ['store-kv', 'd1-tables', 'store-d1', 'revocation', 'metrics-object', 'origin']);
    assert.ok(first.revocation_seen_millis < 1500, JSON.stringify(first));
    assert.ok(Object.values(first.checks).every(({ ok }) => ok));
    const others = await Promise.all(Array.from({ length: 5 }, () => deep(edge)));
    assert.ok(others.every(({ status, checked }) => status === 200 && checked === first.checked));
    assert.equal(site.heads, 1);
  });

  for (const [mode, problem] of [
    ['broken', /answers 502/],
    ['late clock', /-3[56]\d\d s ahead/],
    ['hanging', /no answer in time/],
  ]) {
    test(`finds a site that is ${mode}, in two seconds`, async () => {
      await restart();
      site.mode = mode;
      const { status, checks, millis } = await deep(edge);
      site.mode = 'ok';
      assert.equal(status, 503);
      assert.match(checks.origin.problem, problem);
      assert.ok(checks.origin.cure.length > 10);
      assert.ok(checks['store-d1'].ok && checks['store-kv'].ok);
      assert.ok(millis < 3000, `${millis} ms`);
    });
  }

  test('finds a store that is down, and plain health does not care', async () => {
    await restart();
    await send(`${edge.url}/__store?d1=down`);
    const { status, checks } = await deep(edge);
    assert.equal(status, 503);
    assert.ok(!checks['store-d1'].ok && !checks.revocation.ok && checks['store-kv'].ok);
    assert.equal((await send(`${edge.url}/_session/health`)).status, 200);
    await send(`${edge.url}/__store?d1=ok`);
  });

  test("finds that the site's sessions cannot be read", async () => {
    await restart();
    await send(`${edge.url}/set`);
    const { status, checks } = await deep(edge);
    assert.equal(status, 503);
    assert.match(checks.origin.problem + checks.origin.cure, /cannot be read.*DJANGO_SECRET_KEY/s);
    assert.match(checks['metrics-object'].problem, /1 of 1 sessions/);
  });

  test("finds that D1's tables are missing", async () => {
    await restart();
    const database = await edge.database();
    await database.prepare('DROP TABLE session_head').run();
    const { status, checks } = await deep(edge);
    assert.equal(status, 503);
    assert.match(checks['d1-tables'].cure, /migrations apply/);
  });
});

describe('how long a log out takes to be seen', () => {
  let edge;
  before(async () => {
    edge = await startEdge({ ...settings(), SESSION_STORE: 'kv', SESSION_METRICS: 'isolate' }, { faulty: true });
  });
  after(() => edge?.stop());

  for (const store of ['kv', 'd1', 'r2', 'do', 'kv+do']) {
    test(`is tried out in ${store}`, async () => {
      await edge.restart({ SESSION_STORE: store });
      const { checks, revocation_seen_millis: seen } = await deep(edge);
      assert.ok(checks.revocation.ok, JSON.stringify(checks));
      assert.ok(Number.isInteger(seen) && seen >= 0 && seen < 1500, `${seen}`);
    });
  }

  test('is not said where KV shows nothing in time, which it promises nowhere', async () => {
    await edge.restart({ SESSION_STORE: 'kv' });
    await send(`${edge.url}/__store?get=gone`);
    const { checks, revocation_seen_millis: seen, copy_seconds: copy, millis } = await deep(edge);
    assert.ok(checks.revocation.ok && seen === null, JSON.stringify(checks));
    assert.equal(copy, 180);
    assert.ok(millis < 3000, `${millis} ms`);
  });

  test('is a fault where a store that promises it shows nothing', async () => {
    await edge.restart({ SESSION_STORE: 'do' });
    await send(`${edge.url}/__store?do=blind`);
    const { status, checks, revocation_seen_millis: seen } = await deep(edge);
    assert.equal(status, 503);
    assert.match(checks.revocation.problem, /a log out is not seen/);
    assert.equal(seen, null);
  });

  test('is nothing without anybody who keeps what has ended', async () => {
    await edge.restart({ SESSION_STORE: 'none', SESSION_REVOCATION: undefined });
    const { checks, revocation_seen_millis: seen } = await deep(edge);
    assert.equal(checks.revocation, undefined);
    assert.equal(seen, null);
  });
});

for (const store of ['kv', 'd1', 'r2', 'do', 'none']) {
  describe(`keys that are of use, kept in ${store}`, () => {
    let edge;
    const [old, fresh] = [newSessionKey(), newSessionKey()];
    before(async () => {
      // Where the object of the metrics is, it is kept there.
      const metrics = store === 'none' ? 'object' : 'isolate';
      edge = await startEdge({ ...settings(), SESSION_KEYS: old, SESSION_STORE: store, SESSION_METRICS: metrics });
    });
    after(() => edge?.stop());
    const health = async () => (await send(`${edge.url}/_session/health`, { headers: bearer })).json();

    async function visit() {
      const body = JSON.stringify({ a: 1 });
      const headers = { ...bearer, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const { setCookies } = await send(`${edge.url}/_session`, { method: 'PATCH', headers, body });
      const cookie = setCookies.map(({ name, value }) => `${name}=${value}`).join('; ');
      await send(`${edge.url}/`, { headers: { cookie } });
      return cookie;
    }

    test('a key that writes says so, and what was seen outlives the isolate', async () => {
      const cookie = await visit();
      await send(`${edge.url}/`, { headers: { cookie } });
      let key;
      for (let n = 0; n < 20; n++) {
        [key] = (await health()).keys;
        if (key.last_seen) break;
        await sleep(200);
      }
      assert.ok(Date.now() - Date.parse(key.last_seen) < 60_000, JSON.stringify(key));
      assert.deepEqual([key.removable, key.because], [false, 'it writes']);

      await edge.restart({ SESSION_KEYS: `${fresh} ${old}` });
      const [, before] = (await health()).keys;
      assert.equal(before.last_seen, key.last_seen);
      assert.equal(before.removable, false);
      assert.match(before.because, /^cookies of it may be alive until 20/);
      const { text, isGood } = await keysCommand.run({ values: {}, positionals: [edge.url], env: { SESSION_API_TOKEN: token }, now: Date.now() });
      assert.ok(!isGood);
      assert.match(text, /^es1 [0-9a-f]{8}: .*; it writes$/m);
      assert.match(text, /^es1 [0-9a-f]{8}: last seen within two hours; not yet, because /m);
      assert.match(text, /^django cookies: never seen; not yet, because /m);
    });

    test('nobody without the token is told', async () => {
      const { keys, envelopes } = (await send(`${edge.url}/_session/health`)).json();
      assert.ok(keys.every(key => !('last_seen' in key) && !('removable' in key)));
      assert.equal(envelopes, undefined);
    });
  });
}

describe('a key whose cookies have all ended', () => {
  let edge;
  before(async () => {
    edge = await startEdge({ ...settings(), SESSION_STORE: 'd1', SESSION_IDLE_SECONDS: '3' }, { faulty: true });
  });
  after(() => edge?.stop());

  test('can go, and says since when', async () => {
    const keys = [newSessionKey(), newSessionKey()];
    await edge.restart({ SESSION_KEYS: keys.join(' ') });
    const headers = { ...bearer, 'content-type': 'application/json', 'content-length': 7 };
    await send(`${edge.url}/_session`, { method: 'PATCH', headers, body: '{"a":1}' });
    await send(`${edge.url}/`);
    await sleep(6000);
    const { text, isGood } = await keysCommand.run({ values: {}, positionals: [edge.url], env: { SESSION_API_TOKEN: token }, now: Date.now() });
    assert.match(text, /^es1 [0-9a-f]{8}: never seen; safe to remove since 20\d\d-\d\d-\d\d$/m);
    assert.ok(isGood, text);

    // Unless it waits to write, as rotate notes beside the file.
    const file = join(mkdtempSync(join(tmpdir(), 'edge-session-health-')), 'keys.json');
    const { keys: listed } = (await send(`${edge.url}/_session/health`, { headers: bearer })).json();
    writeFileSync(file, JSON.stringify({ SESSION_API_TOKEN: token }));
    writeFileSync(`${file}.waiting`, JSON.stringify({ id: listed[1].id, since: new Date().toISOString() }));
    const waits = await keysCommand.run({ values: { keys: file }, positionals: [edge.url], env: {}, now: Date.now() });
    assert.match(waits.text, new RegExp(`^es1 ${listed[1].id}: never seen; it waits to write: edge-session rotate goes on with it$`, 'm'));
    assert.deepEqual([waits.isGood, waits.json.keys[1].removable], [true, false]);
    rmSync(dirname(file), { recursive: true });
  });
});

describe('statistics', () => {
  let edge;
  before(async () => {
    edge = await startEdge({ ...settings(), SESSION_STORE: 'd1' });
  });
  after(() => edge?.stop());
  const stats = async () => (await send(`${edge.url}/_session/stats`, { headers: bearer })).json();

  test('are exact while there is little', async () => {
    await insertSessions(await edge.database(), 2000);
    const { records, expired, share, largest, ages } = await stats();
    assert.deepEqual([records, expired, share, largest.length], [2000, 500, 1, 10]);
    assert.equal(ages.reduce((sum, { records }) => sum + records, 0), 1500);
  });

  test('are reckoned from a part of much, as fast', async () => {
    await insertSessions(await edge.database(), 98_000);
    const began = performance.now();
    const { records, expired, share, users, ages, rows_read: read } = await stats();
    const millis = performance.now() - began;
    assert.ok(Math.abs(records - 100_000) < 5000, `${records}`);
    assert.ok(Math.abs(expired - 25_000) < 2500, `${expired}`);
    assert.ok(share > 0.09 && share < 0.11, `${share}`);
    assert.equal(users, null);
    assert.ok(Math.abs(ages.reduce((sum, { records }) => sum + records, 0) - 75_000) < 5000);
    assert.ok(millis < 2000, `${millis} ms`);
    assert.ok(read > 0 && read < 45_000, `${read} rows read`);
  });
});
