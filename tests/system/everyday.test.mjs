// A visit: log in, fill the cart, a session too large for a cookie, log out.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inflateRawSync, inflateSync } from 'node:zlib';
import { newSessionKey, recordNames, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
let site, edge;

before(async () => {
  const secret = newDjangoSecret();
  site = await startSite({ secret });
  edge = await startEdge({ ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret });
});

after(async () => {
  await edge?.stop();
  await site?.stop();
});

const sessionCookies = response => response.setCookies.filter(({ name }) => /sessionid/i.test(name));

test('logging in gives one sealed cookie with the safe attributes, and Django one of its own', async () => {
  const visitor = new Visitor(edge);
  const [cookie, ...others] = sessionCookies(await visitor.logIn());
  assert.deepEqual(others, []);
  assert.equal(cookie.name, COOKIE);
  assert.match(cookie.value, /^[A-Za-z0-9_-]+$/);
  const { expires, ...attributes } = cookie.attributes;
  assert.deepEqual(attributes, {
    path: '/',
    secure: true,
    httponly: true,
    samesite: 'Lax',
    'max-age': '1209600',
  });
  if (expires !== undefined)
    assert.ok(Math.abs(Date.parse(expires) - Date.now() - 1209600e3) < 60e3, expires);
  assert.ok(cookie.name.length + cookie.value.length <= 4093);

  const seen = await visitor.whoami();
  assert.equal(seen.user, 'ada');
  assert.equal(seen.sessions.length, 1);
  assert.ok(!seen.cookie.includes(COOKIE), seen.cookie);
  assert.ok(seen.cookie.includes('csrftoken='), 'other cookies go through');
});

test('the cookie cannot be read', async () => {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  await visitor.post('/cart/', { article: 'oolong' });
  const raw = Buffer.from(visitor.cookies.get(COOKIE), 'base64url');
  const texts = [raw.toString('latin1')];
  for (let start = 0; start < raw.length; start++) {
    for (const inflate of [inflateSync, inflateRawSync]) {
      try {
        texts.push(inflate(raw.subarray(start)).toString('latin1'));
      } catch {
        // Not compressed data from here, as it should be.
      }
    }
  }
  for (const word of ['_auth_user', 'oolong', 'ModelBackend', 'cart']) {
    assert.ok(!texts.some(text => text.includes(word)), word);
  }
});

test('the cart is kept from request to request, whatever is in it', async () => {
  const visitor = new Visitor(edge);
  for (const article of ['green tea', '抹茶', '🍵', 'a"b\\c', 'green tea'])
    await visitor.post('/cart/', { article });
  const { cart, user } = await visitor.whoami();
  assert.equal(user, null);
  assert.deepEqual(cart, { 'green tea': 2, 抹茶: 1, '🍵': 1, 'a"b\\c': 1 });
});

test('a request that changes nothing sets no session cookie', async () => {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  assert.deepEqual(sessionCookies(await visitor.get('/whoami')), []);
  assert.deepEqual(sessionCookies(await new Visitor(edge).get('/whoami')), []);
});

test('a session of 20 KB survives ten requests; the store holds ciphertext only', async () => {
  const earlier = await recordNames(edge);
  const visitor = new Visitor(edge);
  await visitor.logIn();
  const saved = await visitor.post('/big/', { kind: 'random' });
  assert.equal(saved.status, 302);
  const [cookie] = sessionCookies(saved);
  assert.ok(cookie.name.length + cookie.value.length <= 4093);

  const { digest, bytes } = await visitor.whoami();
  assert.ok(bytes > 20_000, `${bytes} bytes`);
  for (let n = 0; n < 10; n++) {
    const seen = await visitor.whoami();
    assert.equal(seen.digest, digest);
    assert.equal(seen.user, 'ada');
    assert.equal(seen.sessions.length, 1);
  }

  const added = (await recordNames(edge)).filter(name => !earlier.includes(name));
  assert.ok(added.length === 1 || added.length === 2, `${added.length} records`);
  const store = await edge.store();
  for (const name of added) {
    const record = Buffer.from(await store.get(name, 'arrayBuffer'));
    assert.ok(record.length > 10_000, `${record.length} bytes`);
    for (const word of ['note 1', '_auth_user', 'ada']) assert.ok(!record.includes(word), word);
    assert.ok(!visitor.cookies.get(COOKIE).includes(name), 'the name of a record is not its ticket');
  }
});

test('changing a 20 KB session again and again leaves its record and sixteen before it', async () => {
  const earlier = await recordNames(edge);
  const visitor = new Visitor(edge);
  await visitor.post('/big/', { kind: 'random' });
  for (let n = 1; n <= 20; n++) {
    await visitor.post('/cart/', { article: 'tea' });
    assert.equal((await visitor.whoami()).cart.tea, n);
  }
  const added = count => count - earlier.length;
  const names = await recordNames(edge, count => added(count) <= 17);
  assert.equal(added(names.length), 17);
});

test('a session of 20 KB that compresses well stays in the cookie', async () => {
  const earlier = await recordNames(edge);
  const visitor = new Visitor(edge);
  await visitor.post('/big/', { kind: 'text' });
  const { bytes } = await visitor.whoami();
  assert.ok(bytes > 15_000, `${bytes} bytes`);
  assert.deepEqual(await recordNames(edge), earlier);
});

test("the lifetime that Django chose is the browser's", async () => {
  const visitor = new Visitor(edge);
  const [browser] = sessionCookies(await visitor.post('/language/', { language: 'fr', lifetime: 'browser' }));
  assert.equal(browser.attributes['max-age'], undefined);
  assert.equal(browser.attributes.expires, undefined);
  assert.equal((await visitor.whoami()).language, 'fr');

  const [minute] = sessionCookies(await visitor.post('/language/', { language: 'ja', lifetime: 'minute' }));
  assert.equal(minute.attributes['max-age'], '60');
  assert.equal((await visitor.whoami()).language, 'ja');
});

test('logging out removes the cookie with the attributes it was set with', async () => {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  const response = await visitor.post('/logout/');
  const [removal, ...others] = sessionCookies(response);
  assert.deepEqual(others, []);
  assert.equal(removal.name, COOKIE);
  assert.equal(removal.value, '');
  const { expires, ...attributes } = removal.attributes;
  assert.deepEqual(attributes, { path: '/', secure: true, httponly: true, samesite: 'Lax', 'max-age': '0' });
  if (expires !== undefined) assert.ok(Date.parse(expires) < Date.now());
  const seen = await visitor.whoami();
  assert.equal(seen.user, null);
  assert.deepEqual(seen.sessions, []);
});

test('logging out of a 20 KB session removes its records', async () => {
  const earlier = await recordNames(edge);
  const visitor = new Visitor(edge);
  await visitor.logIn();
  await visitor.post('/big/', { kind: 'random' });
  const records = (await recordNames(edge)).filter(name => !earlier.includes(name));
  assert.equal(records.length, 1);
  await visitor.post('/logout/');
  // What stays is the revocation: a few bytes that say that copies of the cookie are no good.
  const left = await recordNames(edge, count => count === earlier.length + 1);
  assert.ok(!left.includes(records[0]), 'the record is gone');
  assert.equal(left.length, earlier.length + 1);
});

test('two visitors never see each other', async () => {
  const visitors = Array.from({ length: 6 }, () => new Visitor(edge));
  await Promise.all(visitors.map((visitor, n) => visitor.post('/cart/', { article: `tea ${n}` })));
  await Promise.all(visitors.map(visitor => visitor.post('/big/', { kind: 'random' })));
  const seen = await Promise.all(visitors.map(visitor => visitor.whoami()));
  seen.forEach(({ cart }, n) => assert.deepEqual(cart, { [`tea ${n}`]: 1 }));
  assert.equal(new Set(seen.map(({ digest }) => digest)).size, visitors.length);
});
