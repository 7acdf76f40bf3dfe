// Sites that keep their sessions themselves (Django's backends db, cached_db, cache and file): the browser has a key, and a key
// without a session never reaches Django. What holds wherever the sessions are.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey } from './edge.mjs';
import { newDjangoSecret } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

export const secret = newDjangoSecret();
export const storeKey = newSessionKey();
const token = randomBytes(24).toString('base64url');
export const bearer = { authorization: `Bearer ${token}` };
export const engine = name => `django.contrib.sessions.backends.${name}`;
export const settings = {
  SESSION_PROTOCOL: 'rows',
  DJANGO_SECRET_KEY: secret,
  SESSION_API_TOKEN: token,
  SESSION_CLIENT_VISIBLE: '["cart", "language"]',
  SESSION_CLIENT_WRITABLE: '["language", "first", "second"]',
  SESSION_ROUTES: '{"/": "optional", "/account/": "required", "/plain": "class", "/static/": "public"}',
};
/** A Worker's settings before `site`, whose sessions a store at `store` tells. */
export const settingsOf = (site, store) => ({
  ...settings,
  ORIGIN_URL: site.url,
  SESSION_STORE: 'origin',
  SESSION_ORIGIN_STORE_URL: `${store.url}/session-store`,
  SESSION_ORIGIN_STORE_KEY: storeKey,
});

const cookieOf = visitor => [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
export const session = (visitor, options = {}) =>
  send(`${visitor.place.url}/_session`, { ...options, headers: { ...bearer, cookie: cookieOf(visitor), ...options.headers } });

export function change(visitor, body, options = {}) {
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return session(visitor, { method: 'PATCH', body: text, ...options, headers: { ...headers, ...options.headers } });
}

export const metrics = async edge => (await send(`${edge.url}/_session/metrics`, { headers: bearer })).body;
const newKey = () => randomBytes(16).toString('hex');

/** What holds wherever the sessions are. `place()` gives `{ edge, site, down(is) }`. */
export function validates(place) {
  let edge, site, down;
  before(() => ({ edge, site, down } = place()));

  async function loggedIn() {
    const visitor = new Visitor(edge);
    await visitor.logIn();
    assert.match(visitor.cookies.get('sessionid'), /^[a-z0-9]{32}$/);
    return visitor;
  }

  test('the session is found, and Django gets its key', async () => {
    const visitor = await loggedIn();
    const key = visitor.cookies.get('sessionid');
    const who = await visitor.whoami();
    assert.equal(who.user, 'ada');
    assert.deepEqual(who.sessions, [key]);
    assert.equal(who.headers['x-session-class'], 'known');
    const account = await visitor.get('/account/');
    assert.equal(account.status, 200);
    assert.match(account.headers['cache-control'], /no-store/);
    assert.match(account.headers.vary, /cookie/i);
    await visitor.post('/big/', { kind: 'random' });
    assert.ok((await visitor.whoami()).bytes > 20_000);
    assert.equal(visitor.cookies.get('sessionid'), key);
  });

  test('a key without a session does not reach Django, and is removed', async () => {
    const stranger = new Visitor(edge);
    for (const value of [newKey(), 'short', '../../../../../../../../etc/passw', newKey().toUpperCase()]) {
      stranger.cookies.set('sessionid', value);
      assert.equal((await stranger.get('/account/')).status, 401);
      stranger.cookies.set('sessionid', value);
      const response = await stranger.get('/whoami');
      const who = response.json();
      assert.deepEqual([who.user, who.sessions], [null, []], value);
      assert.equal(who.headers['x-session-class'], 'anonymous');
      assert.equal(response.setCookies.find(({ name }) => name === 'sessionid').attributes['max-age'], '0');
    }
  });

  test('what is no key is never looked up', async () => {
    const reads = async () => Number(/call="read",outcome="miss"\} ([0-9]+)/.exec(await metrics(edge))?.[1] ?? 0);
    const before = await reads();
    for (const value of ['x', '%2e%2e%2f', "' OR 1=1 --", 'a'.repeat(33), 'A'.repeat(32), '']) {
      await send(`${edge.url}/whoami`, { headers: { cookie: `sessionid=${value}` } });
    }
    assert.equal(await reads(), before);
    await send(`${edge.url}/whoami`, { headers: { cookie: `sessionid=${newKey()}` } });
    assert.equal(await reads(), before + 1);
  });

  test('a good key is found among planted ones; two sessions are in conflict', async () => {
    const [one, other] = [await loggedIn(), await loggedIn()];
    const key = one.cookies.get('sessionid');
    const planted = `sessionid=${newKey()}; sessionid=${key}; sessionid=x; sessionid=${key}`;
    const response = await send(`${edge.url}/whoami`, { headers: { cookie: planted } });
    assert.deepEqual(response.json().sessions, [key]);
    const both = await send(`${edge.url}/whoami`, {
      headers: { cookie: `sessionid=${key}; sessionid=${other.cookies.get('sessionid')}` },
    });
    assert.equal(both.status, 401);
    assert.equal(both.setCookies[0].attributes['max-age'], '0');
    const many = Array.from({ length: 5 }, () => `sessionid=${newKey()}`).join('; ');
    assert.deepEqual((await send(`${edge.url}/whoami`, { headers: { cookie: many } })).json().sessions, []);
  });

  test('after log out the key is worth nothing (F24)', async () => {
    const visitor = await loggedIn();
    const copy = new Visitor(edge);
    copy.cookies = new Map(visitor.cookies);
    await visitor.post('/logout/');
    assert.equal((await copy.get('/account/')).status, 401);
  });

  test('/_session shows, changes and ends the session, and Django sees it', async () => {
    const visitor = await loggedIn();
    await visitor.post('/cart/', { article: 'tea' });
    const own = await send(`${edge.url}/_session`, { headers: { cookie: cookieOf(visitor) } });
    assert.deepEqual(own.json(), { cart: { tea: 1 } });
    assert.equal((await change(visitor, { cart: { biscuits: 2 }, language: 'fr' })).status, 200);
    const who = await visitor.whoami();
    assert.deepEqual(who.cart, { tea: 1, biscuits: 2 });
    assert.deepEqual([who.language, who.user], ['fr', 'ada']);
    assert.equal((await change(visitor, { _auth_user_id: '7' })).json().error, 'key_not_writable');
    // The site's sessions remember no requests: whoever counts on it is told.
    const again = await change(visitor, { language: 'de' }, { headers: { 'idempotency-key': '"k"' } });
    assert.deepEqual([again.status, again.json().error], [501, 'no_idempotency']);
    assert.equal((await visitor.whoami()).language, 'fr');
    const ended = await session(visitor, { method: 'DELETE' });
    assert.equal(ended.status, 204);
    assert.equal(ended.setCookies[0].attributes['max-age'], '0');
    assert.equal((await visitor.get('/account/')).status, 401);
    assert.equal((await session(visitor)).json().error, 'no_session');
    assert.equal((await change(visitor, { language: 'fr' })).json().error, 'no_session');
  });

  test('a page changes what it may, from this site only', async () => {
    const visitor = await loggedIn();
    const headers = { authorization: '', 'sec-fetch-site': 'same-origin' };
    assert.equal((await change(visitor, { language: 'de' }, { headers })).status, 200);
    assert.equal((await change(visitor, { cart: {} }, { headers })).json().error, 'key_not_writable');
    const foreign = { ...headers, 'sec-fetch-site': 'cross-site' };
    assert.equal((await change(visitor, { language: 'ja' }, { headers: foreign })).status, 403);
    assert.equal((await visitor.whoami()).language, 'de');
  });

  test('whoever keeps the sessions is down: 503, and the key stays (F7, F10)', async () => {
    const visitor = await loggedIn();
    await down(true);
    for (const path of ['/account/', '/whoami', '/_session']) {
      const response = await visitor.get(path);
      assert.equal(response.status, 503, path);
      assert.ok(response.headers['retry-after']);
      assert.deepEqual(response.setCookies, []);
    }
    assert.equal((await change(visitor, { language: 'fr' })).status, 503);
    // Nobody needs a session here.
    assert.notEqual((await visitor.get('/static/none.css')).status, 503);
    assert.equal((await new Visitor(edge).get('/whoami')).status, 200);
    await down(false);
    for (let n = 0; n < 30 && (await visitor.get('/account/')).status === 503; n++) await sleep(500);
    assert.equal((await visitor.whoami()).user, 'ada');
  });
}
