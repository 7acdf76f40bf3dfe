// A cookie a few changes old: a browser that was killed comes back with it, a request was long on its way, a copy is
// sent again and again. It is good for a while, and leaves few records, in every store.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sessionStore } from '../../docs/examples/session_store.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { bearer, change, line, look, pad, token, user } from './line.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send } from './visitor.mjs';

const storeKey = newSessionKey();
const secret = newDjangoSecret();
/** Superseded records that stay, and the last one. */
const MAX_RECORDS = 17;

let site, store, origins;

/** In front of an origin store: which records it has been given and not been told to forget. */
async function startCounter(target) {
  const names = new Set();
  // A save brings its record with it, and an end takes all of a session's: their names begin alike.
  const committed = (session, body, content) => {
    const { ask, record } = JSON.parse(body);
    const { outcome } = JSON.parse(content);
    if (ask === 'commit' && record && outcome === 'saved') names.add(record.name);
    if (ask === 'end') for (const name of names) if (name.startsWith(session.slice(0, 16))) names.delete(name);
  };
  const server = createServer((request, response) => {
    const [, kind, name] = /\/(records|heads)\/([\w-]+)$/.exec(request.url) ?? [];
    if (kind === 'records' && request.method === 'PUT') names.add(name);
    if (kind === 'records' && request.method === 'DELETE') names.delete(name);
    const { hostname, port } = new URL(target);
    const options = { hostname, port, path: request.url, method: request.method, headers: request.headers };
    const body = [];
    request.on('data', chunk => body.push(chunk));
    const asked = httpRequest(options, async answer => {
      response.writeHead(answer.statusCode, answer.headers);
      const content = Buffer.concat(await answer.toArray());
      if (kind === 'heads' && answer.statusCode === 200) committed(name, Buffer.concat(body), content);
      response.end(content);
    });
    asked.on('error', () => response.destroy());
    request.pipe(asked);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, names, stop };
}

before(async () => {
  site = await startSite({ secret, storeKey });
  store = sessionStore(':memory:', [storeKey]).listen(0, '127.0.0.1');
  await once(store, 'listening');
  origins = {
    node: await startCounter(`http://127.0.0.1:${store.address().port}`),
    django: await startCounter(site.url),
  };
});
after(async () => {
  for (const origin of Object.values(origins ?? {})) origin.stop();
  store?.closeAllConnections();
  store?.close();
  await site?.stop();
});

const start = (store, settings = {}, origin = 'node') =>
  startEdge(
    {
      ORIGIN_URL: site.url,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: secret,
      SESSION_API_TOKEN: token,
      SESSION_STORE: store,
      SESSION_ORIGIN_STORE_URL: `${origins[origin].url}${origin === 'django' ? '/session-store' : ''}`,
      SESSION_ORIGIN_STORE_KEY: storeKey,
      ...settings,
    },
    { faulty: true },
  );

/** How many records of sessions lie in a store. */
async function records(edge, tier, origin) {
  switch (tier) {
    case 'kv': {
      const list = await (await edge.store()).list();
      return list.keys.length;
    }
    case 'r2':
      return (await (await edge.bucket()).list()).objects.length;
    case 'd1': {
      const database = await edge.database();
      return (await database.prepare("SELECT count(*) AS n FROM session_record WHERE kind = 'session'").first()).n;
    }
    case 'do':
      return edge.objectFiles().reduce((sum, file) => {
        // The object may be writing: wait for it.
        const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
        // One that nobody wrote to keeps nothing, not even a table.
        const isEmpty = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'record'").get() === undefined;
        const { n } = isEmpty ? { n: 0 } : database.prepare('SELECT count(*) AS n FROM record WHERE NOT is_end').get();
        database.close();
        return sum + n;
      }, 0);
    default:
      return origins[origin].names.size;
  }
}

/** The same, once nothing is deleted any more after answers, or after five seconds. */
async function settled(edge, tier, origin, expected) {
  for (let n = 0; ; n++) {
    const count = await records(edge, tier, origin);
    if (count <= expected || n === 50) return count;
    await sleep(100);
  }
}

const STORES = [
  ['kv'],
  ['r2'],
  ['origin', 'django'],
  ['origin', 'node'],
  ['d1'],
  ['do'],
  ['kv+d1'],
  ['kv+do'],
  ['kv+origin', 'node'],
];

for (const [store, origin = 'node'] of STORES) {
  describe(`${store}${store.includes('origin') ? ` (${origin})` : ''}`, () => {
    const tiers = store.split('+');
    let edge;
    before(async () => {
      edge = await start(store, {}, origin);
    });
    after(() => edge?.stop());
    const earlier = tiers.map(() => 0);
    /** Records since then, in the store that decides first and in the cache before it. */
    const added = async expected => {
      const counts = [];
      for (const [at, tier] of tiers.entries()) {
        counts.unshift((await settled(edge, tier, origin, earlier[at] + expected)) - earlier[at]);
      }
      return counts;
    };
    const mark = async () => {
      for (const [at, tier] of tiers.entries()) earlier[at] = await records(edge, tier, origin);
    };

    test('each of the last sixteen cookies is good, and what is older leaves no record', async () => {
      await mark();
      const cookies = await line(edge, 20);
      for (const [n, cookie] of cookies.entries()) {
        if (n < 4) continue;
        const seen = await look(edge, cookie);
        assert.equal(seen.status, 200, `${20 - n} changes old: ${seen.body}`);
        assert.equal(seen.json().n, n);
      }
      const [count, cached = count] = await added(MAX_RECORDS);
      assert.equal(count, MAX_RECORDS);
      assert.ok(cached <= MAX_RECORDS, `${cached} in the cache`);
    });

    test('one old cookie, sent again and again, leaves few records and takes nothing from the browser', async () => {
      await mark();
      const [old, newer, newest] = await line(edge, 2);
      for (let n = 0; n < 40; n++) await change(edge, old, { again: n });
      for (const count of await added(MAX_RECORDS)) assert.ok(count <= MAX_RECORDS, `${count} records`);
      for (const cookie of [old, newer, newest]) {
        const seen = await look(edge, cookie);
        assert.equal(seen.status, 200, seen.body);
      }
      const next = await change(edge, newest, { mine: 1 });
      const { n, mine } = (await look(edge, next)).json();
      assert.deepEqual([n, mine], [2, 1]);
    });

    test('a session that shrinks and grows again and again leaves few records', async () => {
      await mark();
      let cookie = await change(edge, undefined, { ...user, pad: pad() });
      for (let n = 0; n < 25; n++) {
        cookie = await change(edge, cookie, { pad: null });
        cookie = await change(edge, cookie, { pad: pad() });
      }
      for (const count of await added(MAX_RECORDS)) assert.ok(count <= MAX_RECORDS, `${count} records`);
      assert.equal((await look(edge, cookie)).status, 200);
    });

    test('log out leaves no record of the session', async () => {
      await mark();
      const cookies = await line(edge, 5);
      // A copy went another way.
      await change(edge, cookies[2], { copy: 1 });
      assert.ok((await added(7))[0] > 5);
      const response = await send(`${edge.url}/_session`, { method: 'DELETE', headers: { ...bearer, cookie: cookies[5] } });
      assert.equal(response.status, 204);
      // Beside the records lies, where it is counted with them, that the session ended.
      const ends = ['kv', 'r2', 'do'].includes(tiers.at(-1)) ? 1 : 0;
      const [left] = await added(ends);
      assert.ok(left <= ends, `${left} left`);
    });

    test('after their time the next change deletes them; until then none goes, however long it takes', async () => {
      await mark();
      const cookies = await line(edge, 3);
      await send(`${edge.url}/__store?clock=50`); // origin stores refuse clocks that differ by more than a minute
      assert.equal((await look(edge, cookies[0])).status, 200);
      assert.equal((await added(4))[0], 4);
      await edge.restart({ SESSION_STALE_SECONDS: '20' });
      await send(`${edge.url}/__store?clock=50`);
      assert.equal((await look(edge, cookies[0])).status, 200);
      await change(edge, cookies[3], { n: 4 });
      // The new one and the one it took the place of.
      assert.equal((await added(2))[0], 2);
    });
  });
}
