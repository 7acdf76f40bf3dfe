// Sessions that are bound to their device, through every adapter: what browsers do is done by their key alone
// (device-key.mjs), and in device-browser.test.mjs by Chromium.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { describe, mock, test } from 'node:test';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { createContext } from 'react-router';
import { createSessions, generateKey, kvStore, memoryStore } from '../../pkg/dist/node.js';
import { withSession } from '../../pkg/dist/fetch.js';
import { session as honoSession } from '../../pkg/dist/hono.js';
import { nextSession } from '../../pkg/dist/next.js';
import { expressFailed, expressSession, fastifySession, koaSession, withSession as withNodeSession } from '../../pkg/dist/node-adapter.js';
import { sessionMiddleware } from '../../pkg/dist/react-router.js';
import { challengeIn } from './device-key.mjs';
import { COOKIE, DEVICE, PAGE, REFRESH, REGISTER, boundFromLogInToLogOut, boundVisitor, visitor } from './device-visitor.mjs';
import { router } from './react-router.mjs';

/** A store whose reads and writes are counted, and that can be told to fail. */
function countedStore() {
  const store = memoryStore();
  const counted = { reads: 0, writes: 0, isDown: false };
  const call = async (kind, name, args) => {
    counted[kind] += 1;
    if (counted.isDown) throw new Error('the store is down');
    return store[name](...args);
  };
  return Object.assign(counted, {
    get: (...args) => call('reads', 'get', args),
    put: (...args) => call('writes', 'put', args),
    delete: (...args) => call('writes', 'delete', args),
  });
}

function bound(store = countedStore(), device = {}) {
  const events = [];
  const sessions = createSessions({
    keys: generateKey(),
    store,
    device: { mode: 'bound', userKey: 'user', seconds: 180, publicPaths: ['/static/'], report: event => events.push(event), ...device },
  });
  return { sessions, store, events };
}

/** What the site does, whatever it is made with: its answer's body. */
async function use(session, path) {
  if (path === '/login') session.restart();
  if (path === '/login') session.set('user', 'ada');
  if (path === '/logout') session.destroy();
  return JSON.stringify({ user: path === '/logout' ? null : (session.get('user') ?? null), device: session.device ?? null });
}

async function listening(server) {
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  return {
    ask: (path, init) => fetch(address + path, { ...init, redirect: 'manual' }),
    close: () => server.close(),
  };
}

const inProcess = handle => ({ ask: (path, init) => handle(new Request(`https://shop.example${path}`, init)), close() {} });

const sites = {
  fetch: sessions =>
    inProcess(withSession(sessions, async (request, session) => new Response(await use(await session(), new URL(request.url).pathname)))),
  hono(sessions) {
    const app = new Hono();
    app.use(honoSession(sessions));
    app.all('/*', async c => c.body(await use(c.var.session, c.req.path)));
    return inProcess(request => app.fetch(request));
  },
  next(sessions) {
    const { sessionProxy } = nextSession(sessions, { cookies: async () => new Map(), connection: async () => {} });
    return inProcess(sessionProxy(async (request, session) => new Response(await use(session, new URL(request.url).pathname))));
  },
  'react-router'(sessions) {
    const context = createContext();
    const answer = async ({ request, context: provider }) => new Response(await use(provider.get(context), new URL(request.url).pathname));
    // React Router runs middleware where a route matches.
    return inProcess(router({ '*': { middleware: [sessionMiddleware(sessions, context)], loader: answer, action: answer } }));
  },
  http: sessions =>
    listening(createServer(withNodeSession(sessions, async (request, response, session) => response.end(await use(await session(), request.url))))),
  express(sessions) {
    const app = express();
    app.use(expressSession(sessions));
    app.use(async (request, response) => response.send(await use(request.session, request.path)));
    app.use(expressFailed);
    return listening(createServer(app));
  },
  koa(sessions) {
    const app = new Koa();
    app.use(koaSession(sessions));
    app.use(async context => (context.body = await use(context.session, context.path)));
    return listening(createServer(app.callback()));
  },
  async fastify(sessions) {
    const app = Fastify();
    app.register(fastifySession, { sessions });
    app.all('/*', async (request, reply) => reply.send(await use(request.session, request.url)));
    await app.ready();
    const { ask } = await listening(app.server);
    return { ask, close: () => app.close() };
  },
};

for (const [name, make] of Object.entries(sites)) {
  test(`${name}: bound at log in, shown again, and worth nothing without the device`, async t => {
    const { sessions, store, events } = bound();
    const site = await make(sessions);
    t.after(() => site.close());
    await boundFromLogInToLogOut(site, async () => ({ asked: { reads: store.reads, writes: store.writes }, events }));
  });
}

test('what browsers sign is read as the Worker reads it', async () => {
  const vectors = JSON.parse(readFileSync(new URL('../vectors/device_proofs.json', import.meta.url), 'utf8'));
  const { NoProof, readProof } = await import('../../pkg/js/core/device/proof.js');
  for (const vector of vectors) {
    let said;
    try {
      const { challenge, key } = readProof(vector.field);
      said = { field: vector.field, challenge, x: key?.x ?? null };
    } catch (error) {
      assert.ok(error instanceof NoProof, error.stack);
      said = { field: vector.field, refused: error.why };
    }
    assert.deepEqual(said, vector);
  }
});

describe('registrations', () => {
  test('bad ones are refused, each for its reason', async () => {
    const { sessions, events } = bound();
    const site = sites.fetch(sessions);
    const [ada, bob] = [await visitor(site), await visitor(site)];
    await ada.logIn();
    await bob.logIn();
    const send = async (headers, cookies = ada.jar) => {
      const response = await ada.ask(REGISTER, { method: 'POST', headers, cookies });
      return [response.status, (await response.json()).error];
    };
    const proof = async (challenge, registers = true) => ({ 'secure-session-response': await ada.key.proof(challenge, registers) });
    const challenge = challengeIn(ada.offer);
    assert.deepEqual(await send({}), [400, 'no_proof']);
    assert.deepEqual(await send({ 'secure-session-response': 'x' }), [400, 'malformed']);
    assert.deepEqual(await send({ 'secure-session-response': 'x'.repeat(3000) }), [400, 'too_long']);
    assert.deepEqual(await send(await proof(challenge, false)), [400, 'no_key']);
    assert.deepEqual(await send(await proof('made up')), [409, 'bad_challenge']);
    assert.deepEqual(await send(await proof(challengeIn(bob.offer))), [409, 'bad_challenge']);
    assert.deepEqual(await send(await proof(challenge), {}), [401, 'no_session']);
    const signed = (await proof(challenge))['secure-session-response'];
    const forged = signed.replace(/.{10}$/, 'AAAAAAAAAA').replace(/.$/, 'A');
    assert.deepEqual(await send({ 'secure-session-response': forged }), [401, 'bad_signature']);
    assert.equal((await ada.ask(REGISTER)).status, 405);
    assert.equal(await ada.user(), 'ada');
    assert.equal(events.filter(({ event }) => event === 'refused').length, 8);
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 301_000 });
    try {
      assert.deepEqual(await send(await proof(challenge)), [409, 'bad_challenge']);
    } finally {
      mock.timers.reset();
    }
  });

  test('the first key counts, from when its browser knows', async () => {
    const { sessions } = bound();
    const site = sites.fetch(sessions);
    const ada = await boundVisitor(site);
    const thief = await visitor(site);
    Object.assign(thief.jar, ada.without(DEVICE));
    thief.offer = ada.offer;
    assert.equal((await thief.register()).status, 409);
    assert.equal(await thief.user(), null);
    assert.equal(await ada.user(), 'ada');
  });

  test('a log out at the same time is not undone', async () => {
    const store = countedStore();
    const { sessions } = bound(store);
    const site = sites.fetch(sessions);
    const ada = await visitor(site);
    await ada.logIn();
    const copy = { ...ada.jar };
    const put = store.put;
    // The registration has read, and not written yet.
    store.put = async (...args) => {
      store.put = put;
      await ada.ask('/logout', { method: 'POST', cookies: copy });
      return put(...args);
    };
    assert.equal((await ada.register()).status, 401);
    assert.equal(await ada.user(copy), null);
  });

  test('nor where the store fails before the registration has looked for it', async () => {
    const store = countedStore();
    const { sessions } = bound(store);
    const site = sites.fetch(sessions);
    const ada = await visitor(site);
    await ada.logIn();
    const copy = { ...ada.jar };
    const { put, get } = store;
    store.put = async (...args) => {
      store.put = put;
      await ada.ask('/logout', { method: 'POST', cookies: copy });
      await put(...args);
      store.get = async () => {
        store.get = get;
        throw new Error('the store is down');
      };
    };
    assert.equal((await ada.register()).status, 503);
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 });
    try {
      assert.equal(await ada.user(copy), null);
    } finally {
      mock.timers.reset();
    }
  });
});

test('every token in the place of every other is none', async () => {
  const { sessions } = bound();
  const site = sites.fetch(sessions);
  const ada = await boundVisitor(site);
  const tokens = { session: ada.jar[COOKIE], device: ada.jar[DEVICE], challenge: challengeIn(ada.offer), identifier: ada.identifier };
  const places = {
    session: async token => (await ada.user({ [COOKIE]: token, [DEVICE]: tokens.device })) === 'ada',
    device: async token => (await ada.ask('/', { cookies: { [COOKIE]: tokens.session, [DEVICE]: token } })).status === 200,
    async challenge(token) {
      const headers = { 'sec-secure-session-id': tokens.identifier, 'secure-session-response': await ada.key.proof(token) };
      return (await ada.ask(REFRESH, { method: 'POST', headers })).status === 200;
    },
    identifier: async token => (await ada.ask(REFRESH, { method: 'POST', headers: { 'sec-secure-session-id': token } })).status === 403,
  };
  for (const [place, isTaken] of Object.entries(places)) {
    for (const [kind, token] of Object.entries(tokens)) assert.equal(await isTaken(token), kind === place, `${kind} as ${place}`);
  }
});

test('a whole jar is worth nothing when the device cookie has ended, and the browser goes on', async () => {
  const { sessions } = bound();
  const site = sites.fetch(sessions);
  const ada = await boundVisitor(site);
  const stolen = { ...ada.jar };
  assert.equal(await ada.user(stolen), 'ada');
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 181_000 });
  try {
    assert.equal((await ada.ask('/', { cookies: stolen })).status, 307);
    assert.equal(await ada.user({ [COOKIE]: stolen[COOKIE] }), null);
    assert.equal((await ada.refresh()).status, 200);
    assert.equal(await ada.user(), 'ada');
  } finally {
    mock.timers.reset();
  }
});

test('while the store is down nobody is logged out', async () => {
  const { sessions, store } = bound();
  const site = sites.fetch(sessions);
  const ada = await boundVisitor(site);
  store.isDown = true;
  assert.equal(await ada.user(), 'ada');
  assert.equal((await ada.refresh()).status, 503);
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 });
  try {
    const answer = await ada.ask('/', { cookies: ada.without(DEVICE) });
    assert.equal(answer.status, 503);
    assert.deepEqual(answer.headers.getSetCookie(), []);
    store.isDown = false;
    assert.equal((await ada.refresh()).status, 200);
  } finally {
    mock.timers.reset();
  }
});

test('observe: bound, told, and nobody is refused', async () => {
  const { sessions, events } = bound(undefined, { mode: 'observe' });
  const ada = await boundVisitor(sites.fetch(sessions));
  assert.equal(await ada.user(ada.without(DEVICE)), 'ada');
  const [missing] = events.filter(({ event }) => event === 'missing');
  assert.deepEqual([missing.side, missing.answered], ['no_device', 'observed']);
});

test('a page for a session that is not bound offers it once in ten minutes', async () => {
  const { sessions } = bound();
  const ada = await visitor(sites.fetch(sessions));
  await ada.logIn();
  const offered = async () => (await ada.ask('/', { headers: PAGE })).headers.has('secure-session-registration');
  assert.equal(await offered(), false);
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 601_000 });
  try {
    assert.equal((await ada.ask('/')).headers.has('secure-session-registration'), false, 'no page');
    assert.deepEqual([await offered(), await offered()], [true, false]);
    assert.equal((await ada.register()).status, 200);
  } finally {
    mock.timers.reset();
  }
});

test('a log in that goes on with the session of the stranger offers it, and saves of a user do not', async () => {
  const { sessions } = bound();
  const offered = async work => {
    const session = await sessions.load(cookie);
    work(session);
    const answer = await sessions.commit(session, new Response());
    cookie = answer.headers.getSetCookie()[0].split(';')[0];
    return answer.headers.has('secure-session-registration');
  };
  let cookie = null;
  assert.equal(await offered(session => session.set('cart', 1)), false);
  assert.equal(await offered(session => session.set('user', 'ada')), true);
  assert.equal(await offered(session => session.set('cart', 2)), false);
  assert.equal(await offered(session => session.restart()), true);
});

test('step-up: a session that is not bound is refused, an old proof is asked for anew', async () => {
  const { sessions } = bound();
  const site = inProcess(
    withSession(sessions, async (request, session) => {
      const visitor = await session();
      const { pathname } = new URL(request.url);
      if (pathname === '/admin') sessions.requireDevice(visitor, { proofSeconds: 120 });
      return new Response(await use(visitor, pathname));
    }),
  );
  const ada = await visitor(site);
  await ada.logIn();
  const refused = await ada.ask('/admin');
  assert.equal(refused.status, 403);
  assert.ok(refused.headers.has('secure-session-registration'));
  assert.equal((await ada.register()).status, 200);
  assert.equal((await ada.ask('/admin')).status, 200);
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 121_000 });
  try {
    assert.equal(await ada.user(), 'ada');
    const again = await ada.ask('/admin');
    assert.equal(again.status, 307);
    assert.equal(ada.jar[DEVICE], undefined);
    assert.equal((await ada.refresh()).status, 200);
    assert.equal((await ada.ask('/admin')).status, 200);
  } finally {
    mock.timers.reset();
  }
});

test('what it cannot work with is refused when it is configured', () => {
  const make = (device, rest = {}) => () => createSessions({ keys: generateKey(), store: memoryStore(), device, ...rest });
  const device = { mode: 'bound', userKey: 'user' };
  const namespace = { get: async () => null, put: async () => {}, delete: async () => {} };
  assert.doesNotThrow(make(device));
  for (const [given, rest, message] of [
    [{ userKey: 'user' }, {}, /device\.mode/],
    [{ mode: 'bound' }, {}, /device\.userKey/],
    [{ ...device, mode: 'on' }, {}, /device\.mode must be one of observe, bound/],
    [{ ...device, seconds: 179 }, {}, /device\.seconds must be a whole number from 180/],
    [{ ...device, initiators: ['https://a'] }, {}, /initiators\[0\] must be a host/],
    [{ ...device, publicPaths: ['static'] }, {}, /publicPaths\[0\] must be a path/],
    [{ ...device, second: 600 }, {}, /device\.second is unknown/],
    [device, { store: undefined }, /wants a store/],
    [device, { store: kvStore(namespace) }, /KV does so after a minute/],
    [device, { identify: false }, /wants identify/],
    [device, { cookie: { domain: 'shop.example', name: 's' } }, /cookie\.domain/],
    [device, { cookie: { partitioned: true } }, /partitioned/],
    [device, { cookie: { name: 's', path: '/shop' } }, /path/],
    [device, { cookie: { name: 's', secure: false } }, /Secure/],
  ]) {
    assert.throws(make(given, rest), message);
  }
});
