// Whose an answer is, and whose a session: nothing that a caller gave is changed in place, and a request has one session.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { createSessions, generateKey, memoryStore } from '../../pkg/dist/node.js';
import { withSession } from '../../pkg/dist/fetch.js';
import { session as honoSession } from '../../pkg/dist/hono.js';
import { createSessionStorage } from '../../pkg/dist/react-router.js';

const DAY = 86_400_000;
const make = options => createSessions({ keys: generateKey(), ...options });
const pairOf = line => line.slice(0, line.indexOf(';'));
const cookieOf = async (sessions, data) => pairOf(await sessions.save(sessions.codec.create(data)));
/** A cookie that is due to be renewed. */
const dueCookie = async (sessions, data) => {
  const at = { now: Date.now() - 5 * DAY };
  return pairOf(await sessions.save(sessions.codec.create(data, at), at));
};
const ask = (handle, cookie, path = '/', init = {}) =>
  handle(new Request(`https://x.example${path}`, { ...init, headers: { ...init.headers, ...(cookie && { cookie }) } }));
/** What a browser keeps of the answer. */
async function kept(sessions, response, before) {
  const lines = response.headers.getSetCookie().filter(line => line.startsWith(`${sessions.codec.cookieName}=`));
  const session = await sessions.load(lines.length === 0 ? before : pairOf(lines.at(-1)));
  return { lines: lines.length, session: session.outcome === 'session' ? session.toJSON() : null };
}

// The same tests for each: a handler within sessions, `depth` times.
const nestings = {
  fetch(sessions, handler, depth = 1) {
    let handle = withSession(sessions, async (request, session) => handler(await session(), request));
    for (let level = 1; level < depth; level++) {
      const inner = handle;
      handle = withSession(sessions, async (request, session) => {
        await session();
        return inner(request);
      });
    }
    return handle;
  },
  Hono(sessions, handler, depth = 1, onError = (error, c) => c.text('failed', 500)) {
    const app = new Hono();
    app.onError(onError);
    for (let level = 0; level < depth; level++) app.use(honoSession(sessions));
    app.all('*', c => handler(c.var.session, c.req.raw));
    return app.fetch;
  },
};

for (const [name, nested] of Object.entries(nestings)) {
  describe(name, () => {
    test('an answer that is made once and given to everybody stays nobody’s', async () => {
      const sessions = make();
      for (const constant of [
        new Response(null, { status: 303, headers: { location: '/' } }),
        new Response(null, { status: 204 }),
        Response.redirect('https://x.example/'),
      ]) {
        const before = [...constant.headers];
        const handle = nested(sessions, (session, { url }) => {
          const user = new URL(url).searchParams.get('login');
          if (user) session.set('user', user);
          return constant;
        });
        assert.deepEqual((await kept(sessions, await ask(handle, undefined, '/?login=alice'))).session, { user: 'alice' });
        assert.equal((await ask(handle)).headers.getSetCookie().length, 0);
        assert.deepEqual([...constant.headers], before);
      }
    });

    for (const depth of [2, 3]) {
      test(`${depth} levels have one session and send one cookie, the last state`, async () => {
        const sessions = make();
        const changes = {
          count: session => session.set('n', session.get('n') + 1),
          leave: session => session.destroy(),
          nothing: () => {},
        };
        const wanted = { count: { n: 2 }, leave: null, nothing: { n: 1 } };
        for (const [change, work] of Object.entries(changes)) {
          const handle = nested(sessions, session => (work(session), new Response('x')), depth);
          const cookie = await dueCookie(sessions, { n: 1 });
          const result = await kept(sessions, await ask(handle, cookie), cookie);
          assert.deepEqual(result, { lines: 1, session: wanted[change] }, change);
        }
      });

      test(`${depth} levels, each with a function that makes the same sessions`, async () => {
        const keys = generateKey();
        let calls = 0;
        const handle = nested(() => (calls++, createSessions({ keys })), session => (session.destroy(), new Response('x')), depth);
        const sessions = createSessions({ keys });
        const cookie = await dueCookie(sessions, { n: 1 });
        assert.deepEqual(await kept(sessions, await ask(handle, cookie), cookie), { lines: 1, session: null });
        assert.equal(calls, depth);
      });
    }

    test('what a handler loads and commits by itself is the same session', async () => {
      const sessions = make();
      const handle = nested(sessions, async (session, request) => {
        const own = await sessions.load(request);
        assert.equal(own, session);
        own.set('n', 2);
        return sessions.commit(own, new Response('x'));
      });
      const cookie = await dueCookie(sessions, { n: 1 });
      assert.deepEqual(await kept(sessions, await ask(handle, cookie), cookie), { lines: 1, session: { n: 2 } });
    });

    test('another session of the same request is never undone', async () => {
      const sessions = make();
      // As a framework does that hands on a new Request.
      const aside = new Hono().all('*', async c => {
        const own = await sessions.load(c.req.raw.headers.get('cookie'));
        own.destroy();
        return sessions.commit(own, new Response('x'));
      });
      const cookie = await dueCookie(sessions, { n: 1 });
      const quiet = nested(sessions, (session, request) => aside.fetch(new Request(request)));
      assert.deepEqual(await kept(sessions, await ask(quiet, cookie), cookie), { lines: 1, session: null });
    });

    test('a Request that is handled once more is another visit', async () => {
      const sessions = make();
      const handle = nested(sessions, session => (session.set('n', (session.get('n') ?? 0) + 1), new Response(String(session.get('n')))));
      const request = new Request('https://x.example/');
      assert.equal(await (await handle(request)).text(), '1');
      assert.equal(await (await handle(request)).text(), '1');
    });

    test('after the answer a change is an error, not a loss', async () => {
      const sessions = make();
      let late;
      const handle = nested(sessions, session => ((late = session), new Response('x')));
      await ask(handle, await cookieOf(sessions, { n: 1 }));
      assert.equal(late.get('n'), 1);
      for (const change of [() => late.set('n', 2), () => late.delete('n'), () => late.clear(), () => late.destroy(), () => late.restart(), () => (late.persistent = false)])
        assert.throws(change, { code: 'session_closed' });
    });
  });
}

describe('a handler that throws changes nothing', () => {
  const failing = session => {
    session.set('paid', true);
    throw new Error('the bank is down');
  };

  test('Hono, whatever onError answers, at any depth', async () => {
    const sessions = make();
    for (const onError of [(error, c) => c.redirect('/sorry'), (error, c) => c.text('sorry', 200), (error, c) => c.json({}, 422)]) {
      for (const depth of [1, 2]) {
        const handle = nestings.Hono(sessions, failing, depth, onError);
        const response = await ask(handle, await cookieOf(sessions, { n: 1 }), '/', { method: 'POST' });
        assert.deepEqual(response.headers.getSetCookie(), []);
        assert.equal(response.headers.get('cache-control'), 'private, no-store');
      }
    }
  });

  test('Hono: an application within, with an onError of its own', async () => {
    const sessions = make();
    const within = new Hono();
    within.onError((error, c) => c.text('sorry'));
    within.all('*', c => failing(c.var.session));
    const app = new Hono().use(honoSession(sessions)).route('/shop', within);
    assert.deepEqual((await ask(app.fetch, undefined, '/shop/pay')).headers.getSetCookie(), []);
  });

  test('Hono: an HTTPException below 500 is an answer', async () => {
    const sessions = make();
    const answer = status =>
      ask(nestings.Hono(sessions, session => {
        session.set('message', 'Log in first.');
        throw new HTTPException(status);
      }, 1, error => error.getResponse()));
    assert.equal((await answer(403)).headers.getSetCookie().length, 1);
    assert.equal((await answer(503)).headers.getSetCookie().length, 0);
  });

  test('fetch: an outer handler makes an answer of it', async () => {
    const sessions = make();
    const inner = nestings.fetch(sessions, failing);
    for (const asksItself of [true, false]) {
      const handle = withSession(sessions, async (request, session) => {
        if (asksItself) await session();
        return inner(request).catch(() => new Response('sorry'));
      });
      const response = await ask(handle, await cookieOf(sessions, { n: 1 }));
      assert.equal(await response.text(), 'sorry');
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
  });
});

test('what a session begins with, and a schema’s default, stay everybody’s', async () => {
  const BEGINNING = { cart: [], profile: { tags: [] } };
  const shared = structuredClone(BEGINNING);
  const schema = {
    '~standard': { version: 1, vendor: 'x', validate: value => ({ value: { ...BEGINNING, ...value } }) },
  };
  const sessions = make();
  const under = createSessions({ keys: generateKey(), schema });
  const opened = await under.load(pairOf(await under.save(under.codec.create({ n: 1 }))));
  for (const session of [sessions.codec.create(BEGINNING), under.codec.create(BEGINNING), opened]) {
    session.get('cart').push('of Alice');
    for (const [key, value] of session) if (key === 'profile') value.tags.push('of Alice');
    assert.deepEqual(session.get('cart'), ['of Alice']);
    const gate = session === opened ? under : sessions;
    const kept = await gate.load(pairOf(gate.codec.seal(session).setCookie));
    assert.deepEqual([kept.get('cart'), kept.get('profile')], [['of Alice'], { tags: ['of Alice'] }]);
  }
  assert.deepEqual(BEGINNING, shared);
});

test('commit copies, saves once, and leaves a cookie alone that another session set', async () => {
  const puts = [];
  const store = memoryStore();
  const sessions = make({ store: { ...store, put: (...args) => (puts.push(args[0]), store.put(...args)) } });
  const session = await sessions.load(new Request('https://x.example/'));
  session.set('noise', Array.from({ length: 3000 }, (_, n) => (n * 7919) % 104729));
  const given = new Response('x');
  const first = await sessions.commit(session, given);
  assert.notEqual(first, given);
  assert.deepEqual([...given.headers].filter(([name]) => name === 'set-cookie'), []);
  // The same again, over the same answer and over another one.
  assert.deepEqual((await sessions.commit(session, first)).headers.getSetCookie(), first.headers.getSetCookie());
  assert.deepEqual((await sessions.commit(session, new Response('y'))).headers.getSetCookie(), first.headers.getSetCookie());
  assert.equal(puts.length, 1);
  const other = sessions.codec.create({ a: 1 });
  await assert.rejects(sessions.commit(other, new Response('x', { headers: { 'set-cookie': `${sessions.codec.cookieName}=x` } })), {
    code: 'set_twice',
  });
});

test('React Router: after commitSession a change is an error', async () => {
  const storage = createSessionStorage(make());
  const session = await storage.getSession();
  session.flash('message', 'Saved.');
  const line = await storage.commitSession(session);
  const next = await storage.getSession(pairOf(line));
  await storage.commitSession(next);
  for (const change of [() => next.set('a', 1), () => next.flash('b', 1), () => next.get('message'), () => next.unset('message')])
    assert.throws(change, { code: 'session_closed' });
});
