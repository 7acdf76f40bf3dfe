// What the Worker tells a server of the site's own beside a record, and within which trace: in the native server's columns
// and spans.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { startServer } from './native-server.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const secret = newDjangoSecret();
const storeKey = newSessionKey();
const batches = [];
const collector = createServer(async (request, response) => {
  batches.push(Buffer.concat(await request.toArray()));
  response.end();
});
let site, server;

before(async () => {
  await once(collector.listen(0, '127.0.0.1'), 'listening');
  site = await startSite({ secret });
  server = await startServer(storeKey, {
    columns: 'user ip user_agent created last_seen',
    traces: `http://127.0.0.1:${collector.address().port}`,
  });
});
after(async () => {
  await server?.stop();
  await site?.stop();
  collector.close();
});

const start = changes =>
  startEdge({
    ORIGIN_URL: site.url,
    DJANGO_SECRET_KEY: secret,
    SESSION_KEYS: newSessionKey(),
    SESSION_STORE: 'origin',
    SESSION_ORIGIN_STORE_URL: server.url,
    SESSION_ORIGIN_STORE_KEY: storeKey,
    ...changes,
  });

function rows() {
  const database = new DatabaseSync(join(server.folder, 'sessions.sqlite3'), { readOnly: true });
  const found = database.prepare('SELECT * FROM edge_session_about ORDER BY created, last_seen').all();
  database.close();
  return found;
}

/** Somebody with a session that no cookie holds, made by a browser that says what it is. */
async function large(edge) {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  const body = new URLSearchParams({ csrfmiddlewaretoken: visitor.cookies.get('csrftoken'), kind: 'random' }).toString();
  const headers = { cookie: cookies(visitor), 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length, 'user-agent': 'Ada/1.0' };
  const response = await send(`${edge.url}/big/`, { method: 'POST', headers, body });
  assert.ok(response.status < 400, response.body);
  for (const { name, value } of response.setCookies) visitor.cookies.set(name, value);
  return visitor;
}

const cookies = visitor => [...visitor.cookies].map(pair => pair.join('=')).join('; ');

test('a server is told of a session what the settings name, and nothing if they name nothing', async () => {
  const silent = await start();
  try {
    await large(silent);
    const [{ user_id, ip, user_agent, created, last_seen }] = rows();
    assert.deepEqual([user_id, ip, user_agent], [null, null, null]);
    assert.ok(Math.abs(created - Date.now() / 1000) < 60 && last_seen >= created);
  } finally {
    await silent.stop();
  }
  const telling = await start({ SESSION_COLUMNS: '["user", "user_agent"]' });
  try {
    const [one] = [await large(telling), await large(telling)];
    const [, ...found] = rows();
    assert.equal(found.length, 2);
    assert.match(found[0].user_id, /^[\w-]{32}$/);
    assert.equal(found[0].user_id, found[1].user_id, 'both are of one user');
    assert.ok(found.every(row => row.ip === null && row.user_agent === 'Ada/1.0'), JSON.stringify(found));
    assert.ok((await one.post('/logout/')).status < 400);
    assert.equal(rows().length, 2, 'an end leaves nothing');
  } finally {
    await telling.stop();
  }
});

test('what a request asks of the server is in its trace', async () => {
  const edge = await start();
  try {
    const visitor = await large(edge);
    const trace = randomBytes(16);
    const cookie = cookies(visitor);
    const traceparent = `00-${trace.toString('hex')}-${randomBytes(8).toString('hex')}-01`;
    assert.equal((await send(`${edge.url}/whoami`, { headers: { cookie, traceparent } })).status, 200);
    const began = Date.now();
    while (!batches.some(batch => batch.includes(trace))) {
      assert.ok(Date.now() - began < 20_000, 'no span of this trace');
      await new Promise(done => setTimeout(done, 50));
    }
    // One that no trace can have leads nowhere, and no further.
    assert.equal((await send(`${edge.url}/whoami`, { headers: { cookie, traceparent: `00-${'x'.repeat(500)}` } })).status, 200);
  } finally {
    await edge.stop();
  }
});
