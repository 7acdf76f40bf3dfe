// Servers refuse long headers in three ways. Each is told to the operator as what it is, and leaves the visitor a way out.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { send } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const token = 'a-token-for-the-metrics-of-these-tests';
const html = { accept: 'text/html,*/*' };
const limit = 8192;
let origin, sockets, edge, cookie, refusal;

const answer = (status, headers = '', body = '') =>
  `HTTP/1.1 ${status} x\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;

before(async () => {
  sockets = new Set();
  origin = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    let text = '';
    socket.on('data', data => {
      text += data.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = text.slice(0, end);
      text = text.slice(end + 4);
      if (head.startsWith('GET /fill')) {
        socket.write(answer(200, `session-patch: {"user":"7","text":"${'x'.repeat(12_000)}"}\r\n`));
      } else if (head.length <= limit || refusal === undefined) {
        socket.write(answer(200, '', head.startsWith('HEAD') ? '' : 'fine'));
      } else if (refusal === '') {
        socket.destroy();
      } else {
        socket.write(refusal);
      }
    });
  });
  await new Promise(resolve => origin.listen(0, '127.0.0.1', resolve));
});
after(() => {
  for (const socket of sockets) socket.destroy();
  origin?.close();
});

async function start() {
  refusal = undefined;
  edge = await startEdge({
    ORIGIN_URL: `http://127.0.0.1:${origin.address().port}`,
    SESSION_PROTOCOL: 'headers',
    SESSION_KEYS: newSessionKey(),
    SESSION_ORIGIN_KEY: newSessionKey(),
    SESSION_USER_KEY: 'user',
    SESSION_API_TOKEN: token,
  });
  const { value } = (await send(`${edge.url}/fill`)).setCookies.find(({ name }) => name === COOKIE);
  cookie = `${COOKIE}=${value}`;
}
const get = (headers = {}) => send(`${edge.url}/page`, { headers: { cookie, ...headers } });
const warned = async () => (await send(`${edge.url}/_session/health`)).json().warnings.filter(text => /longer headers/.test(text));
const counted = async () => {
  const { body } = await send(`${edge.url}/_session/metrics`, { headers: { authorization: `Bearer ${token}` } });
  return Object.fromEntries(Array.from(body.matchAll(/session_refused_by_origin_total\{answer="(\w+)"\} (\d+)/g), ([, how, n]) => [how, Number(n)]));
};

for (const [what, line, status, label] of [
  ['431', answer(431, 'Connection: close\r\n', 'too large'), 431, '431'],
  ['400', answer(400, 'Content-Type: text/html\r\nConnection: close\r\n', '<h1>Bad Request</h1>'), 400, '400'],
  ['a connection that ends', '', 502, 'hung_up'],
]) {
  describe(what, () => {
    before(start);
    after(() => edge?.stop());

    test('is counted, warned of, and a browser gets a page with a way out', async () => {
      refusal = line;
      const page = await get(html);
      assert.equal(page.status, status);
      assert.match(page.body, /Log out/);
      assert.match(page.headers['content-security-policy'], /frame-ancestors 'none'/);
      assert.equal(page.headers['cache-control'], 'private, no-store');
      assert.deepEqual(page.setCookies, []);
      const program = await get();
      assert.equal(program.status, status);
      assert.doesNotMatch(program.body, /<button/);
      assert.deepEqual(await counted(), { [label]: 2 });
      assert.equal((await warned()).length, 1);
      // A visitor whose session is short sees nothing of it.
      assert.equal((await send(`${edge.url}/page`, { headers: html })).body, 'fine');
    });

    test('is over when the server takes more: nothing was lost', async () => {
      refusal = undefined;
      assert.equal((await get(html)).body, 'fine');
    });
  });
}

describe('what is no refusal', () => {
  before(start);
  after(() => edge?.stop());

  test("an application's own 400 stays what it is", async () => {
    refusal = answer(400, 'Vary: Cookie\r\nContent-Type: text/html\r\n', 'no such date');
    assert.equal((await get(html)).body, 'no such date');
    // One without a sign of whose it is: the server has taken as much before.
    refusal = undefined;
    await get();
    refusal = answer(400, 'Content-Type: text/html\r\n', 'no such date');
    assert.equal((await get(html)).body, 'no such date');
    assert.deepEqual(await counted(), {});
    assert.deepEqual(await warned(), []);
  });

  test('nor is a site that is down', async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => origin.close(resolve));
    const page = await get(html);
    assert.equal(page.status, 502);
    assert.match(page.body, /The site does not answer/);
    assert.deepEqual(await counted(), {});
    assert.deepEqual(await warned(), []);
  });
});
