// What an operator can get wrong: 503, with the reason at /_session/health and no secret in it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const secret = newDjangoSecret();
const [key, otherKey] = [newSessionKey(), newSessionKey()];
let site, edge, right;

before(async () => {
  site = await startSite({ secret });
  right = { ORIGIN_URL: site.url, SESSION_KEYS: key, DJANGO_SECRET_KEY: secret };
  edge = await startEdge(right);
});

after(async () => {
  await edge?.stop();
  await site?.stop();
});

const health = () => send(`${edge.url}/_session/health`);

async function assertMisconfigured(setting, changes, options) {
  await edge.restart(changes, options);
  const response = await health();
  assert.equal(response.status, 503);
  assert.match(response.headers['content-type'], /^application\/json/);
  assert.match(response.headers['cache-control'], /no-store/);
  const { status, problems } = response.json();
  assert.equal(status, 'misconfigured');
  assert.ok(problems.length > 0 && problems.every(problem => typeof problem === 'string'));
  assert.ok(
    problems.some(problem => problem.includes(setting)),
    `${setting} in ${JSON.stringify(problems)}`,
  );

  const page = await send(`${edge.url}/whoami`, { headers: { cookie: 'theme=dark' } });
  assert.equal(page.status, 503);
  assert.match(page.headers['cache-control'], /no-store/);
  assert.deepEqual(page.setCookies, []);

  const secrets = ['SESSION_KEYS', 'DJANGO_SECRET_KEY', 'DJANGO_SECRET_KEY_FALLBACKS']
    .flatMap(name => ({ ...right, ...changes })[name]?.split(/[\s,[\]"]+/) ?? [])
    .filter(part => part.length > 6);
  for (const part of secrets) {
    assert.ok(!response.body.includes(part) && !page.body.includes(part), 'a secret is in an answer');
  }
}

describe('a wrong setting is named', () => {
  const wrong = {
    'SESSION_KEYS missing': { SESSION_KEYS: undefined },
    'SESSION_KEYS empty': { SESSION_KEYS: ' , ' },
    'SESSION_KEYS too short': { SESSION_KEYS: key.slice(0, -2) },
    'SESSION_KEYS too long': { SESSION_KEYS: `${key}AA` },
    'SESSION_KEYS a password': { SESSION_KEYS: 'correct-horse-battery-staple-and-more-words' },
    'SESSION_KEYS of another version': { SESSION_KEYS: key.replace('es1_', 'es2_') },
    'SESSION_KEYS twice the same': { SESSION_KEYS: `${key} ${otherKey} ${key}` },
    'SESSION_KEYS with one bad one among good ones': { SESSION_KEYS: `${key} ${otherKey} es1_short` },
    'SESSION_KEYS too many': { SESSION_KEYS: Array.from({ length: 10 }, newSessionKey).join(' ') },
    'DJANGO_SECRET_KEY missing': { DJANGO_SECRET_KEY: undefined },
    'DJANGO_SECRET_KEY short': { DJANGO_SECRET_KEY: 'kurz-und-schlecht' },
    'DJANGO_SECRET_KEY a sample': { DJANGO_SECRET_KEY: `django-insecure-${'x1y2z3'.repeat(10)}` },
    'DJANGO_SECRET_KEY of few characters': { DJANGO_SECRET_KEY: 'abab'.repeat(20) },
    'DJANGO_SECRET_KEY_FALLBACKS not JSON': { DJANGO_SECRET_KEY_FALLBACKS: 'older-key-of-some-length' },
    'DJANGO_SECRET_KEY_FALLBACKS not a list of texts': { DJANGO_SECRET_KEY_FALLBACKS: '[1, 2]' },
    'ORIGIN_URL missing': { ORIGIN_URL: undefined },
    'ORIGIN_URL not a URL': { ORIGIN_URL: 'shop.example' },
    'ORIGIN_URL of another scheme': { ORIGIN_URL: 'ftp://shop.example' },
    'SESSION_COOKIE not a name': { SESSION_COOKIE: 'session id' },
    'ORIGIN_COOKIE not a name': { ORIGIN_COOKIE: 'session=id' },
    'SESSION_BUDGET over what browsers take': { SESSION_BUDGET: '5000' },
    'SESSION_BUDGET not a number': { SESSION_BUDGET: 'large' },
    'SESSION_IDLE_SECONDS not a number': { SESSION_IDLE_SECONDS: 'two weeks' },
    'SESSION_ABSOLUTE_SECONDS negative': { SESSION_ABSOLUTE_SECONDS: '-1' },
    'SESSION_ROUTES not JSON': { SESSION_ROUTES: '{/: optional}' },
    'SESSION_ROUTES of an unknown mode': { SESSION_ROUTES: '{"/": "sometimes"}' },
    'SESSION_PRIORITIES not JSON': { SESSION_PRIORITIES: '[' },
    'SESSION_PRIORITIES of an unknown priority': { SESSION_PRIORITIES: '{"cart": "urgent"}' },
    'SESSION_STORE unknown': { SESSION_STORE: 'redis' },
  };
  for (const [what, changes] of Object.entries(wrong)) {
    test(what, () => assertMisconfigured(what.split(' ')[0], changes));
  }

  test('SESSIONS, the KV binding, missing', async () => {
    await assertMisconfigured('SESSIONS', {}, { store: false });
  });

  test('all at once', async () => {
    await assertMisconfigured('SESSION_KEYS', { SESSION_KEYS: undefined, SESSION_STORE: 'redis' });
    const { problems } = (await health()).json();
    assert.ok(
      problems.some(problem => problem.includes('SESSION_STORE')),
      JSON.stringify(problems),
    );
  });
});

describe('right settings', () => {
  for (const [what, changes] of Object.entries({
    'the least that is needed': {},
    'keys separated by a comma and a line break': { SESSION_KEYS: `${key},\n${otherKey}` },
    'a fallback of Django': { DJANGO_SECRET_KEY_FALLBACKS: JSON.stringify([newDjangoSecret()]) },
    'no store': { SESSION_STORE: 'none' },
    'a weak Django secret that is allowed': { DJANGO_SECRET_KEY: 'kurz', ALLOW_WEAK_DJANGO_SECRET: 'true' },
    'everything set': {
      SESSION_COOKIE: '__Secure-s',
      ORIGIN_COOKIE: 'sid',
      SESSION_AUDIENCE: 'prod',
      SESSION_BUDGET: '2000',
      SESSION_IDLE_SECONDS: '3600',
      SESSION_ABSOLUTE_SECONDS: '86400',
      SESSION_ROUTES: '{"/": "required", "/static/": "public"}',
      SESSION_LOGIN_URL: '/login/',
      SESSION_PRIORITIES: '{"_auth_user_*": "critical", "notes": "optional"}',
    },
  })) {
    test(what, async () => {
      await edge.restart(changes, { store: changes.SESSION_STORE !== 'none' });
      const response = await health();
      assert.equal(response.body.includes('misconfigured'), false, response.body);
      assert.equal(response.status, 200);
      assert.equal(response.json().status, 'ok');
      assert.match(response.headers['cache-control'], /no-store/);
      assert.equal((await send(`${edge.url}/static/app.css`)).status, 200);
    });
  }
});

describe('settings that can hardly work are warned of, with the cure', () => {
  const day = days => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const accept = until => JSON.stringify([{ envelope: 'sealed' }, { envelope: 'django', until }]);
  const warnings = async headers => {
    const response = await send(`${edge.url}/_session/health`, { headers });
    assert.equal(response.status, 200, response.body);
    return response.json().warnings;
  };

  // Changes, the setting that is named, a part of the cure.
  for (const [what, changes, setting, cure] of [
    ['a misspelled name', { SESSION_ROUTE: '{}' }, 'SESSION_ROUTE', /SESSION_ROUTES is meant/],
    ['a name in small letters', { Session_Routes: '{}' }, 'Session_Routes', /SESSION_ROUTES is meant/],
    ['a line break behind a secret', { DJANGO_SECRET_KEY: `${secret}\r\n` }, 'DJANGO_SECRET_KEY', /printf %s/],
    ['a secret in quotes', { DJANGO_SECRET_KEY: `"${secret}"` }, 'DJANGO_SECRET_KEY', /printf %s/],
    ['an origin on the machine itself', {}, 'ORIGIN_URL', /host name/],
    ['a login page that wants a session', { SESSION_ROUTES: '{"/": "required"}', SESSION_LOGIN_URL: '/login/' }, 'SESSION_LOGIN_URL', /"optional"/],
    ['Django cookies without an end', {}, 'SESSION_ACCEPT', new RegExp(`"until": "${day(15)}"|"until": "${day(16)}"`)],
    ['an end that is near', { SESSION_ACCEPT: accept(day(3)) }, 'SESSION_ACCEPT', /are read until/],
    ['an end that is over', { SESSION_ACCEPT: accept('2026-01-31') }, 'SESSION_ACCEPT', /is over.*later end/],
    ['a key that has ended', { SESSION_KEYS: `${key} ${otherKey}@2026-01-31` }, 'SESSION_KEYS', /ended.*take it out/],
  ]) {
    test(what, async () => {
      await edge.restart(changes);
      const named = (await warnings()).filter(warning => warning.startsWith(`${setting}: `));
      assert.equal(named.length, 1, JSON.stringify(await warnings()));
      assert.match(named[0], cure);
      assert.ok(!named[0].includes(secret.slice(0, 12)));
    });
  }

  test('an end that is neither near nor over is none', async () => {
    await edge.restart({ SESSION_ACCEPT: accept(day(40)) });
    assert.deepEqual((await warnings()).map(warning => warning.split(':')[0]), ['ORIGIN_URL']);
  });

  test('a day that is none is wrong', () => assertMisconfigured('SESSION_ACCEPT', { SESSION_ACCEPT: accept('2027-02-30') }));

  test('the login page is served where everything requires a session', async () => {
    await edge.restart({ SESSION_ROUTES: '{"/": "required"}', SESSION_LOGIN_URL: '/login/' });
    const page = await send(`${edge.url}/whoami`, { headers: { accept: 'text/html' } });
    assert.equal(page.headers.location, '/login/?next=%2Fwhoami');
    assert.equal((await send(edge.url + page.headers.location)).status, 200);
    const visitor = new Visitor(edge);
    await visitor.logIn();
    assert.equal((await visitor.whoami()).user, 'ada');
  });

  test('by effect: no session of the site could be read', async () => {
    await edge.restart({ DJANGO_SECRET_KEY: newDjangoSecret() });
    const unread = async () => (await warnings()).filter(warning => warning.startsWith('ORIGIN_COOKIE: '));
    assert.deepEqual(await unread(), []);
    await new Visitor(edge).logIn().catch(() => {}); // Nobody stays logged in.
    assert.equal((await unread()).length, 1);
    assert.match((await unread())[0], /forged.*DJANGO_SECRET_KEY is not the site's/);

    await edge.restart();
    await new Visitor(edge).logIn();
    assert.deepEqual(await unread(), []);
  });

  test('by effect: the Worker asks itself', async () => {
    let rounds = 0;
    const back = createServer((request, response) => {
      rounds++;
      const { hostname, port } = new URL(edge.url);
      const again = httpRequest({ hostname, port, path: request.url, headers: request.headers }, answer => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      again.on('error', () => response.destroy());
      again.end();
    });
    back.listen(0, '127.0.0.1');
    await once(back, 'listening');
    try {
      await edge.restart({ ORIGIN_URL: `http://127.0.0.1:${back.address().port}` });
      const answer = await send(`${edge.url}/`);
      assert.equal(answer.status, 508);
      assert.match(answer.body, /ORIGIN_URL leads back/);
      assert.equal(rounds, 3);
      assert.ok((await warnings()).some(warning => /asked by itself/.test(warning)));
    } finally {
      back.close();
      back.closeAllConnections();
    }
  });

  test('by effect: a Secure cookie without TLS', async () => {
    await edge.restart();
    const host = { host: 'shop.example' };
    assert.ok((await warnings(host)).some(warning => /^http: asked without TLS.*Always Use HTTPS/.test(warning)));
    assert.ok(!(await warnings()).some(warning => warning.startsWith('http: ')));
    const visitor = new Visitor(site);
    await visitor.logIn();
    const cookie = `sessionid=${visitor.cookies.get('sessionid')}`;
    const moved = await send(`${edge.url}/whoami`, { headers: { ...host, cookie } });
    assert.ok(moved.setCookies.some(({ name }) => name === '__Host-sessionid'), moved.body);
    assert.ok((await warnings()).some(warning => /^http: a session was/.test(warning)));
  });
});

test("the Worker's own answers are what they say they are, and for this site alone", async () => {
  await edge.restart({ SESSION_ROUTES: '{"/account/": "required"}' });
  for (const path of ['/_session', '/_session/health', '/_session/nothing', '/account/']) {
    const { headers } = await send(edge.url + path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin', path);
  }
});
