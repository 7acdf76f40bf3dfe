// d1Store on the Worker's own table, by Node's SQLite; httpStore against a server that keeps to docs/ORIGIN-STORE.md.

import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { EdgeSessionError, createSessions, d1Store, generateKey, httpStore } from '../../pkg/dist/node.js';

const NOISE = Array.from({ length: 3000 }, (_, n) => (n * 7919) % 104729);
const NOW = Date.now();
const NAME = 'A'.repeat(32);
const isUnavailable = error => error instanceof EdgeSessionError && error.code === 'store_unavailable';

/** What every store must do, and a session through it. */
async function keeps(store) {
  const record = Uint8Array.from({ length: 20_000 }, (_, n) => n % 251);
  assert.equal(await store.get(NAME, NOW), null);
  await store.put(NAME, record, NOW + 60_000, NOW);
  await store.put(NAME, record, NOW + 60_000, NOW);
  assert.deepEqual(new Uint8Array(await store.get(NAME, NOW)), record);
  assert.equal(await store.get(NAME, NOW + 61_000), null);
  // What says to which device a session is bound changes under its name; a record does not.
  await store.put(NAME, record.subarray(1), NOW + 60_000, NOW, true);
  assert.deepEqual(new Uint8Array(await store.get(NAME, NOW)), record.subarray(1));
  await store.delete(NAME);
  await store.delete(NAME);
  assert.equal(await store.get(NAME, NOW), null);
  const sessions = createSessions({ keys: generateKey(), store });
  const session = (await sessions.load(null)).set('noise', NOISE);
  const cookie = (await sessions.save(session)).split(';')[0];
  assert.deepEqual((await sessions.load(cookie)).get('noise'), NOISE);
}

test('D1, in the table of worker/migrations', async () => {
  const database = new DatabaseSync(':memory:');
  database.exec(readFileSync(new URL('../../worker/migrations/0001_sessions.sql', import.meta.url), 'utf8'));
  const prepare = query => {
    const statement = database.prepare(query);
    const bound = values => ({
      first: async () => statement.get(...values) ?? null,
      run: async () => statement.run(...values),
    });
    return { bind: (...values) => bound(values), ...bound([]) };
  };
  await keeps(d1Store({ prepare }));
});

/** A server as docs/ORIGIN-STORE.md describes it, written from the page alone. */
async function serve(key, change = answer => answer) {
  const secret = Buffer.from(key.slice(4), 'base64url');
  const derived = Buffer.from(hkdfSync('sha256', secret, 'edge-session/v1', 'origin-mac', 32));
  const mac = (head, body) => createHmac('sha256', derived).update(`edge-session-store/1 ${head}\n`).update(body).digest('base64url');
  const records = new Map();
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const asked = request.headers['x-store-mac'];
    const time = request.headers['x-store-time'];
    if (asked !== mac(`request\n${request.method}\n${request.url}\n${time}`, body)) return response.writeHead(403).end();
    const [, kind, name] = request.url.match(/^\/store\/(records|revocations)\/([\w-]{32})$/) ?? [];
    // The first record under a name is kept, but for revocations, which replace it.
    const isOther = kind === 'records' && records.has(name) && !records.get(name).equals(body);
    let [status, answer] = [404, Buffer.alloc(0)];
    if (name && request.method === 'PUT') [status] = isOther ? [409] : [204, records.set(name, body)];
    if (name && request.method === 'DELETE') [status] = [204, records.delete(name)];
    if (name && request.method === 'GET' && records.has(name)) [status, answer] = [200, records.get(name)];
    const proof = mac(`answer\n${asked}\n${status}`, answer);
    const sent = change({ status, answer, proof });
    response.writeHead(sent.status, { 'x-store-mac': sent.proof, ...sent.headers }).end(sent.answer);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/store`, records, close: () => server.close() };
}

test('HTTP, by the protocol of docs/ORIGIN-STORE.md', async () => {
  const key = generateKey();
  const server = await serve(key);
  await keeps(httpStore({ url: server.url, key }));
  await assert.rejects(httpStore({ url: server.url, key: generateKey() }).get(NAME, NOW), isUnavailable);
  server.close();
  await assert.rejects(httpStore({ url: server.url, key }).get(NAME, NOW));
});

test('HTTP: an answer without proof is an outage, never an absent record', async () => {
  const key = generateKey();
  for (const change of [
    answer => ({ ...answer, proof: 'x'.repeat(43) }),
    answer => ({ ...answer, status: 302, headers: { location: '/elsewhere' } }),
    answer => ({ ...answer, answer: Buffer.alloc(2_000_000) }),
  ]) {
    const server = await serve(key, change);
    await assert.rejects(httpStore({ url: server.url, key }).get(NAME, NOW), isUnavailable);
    server.close();
  }
});

test('HTTP: no cache on the way answers for the store, where the runtime can say so', async t => {
  const key = generateKey();
  const asked = [];
  const ask = async () => {
    const store = httpStore({ url: 'https://store.example', key, fetch: async (_, init) => (asked.push(init.cache), new Response()) });
    await assert.rejects(store.get(NAME, NOW), isUnavailable);
    await assert.rejects(store.put(NAME, new Uint8Array(1), NOW), isUnavailable);
    await assert.rejects(store.delete(NAME), isUnavailable);
  };
  await ask();
  assert.deepEqual([...new Set(asked.splice(0))], ['no-store']);
  // As a Worker does whose compatibility date is of before that word.
  class OldRequest extends Request {
    constructor(url, init) {
      if (init?.cache !== undefined) throw new TypeError("The 'cache' field on 'RequestInitializerDict' is not implemented.");
      super(url, init);
    }
  }
  const { Request: newRequest } = globalThis;
  t.after(() => (globalThis.Request = newRequest));
  globalThis.Request = OldRequest;
  await ask();
  assert.deepEqual([...new Set(asked)], [undefined]);
});

test('HTTP: where records may be sent', () => {
  const key = generateKey();
  for (const url of ['http://store.example', 'ftp://x', 'https://u:p@x', 'https://x/?a=1', 'nowhere'])
    assert.throws(() => httpStore({ url, key }), error => error instanceof TypeError && /^url /.test(error.message), url);
  httpStore({ url: 'https://store.example/sessions/', key });
});
