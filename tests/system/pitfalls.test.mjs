// What went wrong in other software, where no other file says so already: docs/PITFALLS.md has the list.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import CachePolicy from 'http-cache-semantics';
import { newSessionKey, recordNames, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
let site, edge;

before(async () => {
  site = await startSite({ secret });
  edge = await startEdge({
    ORIGIN_URL: site.url,
    SESSION_KEYS: newSessionKey(),
    DJANGO_SECRET_KEY: secret,
    SESSION_STORE: 'kv+d1',
    SESSION_ROUTES: '{"/": "optional", "/account/": "required", "/static/": "public"}',
    SESSION_CLIENT_WRITABLE: '["pref_*"]',
  });
});
after(async () => {
  await edge?.stop();
  await site?.stop();
});

function assertPrivate(response, what) {
  assert.equal(response.headers['cache-control'], 'private, no-store', what);
  const vary = (response.headers.vary ?? '').toLowerCase().split(/\s*,\s*/);
  assert.ok(vary.includes('cookie'), `${what}: Vary: ${response.headers.vary}`);
}

test('a shared cache in front never gives one visitor what is of another', async () => {
  const stored = new Map();
  let hits = 0;
  const through = async (visitor, path) => {
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const request = {
      method: 'GET',
      url: path,
      headers: { host: new URL(edge.url).host, ...(cookie && { cookie }) },
    };
    const kept = (stored.get(path) ?? []).find(({ policy }) => policy.satisfiesWithoutRevalidation(request));
    if (kept) {
      hits++;
      return kept.response;
    }
    const response = await visitor.get(path);
    const policy = new CachePolicy(request, response, { shared: true });
    if (policy.storable()) stored.set(path, [...(stored.get(path) ?? []), { policy, response }]);
    return response;
  };

  const [ada, stranger] = [new Visitor(edge), new Visitor(edge)];
  await ada.logIn();
  const paths = [
    '/whoami',
    '/',
    '/account/',
    '/save-and-cache',
    '/status/404',
    '/redirect',
    '/plain',
    '/static/app.css',
  ];
  for (const visitor of [ada, stranger, new Visitor(edge), ada]) {
    for (const path of paths) {
      const { body, setCookies } = await through(visitor, path);
      if (visitor === ada) continue;
      assert.ok(!body.includes('ada'), `${path} shows whose it is`);
      const values = setCookies.filter(({ name }) => name === COOKIE).map(({ value }) => value);
      assert.ok(!values.includes(ada.cookies.get(COOKIE)), `${path} hands out a cookie`);
    }
  }
  // The style sheet, so the cache is one.
  assert.ok(hits >= 3, `${hits} hits`);
  assert.equal((await ada.whoami()).user, 'ada');
});

describe('an origin that marks everything public', () => {
  let origin, other, seen;

  before(async () => {
    const answers = {
      '/read': [200, { vary: 'cookie' }],
      '/set': [200, { 'session-patch': '{"user":"7"}' }],
      '/change': [200, { 'session-patch': '{"n":2}' }],
      '/log-out': [200, { 'session-patch': 'null' }],
      '/redirect': [302, { location: '/read', vary: 'cookie' }],
      '/not-modified': [304, { etag: '"1"', vary: 'cookie' }],
      '/error': [500, { vary: 'cookie' }],
      '/for-all': [200, {}],
    };
    origin = createServer((request, response) => {
      seen = request.headers['x-session'];
      const [status, headers] = answers[request.url];
      response.writeHead(status, { 'cache-control': 'public, max-age=600', ...headers }).end();
    });
    await new Promise(resolve => origin.listen(0, '127.0.0.1', resolve));
    other = await startEdge({
      ORIGIN_URL: `http://127.0.0.1:${origin.address().port}`,
      SESSION_PROTOCOL: 'headers',
      SESSION_KEYS: newSessionKey(),
      SESSION_ORIGIN_KEY: newSessionKey(),
      SESSION_USER_KEY: 'user',
      SESSION_TOUCH_SECONDS: '1',
    });
  });
  after(async () => {
    await other?.stop();
    origin?.closeAllConnections();
    origin?.close();
  });

  test('whatever reads, sets, refreshes, removes or refuses a session is private, and varies by cookie', async () => {
    const visitor = new Visitor(other);
    for (const path of ['/set', '/read', '/redirect', '/not-modified', '/error', '/change']) {
      const response = await visitor.get(path);
      assert.equal(seen === undefined, path === '/set', path);
      assertPrivate(response, path);
    }
    // Older than SESSION_TOUCH_SECONDS: this visit issues the cookie anew, on a page that is nobody's in particular.
    await sleep(2100);
    const touched = await visitor.get('/for-all');
    assert.equal(touched.setCookies.length, 1);
    assertPrivate(touched, 'touched');
    assertPrivate(await visitor.get('/_session'), '/_session');
    assertPrivate(await visitor.get('/log-out'), '/log-out');
    for (const path of ['/read', '/for-all', '/_session']) {
      const refused = await send(other.url + path, { headers: { cookie: `${COOKIE}=AAAA` } });
      assert.equal(refused.setCookies.length, 1, path);
      assertPrivate(refused, `${path} with a bad cookie`);
    }
  });

  test('while it is down, too', async () => {
    const visitor = new Visitor(other);
    await visitor.get('/set');
    const { port } = origin.address();
    origin.closeAllConnections();
    await new Promise(resolve => origin.close(resolve));
    const response = await visitor.get('/read');
    assert.equal(response.status, 502);
    assert.match(response.headers['cache-control'], /no-store/);
    assert.deepEqual(response.setCookies, []);
    await new Promise(resolve => origin.listen(port, '127.0.0.1', resolve));
  });
});

test('strangers store nothing, whatever ids they bring and however often they log out', async () => {
  const forged = Buffer.concat([Buffer.from([1]), Buffer.alloc(120, 7)]).toString('base64url');
  const ids = ['chosen', '', ' ', '../../etc/passwd', 'a:b', '%00', 'x'.repeat(32), forged];
  const own = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };
  for (let round = 0; round < 5; round++) {
    for (const id of ids) {
      const headers = { cookie: `${COOKIE}=${id}; sessionid=${id}` };
      await send(`${edge.url}/whoami`, { headers });
      await send(`${edge.url}/account/`, { headers });
      await send(`${edge.url}/logout/`, { method: 'POST', headers });
      await send(`${edge.url}/_session`, { method: 'DELETE', headers: { ...headers, ...own } });
      await send(`${edge.url}/_session`, {
        method: 'PATCH',
        headers: { ...headers, ...own },
        body: '{"pref_a":1}',
      });
    }
    await new Visitor(edge).post('/logout/');
  }
  assert.deepEqual(await recordNames(edge), []);
  const database = await edge.database();
  for (const table of ['session_record', 'session_head']) {
    const { n } = await database.prepare(`SELECT count(*) AS n FROM ${table}`).first();
    assert.equal(n, 0, table);
  }
});

test('a required route stays closed whatever a query, a header or another method says', async () => {
  const headers = [
    { 'x-forwarded-uri': '/static/app.css' },
    { 'x-original-url': '/static/app.css' },
    { 'x-rewrite-url': '/static/app.css' },
    { 'x-forwarded-path': '/static/' },
    { 'x-forwarded-prefix': '/static' },
    { 'x-http-method-override': 'OPTIONS' },
    { 'user-agent': 'kube-probe/1.33' },
    { 'user-agent': 'GoogleHC/1.0' },
    { authorization: 'Bearer x' },
    { 'x-session': 'e30', 'x-session-mac': 'A'.repeat(43) },
  ];
  for (const extra of headers) {
    assert.equal((await send(`${edge.url}/account/`, { headers: extra })).status, 401, JSON.stringify(extra));
  }
  for (const path of [
    '/account/?/static/',
    '/account/?x=/static/app.css',
    '/account/%3F/../static/',
    '//account/',
    '/account/;/static/',
  ]) {
    assert.equal((await send(edge.url + path)).status, 401, path);
  }
  for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    assert.equal((await send(`${edge.url}/account/`, { method })).status, 401, method);
  }
});
