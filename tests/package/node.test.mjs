// The adapters of Node's servers round the real libraries, over real connections.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import express from 'express';
import Fastify from 'fastify';
import Koa from 'koa';
import { createSessions, generateKey, memoryStore } from '../../pkg/dist/node.js';
import { expressFailed, expressSession, fastifySession, koaSession, withSession } from '../../pkg/dist/node-adapter.js';

const big = () => Array.from(crypto.getRandomValues(new Uint32Array(1500)), String).join(' ');
const pairOf = line => line.slice(0, line.indexOf(';'));
const port = server => `http://127.0.0.1:${server.address().port}`;
const listening = server => new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));

function unsteadyStore() {
  const store = memoryStore();
  const state = { fails: undefined, log: [] };
  const call =
    name =>
    async (...args) => {
      // Long enough for an answer to be written before the store has confirmed.
      await new Promise(resolve => setTimeout(resolve, 20));
      if (state.fails === name) throw new Error('the store is down');
      state.log.push(name);
      return store[name](...args);
    };
  return { state, get: call('get'), put: call('put'), delete: call('delete') };
}

/**
 * Each starts a server whose handler is `use(session, answer)`; an answer is `{ status, headers, body }`, and a body may be
 * a stream. `nested`: the sessions stand on two levels. `onError`: what an error handler answers.
 */
const servers = {
  async http(sessions, use, { nested } = {}) {
    const handler = async (request, response, session) => {
      const { status = 200, headers = {}, body = '' } = await use(await session(), request);
      response.writeHead(status, headers);
      if (typeof body === 'string') response.end(body);
      else body.pipe(response);
    };
    const one = withSession(sessions, handler);
    const two = withSession(sessions, async (request, response, session) => (await session(), one(request, response)));
    const listener = nested ? two : one;
    return listening(createServer((request, response) => void listener(request, response).catch(() => {})));
  },
  async express(sessions, use, { nested, onError } = {}) {
    const app = express();
    app.set('env', 'test');
    app.use(expressSession(sessions));
    if (nested) app.use(expressSession(sessions));
    app.use(async (request, response) => {
      const { status = 200, headers = {}, body = '' } = await use(request.session, request);
      response.status(status).set(headers);
      if (typeof body === 'string') response.send(body);
      else body.pipe(response);
    });
    app.use(expressFailed);
    if (onError) app.use((error, request, response, next) => response.redirect(onError));
    return listening(createServer(app));
  },
  async koa(sessions, use, { nested, onError } = {}) {
    const app = new Koa();
    app.silent = true;
    if (onError) app.use((context, next) => next().catch(() => context.redirect(onError)));
    app.use(koaSession(sessions));
    if (nested) app.use(koaSession(sessions));
    app.use(async context => {
      const { status = 200, headers = {}, body = '' } = await use(context.session, context.req);
      context.set(headers);
      context.body = body;
      context.status = status;
    });
    return listening(createServer(app.callback()));
  },
  async fastify(sessions, use, { nested, onError } = {}) {
    const app = Fastify();
    if (onError) app.setErrorHandler((error, request, reply) => reply.redirect(onError));
    await app.register(fastifySession, { sessions });
    if (nested) await app.register(fastifySession, { sessions });
    app.all('*', async (request, reply) => {
      const { status = 200, headers = {}, body = '' } = await use(request.session, request.raw);
      return reply.code(status).headers(headers).send(body);
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return Object.assign(app.server, { stop: () => app.close() });
  },
};

for (const [name, start] of Object.entries(servers)) {
  describe(name, () => {
    let store, sessions;
    const running = [];
    before(() => {
      store = unsteadyStore();
      sessions = createSessions({ keys: generateKey(), store, budget: 400 });
    });
    after(() => running.forEach(server => (server.stop ? server.stop() : server.close())));

    const cookieOf = async (data, at) => pairOf(await sessions.save(sessions.codec.create(data, at), at));
    const serve = async (use, options) => {
      const server = await start(options?.sessions ?? sessions, use, options);
      running.push(server);
      return (cookie, init = {}) => fetch(port(server), { redirect: 'manual', ...init, headers: { ...init.headers, ...(cookie && { cookie }) } });
    };
    const kept = async response => {
      const lines = response.headers.getSetCookie().filter(line => line.startsWith('__Host-session='));
      const session = lines.length > 0 && (await sessions.load(pairOf(lines.at(-1))));
      return { lines: lines.length, session: session && session.outcome === 'session' ? session.toJSON() : null };
    };
    const assertPrivate = ({ headers }) => {
      assert.match(headers.get('cache-control'), /^private, no-store/);
      assert.match(headers.get('vary'), /(^|, *)cookie(,|$)/i);
    };

    test('stored, confirmed, then Set-Cookie, beside what the handler set', async () => {
      const notes = big();
      const ask = await serve(session => {
        session.set('notes', notes);
        return { headers: { 'Set-Cookie': ['theme=dark', 'lang=de'], Vary: 'Accept', 'Cache-Control': 'public, max-age=60', 'CDN-Cache-Control': 'max-age=60', 'X-Own': 'yes' }, body: 'written' };
      });
      store.state.log.length = 0;
      const response = await ask();
      assert.equal(await response.text(), 'written');
      assert.deepEqual(store.state.log, ['put']);
      assert.deepEqual(await kept(response), { lines: 1, session: { notes } });
      assert.deepEqual(response.headers.getSetCookie().slice(0, 2), ['theme=dark', 'lang=de']);
      assert.equal(response.headers.get('x-own'), 'yes');
      assert.equal(response.headers.get('cdn-cache-control'), null);
      assert.match(response.headers.get('vary'), /Accept/);
      assertPrivate(response);
    });

    test('a streamed answer comes whole and in order, however long the store takes', async () => {
      const parts = Array.from({ length: 200 }, (_, n) => `${n}:${'x'.repeat(1000)}\n`);
      const ask = await serve(session => (session.set('notes', big()), { headers: { 'Content-Type': 'text/plain' }, body: Readable.from(parts) }));
      const response = await ask();
      assert.equal(await response.text(), parts.join(''));
      assert.equal((await kept(response)).lines, 1);
    });

    test('only read: private, and no cookie', async () => {
      const ask = await serve(session => ({ body: String(session.get('a')) }));
      const response = await ask(await cookieOf({ a: 1 }));
      assert.equal(await response.text(), '1');
      assert.equal((await kept(response)).lines, 0);
      assertPrivate(response);
    });

    test('503 while the session cannot be had or kept, and nobody is logged out', async () => {
      const ask = await serve((session, { method }) => {
        if (method === 'POST') session.set('notes', big());
        return { headers: { 'Set-Cookie': 'own=1', 'X-Own': 'yes' }, body: session.get('notes') ?? 'none' };
      });
      const notes = big();
      const stored = await cookieOf({ notes });
      for (const [fails, cookie, method] of [
        ['get', stored, 'GET'],
        ['put', await cookieOf({ a: 1 }), 'POST'],
      ]) {
        store.state.fails = fails;
        const response = await ask(cookie, { method });
        store.state.fails = undefined;
        assert.equal(response.status, 503, fails);
        assert.match(response.headers.get('retry-after'), /^\d+$/);
        assert.match(await response.text(), /not available/);
        assert.deepEqual(response.headers.getSetCookie(), []);
        assert.equal(response.headers.get('x-own'), null);
        assertPrivate(response);
      }
      assert.equal(await (await ask(stored)).text(), notes);
    });

    test('a handler that throws changes nothing', async () => {
      const failing = session => {
        session.set('half', 'done');
        throw new Error('a bug');
      };
      const response = await (await serve(failing))(await cookieOf({ a: 1 }));
      assert.equal(response.status, 500);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assertPrivate(response);
      if (name === 'http') return;
      // Whatever makes an answer of the exception.
      const sorry = await (await serve(failing, { onError: '/sorry' }))(await cookieOf({ a: 1 }));
      assert.equal(sorry.status, 302);
      assert.deepEqual(sorry.headers.getSetCookie(), []);
    });

    test('two levels have one session and send one cookie', async () => {
      const now = Date.now() - 5 * 86_400_000;
      for (const [change, session] of [
        [session => session.set('n', 2), { n: 2 }],
        [session => session.destroy(), null],
        [() => {}, { n: 1 }],
      ]) {
        const ask = await serve(session => (change(session), {}), { nested: true });
        assert.deepEqual(await kept(await ask(await cookieOf({ n: 1 }, { now }))), { lines: 1, session });
      }
    });

    test('renewal waits for an ordinary answer', async () => {
      const now = Date.now() - 5 * 86_400_000;
      const cookie = await cookieOf({ a: 1 }, { now });
      for (const [status, method, lines] of [
        [200, 'GET', 1],
        [200, 'HEAD', 0],
        [304, 'GET', 0],
        [500, 'GET', 0],
      ]) {
        const ask = await serve(() => ({ status, body: status === 304 ? '' : 'x' }));
        assert.equal((await kept(await ask(cookie, { method }))).lines, lines, `${status} ${method}`);
      }
    });

    test('what the codec refuses to keep is 500, and the cookie stays', async () => {
      const ask = await serve(session => (session.set('notes', big()), { body: 'x' }), { sessions: createSessions({ keys: generateKey() , budget: 400 }) });
      const response = await ask();
      assert.equal(response.status, 500);
      assert.deepEqual(response.headers.getSetCookie(), []);
    });

    test('made when it is first needed, also later', async () => {
      let calls = 0;
      const keys = generateKey();
      const ask = await serve(session => ({ body: session.outcome }), { sessions: async () => (calls++, createSessions({ keys })) });
      assert.equal(calls, 0);
      assert.equal(await (await ask()).text(), 'absent');
      await ask();
      assert.equal(calls, 1);
    });
  });
}

test('http: an answer that asked for no session may be kept by all', async () => {
  const sessions = createSessions({ keys: generateKey() });
  const server = await listening(createServer(withSession(sessions, (request, response) => void response.end('public'))));
  const response = await fetch(port(server));
  assert.equal(await response.text(), 'public');
  assert.equal(response.headers.get('cache-control'), null);
  server.close();
});

test('http: headers as writeHead takes them, in each of its forms', async () => {
  const sessions = createSessions({ keys: generateKey() });
  for (const headers of [
    { 'Set-Cookie': ['a=1', 'b=2'], 'X-Own': 'yes' },
    ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Own', 'yes'],
    [['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'], ['X-Own', 'yes']],
  ]) {
    for (const message of [[], ['Fine']]) {
      const handler = async (request, response, session) => {
        (await session()).set('n', 1);
        response.setHeader('X-Before', 'yes');
        response.writeHead(201, ...message, headers).end('x');
      };
      const server = await listening(createServer(withSession(sessions, handler)));
      const response = await fetch(port(server));
      assert.deepEqual([response.status, response.statusText, response.headers.get('x-own'), response.headers.get('x-before')], [201, message[0] ?? 'Created', 'yes', 'yes']);
      const lines = response.headers.getSetCookie();
      assert.deepEqual(lines.slice(0, 2), ['a=1', 'b=2']);
      assert.match(lines[2], /^__Host-session=A/);
      server.close();
    }
  }
});
