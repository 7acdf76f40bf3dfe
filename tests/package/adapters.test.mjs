// The adapters round the real libraries: pkg/examples, and what each must do when things go wrong.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { createContext } from 'react-router';
import { createSessions, generateKey, memoryStore } from '../../pkg/dist/node.js';
import { withSession } from '../../pkg/dist/fetch.js';
import { session as honoSession } from '../../pkg/dist/hono.js';
import { createSessionStorage, sessionMiddleware } from '../../pkg/dist/react-router.js';
import cartApp from '../../pkg/examples/hono.mjs';
import counter from '../../pkg/examples/fetch.mjs';
import { router } from './react-router.mjs';

/** What a Worker's KV binding does, in this process. */
function namespace() {
  const records = new Map();
  return {
    records,
    get: async key => records.get(key)?.buffer ?? null,
    put: async (key, value) => void records.set(key, Uint8Array.from(value)),
    delete: async key => void records.delete(key),
  };
}

/** A browser's jar for one cookie, and requests with it. */
function visitor(handle) {
  let cookie;
  return async (path, init = {}) => {
    const request = new Request(`https://shop.example${path}`, { ...init, redirect: 'manual' });
    if (cookie) request.headers.set('Cookie', cookie);
    const response = await handle(request);
    const [line] = response.headers.getSetCookie();
    if (line) cookie = /Max-Age=0|expires=Thu, 01 Jan 1970/i.test(line) ? undefined : line.split(';')[0];
    return response;
  };
}

function assertPrivate(response) {
  assert.equal(response.headers.get('Cache-Control'), 'private, no-store');
  assert.match(response.headers.get('Vary') ?? '', /(^|, *)cookie(,|$)/i);
}

function assertUnavailable(response) {
  assert.equal(response.status, 503);
  assert.match(response.headers.get('Retry-After'), /^\d+$/);
  assert.deepEqual(response.headers.getSetCookie(), []);
  assertPrivate(response);
}

const assertPublic = response => {
  assert.equal(response.headers.get('Cache-Control'), null);
  assert.equal(response.headers.get('Vary'), null);
  assert.deepEqual(response.headers.getSetCookie(), []);
};

/** A store that works until it is told not to, and remembers what happened in which order. */
function unsteadyStore() {
  const store = memoryStore();
  const state = { fails: undefined, log: [] };
  const call =
    name =>
    async (...args) => {
      if (state.fails === name || state.fails === 'all') throw new Error('the store is down');
      const result = await store[name](...args);
      state.log.push(name);
      return result;
    };
  return { state, get: call('get'), put: call('put'), delete: call('delete') };
}

const big = () => Array.from(crypto.getRandomValues(new Uint32Array(1500)), String).join(' ');

describe('examples', () => {
  test('fetch: a counter', async () => {
    const env = { SESSION_KEYS: generateKey(), SESSIONS: namespace() };
    const visit = visitor(request => counter.fetch(request, env, {}));
    assertPublic(await visit('/about'));
    for (const count of [1, 2, 3]) {
      const response = await visit('/');
      assert.equal(await response.text(), `visit ${count}`);
      assertPrivate(response);
      assert.match(response.headers.getSetCookie()[0], /^__Host-session=[\w-]+;/);
    }
    assertPublic(await visit('/about'));
    assert.match((await visit('/forget')).headers.getSetCookie()[0], /^__Host-session=;/);
    assert.equal(await (await visit('/')).text(), 'visit 1');
  });

  test('Hono: a cart', async () => {
    const env = { SESSION_KEYS: generateKey(), SESSIONS: namespace() };
    const visit = visitor(request => cartApp.fetch(request, env));
    assertPublic(await visit('/'));
    for (const item of ['kettle', 'cup']) {
      const response = await visit(`/cart/${item}`, { method: 'POST' });
      assert.equal(response.status, 302);
      assert.equal(response.headers.getSetCookie().length, 1);
      assertPrivate(response);
    }
    const read = await visit('/cart/');
    assert.deepEqual(await read.json(), ['kettle', 'cup']);
    assert.deepEqual(read.headers.getSetCookie(), []);
    assertPrivate(read);
    await visit('/cart/checkout/done', { method: 'POST' });
    assert.deepEqual(await (await visit('/cart/')).json(), []);
  });

  test('React Router: log in with a flash message, a page with the middleware, log out', async () => {
    process.env.SESSION_KEYS = generateKey();
    const { login, logout, account } = await import('../../pkg/examples/react-router.mjs');
    const visit = visitor(router({ login, logout, account }));
    const form = password => ({ method: 'POST', body: new URLSearchParams({ name: 'ada', password }) });
    const wrong = await visit('/login', form('wrong'));
    assert.equal(wrong.headers.get('Location'), '/login');
    assertPrivate(wrong);
    assert.deepEqual(await (await visit('/login')).json(), { error: 'Wrong password.' });
    assert.deepEqual(await (await visit('/login')).json(), { error: null });
    const right = await visit('/login', form('lovelace'));
    assert.equal(right.headers.get('Location'), '/account');
    for (const seen of [1, 2]) {
      const page = await visit('/account');
      assertPrivate(page);
      assert.deepEqual(await page.json(), { user: 'ada', seen });
    }
    await visit('/logout', { method: 'POST' });
    assert.deepEqual(await (await visit('/account')).json(), { user: null, seen: 1 });
  });
});

test('React Router: the middleware of a parent and of its child share the session', async () => {
  const sessions = createSessions({ keys: generateKey() });
  const context = createContext();
  const middleware = change => [sessionMiddleware(sessions, context), ({ context: provider }) => change(provider.get(context))];
  const now = Date.now() - 5 * 86_400_000;
  for (const [change, wanted] of [
    [session => session.set('n', 2), { n: 2, trace: 1 }],
    [session => session.destroy(), null],
  ]) {
    const handle = router({
      parent: { middleware: middleware(session => void session.set('trace', 1)), loader: () => null },
      child: { parentId: 'parent', middleware: middleware(session => void change(session)), loader: () => new Response('x') },
    });
    // Due to be renewed, so that each would send a line of its own.
    const line = await sessions.save(sessions.codec.create({ n: 1 }, { now }), { now });
    const response = await handle(new Request('https://shop.example/parent/child', { headers: { Cookie: line.split(';')[0] } }));
    const lines = response.headers.getSetCookie();
    assert.equal(lines.length, 1);
    const kept = await sessions.load(lines[0].split(';')[0]);
    assert.deepEqual(kept.outcome === 'session' ? kept.toJSON() : null, wanted);
  }
});

// The same rules for all: each adapter with a handler that does what the test says.
const adapters = {
  fetch: (sessions, use) => withSession(sessions, async (request, session) => use(await session(), request)),
  hono: (sessions, use) => {
    const app = new Hono();
    app.onError((error, c) => c.text('failed', 500));
    app.use(honoSession(sessions));
    app.all('*', c => use(c.var.session, c.req.raw));
    return app.fetch;
  },
  'react-router middleware': (sessions, use) => {
    const context = createContext();
    const act = ({ request, context: provider }) => use(provider.get(context), request);
    return router({ page: { middleware: [sessionMiddleware(sessions, context)], loader: act, action: act } });
  },
};

for (const [name, adapt] of Object.entries(adapters)) {
  describe(name, () => {
    let store, sessions, use, visit;
    before(() => {
      store = unsteadyStore();
      sessions = createSessions({ keys: generateKey(), store, budget: 400 });
      visit = visitor(adapt(sessions, (...args) => use(...args)));
    });

    test('a session that no cookie holds: stored, confirmed, then Set-Cookie', async () => {
      use = session => {
        session.set('name', 'ada').set('notes', big());
        return new Response('written', { headers: { Vary: 'Accept', 'Set-Cookie': 'theme=dark' } });
      };
      store.state.log.length = 0;
      const response = await visit('/page');
      assert.equal(response.status, 200);
      assert.deepEqual(store.state.log, ['put']);
      const lines = response.headers.getSetCookie();
      assert.equal(lines.length, 2, lines.join(' | '));
      assert.ok(lines.includes('theme=dark'), 'the handler’s own cookies stay');
      assert.match(response.headers.get('Vary'), /Accept/);
      assertPrivate(response);
    });

    // The jar above took the first line, so from here on the session cookie is made directly.
    const cookieOf = async data => (await sessions.save(sessions.codec.create(data))).split(';')[0];
    const send = (handle, cookie, init = {}) =>
      handle(
        new Request('https://shop.example/page', { ...init, headers: { ...init.headers, Cookie: cookie } }),
      );

    test('a store that is down: 503, and the session is there again afterwards', async () => {
      const handle = adapt(sessions, session => new Response(session.get('notes')));
      const notes = big();
      const cookie = await cookieOf({ notes });
      store.state.fails = 'get';
      assertUnavailable(await send(handle, cookie));
      store.state.fails = undefined;
      const response = await send(handle, cookie);
      assert.equal(await response.text(), notes);
      assertPrivate(response);
    });

    test('a change that the store does not confirm: 503 and no Set-Cookie', async () => {
      const handle = adapt(sessions, session => {
        session.set('notes', big());
        return new Response('written');
      });
      const cookie = await cookieOf({ name: 'ada' });
      store.state.fails = 'put';
      assertUnavailable(await send(handle, cookie));
      store.state.fails = undefined;
    });

    test('forged, cut, and twice different: a new session, never an error', async () => {
      const handle = adapt(sessions, session => new Response(session.outcome));
      const [a, b] = [await cookieOf({ a: 1 }), await cookieOf({ b: 1 })];
      for (const [cookie, outcome] of [
        [`${a.slice(0, -4)}AAAA`, 'rejected'],
        ['__Host-session=x', 'rejected'],
        [`${a}; ${b}`, 'conflict'],
        ['other=1', 'absent'],
      ]) {
        const response = await send(handle, cookie);
        assert.equal(response.status, 200);
        assert.equal(await response.text(), outcome);
        assertPrivate(response);
      }
    });

    test('a handler that throws changes nothing', async () => {
      const handle = adapt(sessions, session => {
        session.set('half', 'done');
        throw new Error('a bug');
      });
      const cookie = await cookieOf({ a: 1 });
      const response = await send(handle, cookie).catch(error => error);
      if (response instanceof Error) assert.equal(response.message, 'a bug');
      else {
        assert.equal(response.status, 500);
        assert.deepEqual(response.headers.getSetCookie(), []);
        assertPrivate(response);
      }
    });

    test('log out', async () => {
      const handle = adapt(sessions, session => {
        session.destroy();
        return new Response('bye');
      });
      const response = await send(handle, await cookieOf({ a: 1 }), { method: 'POST' });
      assert.match(response.headers.getSetCookie()[0], /^__Host-session=;/);
      assertPrivate(response);
    });

    test('renewal waits for an ordinary answer', async () => {
      const old = Date.now() - 5 * 86_400_000;
      const cookie = (await sessions.save(sessions.codec.create({ a: 1 }, { now: old }), { now: old })).split(
        ';',
      )[0];
      const answer = (status, method) =>
        send(
          adapt(sessions, () => new Response(status === 304 ? null : 'x', { status })),
          cookie,
          { method },
        );
      assert.equal((await answer(200, 'GET')).headers.getSetCookie().length, 1);
      for (const [status, method] of [
        [200, 'HEAD'],
        [304, 'GET'],
        [500, 'GET'],
      ]) {
        const response = await answer(status, method);
        assert.deepEqual(response.headers.getSetCookie(), [], `${status} ${method}`);
        assertPrivate(response);
      }
    });

    test('an answer with a session, read or written, is in no cache’s keeping, whatever the handler said', async () => {
      const said = {
        'Cache-Control': 'Public, max-age=600, No-Transform, x="a, b"',
        'CDN-Cache-Control': 'max-age=600',
        'Cloudflare-CDN-Cache-Control': 'max-age=600',
        'Netlify-CDN-Cache-Control': 'max-age=600',
        'X-LiteSpeed-Cache-Control': 'public',
        'Surrogate-Control': 'max-age=600',
        'X-Surrogate-Control': 'max-age=600',
        'Edge-Control': '!no-store, max-age=600',
        'X-Accel-Expires': '600',
        'X-Reverse-Proxy-TTL': '600',
        Expires: 'Thu, 01 Dec 2039 16:00:00 GMT',
        'X-Accel-Buffering': 'no',
        'Cache-Tag': 'page',
        Vary: 'Accept',
      };
      for (const change of [() => {}, session => session.set('a', 2), session => session.destroy()]) {
        const handle = adapt(sessions, session => {
          change(session);
          return new Response('x', { headers: said });
        });
        const { headers } = await send(handle, await cookieOf({ a: 1 }));
        const kept = Object.keys(said).filter(name => headers.has(name));
        assert.deepEqual(kept, ['Cache-Control', 'X-Accel-Buffering', 'Cache-Tag', 'Vary']);
        assert.equal(headers.get('Cache-Control'), 'private, no-store, no-transform');
        assert.equal(headers.get('Vary'), 'Accept, Cookie');
      }
    });

    test('a bug in the configuration of the adapter says which argument', () => {
      assert.throws(() => adapt({}, () => new Response()), { name: 'TypeError', message: /^sessions: / });
    });
  });
}

describe('React Router’s SessionStorage', () => {
  const make = options => createSessionStorage(createSessions({ keys: generateKey(), ...options }));

  test('is what React Router takes for a session', async () => {
    const { isSession } = await import('react-router');
    const session = await make().getSession(null);
    assert.equal(isSession(session), true);
    assert.equal(session.id, '');
    session.set('a', { b: [1] });
    session.flash('once', 0);
    assert.deepEqual([session.has('a'), session.has('once'), session.has('c')], [true, true, false]);
    assert.deepEqual(session.get('a'), { b: [1] });
    assert.deepEqual([session.get('once'), session.get('once')], [0, undefined]);
    session.unset('a');
    assert.deepEqual(session.data, {});
  });

  test('commits an unchanged session, too, as React Router does', async () => {
    const storage = make();
    const first = await storage.getSession();
    first.set('a', 1);
    const line = await storage.commitSession(first);
    const again = await storage.getSession(line.split(';')[0]);
    assert.match(await storage.commitSession(again), /^__Host-session=[\w-]+;/);
    assert.match(await storage.destroySession(again), /^__Host-session=;/);
    assert.match(await storage.destroySession(await storage.getSession(null)), /^__Host-session=;/);
  });

  test('persistent: false lets the browser forget it when it closes', async () => {
    const storage = make();
    const session = await storage.getSession();
    session.set('a', 1);
    assert.match(await storage.commitSession(session), /Max-Age=\d+/);
    assert.doesNotMatch(await storage.commitSession(session, { persistent: false }), /Max-Age|Expires/i);
  });

  test('attributes in options, and sessions of somebody else, are errors with a name', async () => {
    const storage = make();
    const session = await storage.getSession();
    await assert.rejects(storage.commitSession(session, { domain: 'shop.example' }), {
      name: 'TypeError',
      message: /^options\.domain/,
    });
    const { createSession } = await import('react-router');
    await assert.rejects(storage.commitSession(createSession()), {
      name: 'TypeError',
      message: /^session: /,
    });
  });

  test('a store that is down: a Response 503 is thrown, for reading and for writing', async () => {
    const store = unsteadyStore();
    const storage = make({ store, budget: 400 });
    const session = await storage.getSession();
    session.set('notes', big());
    store.state.fails = 'put';
    assertUnavailable(await storage.commitSession(session).catch(thrown => thrown));
    store.state.fails = undefined;
    const line = await storage.commitSession(session);
    store.state.fails = 'get';
    assertUnavailable(await storage.getSession(line.split(';')[0]).catch(thrown => thrown));
    // As React Router answers with it.
    const handle = router({
      page: { loader: ({ request }) => storage.getSession(request.headers.get('Cookie')) },
    });
    assertUnavailable(
      await handle(new Request('https://shop.example/page', { headers: { Cookie: line.split(';')[0] } })),
    );
  });

  test('headers', () => {
    const storage = make();
    assertPrivate({ headers: storage.headers() });
    assert.deepEqual(storage.headers('a=b').getSetCookie(), ['a=b']);
  });
});

test('in TypeScript', () => {
  const path = relative => fileURLToPath(new URL(relative, import.meta.url));
  const compiler = path('./node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '-p', path('./types')], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
});
