// A session's end, and what else happens in its life: log out, log in, visits, keys with an end, a change of envelope.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
/** What docs/STORES.md promises for a revocation in KV: its propagation and its cache of absence. */
const PUBLISHED_DELAY = 120_000;
const keyId = sealed => Buffer.from(sealed, 'base64url').subarray(1, 5).toString('hex');
const tomorrow = days => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

const [key, olderKey] = [newSessionKey(), newSessionKey()];
const secret = newDjangoSecret();
let site, edge;

before(async () => {
  site = await startSite({ secret });
  edge = await startEdge(
    {
      ORIGIN_URL: site.url,
      SESSION_KEYS: `${key} ${olderKey}`,
      DJANGO_SECRET_KEY: secret,
      SESSION_ROUTES: '{"/account/": "required"}',
      SESSION_API_TOKEN: token,
    },
    { faulty: true },
  );
});
afterEach(async () => {
  await fault({ get: 'ok', put: 'ok', delete: 'ok' });
});
after(async () => {
  await edge?.stop();
  await site?.stop();
});

const fault = modes => send(`${edge.url}/__store?${new URLSearchParams(modes)}`);
const account = cookie => send(`${edge.url}/account/`, { headers: { cookie: `${COOKIE}=${cookie}` } });
const token = randomBytes(32).toString('base64url');
const metrics = async (headers = { authorization: `Bearer ${token}` }) =>
  (await send(`${edge.url}/_session/metrics`, { headers })).body;

async function loggedIn() {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  return visitor;
}

describe('log out logs out', () => {
  test('a copy of the cookie is refused where a session is required, within the published delay', async () => {
    const visitor = await loggedIn();
    const copy = visitor.cookies.get(COOKIE);
    assert.equal((await account(copy)).status, 200);
    const loggedOut = Date.now();
    await visitor.post('/logout/');
    let response;
    while ((response = await account(copy)).status === 200 && Date.now() - loggedOut < PUBLISHED_DELAY) await sleep(250);
    assert.equal(response.status, 401, `after ${Date.now() - loggedOut} ms`);
    assert.ok(response.setCookies.some(({ name, value }) => name === COOKIE && value === ''), 'and removed');
    assert.match(await metrics(), /session_rejected_total\{reason="revoked"\} \d+/);
  });

  test('so is a copy of an earlier cookie of the same session', async () => {
    const visitor = await loggedIn();
    const copy = visitor.cookies.get(COOKIE);
    await visitor.post('/cart/', { article: 'oolong' });
    assert.notEqual(visitor.cookies.get(COOKIE), copy);
    await visitor.post('/logout/');
    assert.equal((await account(copy)).status, 401);
  });

  test("another visitor's session, and another one of the same user, go on", async () => {
    const [visitor, elsewhere] = [await loggedIn(), await loggedIn()];
    await visitor.post('/logout/');
    assert.equal((await account(elsewhere.cookies.get(COOKIE))).status, 200);
  });

  test('a revoked cookie is not traded in for a fresh one', async () => {
    const visitor = await loggedIn();
    const copy = visitor.cookies.get(COOKIE);
    await visitor.post('/logout/');
    await edge.restart({ SESSION_KEYS: `${olderKey} ${key}` });
    const response = await send(`${edge.url}/whoami`, { headers: { cookie: `${COOKIE}=${copy}` } });
    assert.equal(response.json().user, null);
    assert.deepEqual(response.setCookies.map(({ value }) => value), ['']);
    await edge.restart();
  });

  test('a copy of a session with a record is none on every route, and no outage: its record went with it', async () => {
    const visitor = await loggedIn();
    await visitor.post('/big/', { kind: 'random' });
    const copy = visitor.cookies.get(COOKIE);
    const whoami = () => send(`${edge.url}/whoami`, { headers: { cookie: `${COOKIE}=${copy}` } });
    assert.equal((await whoami()).json().user, 'ada');
    await visitor.post('/logout/');
    const deadline = Date.now() + PUBLISHED_DELAY;
    let response;
    // The record is deleted after the answer.
    while ((response = await whoami()).status === 200 && response.json().user && Date.now() < deadline) await sleep(50);
    assert.equal(response.status, 200);
    assert.equal(response.json().user, null);
    assert.deepEqual(response.setCookies.map(({ value }) => value), ['']);
    const api = { headers: { cookie: `${COOKIE}=${copy}`, 'sec-fetch-site': 'same-origin' } };
    assert.equal((await send(`${edge.url}/_session`, api)).status, 401);
    assert.match(await metrics(), /session_loads_total\{result="ended"\} [1-9]/);
  });

  test('"always" refuses it everywhere', async () => {
    const visitor = await loggedIn();
    const copy = visitor.cookies.get(COOKIE);
    await visitor.post('/logout/');
    await edge.restart({ SESSION_REVOCATION: 'always' });
    const response = await send(`${edge.url}/whoami`, { headers: { cookie: `${COOKIE}=${copy}` } });
    assert.equal(response.json().user, null);
    await edge.restart();
  });

  test('while nobody can ask whether it was revoked, a required route answers 503, others as ever', async () => {
    const visitor = await loggedIn();
    await fault({ get: 'down' });
    const response = await account(visitor.cookies.get(COOKIE));
    assert.equal(response.status, 503);
    assert.match(response.headers['retry-after'], /^\d+$/);
    assert.deepEqual(response.setCookies, []);
    assert.equal((await visitor.whoami()).user, 'ada');
  });

  test('a revocation that the store refuses at first is made up for', async () => {
    const visitor = await loggedIn();
    const copy = visitor.cookies.get(COOKIE);
    await fault({ put: 'down' });
    assert.equal((await visitor.post('/logout/')).status, 302);
    assert.ok(!visitor.cookies.has(COOKIE), 'this browser is logged out at once');
    assert.equal((await account(copy)).status, 200, 'the store knows nothing yet');
    await fault({ put: 'ok' });
    const deadline = Date.now() + 20_000;
    let status;
    while ((status = (await account(copy)).status) === 200 && Date.now() < deadline) await sleep(250);
    assert.equal(status, 401);
  });
});

test('logging in ends the session from before: a planted cookie does not become a logged-in one', async () => {
  const visitor = new Visitor(edge);
  await visitor.post('/cart/', { article: 'sencha' });
  const before = visitor.cookies.get(COOKIE);
  assert.equal((await account(before)).status, 302, 'Django sends the anonymous one to its login page');
  await visitor.logIn();
  assert.deepEqual((await visitor.whoami()).cart, { sencha: 1 }, 'what was in it is still there');
  assert.equal((await account(before)).status, 401);
  assert.equal((await account(visitor.cookies.get(COOKIE))).status, 200);
});

test('with SESSION_TOUCH_SECONDS a visit keeps a session alive, and only now and then costs a cookie', async () => {
  await edge.restart({ SESSION_TOUCH_SECONDS: '2', SESSION_IDLE_SECONDS: '5' });
  const visitor = await loggedIn();
  const started = Date.now();
  let cookies = 0;
  let visits = 0;
  while (Date.now() - started < 9_000) {
    const response = await visitor.get('/whoami');
    assert.equal(response.json().user, 'ada', `after ${Date.now() - started} ms`);
    const [cookie] = response.setCookies;
    if (cookie) {
      cookies++;
      const { path, secure, httponly, samesite } = cookie.attributes;
      assert.deepEqual({ path, secure, httponly, samesite }, { path: '/', secure: true, httponly: true, samesite: 'Lax' });
    }
    visits++;
    await sleep(300);
  }
  assert.ok(cookies >= 2 && cookies <= 5, `${cookies} cookies in ${visits} visits`);
  await sleep(6_500);
  assert.equal((await visitor.whoami()).user, null, 'idle');
  await edge.restart();
});

describe('a rotation that can be finished', () => {
  test('a key with an end is announced, opens until then, and not after', async () => {
    const visitor = await loggedIn();
    const copy = visitor.cookies.get(COOKIE);
    const whoami = () => send(`${edge.url}/whoami`, { headers: { cookie: `${COOKIE}=${copy}` } });

    await edge.restart({ SESSION_KEYS: `${olderKey} ${key}@${tomorrow(3)}` });
    assert.equal((await whoami()).json().user, 'ada');
    const { keys, warnings } = (await send(`${edge.url}/_session/health`)).json();
    assert.equal(keys[1].not_after, `${tomorrow(3)}T00:00:00.000Z`);
    const announced = warnings.filter(warning => warning.startsWith('SESSION_KEYS: '));
    assert.equal(announced.length, 1);
    assert.match(announced[0], new RegExp(keys[1].id));

    await edge.restart({ SESSION_KEYS: `${olderKey} ${key}@${tomorrow(-1)}` });
    assert.equal((await whoami()).json().user, null);
    assert.match(await metrics(), new RegExp(`session_rejected_total{reason="retired_key ${keys[1].id}"} 1`));
    await edge.restart();
  });

  test('a counter for each key says when the old one is not needed any more', async () => {
    const visitor = await loggedIn();
    const [first, second] = [key, olderKey].map(() => visitor.cookies.get(COOKIE)).map(keyId);
    assert.equal(first, second);
    await edge.restart({ SESSION_KEYS: `${olderKey} ${key}` });
    // They are those of all isolates that there were.
    const before = await metrics();
    await visitor.whoami();
    await visitor.whoami();
    await visitor.whoami();
    const after = await metrics();
    const counted = (text, series) => Number(text.split('\n').find(line => line.startsWith(`${series} `))?.split(' ')[1] ?? 0);
    const more = series => counted(after, series) - counted(before, series);
    assert.equal(more(`session_opened_total{key="${first}"}`), 1);
    assert.equal(more(`session_opened_total{key="${keyId(visitor.cookies.get(COOKIE))}"}`), 2);
    assert.equal(more('session_reissued_total{cause="key"}'), 1);
    await edge.restart();
  });
});

test('the counters are for whoever has the token', async () => {
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${token}` }]) {
    assert.doesNotMatch(await metrics(headers), /session_opened_total/);
  }
  assert.match(await metrics(), /session_opened_total/);
});

test('from sealed to Django and back, nobody is logged out, and each way has an end', async () => {
  const accept = (first, second) =>
    JSON.stringify([{ envelope: first }, { envelope: second, until: tomorrow(3) }]);
  const visitor = await loggedIn();

  await edge.restart({ SESSION_WRITE: 'django', SESSION_ACCEPT: accept('django', 'sealed') });
  assert.equal((await visitor.whoami()).user, 'ada');
  assert.match(visitor.cookies.get(COOKIE), /:.*:/, 'a signed cookie now');
  assert.equal((await visitor.whoami()).user, 'ada');

  await edge.restart({ SESSION_WRITE: 'sealed', SESSION_ACCEPT: accept('sealed', 'django'), ORIGIN_COOKIE: COOKIE });
  const response = await visitor.get('/whoami');
  assert.ok(response.setCookies.some(({ name, value }) => name === COOKIE && value !== '' && !value.includes(':')));
  await edge.restart();
});
