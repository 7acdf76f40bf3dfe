// A browser that was here before the Worker was: it holds Django's own cookie.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const older = newDjangoSecret();
const secret = newDjangoSecret();
let site, edge;

before(async () => {
  site = await startSite({ secret, fallbacks: [older] });
  edge = await startEdge({
    ORIGIN_URL: site.url,
    SESSION_KEYS: newSessionKey(),
    DJANGO_SECRET_KEY: secret,
    DJANGO_SECRET_KEY_FALLBACKS: JSON.stringify([older]),
  });
});

after(async () => {
  await edge?.stop();
  await site?.stop();
});

/** A visitor who logged in at the bare site and now comes through the edge. */
async function returning(article = '抹茶') {
  const visitor = new Visitor(site);
  await visitor.logIn();
  await visitor.post('/cart/', { article });
  visitor.place = edge;
  return visitor;
}

function assertUpgraded(response) {
  const [sealed, ...more] = response.setCookies.filter(({ name, value }) => name === COOKIE && value !== '');
  assert.deepEqual(more, []);
  assert.ok(sealed, 'a sealed cookie is set');
  const { path, secure, httponly, samesite } = sealed.attributes;
  assert.deepEqual(
    { path, secure, httponly, samesite },
    { path: '/', secure: true, httponly: true, samesite: 'Lax' },
  );
  const [plain, ...others] = response.setCookies.filter(({ name }) => name === 'sessionid');
  assert.deepEqual(others, []);
  assert.equal(plain.value, '');
  assert.equal(plain.attributes['max-age'], '0');
  assert.equal(plain.attributes.path, '/');
}

test('is logged in at once, and holds the sealed cookie after the first response', async () => {
  const visitor = await returning();
  const response = await visitor.get('/whoami');
  assert.equal(response.json().user, 'ada');
  assert.deepEqual(response.json().cart, { 抹茶: 1 });
  assert.equal(response.json().sessions.length, 1);
  assertUpgraded(response);
  assert.match(response.headers['cache-control'], /private/);
  assert.match(response.headers['cache-control'], /no-store/);

  assert.deepEqual([...visitor.cookies.keys()].sort(), [COOKIE, 'csrftoken']);
  const again = await visitor.get('/whoami');
  assert.equal(again.json().user, 'ada');
  assert.deepEqual(again.setCookies, []);
});

test('the first request may change the session', async () => {
  const visitor = await returning();
  const response = await visitor.post('/cart/', { article: 'oolong' });
  assertUpgraded(response);
  assert.deepEqual((await visitor.whoami()).cart, { 抹茶: 1, oolong: 1 });
});

test('the first request may log out', async () => {
  const visitor = await returning();
  const response = await visitor.post('/logout/');
  assert.ok(
    response.setCookies.every(({ value }) => value === ''),
    'nothing is set',
  );
  assert.ok(!visitor.cookies.has('sessionid') && !visitor.cookies.has(COOKIE));
  assert.equal((await visitor.whoami()).user, null);
});

test('a cookie under an older SECRET_KEY will do', async () => {
  const before = await startSite({ secret: older });
  const visitor = new Visitor(before);
  await visitor.post('/cart/', { article: 'sencha' });
  await before.stop();
  visitor.place = edge;
  const response = await visitor.get('/whoami');
  assert.deepEqual(response.json().cart, { sencha: 1 });
  assertUpgraded(response);
});

test('a tampered one never reaches Django, and is removed', async () => {
  const visitor = await returning();
  const good = visitor.cookies.get('sessionid');
  const [payload, time, mac] = good.split(':');
  const forgeries = [
    good.slice(0, -1) + (good.endsWith('A') ? 'B' : 'A'),
    `${payload}:${time}1:${mac}`,
    `${payload}:${mac}`,
    good.replace(/^\./, ''),
    good.toLowerCase(),
    payload,
    ':',
    '::',
    '',
  ];
  for (const forged of forgeries) {
    const response = await send(`${edge.url}/whoami`, {
      headers: { cookie: `theme=dark; sessionid=${forged}` },
    });
    assert.equal(response.status, 200);
    assert.equal(response.json().cookie, 'theme=dark');
    assert.equal(response.json().user, null);
    assert.ok(!response.setCookies.some(({ name }) => name === COOKIE));
    assert.ok(
      response.setCookies.some(
        ({ name, attributes }) => name === 'sessionid' && attributes['max-age'] === '0',
      ),
      'removed',
    );
  }
});

test('two different valid ones: 401', async () => {
  const [one, two] = [await returning('one'), await returning('two')].map(visitor =>
    visitor.cookies.get('sessionid'),
  );
  assert.notEqual(one, two);
  const response = await send(`${edge.url}/whoami`, {
    headers: { cookie: `sessionid=${one}; sessionid=${two}` },
  });
  assert.equal(response.status, 401);
});

test('a sealed cookie wins over a plain one, which is removed', async () => {
  const plain = await returning();
  const sealed = new Visitor(edge);
  await sealed.post('/cart/', { article: 'sealed' });
  const cookie = `sessionid=${plain.cookies.get('sessionid')}; ${COOKIE}=${sealed.cookies.get(COOKIE)}`;
  const response = await send(`${edge.url}/whoami`, { headers: { cookie } });
  assert.deepEqual(response.json().cart, { sealed: 1 });
  assert.equal(response.json().sessions.length, 1);
  assert.ok(response.setCookies.some(({ name, value }) => name === 'sessionid' && value === ''));
});
