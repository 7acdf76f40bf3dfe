// The servers of docs/examples keep to docs/origin-store.openapi.yaml, for whoever has the key and for strangers.

import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { sessionStore } from '../../docs/examples/session_store.mjs';
import { newSessionKey } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const validator = new Validator();
const key = newSessionKey();
let document;

before(async () => {
  const { valid, errors } = await validator.validate(new URL('../../docs/origin-store.openapi.yaml', import.meta.url).pathname);
  assert.ok(valid, JSON.stringify(errors));
  document = validator.resolveRefs();
});

const macKey = text => Buffer.from(hkdfSync('sha256', Buffer.from(text.slice(4), 'base64url'), 'edge-session/v1', 'origin-mac', 32));
const mac = (text, message, body) => createHmac('sha256', macKey(text)).update(message).update(body).digest('base64url');
const now = () => Math.floor(Date.now() / 1000);
const name = character => character.repeat(32);
const frame = (text, expires = now() + 3600) => {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(expires));
  return Buffer.concat([head, Buffer.from(text)]);
};

/** One request as the Worker sends it, the answer checked against the document. */
async function ask(store, method, path, body = Buffer.alloc(0), { secret = key, time = now() } = {}) {
  const { pathname } = new URL(store + path);
  const proof = mac(secret, `edge-session-store/1 request\n${method}\n${pathname}\n${time}\n`, body);
  const answer = await send(store + path, {
    method,
    headers: { 'x-store-time': String(time), 'x-store-mac': proof, 'content-length': body.length },
    body,
  });
  const template = path.replace(/[^/]+$/, path.startsWith('/django') ? '{key}' : '{name}');
  const documented = document.paths[template][method.toLowerCase()].responses[answer.status];
  assert.ok(documented, `${method} ${path} answered ${answer.status}, which is not documented`);
  const expected = mac(secret, `edge-session-store/1 answer\n${proof}\n${answer.status}\n`, answer.octets);
  assert.equal(answer.headers['x-store-mac'], answer.status === 403 ? undefined : expected, `${method} ${path}`);
  return answer;
}

/** What both servers do; `heads` says whether they keep heads. */
function keepsRecords(store, { heads }) {
  test('records are kept, octet by octet, and forgotten', async () => {
    const path = `/records/${name('a')}`;
    assert.equal((await ask(store(), 'GET', path)).status, 404);
    const kept = frame(Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)));
    assert.equal((await ask(store(), 'PUT', path, kept)).status, 204);
    assert.deepEqual((await ask(store(), 'GET', path)).octets, kept);
    assert.equal((await ask(store(), 'DELETE', path)).status, 204);
    assert.equal((await ask(store(), 'DELETE', path)).status, 204);
    assert.equal((await ask(store(), 'GET', path)).status, 404);
  });

  test('a frame that is none is refused', async () => {
    for (const body of [Buffer.alloc(0), Buffer.alloc(7)]) {
      assert.ok([400, 413].includes((await ask(store(), 'PUT', `/records/${name('b')}`, body)).status));
    }
    assert.equal((await ask(store(), 'GET', `/records/${name('b')}`)).status, 404);
  });

  test('whoever has not the key, or an old request, gets 403 without a MAC', async () => {
    const path = `/records/${name('c')}`;
    for (const [method, body] of [['GET'], ['PUT', frame('x')], ['DELETE']]) {
      assert.equal((await ask(store(), method, path, body, { secret: newSessionKey() })).status, 403);
      assert.equal((await ask(store(), method, path, body, { time: now() - 90 })).status, 403);
      assert.equal((await ask(store(), method, path, body, { time: now() + 90 })).status, 403);
    }
    for (const headers of [{}, { 'x-store-mac': 'é'.repeat(43) }, { 'x-store-time': 'now', 'x-store-mac': 'x' }]) {
      const answer = await send(store() + path, { headers });
      assert.deepEqual([answer.status, answer.headers['x-store-mac'], answer.body], [403, undefined, '']);
    }
    assert.equal((await ask(store(), 'GET', path)).status, 404);
  });

  test('a MAC holds for one method, path and body', async () => {
    const path = `/records/${name('d')}`;
    const { pathname } = new URL(store() + path);
    const proof = mac(key, `edge-session-store/1 request\nGET\n${pathname}\n${now()}\n`, '');
    const headers = { 'x-store-time': String(now()), 'x-store-mac': proof };
    assert.equal((await send(store() + path, { method: 'DELETE', headers })).status, 403);
    assert.equal((await send(`${store()}/records/${name('e')}`, { headers })).status, 403);
    assert.equal((await send(store() + path, { headers })).status, 404);
  });

  test('heads move in one step, or are not kept', async () => {
    const path = `/heads/${name('f')}`;
    const move = body => ask(store(), 'PUT', path, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
    const [to, expires] = [{ record: name('g'), cookie: 'sealed' }, now() + 3600];
    const first = await move({ ask: 'swap', from: null, to, expires, now: now() });
    if (!heads) return assert.equal(first.status, 404);
    assert.deepEqual(first.json(), { outcome: 'done' });
    const other = await move({ ask: 'swap', from: null, to: { ...to, cookie: 'else' }, expires, now: now() });
    assert.deepEqual(other.json(), { outcome: 'other', ...to });
    assert.deepEqual((await move({ ask: 'end', expires, now: now() })).json(), { outcome: 'done' });
    const late = await move({ ask: 'swap', from: to.record, to, expires, now: now() });
    assert.deepEqual(late.json(), { outcome: 'ended' });
    for (const bad of ['', '{', 'null', '[]', { ask: 'steal' }, { ask: 'swap', from: 1, to, expires, now: 1 }]) {
      assert.equal((await move(bad)).status, 400, JSON.stringify(bad));
    }
  });
}

describe('Node and SQLite', () => {
  let server, url;
  before(async () => {
    server = sessionStore(':memory:', [newSessionKey(), key]).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${server.address().port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  keepsRecords(() => url, { heads: true });

  test('a second record under one name is a conflict, and the first one stays', async () => {
    const path = `/records/${name('h')}`;
    await ask(url, 'PUT', path, frame('first'));
    assert.equal((await ask(url, 'PUT', path, frame('second'))).status, 409);
    assert.ok((await ask(url, 'GET', path)).body.endsWith('first'));
    assert.equal((await ask(url, 'PUT', `/revocations/${name('h')}`, frame('second'))).status, 204);
    assert.ok((await ask(url, 'GET', path)).body.endsWith('second'));
  });

  test('more than the longest frame is not read', async () => {
    const answer = await send(`${url}/records/${name('i')}`, { method: 'PUT', body: Buffer.alloc(2 << 20) }).catch(error => error);
    assert.ok(answer instanceof Error || answer.status === 403);
    assert.equal((await ask(url, 'GET', `/records/${name('i')}`)).status, 404);
  });
});

describe('a Django site', () => {
  let site, url;
  before(async () => {
    site = await startSite({
      secret: newDjangoSecret(),
      storeKey: key,
      engine: 'django.contrib.sessions.backends.db',
    });
    url = `${site.url}/session-store`;
  });
  after(() => site?.stop());
  keepsRecords(() => url, { heads: false });

  test('its own sessions are read, changed and ended', async () => {
    const visitor = new Visitor(site);
    await visitor.logIn();
    const path = `/django-sessions/${visitor.cookies.get('sessionid')}`;
    const { data, expires } = (await ask(url, 'GET', path)).json();
    assert.ok(expires > now() + 13 * 86_400 && expires <= now() + 14 * 86_400);
    const change = body => ask(url, 'PUT', path, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
    for (const bad of ['', '{', '[]', '{}', { from: data }, { from: data, to: 'forged' }, { from: data, to: '' }]) {
      assert.equal((await change(bad)).status, 400, JSON.stringify(bad));
    }
    assert.equal((await change({ from: data, to: data })).status, 204);
    await visitor.post('/cart/', { article: 'tea' });
    assert.equal((await change({ from: data, to: data })).status, 409);
    assert.deepEqual((await visitor.whoami()).cart, { tea: 1 });
    assert.equal((await ask(url, 'DELETE', path)).status, 204);
    assert.equal((await ask(url, 'GET', path)).status, 404);
    assert.equal((await change({ from: data, to: data })).status, 404);
    assert.equal((await visitor.whoami()).user, null);
  });

  test('what is no session key is not looked for', async () => {
    for (const bad of ['A'.repeat(32), 'a'.repeat(31), 'a'.repeat(33), '*']) {
      assert.equal((await ask(url, 'GET', `/django-sessions/${bad}`)).status, 404, bad);
    }
  });
});

test('a Django site whose views all want a log in: the store wants a key instead', async () => {
  const middleware = ['django.contrib.auth.middleware.LoginRequiredMiddleware'];
  const site = await startSite({ secret: newDjangoSecret(), storeKey: key, middleware });
  try {
    assert.equal((await send(`${site.url}/whoami`)).status, 302);
    const url = `${site.url}/session-store`;
    assert.equal((await ask(url, 'PUT', `/records/${name('a')}`, frame('kept'))).status, 204);
    assert.ok((await ask(url, 'GET', `/records/${name('a')}`)).body.endsWith('kept'));
    assert.equal((await ask(url, 'GET', `/records/${name('a')}`, undefined, { secret: newSessionKey() })).status, 403);
  } finally {
    await site.stop();
  }
});
