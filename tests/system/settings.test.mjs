// What an operator can get wrong: 503, with the reason at /_session/health and no secret in it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send } from './visitor.mjs';

const file = name => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
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

test('every setting is in docs/OPERATING.md and in wrangler.toml', () => {
  const sources = ['settings.rs', ...readdirSync(new URL('../../worker/src/settings', import.meta.url)).map(name => `settings/${name}`)];
  const read = /\.\s*(?:parsed|optional|required)\(\s*"([A-Z_]+)"/g;
  const settings = sources.flatMap(name => [...file(`worker/src/${name}`).matchAll(read)].map(([, setting]) => setting));
  assert.ok(settings.length > 30, `${settings.length} settings found`);
  for (const name of ['docs/OPERATING.md', 'wrangler.toml']) {
    const text = file(name);
    assert.deepEqual(settings.filter(setting => !new RegExp(`\\b${setting}\\b`).test(text)), [], name);
  }
});
