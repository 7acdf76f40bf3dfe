// The cookie's attributes, declared once: the same when it is set, touched and removed.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const secret = newDjangoSecret();
let site, edge;

before(async () => {
  site = await startSite({ secret });
  edge = await startEdge({ ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret });
});
after(async () => {
  await edge?.stop();
  await site?.stop();
});

/** The attributes but for how long it lives. */
function lasting({ attributes: { 'max-age': _, expires: __, ...others } }) {
  return others;
}

const base = { path: '/', secure: true, httponly: true, samesite: 'Lax' };

describe('set and removed alike', () => {
  for (const [what, name, settings, expected] of [
    ['the default', '__Host-sessionid', {}, base],
    ['strict', '__Host-sessionid', { SESSION_SAME_SITE: 'strict' }, { ...base, samesite: 'Strict' }],
    [
      'in frames of other sites',
      '__Host-sessionid',
      { SESSION_SAME_SITE: 'none', SESSION_COOKIE_PARTITIONED: 'true' },
      { ...base, samesite: 'None', partitioned: true },
    ],
    ['kept longest', '__Host-sessionid', { SESSION_COOKIE_PRIORITY: 'high' }, { ...base, priority: 'High' }],
    [
      'shared with sub-domains, below a path',
      '__Secure-sid',
      { SESSION_COOKIE_DOMAIN: 'shop.example', SESSION_COOKIE_PATH: '/shop/' },
      { ...base, domain: 'shop.example', path: '/shop/' },
    ],
    ['__Http-', '__Http-sid', { SESSION_COOKIE_PATH: '/x' }, { ...base, path: '/x' }],
    ['__Host-Http-', '__Host-Http-sid', {}, base],
    ['without a prefix', 'sid', { SESSION_COOKIE_DOMAIN: 'shop.example' }, { ...base, domain: 'shop.example' }],
  ]) {
    test(what, async () => {
      await edge.restart({ SESSION_COOKIE: name, ...settings });
      const visitor = new Visitor(edge);
      const login = await visitor.logIn();
      const set = login.setCookies.filter(cookie => cookie.name === name);
      assert.deepEqual(set.map(lasting), [expected]);
      const logout = await visitor.post('/logout/');
      const removed = logout.setCookies.filter(cookie => cookie.name === name);
      assert.deepEqual(removed.map(lasting), [expected]);
      assert.deepEqual([removed[0].value, removed[0].attributes['max-age']], ['', '0']);
      const forged = await send(`${edge.url}/whoami`, { headers: { cookie: `${name}=AAAA` } });
      assert.deepEqual(forged.setCookies.map(lasting), [expected]);
    });
  }
});

test("the site's own cookie is removed where the site put it", async () => {
  await edge.restart({ ORIGIN_COOKIE_DOMAIN: 'shop.example', ORIGIN_COOKIE_PATH: '/shop/' });
  const visitor = new Visitor(site);
  await visitor.logIn();
  visitor.place = edge;
  const response = await visitor.get('/whoami');
  const [plain] = response.setCookies.filter(({ name }) => name === 'sessionid');
  assert.equal(plain.value, '');
  assert.deepEqual([plain.attributes.domain, plain.attributes.path], ['shop.example', '/shop/']);
});

test('further scopes are cleared at log out and in a conflict, and only then', async () => {
  const scopes = [{ domain: 'shop.example', name: '__Secure-old' }, { name: 'sid', path: '/shop' }, { name: '__Host-older' }];
  await edge.restart({ SESSION_COOKIE_CLEAR: JSON.stringify(scopes) });
  const cleared = response =>
    response.setCookies
      .filter(({ value, name }) => value === '' && name !== '__Host-sessionid' && name !== 'csrftoken')
      .map(({ name, attributes: { domain, path, secure } }) => [name, domain, path, secure]);
  const all = [
    ['__Secure-old', 'shop.example', '/', true],
    ['sid', undefined, '/shop', undefined],
    ['__Host-older', undefined, '/', true],
  ];
  const [one, two] = [new Visitor(edge), new Visitor(edge)];
  assert.deepEqual(cleared(await one.logIn()), []);
  await two.logIn();
  assert.deepEqual(cleared(await one.get('/whoami')), []);
  const both = [one, two].map(({ cookies }) => `__Host-sessionid=${cookies.get('__Host-sessionid')}`);
  const conflict = await send(`${edge.url}/whoami`, { headers: { cookie: both.join('; ') } });
  assert.equal(conflict.status, 401);
  assert.deepEqual(cleared(conflict), all);
  assert.deepEqual(cleared(await one.post('/logout/')), all);
  const response = await two.get('/whoami');
  assert.equal(response.json().user, 'ada');
  const headers = { cookie: both[1], 'sec-fetch-site': 'same-origin' };
  assert.deepEqual(cleared(await send(`${edge.url}/_session`, { method: 'DELETE', headers })), all);
});

describe('what browsers would refuse is refused here, by name', () => {
  for (const [setting, changes] of [
    ['SESSION_SAME_SITE', { SESSION_SAME_SITE: 'Laxish' }],
    ['SESSION_COOKIE_DOMAIN', { SESSION_COOKIE_DOMAIN: 'shop.example' }], // __Host- is the default
    ['SESSION_COOKIE_DOMAIN', { SESSION_COOKIE: 'sid', SESSION_COOKIE_DOMAIN: 'https://shop.example' }],
    ['SESSION_COOKIE_PATH', { SESSION_COOKIE_PATH: '/shop' }],
    ['SESSION_COOKIE_PATH', { SESSION_COOKIE: 'sid', SESSION_COOKIE_PATH: 'shop' }],
    ['SESSION_COOKIE_PATH', { SESSION_COOKIE: '__Host-Http-sid', SESSION_COOKIE_PATH: '/shop' }],
    ['SESSION_COOKIE_PARTITIONED', { SESSION_COOKIE_PARTITIONED: 'yes' }],
    ['SESSION_COOKIE_PRIORITY', { SESSION_COOKIE_PRIORITY: 'urgent' }],
    ['SESSION_COOKIE_CLEAR', { SESSION_COOKIE_CLEAR: '{}' }],
    ['SESSION_COOKIE_CLEAR', { SESSION_COOKIE_CLEAR: '[{"host": "x"}]' }],
    ['SESSION_COOKIE_CLEAR', { SESSION_COOKIE_CLEAR: '[{"domain": "shop.example"}]' }], // of a __Host- cookie
    ['ORIGIN_COOKIE_DOMAIN', { ORIGIN_COOKIE_DOMAIN: '.shop.example' }],
    ['ORIGIN_COOKIE_PATH', { ORIGIN_COOKIE_PATH: 'shop' }],
    ['SESSION_API_TOKEN', { SESSION_API_TOKEN: 'short' }],
    ['SESSION_CLIENT_VISIBLE', { SESSION_CLIENT_VISIBLE: 'cart' }],
    ['SESSION_CLIENT_VISIBLE', { SESSION_CLIENT_VISIBLE: '["*cart"]' }],
    ['SESSION_CLIENT_WRITABLE', { SESSION_CLIENT_WRITABLE: '["*"]' }],
    ['SESSION_CLIENT_WRITABLE', { SESSION_CLIENT_WRITABLE: '["_auth*"]' }],
    ['SESSION_CLIENT_WRITABLE', { SESSION_CLIENT_WRITABLE: '["user"]', SESSION_USER_KEY: 'user' }],
    ['SESSION_USER_KEY', { SESSION_USER_KEY: 'user*' }],
    ['SESSION_FRESH_SECONDS', { SESSION_FRESH_SECONDS: '0' }],
    ['SESSION_PROTOCOL', { SESSION_PROTOCOL: 'grpc' }],
    ['SESSION_ORIGIN_KEY', { SESSION_PROTOCOL: 'headers' }],
    ['SESSION_ORIGIN_KEY', { SESSION_PROTOCOL: 'headers', SESSION_ORIGIN_KEY: 'password' }],
  ]) {
    test(`${setting}: ${JSON.stringify(changes)}`, async () => {
      await edge.restart(changes);
      const response = await send(`${edge.url}/_session/health`);
      assert.equal(response.status, 503);
      const { problems } = response.json();
      assert.ok(
        problems.some(problem => problem.startsWith(`${setting}: `)),
        JSON.stringify(problems),
      );
    });
  }

  test('SESSION_ORIGIN_KEY that seals', async () => {
    const key = newSessionKey();
    await edge.restart({ SESSION_PROTOCOL: 'headers', SESSION_KEYS: key, SESSION_ORIGIN_KEY: key });
    const { problems } = (await send(`${edge.url}/_session/health`)).json();
    assert.deepEqual(problems.map(problem => problem.split(':')[0]), ['SESSION_ORIGIN_KEY']);
    assert.ok(!JSON.stringify(problems).includes(key.slice(4)));
  });
});
