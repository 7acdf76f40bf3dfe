// /_session: the session for a page's script, and for servers with the token.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, recordNames, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
const token = randomBytes(24).toString('base64url');
let site, edge;

before(async () => {
  site = await startSite({ secret });
  edge = await startEdge(
    {
      ORIGIN_URL: site.url,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: secret,
      SESSION_API_TOKEN: token,
      SESSION_CLIENT_VISIBLE: '["cart", "language", "pref_*"]',
      SESSION_CLIENT_WRITABLE: '["language", "pref_*"]',
    },
    { faulty: true },
  );
});
after(async () => {
  await edge?.stop();
  await site?.stop();
});

const own = { 'sec-fetch-site': 'same-origin' };
const json = { 'content-type': 'application/json' };
const bearer = { authorization: `Bearer ${token}` };

/** A request to /_session with the visitor's cookies; what it sets is kept. */
async function call(visitor, method, headers = {}, content) {
  const body = content === undefined || typeof content === 'string' ? content : JSON.stringify(content);
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await send(`${edge.url}/_session`, {
    method,
    headers: {
      ...(cookie && { cookie }),
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
    body,
  });
  assert.match(response.headers['cache-control'], /private, no-store/, `${method} ${response.status}`);
  assert.match(response.headers.vary, /cookie/i);
  for (const { name, value } of response.setCookies) {
    if (value === '') visitor.cookies.delete(name);
    else visitor.cookies.set(name, value);
  }
  return response;
}

function assertRefused(response, status, error) {
  assert.equal(response.status, status, response.body);
  assert.match(response.headers['content-type'], /^application\/json/);
  assert.equal(response.json().error, error);
  assert.equal(typeof response.json().message, 'string');
}

async function loggedIn() {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  return visitor;
}

async function shopper() {
  const visitor = await loggedIn();
  await visitor.post('/cart/', { article: 'tea' });
  return visitor;
}

describe('reading', () => {
  test('the visible keys and no other', async () => {
    const visitor = await shopper();
    const response = await call(visitor, 'GET');
    assert.equal(response.status, 200);
    assert.deepEqual(response.json(), { cart: { tea: 1 } });
    assert.deepEqual(response.setCookies, []);
  });

  test('without a session: 401, and a bad cookie is removed', async () => {
    assertRefused(await call(new Visitor(edge), 'GET'), 401, 'no_session');
    const visitor = new Visitor(edge);
    visitor.cookies.set(COOKIE, 'AAAA');
    assertRefused(await call(visitor, 'GET'), 401, 'no_session');
    assert.equal(visitor.cookies.has(COOKIE), false);
  });

  test('with the token every key; with another one none', async () => {
    const visitor = await shopper();
    const all = (await call(visitor, 'GET', bearer)).json();
    assert.deepEqual(Object.keys(all).sort(), ['_auth_user_backend', '_auth_user_hash', '_auth_user_id', 'cart']);
    for (const authorization of ['Bearer', `Bearer ${token}x`, `Bearer ${token.slice(0, -1)}`, `bearer ${'A'.repeat(token.length)}`]) {
      const response = await call(visitor, 'GET', { authorization });
      assertRefused(response, 401, 'bad_token');
      assert.match(response.headers['www-authenticate'], /^Bearer/);
    }
    assert.deepEqual((await call(visitor, 'GET', { authorization: 'Basic eDp5' })).json(), { cart: { tea: 1 } });
    // A page's script that sends a token of the site's own with everything.
    const script = { ...own, authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x' };
    assert.deepEqual((await call(visitor, 'GET', script)).json(), { cart: { tea: 1 } });
    assertRefused(await call(visitor, 'PATCH', { ...script, ...json }, { _auth_user_id: '2' }), 403, 'key_not_writable');
  });

  test('nothing is visible unless it is listed', async () => {
    await edge.restart({ SESSION_CLIENT_VISIBLE: undefined, SESSION_API_TOKEN: undefined });
    const visitor = await shopper();
    assert.equal((await call(visitor, 'GET')).body, '{}');
    assertRefused(await call(visitor, 'GET', bearer), 401, 'bad_token');
    await edge.restart();
  });

  test('HEAD is GET without a body; other methods are named', async () => {
    const visitor = await shopper();
    const head = await call(visitor, 'HEAD');
    assert.deepEqual([head.status, head.body], [200, '']);
    for (const method of ['POST', 'OPTIONS']) {
      const response = await call(visitor, method, { ...own, ...json, 'content-length': 2 }, '{}');
      assertRefused(response, 405, 'method_not_allowed');
      assert.equal(response.headers.allow, 'GET, HEAD, PATCH, PUT, DELETE');
    }
  });

  test('exactly this path', async () => {
    const visitor = await shopper();
    for (const path of ['/_session/', '/_session/x', '/_session/inspector', '/_session/inspector/']) assert.equal((await visitor.get(path)).status, 404);
    assert.equal((await visitor.get('/_session?x=1')).status, 200);
    assert.equal((await visitor.get('/_sessions')).headers['x-frame-options'], 'DENY'); // Django's own 404
  });

  test('two sessions at once: 401, and both go', async () => {
    const [one, two] = [await loggedIn(), await loggedIn()];
    const cookie = [one, two].map(visitor => `${COOKIE}=${visitor.cookies.get(COOKIE)}`).join('; ');
    const response = await send(`${edge.url}/_session`, { headers: { cookie } });
    assertRefused(response, 401, 'conflict');
    assert.equal(response.setCookies[0].value, '');
  });
});

describe("a page's script", () => {
  test('changes writable keys, and Django has them with the next request', async () => {
    const visitor = await shopper();
    const response = await call(visitor, 'PATCH', { ...own, ...json }, { language: 'fr', pref_size: { font: 12 } });
    assert.equal(response.status, 200, response.body);
    assert.deepEqual(response.json(), { cart: { tea: 1 }, language: 'fr', pref_size: { font: 12 } });
    const [cookie] = response.setCookies;
    const { path, secure, httponly, samesite } = cookie.attributes;
    assert.deepEqual({ path, secure, httponly, samesite }, { path: '/', secure: true, httponly: true, samesite: 'Lax' });
    const seen = await visitor.whoami();
    assert.equal(seen.language, 'fr');
    assert.equal(seen.user, 'ada');
    assert.ok(seen.keys.includes('pref_size'));

    await call(visitor, 'PATCH', { ...own, 'content-type': 'application/merge-patch+json; charset=utf-8' }, {
      language: null,
      pref_size: { font: null, line: 2 },
    });
    assert.deepEqual((await call(visitor, 'GET')).json(), { cart: { tea: 1 }, pref_size: { line: 2 } });
    assert.equal((await visitor.whoami()).language, null);
  });

  test('no other key: not set, not removed, not by any spelling', async () => {
    const visitor = await shopper();
    for (const patch of [
      { cart: {} },
      { cart: null },
      { language: 'fr', cart: {} },
      { _auth_user_id: '1' },
      '{"\\u005fauth_user_id":"1"}',
      { absent: null },
      { 'pref': 1 },
    ]) {
      const response = await call(visitor, 'PATCH', { ...own, ...json }, patch);
      assertRefused(response, 403, 'key_not_writable');
      assert.deepEqual(response.setCookies, []);
    }
    assert.deepEqual((await visitor.whoami()).cart, { tea: 1 });
    assert.equal((await visitor.whoami()).user, 'ada');
  });

  test('replaces a session only if every key in it is writable', async () => {
    const visitor = await shopper();
    assertRefused(await call(visitor, 'PUT', { ...own, ...json }, { language: 'fr' }), 403, 'key_not_writable');
    // Equal values do not help: a browser could find out what it may not see.
    const all = (await call(visitor, 'GET', bearer)).json();
    assertRefused(await call(visitor, 'PUT', { ...own, ...json }, all), 403, 'key_not_writable');

    const plain = new Visitor(edge);
    await call(plain, 'PUT', { ...bearer, ...json }, { pref_a: 1, language: 'de' });
    const response = await call(plain, 'PUT', { ...own, ...json }, { pref_b: null });
    assert.deepEqual(response.json(), { pref_b: null });
  });

  test('logs out', async () => {
    const visitor = await shopper();
    const response = await call(visitor, 'DELETE', own);
    assert.deepEqual([response.status, response.body], [204, '']);
    assert.equal(visitor.cookies.has(COOKIE), false);
    assert.equal((await visitor.whoami()).user, null);
    assert.equal((await call(visitor, 'DELETE', own)).status, 204); // again: it is gone
  });

  test('of another site is refused, whatever it sends', async () => {
    const visitor = await shopper();
    for (const headers of [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'cross-site', origin: edge.url },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `${edge.url}.evil.example` },
    ]) {
      for (const method of ['PATCH', 'PUT', 'DELETE']) {
        const response = await call(visitor, method, { ...json, ...headers }, { language: 'fr' });
        assert.equal(response.status, 403, JSON.stringify(headers));
        assertRefused(response, 403, 'cross_site');
        assert.deepEqual(response.setCookies, []);
      }
    }
    assert.equal((await visitor.whoami()).language, null);
    const response = await call(visitor, 'PATCH', { ...json, origin: edge.url }, { language: 'fr' });
    assert.equal(response.status, 200, 'an older browser, which says Origin only');
  });

  test('no page of another site is allowed to ask', async () => {
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'PATCH' };
    const response = await send(`${edge.url}/_session`, { method: 'OPTIONS', headers: preflight });
    assert.deepEqual(Object.keys(response.headers).filter(name => name.startsWith('access-control')), []);
  });

  test('a form is refused', async () => {
    const visitor = await shopper();
    for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json-seq']) {
      const headers = { ...own, ...(type && { 'content-type': type }) };
      assertRefused(await call(visitor, 'PATCH', headers, { language: 'fr' }), 415, 'content_type');
    }
  });

  test('makes no session, and a stranger stores nothing', async () => {
    const before = (await recordNames(edge)).length;
    for (let n = 0; n < 50; n++) {
      const content = { pref_big: randomBytes(15_000).toString('hex') };
      assertRefused(await call(new Visitor(edge), 'PATCH', { ...own, ...json }, content), 401, 'no_session');
      assert.equal((await call(new Visitor(edge), 'DELETE', own)).status, 204);
    }
    assert.equal((await recordNames(edge)).length, before);
  });
});

describe('bodies', () => {
  const bad = [
    ['', 400, 'bad_json'],
    ['{', 400, 'bad_json'],
    ['{"language":NaN}', 400, 'bad_json'],
    ['{} {}', 400, 'bad_json'],
    ['{"language":1E400}', 400, 'bad_value'],
    ['{"language":"\\ud800"}', 400, 'bad_value'],
    ['{"language":["\\u0000"]}', 400, 'bad_value'],
    ['null', 400, 'not_an_object'],
    ['[]', 400, 'not_an_object'],
    ['"x"', 400, 'not_an_object'],
    [`{"language":${'['.repeat(64)}${']'.repeat(64)}}`, 400, 'too_deep'],
    [`{"language":${'['.repeat(32_000)}${']'.repeat(32_000)}}`, 400, 'too_deep'],
    [JSON.stringify({ language: 'x'.repeat(65_536) }), 413, 'body_too_large'],
  ];
  for (const [body, status, error] of bad) {
    test(`${error}: ${body.slice(0, 20)}`, async () => {
      const visitor = await loggedIn();
      for (const method of ['PATCH', 'PUT']) {
        assertRefused(await call(visitor, method, { ...own, ...json }, body), status, error);
      }
      assert.equal((await visitor.whoami()).language, null);
    });
  }

  test('the limit counts without a Content-Length, too', async () => {
    const visitor = await loggedIn();
    const cookie = `${COOKIE}=${visitor.cookies.get(COOKIE)}`;
    const status = bytes =>
      new Promise((resolve, reject) => {
        const request = httpRequest(
          `${edge.url}/_session`,
          { method: 'PATCH', headers: { cookie, ...own, ...json } },
          response => resolve(response.resume().statusCode),
        );
        request.on('error', reject);
        request.write('{"language":"');
        for (let left = bytes; left > 0; left -= 1000) request.write('x'.repeat(1000));
        request.end('"}');
      });
    assert.equal(await status(65_000), 200);
    assert.equal(await status(66_000), 413);
  });

  test('values come back as they were sent', async () => {
    const visitor = await loggedIn();
    const body = '{"pref_a":1.0,"pref_b":123456789012345678901234567890,"pref_\\u00e9":"\\ud83c\\udf75\\u0001<"}';
    const response = await call(visitor, 'PATCH', { ...own, ...json }, body);
    assert.equal(response.body, body);
    assert.equal((await call(visitor, 'GET')).body, body);
    await visitor.post('/cart/', { article: 'tea' }); // Django writes it
    assert.equal((await call(visitor, 'GET')).body, body.replace('{', '{').replace(/}$/, ',"cart":{"tea":1}}'));
  });
});

describe('a server with the token', () => {
  test('changes any key, from anywhere, and may begin a session', async () => {
    const visitor = new Visitor(edge);
    const response = await call(visitor, 'PATCH', { ...bearer, ...json }, { cart: { oolong: 3 }, hidden: 1 });
    assert.equal(response.status, 200);
    assert.deepEqual(response.json(), { cart: { oolong: 3 }, hidden: 1 });
    assert.ok(visitor.cookies.has(COOKIE));
    assert.deepEqual((await visitor.whoami()).cart, { oolong: 3 });
    await call(visitor, 'PUT', { ...bearer, ...json }, { language: 'nl' });
    const seen = await visitor.whoami();
    assert.deepEqual(seen.keys, ['language']);
  });

  test('a session without keys is none', async () => {
    const visitor = await shopper();
    const response = await call(visitor, 'PUT', { ...bearer, ...json }, {});
    assert.equal(response.status, 200);
    assert.equal(visitor.cookies.has(COOKIE), false);
    assertRefused(await call(visitor, 'GET'), 401, 'no_session');
  });

  test('20 KB: stored, and Django has it', async () => {
    const visitor = await shopper();
    const notes = randomBytes(10_000).toString('hex');
    const response = await call(visitor, 'PATCH', { ...bearer, ...json }, { notes });
    assert.equal(response.status, 200);
    assert.equal(response.json().notes, notes);
    assert.ok(visitor.cookies.get(COOKIE).length + COOKIE.length <= 4093);
    assert.ok((await visitor.whoami()).bytes > 20_000);
    assert.deepEqual((await call(visitor, 'GET')).json(), { cart: { tea: 1 } });
  });

  test('what cannot be kept is refused, and the old session stays', async () => {
    await edge.restart({ SESSION_STORE: 'none' });
    const visitor = await shopper();
    const notes = randomBytes(10_000).toString('hex');
    const response = await call(visitor, 'PATCH', { ...bearer, ...json }, { notes });
    assertRefused(response, 413, 'session_too_large');
    assert.deepEqual(response.setCookies, []);
    assert.deepEqual((await visitor.whoami()).cart, { tea: 1 });
    await edge.restart();
  });

  test('while the store is down: 503, and the old session stays', async () => {
    const visitor = await shopper();
    const fault = modes => send(`${edge.url}/__store?${new URLSearchParams(modes)}`);
    await fault({ put: 'down' });
    const notes = randomBytes(10_000).toString('hex');
    const response = await call(visitor, 'PATCH', { ...bearer, ...json }, { notes });
    // It may have arrived: nobody knows. A look that fails has changed nothing.
    assertRefused(response, 503, 'store_uncertain');
    assert.match(response.headers['retry-after'], /^\d+$/);
    assert.deepEqual(response.setCookies, []);
    await fault({ put: 'ok' });
    assert.equal((await call(visitor, 'PATCH', { ...bearer, ...json }, { notes })).status, 200);
    await fault({ get: 'down' });
    assertRefused(await call(visitor, 'GET'), 503, 'store_unavailable');
    await fault({ get: 'ok' });
    assert.deepEqual((await visitor.whoami()).cart, { tea: 1 });
  });
});

describe('logging out everywhere', () => {
  test('a visitor ends all sessions of their user, and of nobody else', async () => {
    const [here, there] = [await shopper(), await loggedIn()];
    const stranger = new Visitor(edge);
    await call(stranger, 'PATCH', { ...bearer, ...json }, { _auth_user_id: '4711', cart: 1 });
    const copy = new Map(here.cookies);
    await sleep(20);
    const everywhere = async (visitor, headers, query = '?everywhere') => {
      const cookie = [...visitor.cookies].map(pair => pair.join('=')).join('; ');
      return send(`${edge.url}/_session${query}`, { method: 'DELETE', headers: { cookie, ...headers } });
    };
    assertRefused(await everywhere(here, { 'sec-fetch-site': 'cross-site' }), 403, 'cross_site');
    assertRefused(await everywhere(here, own, '?user=1'), 403, 'token_required');
    assertRefused(await everywhere(here, bearer, '?user='), 400, 'bad_query');
    assertRefused(await everywhere(new Visitor(edge), own), 401, 'no_session');
    assert.equal((await call(there, 'GET')).status, 200);

    const response = await everywhere(here, own);
    assert.equal(response.status, 204);
    assert.equal(response.setCookies[0].value, '');
    here.cookies = copy;
    assertRefused(await call(here, 'GET'), 401, 'no_session');
    assertRefused(await call(there, 'GET'), 401, 'no_session');
    assert.equal((await call(stranger, 'GET')).status, 200);

    assert.equal((await everywhere(new Visitor(edge), bearer, '?user=4711')).status, 204);
    assertRefused(await call(stranger, 'GET'), 401, 'no_session');
    await sleep(1100); // sessions count in whole seconds
    assert.equal((await call(await loggedIn(), 'GET')).status, 200);
  });

  test('needs a user, and somebody who looks', async () => {
    const visitor = new Visitor(edge);
    await call(visitor, 'PATCH', { ...bearer, ...json }, { cart: 1 });
    const cookie = `${COOKIE}=${visitor.cookies.get(COOKIE)}`;
    const request = (query, headers) => send(`${edge.url}/_session${query}`, { method: 'DELETE', headers });
    assertRefused(await request('?everywhere', { cookie, ...own }), 409, 'no_user');
    assertRefused(await send(`${edge.url}/_session?everywhere`, { headers: { cookie } }), 400, 'bad_query');
    await edge.restart({ SESSION_REVOCATION: 'none' });
    assertRefused(await request('?user=1', bearer), 501, 'revocation_off');
    await edge.restart();
  });
});

test('after log out a copy of the cookie is worth nothing here', async () => {
  const visitor = await shopper();
  const copy = new Map(visitor.cookies);
  assert.equal((await call(visitor, 'DELETE', own)).status, 204);
  visitor.cookies = copy;
  assertRefused(await call(visitor, 'PATCH', { ...own, ...json }, { language: 'fr' }), 401, 'no_session');
});

test('while the store is down log out says so, and works later', async () => {
  const visitor = await shopper();
  await send(`${edge.url}/__store?put=down`);
  const response = await call(visitor, 'DELETE', own);
  assertRefused(response, 503, 'store_unavailable');
  assert.deepEqual(response.setCookies, []);
  await send(`${edge.url}/__store?put=ok`);
  assert.equal((await call(visitor, 'DELETE', own)).status, 204);
});

test('a change counts as a visit: the cookie is issued anew, and Django reads it as signed then', async () => {
  await edge.restart({ SESSION_IDLE_SECONDS: '4' });
  const visitor = await shopper();
  for (let n = 0; n < 5; n++) {
    await sleep(1500);
    const response = await call(visitor, 'PATCH', { ...own, ...json }, { pref_n: n });
    assert.equal(response.status, 200, `after ${(n + 1) * 1.5} s`);
    assert.equal(response.setCookies[0].attributes['max-age'], '4');
  }
  const seen = await visitor.whoami();
  assert.equal(seen.user, 'ada');
  assert.equal(seen.sessions.length, 1);
  await edge.restart();
});

test('under the plain cookie of before, a change seals the session and removes the plain one', async () => {
  const visitor = new Visitor(site);
  await visitor.logIn();
  visitor.place = edge;
  const response = await call(visitor, 'PATCH', { ...own, ...json }, { language: 'fr' });
  assert.equal(response.status, 200);
  assert.deepEqual(response.setCookies.map(({ name, value }) => [name, value !== '']), [[COOKIE, true], ['sessionid', false]]);
  assert.equal((await visitor.whoami()).language, 'fr');
  await call(visitor, 'DELETE', own);
  assert.equal((await visitor.whoami()).user, null);
});
