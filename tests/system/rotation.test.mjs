// Keys change while people are logged in.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';

const keyId = sealed => Buffer.from(sealed, 'base64url').subarray(1, 5).toString('hex');

describe('SESSION_KEYS', () => {
  const [first, second] = [newSessionKey(), newSessionKey()];
  let site, edge;

  before(async () => {
    const secret = newDjangoSecret();
    site = await startSite({ secret });
    edge = await startEdge({ ORIGIN_URL: site.url, SESSION_KEYS: first, DJANGO_SECRET_KEY: secret });
  });
  afterEach(() => edge.restart());
  after(async () => {
    await edge?.stop();
    await site?.stop();
  });

  for (const [what, prepare] of [
    ['a session in the cookie', visitor => visitor.post('/cart/', { article: 'oolong' })],
    ['a session of 20 KB in the store', visitor => visitor.post('/big/', { kind: 'random' })],
  ]) {
    test(`${what} moves to the new key with the next response`, async () => {
      const visitor = new Visitor(edge);
      const absent = new Visitor(edge);
      await visitor.logIn();
      await absent.logIn();
      await prepare(visitor);
      const { digest } = await visitor.whoami();
      const before = visitor.cookies.get(COOKIE);

      await edge.restart({ SESSION_KEYS: `${second} ${first}` });
      const response = await visitor.get('/whoami');
      assert.equal(response.json().user, 'ada');
      assert.equal(response.json().digest, digest);
      const [cookie] = response.setCookies.filter(({ name }) => name === COOKIE);
      assert.ok(cookie, 're-issued in the first response');
      assert.notEqual(keyId(cookie.value), keyId(before));
      const { expires, 'max-age': maxAge, ...attributes } = cookie.attributes;
      assert.deepEqual(attributes, { path: '/', secure: true, httponly: true, samesite: 'Lax' });
      assert.ok(maxAge > 1209600 - 60 && maxAge <= 1209600, `Max-Age ${maxAge}`);
      assert.deepEqual((await visitor.get('/whoami')).setCookies, [], 're-issued once');

      await edge.restart({ SESSION_KEYS: second });
      const seen = await visitor.whoami();
      assert.equal(seen.user, 'ada');
      assert.equal(seen.digest, digest);
      assert.equal((await absent.whoami()).user, null, 'one who did not come in between is logged out');
    });
  }

  test('a cookie that ends with the browser stays one', async () => {
    const visitor = new Visitor(edge);
    await visitor.post('/language/', { language: 'fr', lifetime: 'browser' });
    await edge.restart({ SESSION_KEYS: `${second},${first}` });
    const response = await visitor.get('/whoami');
    const [cookie] = response.setCookies.filter(({ name }) => name === COOKIE);
    assert.equal(cookie.attributes['max-age'], undefined);
    assert.equal(cookie.attributes.expires, undefined);
    assert.equal(response.json().language, 'fr');
  });
});

describe('DJANGO_SECRET_KEY', () => {
  const [older, newer] = [newDjangoSecret(), newDjangoSecret()];
  const atEdge = (secret, fallbacks = []) => ({
    DJANGO_SECRET_KEY: secret,
    DJANGO_SECRET_KEY_FALLBACKS: fallbacks.length ? JSON.stringify(fallbacks) : undefined,
  });
  let site, edge, visitor, digest;

  before(async () => {
    site = await startSite({ secret: older });
    edge = await startEdge({ ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), ...atEdge(older) });
    visitor = new Visitor(edge);
    await visitor.logIn();
    await visitor.post('/big/', { kind: 'random' });
    ({ digest } = await visitor.whoami());
  });
  after(async () => {
    await edge?.stop();
    await site?.stop();
  });

  async function rotate(django, worker) {
    await site.stop();
    site = await startSite(django);
    await edge.restart({ ORIGIN_URL: site.url, ...worker });
  }

  // One after the other: this is the rotation as an operator does it. Every Django has a new database
  // with another password salt, so log in would end; a cart does not.
  for (const [what, django, worker] of [
    ['both know the new key', { secret: older, fallbacks: [newer] }, atEdge(older, [newer])],
    [
      'the Worker writes with it, Django not yet',
      { secret: older, fallbacks: [newer] },
      atEdge(newer, [older]),
    ],
    [
      'Django writes with it, the Worker not yet',
      { secret: newer, fallbacks: [older] },
      atEdge(older, [newer]),
    ],
    ['both write with it', { secret: newer, fallbacks: [older] }, atEdge(newer, [older])],
    ['the old one is gone', { secret: newer }, atEdge(newer)],
  ]) {
    test(what, async () => {
      await rotate(django, worker);
      const seen = await visitor.whoami();
      assert.equal(seen.sessions.length, 1);
      assert.equal(seen.digest, digest);
      await visitor.post('/cart/', { article: 'tea' });
      const after = await visitor.whoami();
      assert.notEqual(after.digest, digest);
      ({ digest } = after);
    });
  }
});
