// Faults of the stores, the clock, the randomness and the code itself, over HTTP. docs/FAULTS.md has the whole list.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
const token = randomBytes(24).toString('base64url');
const bearer = { authorization: `Bearer ${token}` };
const [first, second] = [newSessionKey(), newSessionKey()];
const well = { get: 'ok', put: 'ok', delete: 'ok', d1: 'ok', clock: '0', random: 'ok' };
let site, settings;

before(async () => {
  site = await startSite({ secret });
  settings = {
    ORIGIN_URL: site.url,
    SESSION_KEYS: first,
    DJANGO_SECRET_KEY: secret,
    SESSION_API_TOKEN: token,
    SESSION_STORE: 'kv+d1',
    SESSION_ROUTES: '{"/": "optional", "/account/": "required", "/static/": "public"}',
  };
});
after(() => site?.stop());

const cookieHeader = visitor => [...visitor.cookies].map(pair => pair.join('=')).join('; ');

const patch = (visitor, change) => {
  const body = JSON.stringify(change);
  const headers = { cookie: cookieHeader(visitor), 'content-type': 'application/json', ...bearer };
  return send(`${visitor.place.url}/_session`, {
    method: 'PATCH',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    body,
  });
};

async function loggedIn(edge) {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  return visitor;
}

async function bigVisitor(edge) {
  const visitor = await loggedIn(edge);
  await visitor.post('/big/', { kind: 'random' });
  return visitor;
}

const metrics = async edge => (await send(`${edge.url}/_session/metrics`, { headers: bearer })).body;

function assertUnavailable(response) {
  assert.equal(response.status, 503, response.body);
  assert.match(response.headers['retry-after'], /^\d+$/);
  assert.deepEqual(response.setCookies, []);
}

const ours = response => response.setCookies.filter(({ name }) => name === COOKIE);

describe('with KV before D1', () => {
  let edge;
  before(async () => {
    edge = await startEdge(settings, { faulty: true });
  });
  afterEach(() => fault(well));
  after(() => edge?.stop());
  const fault = modes => send(`${edge.url}/__store?${new URLSearchParams(modes)}`);

  test('F3: KV takes no more writes of a key, and D1 has the record', async () => {
    const visitor = await loggedIn(edge);
    await fault({ put: 'limited' });
    assert.equal((await patch(visitor, { noise: randomBytes(9000).toString('base64') })).status, 200);
  });

  test('F4: KV does not show yet what it took, and D1 does', async () => {
    const visitor = await bigVisitor(edge);
    const { digest } = await visitor.whoami();
    await fault({ get: 'gone' });
    for (let n = 0; n < 3; n++) assert.equal((await visitor.whoami()).digest, digest);
  });

  test('F5, F15: KV has an older record of the same session, or one of somebody else, in its place', async () => {
    const kv = await edge.store();
    const names = async () => (await kv.list()).keys.map(key => key.name);
    const appeared = async before => {
      for (let n = 0; n < 100; n++) {
        const name = (await names()).find(name => !before.includes(name));
        if (name) return name;
        await sleep(50);
      }
      throw new Error('no record came into KV');
    };
    let before = await names();
    const other = await bigVisitor(edge);
    const foreign = await appeared(before);
    before = await names();
    const visitor = await bigVisitor(edge);
    const older = await appeared(before);
    const { digest: olderDigest } = await visitor.whoami();
    before = await names();
    await visitor.post('/big/', { kind: 'random' });
    const newest = await appeared(before);
    const { digest } = await visitor.whoami();
    assert.notEqual(digest, olderDigest);
    for (const name of [older, foreign]) {
      await kv.put(newest, await kv.get(name, 'arrayBuffer'));
      const seen = await visitor.whoami();
      assert.deepEqual([seen.digest, seen.user], [digest, 'ada']);
    }
    assert.match(await metrics(edge), /session_loads_total\{result="wrong_record"\} [1-9]/);
    assert.equal((await other.whoami()).user, 'ada');
  });

  test('F6: a record that every store says is absent: 503 while the ticket is young, then 401 and counted', async () => {
    const visitor = await bigVisitor(edge);
    const copy = { cookie: cookieHeader(visitor) };
    const kv = await edge.store();
    for (const { name } of (await kv.list()).keys) await kv.delete(name);
    const database = await edge.database();
    await database.prepare('DELETE FROM session_record').run();
    assertUnavailable(await visitor.get('/whoami'));
    await fault({ clock: '170' });
    assertUnavailable(await visitor.get('/whoami'));
    await fault({ clock: '200' });
    const response = await send(`${edge.url}/whoami`, { headers: copy });
    assert.equal(response.status, 401);
    assert.equal(ours(response)[0].value, '');
    assert.match(await metrics(edge), /session_loads_total\{result="lost"\} [1-9]/);
  });

  test('F7: D1 takes no writes: nothing is set, and the old state is there', async () => {
    const visitor = await bigVisitor(edge);
    const { digest } = await visitor.whoami();
    await fault({ d1: 'readonly' });
    const response = await visitor.post('/big/', { kind: 'random' });
    assert.equal(response.status, 302);
    assert.deepEqual(ours(response), []);
    assertUnavailable(await patch(visitor, { more: 1 }));
    await fault(well);
    assert.equal((await visitor.whoami()).digest, digest);
  });

  test('F8: a replica of D1 that lacks everything: the primary has it', async () => {
    await fault({ get: 'gone', d1: 'behind' });
    const visitor = await bigVisitor(edge);
    const { bytes } = await visitor.whoami();
    assert.ok(bytes > 20_000);
  });

  test('F21: a clock an hour ahead prolongs nothing, one an hour behind refuses, one at zero says nothing', async () => {
    const visitor = await loggedIn(edge);
    const copy = { cookie: cookieHeader(visitor) };
    const account = () => send(`${edge.url}/account/`, { headers: copy });
    await fault({ clock: '3600' });
    const ahead = await account();
    assert.deepEqual([ahead.status, ours(ahead)], [200, []]);
    await fault({ clock: '-3600' });
    assert.equal((await account()).status, 401);
    await fault({ clock: '-200' });
    assert.equal((await account()).status, 200);
    await fault({ clock: '0ms' });
    assertUnavailable(await account());
    assertUnavailable(await send(`${edge.url}/_session`, { headers: { ...copy, ...bearer } }));
    assert.equal((await send(`${edge.url}/static/none`, { headers: copy })).status, 404, 'public');
    await fault(well);
    assert.equal((await account()).status, 200);
  });

  for (const random of ['down', 'zero']) {
    test(`F22: randomness is ${random}: no cookie is made, the old one works`, async () => {
      const visitor = await loggedIn(edge);
      await fault({ random });
      const response = await visitor.post('/cart/', { article: 'tea' });
      assert.equal(response.status, 302, "the site's answer");
      assert.deepEqual(ours(response), []);
      assert.ok((await patch(visitor, { more: 1 })).status >= 500);
      assert.equal((await visitor.whoami()).user, 'ada');
      await fault(well);
      await visitor.post('/cart/', { article: 'tea' });
      assert.deepEqual((await visitor.whoami()).cart, { tea: 1 });
    });
  }

  test('F24: a revocation that was not stored is 503, not 204, and the cookie stays', async () => {
    const visitor = await loggedIn(edge);
    await fault({ d1: 'readonly' });
    const headers = { cookie: cookieHeader(visitor), ...bearer };
    assertUnavailable(await send(`${edge.url}/_session`, { method: 'DELETE', headers }));
    await fault(well);
    const done = await send(`${edge.url}/_session`, { method: 'DELETE', headers });
    assert.equal(done.status, 204);
    assert.equal((await send(`${edge.url}/account/`, { headers })).status, 401);
  });

  test('F29: the site answered, and its session cannot be saved: its answer, whole, and the old cookie', async () => {
    const visitor = await loggedIn(edge);
    const before = visitor.cookies.get(COOKIE);
    await fault({ d1: 'down' });
    const response = await visitor.post('/big/', { kind: 'random' });
    assert.deepEqual([response.status, response.headers.location], [302, '/']);
    assert.deepEqual(ours(response), []);
    await fault(well);
    assert.equal(visitor.cookies.get(COOKIE), before);
    assert.equal((await visitor.whoami()).user, 'ada');
    assert.match(await metrics(edge), /session_saves_total\{result="unavailable"\} [1-9]/);
  });
});

describe('versions side by side', () => {
  test('F31: whatever of two versions wrote a session, both read it, one with the key the other way round', async () => {
    const versions = [`${first} ${second}`, `${second} ${first}`];
    const edge = await startEdge({ ...settings, SESSION_KEYS: versions[0] }, { faulty: true });
    try {
      const visitor = await bigVisitor(edge);
      let { digest } = await visitor.whoami();
      // Written by the one, read by the other, and both ways round; then changed by either.
      for (const [n, version] of [1, 1, 0, 1, 0, 0].entries()) {
        await edge.restart({ SESSION_KEYS: versions[version] });
        const seen = await visitor.whoami();
        assert.deepEqual([seen.user, seen.digest], ['ada', digest], `step ${n}`);
        if (n > 1) {
          await visitor.post('/big/', { kind: 'random' });
          ({ digest } = await visitor.whoami());
        }
      }
    } finally {
      await edge.stop();
    }
  });

  test('F33, F34: under a new key the next page carries it, but no HEAD, OPTIONS, 304, error or public file', async () => {
    const edge = await startEdge(settings, { faulty: true });
    try {
      const visitor = await bigVisitor(edge);
      const { digest } = await visitor.whoami();
      await edge.restart({ SESSION_KEYS: `${second} ${first}` });
      const database = await edge.database();
      const records = async () => (await database.prepare('SELECT name FROM session_record').all()).results.length;
      const count = await records();
      const headers = { cookie: cookieHeader(visitor) };
      for (const [method, path] of [
        ['HEAD', '/whoami'],
        ['OPTIONS', '/whoami'],
        ['GET', '/status/304'],
        ['GET', '/status/500'],
        ['GET', '/static/none'],
      ]) {
        const response = await send(edge.url + path, { method, headers });
        assert.deepEqual(ours(response), [], `${method} ${path}`);
      }
      assert.equal(await records(), count, 'nothing is stored for them');
      const response = await visitor.get('/whoami');
      assert.equal(ours(response).length, 1);
      assert.equal(response.json().digest, digest);
      assert.deepEqual(ours(await visitor.get('/whoami')), []);
    } finally {
      await edge.stop();
    }
  });
});

test('F30: a panic is 500 for the request, and the next one is answered', async () => {
  const edge = await startEdge(settings, { conformance: true });
  try {
    const visitor = await bigVisitor(edge);
    const { digest } = await visitor.whoami();
    const before = visitor.cookies.get(COOKIE);
    for (let n = 0; n < 3; n++) {
      const response = await visitor.get('/_session/panic');
      assert.equal(response.status, 500);
      assert.deepEqual(response.setCookies, []);
      assert.ok(!response.body.includes(before.slice(8, 20)), 'and nothing of the cookie in it');
      assert.equal((await visitor.whoami()).digest, digest);
    }
    assert.equal((await new Visitor(edge).whoami()).user, null, 'no state is left over');
  } finally {
    await edge.stop();
  }
});

test('every row of docs/FAULTS.md has tests that exist, and no row is missing', () => {
  const root = new URL('../../', import.meta.url);
  const lines = readFileSync(new URL('docs/FAULTS.md', root), 'utf8').split('\n');
  const rows = new Map(lines.flatMap(line => (/^\| F\d+ \|/.test(line) ? [[line.split(' ')[1], line]] : [])));
  assert.deepEqual([...rows.keys()], Array.from({ length: 36 }, (_, n) => `F${n + 1}`));
  const texts = new Map();
  for (const [row, line] of rows) {
    const cited = [...line.matchAll(/`([^`]+)` \(\[[^\]]+\]\(\.\.\/([^)]+)\)\)/g)];
    assert.ok(cited.length > 0, `${row} names no test`);
    for (const [, name, file] of cited) {
      if (!texts.has(file)) texts.set(file, readFileSync(new URL(file, root), 'utf8'));
      const definition = file.endsWith('.rs') ? `fn ${name}(` : name;
      // A name in quotes may hold a quote of the other kind, escaped.
      assert.ok(texts.get(file).replaceAll("\\'", "'").includes(definition), `${row}: ${name} is not in ${file}`);
    }
  }
});
