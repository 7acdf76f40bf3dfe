// The commands of docs/DJANGO.md do what that page says: each row of these servers is run as it stands there, with a session of 60 KB.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { newSessionKey, startEdge } from './edge.mjs';
import { documentedServers, programs, startServer, tryLength } from './servers.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const LONG = 60_000;
const bin = programs('tests/servers/requirements.txt');
const token = 'a-token-for-the-metrics-of-these-tests';
const tried = /^(gunicorn|uvicorn|waitress) /;

async function withServer(command, work) {
  const secret = newDjangoSecret();
  const server = await startServer(command, { secret, bin });
  let edge;
  try {
    edge = await startEdge({
      ORIGIN_URL: server.url,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: secret,
      SESSION_API_TOKEN: token,
    });
    await work(edge, server);
  } finally {
    await edge?.stop();
    await server.stop();
  }
}

const rows = documentedServers().filter(({ server }) => tried.test(server));

test('there is a command for a session of 60 KB with each of them', () => {
  for (const server of ['gunicorn', 'uvicorn', 'waitress']) {
    assert.ok(rows.some(row => row.server.startsWith(server) && takes(row)), server);
  }
});

const takes = ({ largest }) => Number(/^(\d+) KB/.exec(largest)[1]) * 1000 >= LONG;

for (const row of rows) {
  test(`${row.command}: ${row.largest}`, () =>
    withServer(row.command, async edge => {
      const { isWhole, visitor, filled, shown } = await tryLength(edge, LONG);
      assert.equal(filled.status, 200);
      assert.equal(isWhole, takes(row), `${shown.status} ${shown.body.slice(0, 200)}`);
      if (isWhole) {
        // What the page says of the settings of tests/servers.
        assert.equal(shown.json().absolute, `${edge.url}/reset/`);
        assert.equal((await visitor.get('/log-out')).body, 'logged out');
        assert.ok(!visitor.cookies.has(COOKIE));
      } else {
        await refused(edge, visitor);
      }
    }));
}

/** Whoever is refused by the server is told so and finds out, and so is the operator. */
async function refused(edge, visitor) {
  const cookie = `${COOKIE}=${visitor.cookies.get(COOKIE)}`;
  for (const path of ['/show', '/log-out']) {
    const page = await visitor.get(path, { accept: 'text/html,*/*' });
    assert.ok(page.status >= 400, path);
    assert.match(page.headers['content-type'], /^text\/html/);
    assert.match(page.body, /Log out/);
    assert.match(page.headers['cache-control'], /no-store/);
    assert.deepEqual(page.setCookies, []);
  }
  const { warnings } = (await send(`${edge.url}/_session/health`)).json();
  assert.ok(warnings.some(text => text.includes('docs/DJANGO.md')), JSON.stringify(warnings));
  const metrics = await send(`${edge.url}/_session/metrics`, { headers: { authorization: `Bearer ${token}` } });
  assert.match(metrics.body, /session_refused_by_origin_total\{answer="\w+"\} [1-9]/);
  // What the page's button does.
  const ended = await send(`${edge.url}/_session`, { method: 'DELETE', headers: { cookie, 'sec-fetch-site': 'same-origin' } });
  assert.equal(ended.status, 204);
  assert.equal(ended.setCookies[0].attributes['max-age'], '0');
  assert.equal((await send(`${edge.url}/show`)).json().bytes, 0);
}

describe('WebSockets', () => {
  test('the command for uvicorn takes the session in a handshake, too', async () => {
    const row = rows.find(({ command }) => command.includes('WEBSOCKETS_MAX_LINE_LENGTH'));
    await withServer(row.command, async edge => {
      const { visitor } = await tryLength(edge, LONG);
      const headers = { cookie: `${COOKIE}=${visitor.cookies.get(COOKIE)}` };
      const socket = new WebSocket(`${edge.url.replace('http', 'ws')}/chat`, { headers });
      const [length] = await once(socket, 'message');
      assert.ok(Number(length) > LONG, String(length));
      socket.close();
      await once(socket, 'close');
    });
  });
});
