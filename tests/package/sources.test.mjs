// Asked for a session, given one or an error: whatever people have in hand. And where an adapter's sessions come from.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { Hono } from 'hono';
import { createSessions, generateKey, memoryStore } from '../../pkg/dist/node.js';
import { withSession } from '../../pkg/dist/fetch.js';
import { session as honoSession } from '../../pkg/dist/hono.js';
import { createSessionStorage, sessionMiddleware } from '../../pkg/dist/react-router.js';

const keys = generateKey();
const sessions = createSessions({ keys });
const cookie = (await sessions.save(sessions.codec.create({ user: 1 }))).split(';')[0];
const [name, value] = cookie.split('=');
const only = given => wanted => (wanted === name ? given : undefined);

describe('load takes', () => {
  const sources = {
    'a Request': new Request('https://x.example/', { headers: { cookie } }),
    'its headers': new Headers({ cookie }),
    'headers of another making': { get: asked => (asked === 'cookie' ? cookie : null), getSetCookie: () => [] },
    'the text of a Cookie header': `theme=dark; ${cookie}`,
    'Node’s headers': { host: 'x.example', cookie },
    'headers in other letters': { Cookie: cookie },
    'an object with headers': { method: 'GET', headers: { cookie } },
    'an event of AWS Lambda': { version: '2.0', headers: { host: 'x' }, cookies: ['theme=dark', cookie] },
    'Next’s cookies()': { get: only({ name, value }), getAll: () => [], has: () => true, size: 1 },
    'cookies() that nobody awaited': Promise.resolve({ get: only({ name, value }) }),
    'SvelteKit’s cookies': { get: only(value), set() {}, delete() {}, serialize() {} },
    'Astro’s cookies': { get: only({ value, json() {}, boolean() {} }), headers() {}, set() {} },
    'h3, by hand': { get: only(value) },
    CookieStore: { get: async asked => only({ name, value })(asked) ?? null },
    'a Map': new Map([[name, value]]),
    'cookies that somebody has read': Object.assign(Object.create(null), { theme: 'dark', [name]: value }),
  };
  for (const [what, from] of Object.entries(sources)) {
    test(what, async () => assert.equal((await sessions.load(from)).get('user'), 1));
  }

  test('Node’s IncomingMessage', async () => {
    const server = createServer(async (request, response) => {
      const [one, two] = [await sessions.load(request), await sessions.load(request)];
      response.end(JSON.stringify([one.get('user'), one === two]));
    });
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    const answer = await fetch(`http://127.0.0.1:${server.address().port}`, { headers: { cookie } });
    assert.deepEqual(await answer.json(), [1, true]);
    server.close();
  });

  test('Django’s cookie and the one of before from a jar, too', async () => {
    const former = createSessions({ keys, cookie: { name: 'old' } });
    const [, old] = (await former.save(former.codec.create({ user: 2 }))).split(';')[0].split('=');
    const both = createSessions({ keys, formerCookie: { name: 'old', until: new Date('2099-01-01') } });
    assert.equal((await both.load(new Map([['old', old]]))).get('user'), 2);
  });

  for (const [what, nothing] of Object.entries({ null: null, undefined, 'an empty text': '', 'empty headers': new Headers(), 'no headers': {}, 'an empty jar': new Map(), 'a request without': new Request('https://x.example') })) {
    test(`no cookie: ${what}`, async () => assert.equal((await sessions.load(nothing)).outcome, 'absent'));
  }

  const others = {
    'a number': 1,
    true: true,
    'a function': () => cookie,
    'an array': [cookie],
    'a Response': new Response('', { headers: { cookie } }),
    'an answer with headers': { status: 200, headers: new Headers({ cookie }) },
    FormData: new FormData(),
    URLSearchParams: new URLSearchParams(cookie),
    'Hono’s context': { req: { raw: new Request('https://x.example') }, get() {}, set() {} },
    'SvelteKit’s event': { request: new Request('https://x.example'), cookies: {} },
    'Express’ cookies() with objects': { cart: { a: 1 } },
    'a jar of something else': { get: () => 1 },
    'an object of a class': new (class Visitor {})(),
    'a Date': new Date(),
  };
  for (const [what, from] of Object.entries(others)) {
    test(`not ${what}: a TypeError`, () => assert.rejects(sessions.load(from), { name: 'TypeError', message: /^from must be a Request/ }));
  }
});

// Each adapter with a function, and what asks it once with an environment.
const adapters = {
  fetch: make => {
    const handle = withSession(make, async (request, session) => new Response(String((await session()).get('user'))));
    return environment => handle(new Request('https://x.example', { headers: { cookie } }), environment);
  },
  Hono: make => {
    const app = new Hono().use(honoSession(make)).get('/', c => c.text(String(c.var.session.get('user'))));
    return environment => app.request('/', { headers: { cookie } }, environment);
  },
  'React Router’s storage': make => {
    const { getSession } = createSessionStorage(make);
    return async () => new Response(String((await getSession(cookie)).get('user')));
  },
  'React Router’s middleware': make => {
    const middleware = sessionMiddleware(make, {});
    return () => {
      let visitor;
      const context = { set: (_, session) => (visitor = session) };
      const request = new Request('https://x.example', { headers: { cookie } });
      return middleware({ request, context }, async () => new Response(String(visitor.get('user'))));
    };
  },
};

for (const [what, adapt] of Object.entries(adapters)) {
  describe(`${what}: a function that makes the sessions`, () => {
    for (const kind of ['at once', 'later']) {
      const counted = calls => (kind === 'at once' ? () => (calls.push(1), createSessions({ keys })) : async () => (calls.push(1), createSessions({ keys })));

      test(`${kind}: when they are first needed, and once a process`, async () => {
        const calls = [];
        const ask = adapt(counted(calls));
        assert.equal(calls.length, 0);
        // What Node's, Deno's and AWS' servers give with every request.
        const perRequest = [() => ({ incoming: {}, outgoing: {} }), () => ({ remoteAddr: {}, completed: Promise.resolve() }), () => ({ event: {}, lambdaContext: {} }), () => undefined, () => ({})];
        const answers = await Promise.all([...perRequest, ...perRequest].map(environment => ask(environment())));
        for (const answer of answers) assert.equal(await answer.text(), '1');
        assert.equal(calls.length, 1);
      });
    }

    test('one that fails is asked again', async () => {
      let calls = 0;
      const ask = adapt(async () => {
        if (calls++ === 0) throw new Error('no secret yet');
        return createSessions({ keys });
      });
      await Promise.resolve(ask()).then(answer => assert.equal(answer.status, 500), error => assert.equal(error.message, 'no secret yet'));
      assert.equal(await (await ask()).text(), '1');
    });
  });
}

for (const what of ['fetch', 'Hono']) {
  test(`${what}: once for each environment of a Worker`, async () => {
    const calls = [];
    const ask = adapters[what](() => (calls.push(1), createSessions({ keys, store: memoryStore() })));
    const environments = [{ SESSION_KEYS: 'x', SESSIONS: {} }, { SESSION_KEYS: 'y', SESSIONS: {} }];
    for (const environment of [...environments, ...environments]) assert.equal(await (await ask(environment)).text(), '1');
    assert.equal(calls.length, 2);
  });
}

test('a function that gives something else is a TypeError', async () => {
  const handle = withSession(() => ({ load() {} }), async (request, session) => new Response(String(await session())));
  await assert.rejects(handle(new Request('https://x.example')), { name: 'TypeError', message: /^sessions: / });
});
