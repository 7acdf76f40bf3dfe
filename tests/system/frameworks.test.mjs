// Flask and Starlette keep their own `session` behind the Worker, with the examples for them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { newSessionKey, startEdge } from './edge.mjs';
import { programs, startServer } from './servers.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const bin = programs('tests/servers/requirements.txt');
const frameworks = {
  Flask: 'gunicorn -b 127.0.0.1:8000 --limit-request-field_size 1048576 flask_site:app',
  Starlette: 'uvicorn --host 127.0.0.1 --port 8000 --h11-max-incomplete-event-size 1048576 starlette_site:app',
};

for (const [framework, command] of Object.entries(frameworks)) {
  describe(framework, () => {
    let server, edge, visitor;

    before(async () => {
      const key = newSessionKey();
      server = await startServer(command, { bin, environment: { SESSION_ORIGIN_KEY: key }, ready: '/show', refuses: true });
      edge = await startEdge({
        ORIGIN_URL: server.url,
        SESSION_PROTOCOL: 'headers',
        SESSION_KEYS: newSessionKey(),
        SESSION_ORIGIN_KEY: key,
        SESSION_USER_KEY: 'user',
      });
      visitor = new Visitor(edge);
    });
    after(async () => {
      await edge?.stop();
      await server?.stop();
    });

    /** As `Visitor.post`, without Django's token. */
    async function post(path, content = {}) {
      const body = JSON.stringify(content);
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...cookies() };
      const response = await send(edge.url + path, { method: 'POST', headers, body });
      for (const { name, value, attributes } of response.setCookies) {
        if (attributes['max-age'] === '0') visitor.cookies.delete(name);
        else visitor.cookies.set(name, value);
      }
      assert.equal(response.status, 200, response.body);
      return response;
    }
    const cookies = () => (visitor.cookies.size ? { cookie: `${COOKIE}=${visitor.cookies.get(COOKIE)}` } : {});
    const shown = async () => {
      const { _permanent, _flashes, ...session } = (await visitor.get('/show')).json();
      return session;
    };

    test('who does not come through the Worker is refused', async () => {
      assert.equal((await send(`${server.url}/show`)).status, 403);
    });

    test('a stranger has no session and gets no cookie', async () => {
      const response = await visitor.get('/show');
      assert.deepEqual([response.json(), response.setCookies], [{}, []]);
    });

    test('what is set, changed inside and removed is so with the next request', async () => {
      await post('/log-in');
      await post('/set', { cart: { tea: 1, biscuits: 2 }, language: 'fr', list: [1, null], 'käse': '✓' });
      await post('/nested');
      await post('/remove/language');
      assert.deepEqual(await shown(), { user: '7', cart: { tea: 2 }, list: [1, null], 'käse': '✓' });
      // Nothing changed, nothing said.
      assert.deepEqual((await visitor.get('/show')).setCookies, []);
    });

    test('a session of 60 KB, and paths that are spelled oddly', async () => {
      const text = 'x'.repeat(60_000);
      await post('/set', { text });
      assert.equal((await shown()).text, text);
      for (const path of ['/odd/a%20b?c=%2F', '/odd/%C3%A4', '/odd/a+b;c,d?e=%', '/odd/x?']) {
        assert.equal((await visitor.get(path)).status, 200, path);
      }
      await post('/remove/text');
    });

    test('log out', async () => {
      await post('/log-out');
      assert.equal(visitor.cookies.size, 0);
      assert.deepEqual(await shown(), {});
    });

    if (framework === 'Flask') {
      test('flash, and a session that is permanent or not', async () => {
        const [once] = (await post('/log-in')).setCookies;
        assert.deepEqual((await visitor.get('/flashed')).json(), ['welcome']);
        assert.deepEqual((await visitor.get('/flashed')).json(), []);
        assert.equal(once.attributes['max-age'], undefined);
        const [permanent] = (await post('/log-in?permanent')).setCookies;
        // The shorter one of Flask's 31 days and the Worker's limits is the browser's.
        assert.ok(Number(permanent.attributes['max-age']) > 13 * 86_400);
      });
    } else {
      test('a WebSocket reads the session', async () => {
        await post('/log-in');
        const socket = new WebSocket(`${edge.url.replace('http', 'ws')}/chat`, { headers: cookies() });
        const [message] = await once(socket, 'message');
        assert.deepEqual(JSON.parse(message), { user: '7' });
        socket.close();
      });
    }
  });
}
