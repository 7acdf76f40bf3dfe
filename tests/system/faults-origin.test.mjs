// The origin store fails, stalls, lies or points elsewhere: nothing of it gets further than its MAC and the record's
// own tag, nobody waits longer than a second, and sessions that fit their cookie do not notice.

import assert from 'node:assert/strict';
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { sessionStore } from '../../docs/examples/session_store.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const storeKey = newSessionKey();
const token = randomBytes(24).toString('base64url');
const bearer = { authorization: `Bearer ${token}` };
/** What a machine keeps of a connection that nobody reads, as far as it says so. */
function bufferBytes() {
  try {
    const largest = name => Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').split(/\s+/)[2]);
    return largest('tcp_rmem') + largest('tcp_wmem');
  } catch {
    return 0;
  }
}
/** The longest answer that is read has an eighth of the first part; the rest may be under way. */
const MAX_BYTES = 8 * 1024 * 1024 + bufferBytes();

const macKey = Buffer.from(
  hkdfSync('sha256', Buffer.from(storeKey.slice(4), 'base64url'), 'edge-session/v1', 'origin-mac', 32),
);
const answerMac = (request, status, body) =>
  createHmac('sha256', macKey)
    .update(`edge-session-store/1 answer\n${request}\n${status}\n`)
    .update(body)
    .digest('base64url');

const listen = async server => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${server.address().port}`;
};

let site, store, front, elsewhere, edge;
// What the front does with a read of a record; undefined: it asks the store.
let misbehave;
let elsewhereAsked = 0;
const sockets = new Set();

before(async () => {
  site = createServer((request, response) => response.end(request.headers.cookie ?? 'no cookie'));
  store = sessionStore(':memory:', [storeKey]);
  const storeUrl = await listen(store);
  elsewhere = createServer((request, response) => {
    elsewhereAsked++;
    response.end();
  });
  front = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request));
    const headers = { ...request.headers, host: new URL(storeUrl).host };
    const answer = await send(storeUrl + request.url, { method: request.method, headers, body });
    const isRead = request.method === 'GET';
    if (isRead && misbehave) return misbehave(request, response, answer);
    response.writeHead(answer.status, answer.headers).end(answer.bytes);
  });
  front.on('connection', socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  edge = await startEdge(
    {
      ORIGIN_URL: await listen(site),
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: newDjangoSecret(),
      SESSION_API_TOKEN: token,
      SESSION_STORE: 'origin',
      SESSION_ORIGIN_STORE_URL: await listen(front),
      SESSION_ORIGIN_STORE_KEY: storeKey,
      SESSION_REVOCATION: 'none',
    },
    {},
  );
  await listen(elsewhere);
});
after(async () => {
  await edge?.stop();
  for (const server of [front, site, store, elsewhere]) {
    server?.closeAllConnections();
    server?.close();
  }
});

/** A session made by the API: the `Cookie` header of one of `bytes` bytes. */
async function session(bytes) {
  const body = JSON.stringify({ user: 7, noise: randomBytes(bytes).toString('base64') });
  const headers = { ...bearer, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const response = await send(`${edge.url}/_session`, { method: 'PATCH', headers, body });
  assert.equal(response.status, 200, response.body);
  const [{ value }] = response.setCookies;
  return { cookie: `${COOKIE}=${value}` };
}

const visit = headers => send(`${edge.url}/page`, { headers });

function assertUnavailable(response) {
  assert.equal(response.status, 503, response.body.slice(0, 200));
  assert.match(response.headers['retry-after'], /^\d+$/);
  assert.deepEqual(response.setCookies, []);
}

/** While the store misbehaves: 503 for what is in it, the site for what is not; afterwards everything is as before. */
async function whileMisbehaving(how, { visits = 2, within = 2500 } = {}) {
  const [large, small] = [await session(9000), await session(30)];
  const good = (await visit(large)).body;
  misbehave = how;
  for (let n = 0; n < visits; n++) {
    const began = Date.now();
    assertUnavailable(await visit(large));
    assert.ok(Date.now() - began < within, `${Date.now() - began} ms`);
    assert.equal((await visit(small)).status, 200);
  }
  misbehave = undefined;
  for (let n = 0; n < 40 && (await visit(large)).status === 503; n++) await sleep(500);
  assert.equal((await visit(large)).body.length, good.length);
}

describe('F10: the origin store answers that it is broken', () => {
  for (const status of [500, 502, 503, 404]) {
    test(`F10: with ${status} and no MAC`, () =>
      whileMisbehaving((request, response) => response.writeHead(status).end('broken')));
  }

  test('F10: it closes the connection, and after five times it is left alone', async () => {
    let asked = 0;
    await whileMisbehaving(
      request => {
        asked++;
        request.socket.destroy();
      },
      { visits: 12 },
    );
    // Two tries for each of five requests, and a probe or two.
    assert.ok(asked <= 14, `${asked}`);
  });
});

test('F11: it stalls before the answer, or in the middle: cut off in time, and no connection stays', async () => {
  for (const stall of [
    () => {},
    (request, response) => response.writeHead(200, { 'x-store-mac': 'x'.repeat(43), 'content-length': 9000 }).write('abc'),
  ]) {
    await whileMisbehaving(stall, { visits: 20 });
    for (let n = 0; n < 100 && sockets.size > 5; n++) await sleep(100);
    assert.ok(sockets.size <= 5, `${sockets.size} connections`);
  }
});

for (const [what, damage] of [
  ['garbage', () => randomBytes(9000)],
  ['nothing', () => Buffer.alloc(0)],
  ['half of it', good => good.subarray(0, good.length >> 1)],
  ['a byte more', good => Buffer.concat([good, Buffer.from([0])])],
  ['one bit changed', good => good.with(good.length - 1, good.at(-1) ^ 1)],
]) {
  test(`F12: the record is damaged (${what}), vouched for or not: 503, and nothing of it is used`, async () => {
    await whileMisbehaving((request, response, answer) => {
      const body = Buffer.from(damage(answer.bytes));
      response.writeHead(200, { 'x-store-mac': answerMac(request.headers['x-store-mac'], 200, body) }).end(body);
    });
    await whileMisbehaving((request, response, answer) =>
      response.writeHead(200, { 'x-store-mac': answer.headers['x-store-mac'] }).end(damage(answer.bytes)),
    );
  });
}

for (const [what, headers] of [
  ['a length that lies', { 'content-length': 1_000_000_000 }],
  ['no length', {}],
]) {
  test(`F13: a body without an end, with ${what}: given up at the longest record`, async () => {
    // What each answer was made to send. A busy machine may have time for one read only, where two are tried.
    const sent = [];
    await whileMisbehaving(
      (request, response) => {
        response.writeHead(200, { 'x-store-mac': 'x'.repeat(43), ...headers });
        const chunk = Buffer.alloc(65_536);
        const answer = sent.push(0) - 1;
        const endless = function* () {
          for (;;) {
            sent[answer] += chunk.length;
            yield chunk;
          }
        };
        // It ends with an error: nobody listens any more.
        return pipeline(endless, response).catch(() => {});
      },
      { visits: 1 },
    );
    assert.ok(sent.length === 1 || sent.length === 2, `${sent.length} reads`);
    // The first is read up to the limit; what is sent beyond it was under way.
    assert.ok(sent[0] > 1024 * 1024 && sent.every(bytes => bytes < MAX_BYTES), `${sent} bytes`);
  });
}

test('F14: a redirect is not followed, to nowhere and round and round', async () => {
  const other = `http://127.0.0.1:${elsewhere.address().port}/`;
  for (const status of [301, 302, 307, 308]) {
    for (const location of [other, '/loop']) {
      await whileMisbehaving((request, response) => response.writeHead(status, { location }).end(), { visits: 1 });
    }
  }
  assert.equal(elsewhereAsked, 0);
});
