// Sessions for everything that has a cookie to read and one to write: the jar, Next's App Router, and pkg/examples for
// SvelteKit, Astro and Nuxt.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { createApp, createRouter, eventHandler, toNodeListener } from 'h3';
import { createSessions, generateKey, memoryStore } from '../../pkg/dist/node.js';
import { withJar } from '../../pkg/dist/jar.js';
import { nextSession } from '../../pkg/dist/next.js';

const keys = generateKey();
const sessions = createSessions({ keys });
const big = () => Array.from(crypto.getRandomValues(new Uint32Array(1500)), String).join(' ');
const pairOf = line => line.slice(0, line.indexOf(';'));
const cookieOf = async (data, at) => pairOf(await sessions.save(sessions.codec.create(data, at), at));

/** A browser's cookies, as a jar. */
function browser(cookie) {
  const cookies = new Map(cookie === undefined ? [] : [cookie.split('=')]);
  const written = [];
  return {
    cookies,
    written,
    headers: {},
    read: name => cookies.get(name),
    write(name, value, attributes, line) {
      written.push({ name, attributes, line });
      if (attributes.maxAge === 0) cookies.delete(name);
      else cookies.set(name, value);
    },
    header(name, value) {
      this.headers[name] = value;
    },
  };
}

describe('the jar', () => {
  const withSession = withJar(sessions);

  test('reads, writes, and says what keeps the answer out of caches', async () => {
    const jar = browser();
    assert.equal(await withSession(jar, session => session.set('user', 1).get('user')), 1);
    assert.equal(await withSession(jar, async session => session.get('user')), 1);
    assert.equal(jar.written.length, 1);
    const [{ name, attributes, line }] = jar.written;
    assert.equal(name, '__Host-session');
    assert.deepEqual(attributes, { maxAge: 1_209_600, path: '/', secure: true, httpOnly: true, sameSite: 'lax' });
    assert.match(line, /^__Host-session=A/);
    assert.deepEqual(jar.headers, { 'Cache-Control': 'private, no-store', Vary: 'Cookie' });
    await withSession(jar, session => session.destroy());
    assert.equal(jar.cookies.size, 0);
    assert.ok(jar.written[1].attributes.expires.getTime() === 0);
  });

  test('every attribute comes as itself', async () => {
    const cookie = { name: '__Secure-s', path: '/app', domain: 'x.example', sameSite: 'none', partitioned: true, priority: 'high', httpOnly: false };
    const jar = browser();
    await withJar(createSessions({ keys, cookie, persistent: false }))(jar, session => void session.set('a', 1));
    const { name, ...attributes } = cookie;
    delete attributes.httpOnly;
    assert.deepEqual({ ...jar.written[0].attributes, name: undefined }, { ...attributes, secure: true, name: undefined });
    assert.equal(jar.written[0].name, name);
  });

  test('what throws changes nothing, but to redirect or to refuse is an answer', async () => {
    const failing = thrown => {
      const jar = browser();
      const work = session => {
        session.set('a', 1);
        throw thrown;
      };
      return withSession(jar, work).then(assert.fail, error => (assert.equal(error, thrown), jar.written.length));
    };
    for (const thrown of [new Error('x'), 'text', undefined, Object.assign(new Error('x'), { status: 403 }), new Response('', { status: 500 }), { status: 500 }, Object.assign(new Error(), { digest: 'DYNAMIC_SERVER_USAGE' })])
      assert.equal(await failing(thrown), 0);
    for (const thrown of [
      Response.redirect('https://x.example'),
      { status: 303, location: '/' },
      Object.assign(new Error('NEXT_REDIRECT'), { digest: 'NEXT_REDIRECT;push;/;307;' }),
      Object.assign(new Error(), { digest: 'NEXT_HTTP_ERROR_FALLBACK;404' }),
    ])
      assert.equal(await failing(thrown), 1);
  });

  test('without write a session is only to be read; afterwards, too', async () => {
    const jar = browser(await cookieOf({ user: 1 }));
    const change = session => session.set('user', 2);
    await assert.rejects(withSession({ read: jar.read }, change), { code: 'session_closed' });
    assert.equal(await withSession({ read: jar.read }, session => session.get('user')), 1);
    const late = await withSession(jar, session => session);
    assert.throws(() => change(late), { code: 'session_closed' });
  });

  test('a store that is down: an error that says 503, and nothing is written', async () => {
    const store = memoryStore();
    let fails = false;
    const down = name => async (...args) => {
      if (fails) throw new Error('down');
      return store[name](...args);
    };
    const withSession = withJar(createSessions({ keys, budget: 400, store: { get: down('get'), put: down('put'), delete: down('delete') } }));
    const jar = browser();
    await withSession(jar, session => void session.set('notes', big()));
    fails = true;
    const unavailable = { code: 'store_unavailable', status: 503, statusCode: 503 };
    await assert.rejects(withSession(jar, session => session.get('notes')), unavailable);
    await assert.rejects(withSession(browser(), session => void session.set('notes', big())), unavailable);
    assert.equal(jar.written.length, 1);
  });

  test('what is no jar is a TypeError', async () => {
    for (const jar of [undefined, {}, { read: 1 }, { read() {}, write: 1 }, { read() {}, header: 1 }])
      await assert.rejects(withSession(jar, () => {}), { name: 'TypeError', message: /^jar\./ });
    await assert.rejects(withSession(browser()), { name: 'TypeError', message: /^work/ });
  });
});

describe('Next', () => {
  const connection = async () => {};
  const asNext = jar => async () => ({
    get: name => (jar.cookies.has(name) ? { name, value: jar.cookies.get(name) } : undefined),
    set: jar.write,
  });

  test('server components read, server actions write, sessions are made when they are first needed', async () => {
    const jar = browser();
    let calls = 0;
    const { getSession, changeSession } = nextSession(() => (calls++, createSessions({ keys })), { cookies: asNext(jar), connection });
    assert.equal(calls, 0);
    await changeSession(session => void session.set('user', 1));
    const session = await getSession();
    assert.equal(session.get('user'), 1);
    assert.throws(() => session.set('user', 2), { code: 'session_closed' });
    assert.equal(calls, 1);
  });

  test('a page that is built before there are secrets depends on its request', async () => {
    const dynamic = new Error('dynamic');
    const { getSession, withSession } = nextSession(() => createSessions({ keys: undefined }), { cookies: () => Promise.reject(dynamic), connection });
    await assert.rejects(getSession(), dynamic);
    await assert.rejects(withSession(() => assert.fail())(new Request('https://x.example')), dynamic);
  });

  test('the proxy renews, and hands on what it renewed', async () => {
    const { sessionProxy } = nextSession(sessions, { cookies: async () => ({}), connection });
    const proxy = sessionProxy();
    const ask = (cookie, method = 'GET') => proxy(new Request('https://x.example', { method, headers: { ...(cookie && { cookie }) } }));
    const due = await cookieOf({ a: 1 }, { now: Date.now() - 5 * 86_400_000 });
    const renewed = await ask(due);
    const [line] = renewed.headers.getSetCookie();
    assert.match(line, /^__Host-session=A/);
    assert.equal(renewed.headers.get('x-middleware-set-cookie'), line);
    assert.equal(renewed.headers.get('x-middleware-next'), '1');
    assert.equal(renewed.headers.get('cache-control'), 'private, no-store');
    // Nothing to renew, or somebody else's to save: passed on as it came, and caches may keep what comes of it.
    for (const answer of [await ask(), await ask(await cookieOf({ a: 1 })), await ask(due, 'POST')])
      assert.deepEqual([...answer.headers], [['x-middleware-next', '1']]);
  });

  test('what is not given is said', () => {
    assert.throws(() => nextSession(sessions), { name: 'TypeError', message: /^cookies/ });
    assert.throws(() => nextSession(sessions, { cookies: async () => ({}) }), { name: 'TypeError', message: /^connection/ });
  });

  test('a proxy that answers itself', async () => {
    const { sessionProxy } = nextSession(sessions, { cookies: async () => ({}), connection });
    const proxy = sessionProxy((request, session) => (session.has('user') ? undefined : Response.redirect('https://x.example/login')));
    const ask = cookie => proxy(new Request('https://x.example', { headers: { ...(cookie && { cookie }) } }));
    assert.equal((await ask()).status, 302);
    assert.equal((await ask(await cookieOf({ user: 1 }))).headers.get('x-middleware-next'), '1');
    assert.equal((await ask()).headers.get('cache-control'), 'private, no-store');
  });
});

describe('examples', () => {
  process.env.SESSION_KEYS = keys;
  const due = () => cookieOf({ n: 1 }, { now: Date.now() - 5 * 86_400_000 });

  test('SvelteKit: the session is in locals, and saved with the answer', async () => {
    const { handle } = await import('../../pkg/examples/sveltekit.mjs');
    const ask = async (cookie, resolve) => {
      const event = { request: new Request('https://x.example', { headers: { ...(cookie && { cookie }) } }), locals: {} };
      return handle({ event, resolve: async event => resolve(event.locals.session) });
    };
    const answer = await ask(await due(), session => (session.set('n', 2), new Response('x')));
    assert.deepEqual((await sessions.load(pairOf(answer.headers.getSetCookie()[0]))).toJSON(), { n: 2 });
    assert.equal(answer.headers.get('cache-control'), 'private, no-store');
    await assert.rejects(ask(undefined, () => Promise.reject(new Error('x'))), { message: 'x' });
  });

  test('Astro: the session is in locals, and saved with the answer', async () => {
    const { onRequest } = await import('../../pkg/examples/astro.mjs');
    const context = { request: new Request('https://x.example', { headers: { cookie: await due() } }), locals: {} };
    const answer = await onRequest(context, async () => (context.locals.session.destroy(), new Response('x')));
    assert.match(answer.headers.getSetCookie()[0], /^__Host-session=; Max-Age=0/);
  });

  test('Nuxt: h3 reads and writes, and answers 503 by itself', async () => {
    const { withVisitor } = await import('../../pkg/examples/nuxt.mjs');
    const app = createApp({ onError() {} });
    const router = createRouter()
      .get('/count', eventHandler(event => withVisitor(event, session => session.set('n', (session.get('n') ?? 0) + 1).get('n'))))
      .get('/down', eventHandler(async event => {
        const store = { get() {}, put: () => Promise.reject(new Error('down')), delete() {} };
        const down = withJar(createSessions({ keys, budget: 400, store }));
        return down({ read: () => undefined, write: () => assert.fail() }, session => void session.set('notes', big()));
      }));
    app.use(router);
    const server = createServer(toNodeListener(app));
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${server.address().port}`;
    const one = await fetch(`${url}/count`);
    assert.equal(await one.text(), '1');
    assert.equal(one.headers.get('cache-control'), 'private, no-store');
    const two = await fetch(`${url}/count`, { headers: { cookie: pairOf(one.headers.getSetCookie()[0]) } });
    assert.equal(await two.text(), '2');
    assert.equal((await fetch(`${url}/down`)).status, 503);
    server.close();
  });
});
