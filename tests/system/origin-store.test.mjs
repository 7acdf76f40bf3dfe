// The native server and those of docs/examples keep to docs/origin-store.openapi.yaml, for whoever has the key and for strangers.

import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { sessionStore } from '../../docs/examples/session_store.mjs';
import { newSessionKey } from './edge.mjs';
import { startServer } from './native-server.mjs';
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
  const expected = mac(secret, `edge-session-store/1 answer\n${proof}\n${answer.status}\n`, answer.bytes);
  assert.equal(answer.headers['x-store-mac'], answer.status === 403 ? undefined : expected, `${method} ${path}`);
  return answer;
}

/** What all of them do; `heads` says whether they keep heads. */
function keepsRecords(store, { heads }) {
  test('records are kept, byte by byte, and forgotten', async () => {
    const path = `/records/${name('a')}`;
    assert.equal((await ask(store(), 'GET', path)).status, 404);
    const kept = frame(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
    assert.equal((await ask(store(), 'PUT', path, kept)).status, 204);
    assert.deepEqual((await ask(store(), 'GET', path)).bytes, kept);
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

  test('a save is one step, or at least one request', async () => {
    const place = 'f'.repeat(16);
    const path = `/heads/${place}${'0'.repeat(16)}`;
    const move = body => ask(store(), 'PUT', path, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
    const [to, expires] = [{ record: `${place}${'1'.repeat(16)}`, cookie: 'sealed' }, now() + 3600];
    const record = { name: to.record, frame: frame('record').toString('base64url') };
    const save = { ask: 'commit', record, from: null, to, expires, listed: [name('y'), name('z')], now: now() };
    const ended = frame('denied');
    assert.equal((await ask(store(), 'PUT', `/revocations/${name('z')}`, ended)).status, 204);
    for (const _ of 'ab') {
      const first = await move(save);
      assert.deepEqual(first.json(), { outcome: 'saved', compared: heads, listed: [null, ended.toString('base64url')] });
    }
    assert.ok((await ask(store(), 'GET', `/records/${to.record}`)).body.endsWith('record'));
    for (const bad of ['', '{', 'null', '[]', { ...save, record: { name: 'x', frame: '' } }, { ...save, listed: [1] }]) {
      assert.equal((await move(bad)).status, 400, JSON.stringify(bad));
    }
    const second = { name: `${place}${'2'.repeat(16)}`, frame: frame('second').toString('base64url') };
    const other = await move({ ...save, record: second, to: { record: second.name, cookie: 'else' } });
    const shown = await move({ ask: 'show', now: now() });
    if (!heads) return assert.deepEqual([other.json().compared, shown.status], [false, 404]);
    const there = { outcome: 'other', ...to, frame: record.frame };
    assert.deepEqual(other.json(), there);
    assert.equal((await ask(store(), 'GET', `/records/${second.name}`)).status, 404);
    assert.deepEqual(shown.json(), there);
    assert.deepEqual((await move({ ask: 'end', expires, now: now() })).json(), { outcome: 'other', ...to });
    assert.deepEqual((await move({ ...save, from: to.record })).json(), { outcome: 'ended' });
    assert.equal((await ask(store(), 'GET', `/records/${to.record}`)).status, 404, 'nobody needs it');
    for (const bad of [{ ask: 'steal' }, { ...save, from: 1 }, { ask: 'end', now: 1 }]) {
      assert.equal((await move(bad)).status, 400, JSON.stringify(bad));
    }
  });
}

/** What servers do that keep heads. */
function keepsTheFirst(store) {
  test('a second record under one name is a conflict, and the first one stays', async () => {
    const path = `/records/${name('h')}`;
    await ask(store(), 'PUT', path, frame('first'));
    assert.equal((await ask(store(), 'PUT', path, frame('second'))).status, 409);
    assert.ok((await ask(store(), 'GET', path)).body.endsWith('first'));
    assert.equal((await ask(store(), 'PUT', `/revocations/${name('h')}`, frame('second'))).status, 204);
    assert.ok((await ask(store(), 'GET', path)).body.endsWith('second'));
  });

  test('more than the longest frame is not read', async () => {
    const answer = await send(`${store()}/records/${name('i')}`, { method: 'PUT', body: Buffer.alloc(2 << 20) }).catch(error => error);
    assert.ok(answer instanceof Error || answer.status === 403);
    assert.equal((await ask(store(), 'GET', `/records/${name('i')}`)).status, 404);
  });
}

describe('the native server, and SQLite', () => {
  let server;
  before(async () => {
    server = await startServer([newSessionKey(), key]);
  });
  after(() => server?.stop());
  keepsRecords(() => server.url, { heads: true });
  keepsTheFirst(() => server.url);

  test('wherever a proxy has put it', async () => {
    keepsNothing(await ask(`${server.url}/session-store/deep`, 'GET', `/records/${name('j')}`));
  });

  test('what was confirmed is there after it was killed', async () => {
    const [path, kept] = [`/records/${name('k')}`, frame('kept')];
    assert.equal((await ask(server.url, 'PUT', path, kept)).status, 204);
    await server.kill();
    await server.restart();
    assert.deepEqual((await ask(server.url, 'GET', path)).bytes, kept);
  });

  test('told to stop it ends well', async () => {
    assert.equal(await server.stop(), 0);
    assert.deepEqual(server.lines.slice(-2).map(({ message }) => message), ['stopping', 'stopped']);
  });
});

const keepsNothing = ({ status }) => assert.equal(status, 404);

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

  keepsTheFirst(() => url);
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
