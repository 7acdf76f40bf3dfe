// Cookies that are not ours, or not any more: no session, no error, and nothing of them reaches the site.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
const routes = { '/': 'optional', '/account/': 'required', '/account/plain': 'public', '/static/': 'public' };
let site, edge, settings;

before(async () => {
  site = await startSite({ secret });
  settings = {
    ORIGIN_URL: site.url,
    SESSION_KEYS: newSessionKey(),
    DJANGO_SECRET_KEY: secret,
    SESSION_ROUTES: JSON.stringify(routes),
  };
  edge = await startEdge(settings);
});

after(async () => {
  await edge?.stop();
  await site?.stop();
});

/** A cookie of a logged-in visitor, under other settings than the ones of this file if any are given. */
async function sealedCookie(changes) {
  const other = changes ? await startEdge({ ...settings, ...changes }) : edge;
  const visitor = new Visitor(other);
  await visitor.logIn();
  if (changes) await other.stop();
  return visitor.cookies.get(changes?.SESSION_COOKIE ?? COOKIE);
}

const whoami = cookie => send(`${edge.url}/whoami`, { headers: { cookie } });

const removals = response =>
  response.setCookies.filter(
    ({ name, value, attributes }) => name === COOKIE && value === '' && attributes['max-age'] === '0',
  );

function assertAnonymous(response, what) {
  assert.equal(response.status, 200, what);
  const seen = response.json();
  assert.equal(seen.user, null, what);
  assert.deepEqual(seen.sessions, [], what);
  assert.ok(!seen.cookie.includes('sessionid'), what);
  assert.equal(removals(response).length, 1, `${what}: removed`);
  assert.equal(response.setCookies.length, 1, what);
  const { path, secure, httponly } = removals(response)[0].attributes;
  assert.deepEqual({ path, secure, httponly }, { path: '/', secure: true, httponly: true }, what);
}

async function assertUser(cookie) {
  const seen = (await whoami(cookie)).json();
  assert.equal(seen.user, 'ada');
  assert.equal(seen.sessions.length, 1);
}

describe('a cookie that does not verify is no session, and is removed', () => {
  let good;
  before(async () => {
    good = await sealedCookie();
    await assertUser(`${COOKIE}=${good}`);
  });

  test('one character changed', async () => {
    const step = Math.max(1, Math.floor(good.length / 24));
    for (let at = 0; at < good.length; at += step) {
      const other = good[at] === 'A' ? 'B' : 'A';
      assertAnonymous(
        await whoami(`${COOKIE}=${good.slice(0, at)}${other}${good.slice(at + 1)}`),
        `character ${at}`,
      );
    }
  });

  test('cut off', async () => {
    for (const length of [0, 1, 2, 5, 38, 60, 72, good.length - 22, good.length - 4, good.length - 1]) {
      assertAnonymous(await whoami(`${COOKIE}=${good.slice(0, length)}`), `${length} characters`);
    }
  });

  test('another spelling of the same bytes', async () => {
    for (const spelling of [
      `${good}=`,
      `${good}A`,
      `"${good}"`,
      `${good}%3D`,
      `${good}.`,
      `${good.slice(0, 9)} ${good.slice(9)}`,
    ]) {
      assertAnonymous(await whoami(`${COOKIE}=${spelling}`), spelling);
    }
  });

  test('sealed with another key', async () => {
    assertAnonymous(await whoami(`${COOKIE}=${await sealedCookie({ SESSION_KEYS: newSessionKey() })}`));
  });

  test('sealed for another audience', async () => {
    assertAnonymous(await whoami(`${COOKIE}=${await sealedCookie({ SESSION_AUDIENCE: 'staging' })}`));
  });

  test('sealed under another cookie name', async () => {
    assertAnonymous(await whoami(`${COOKIE}=${await sealedCookie({ SESSION_COOKIE: '__Host-other' })}`));
  });

  test('a Django cookie in its place', async () => {
    const visitor = new Visitor(site);
    await visitor.logIn();
    assertAnonymous(await whoami(`${COOKIE}=${visitor.cookies.get('sessionid')}`));
  });

  test('a value of 16 KB and more', async () => {
    for (const length of [16_000, 16_384, 20_000]) {
      assertAnonymous(await whoami(`${COOKIE}=${'A'.repeat(length)}`), `${length}`);
    }
  });
});

test('a session ends when it is idle too long, or too old altogether', async () => {
  const limited = await startEdge({ ...settings, SESSION_IDLE_SECONDS: '4', SESSION_ABSOLUTE_SECONDS: '10' });
  try {
    const idle = new Visitor(limited);
    const busy = new Visitor(limited);
    await idle.logIn();
    await busy.logIn();
    assert.equal((await idle.whoami()).user, 'ada');
    for (let second = 0; second < 5; second++) {
      await sleep(1100);
      await busy.post('/cart/'); // saves, so that it is not idle
    }
    const expired = await idle.get('/whoami');
    assertAnonymous(expired, 'idle');
    assert.equal((await busy.whoami()).user, 'ada');
    for (let second = 0; second < 5; second++) {
      await sleep(1100);
      await busy.post('/cart/');
    }
    assert.equal((await busy.whoami()).user, null);
  } finally {
    await limited.stop();
  }
});

describe('a route that requires a session', () => {
  const bad = `${COOKIE}=AAAA`;

  test('is open with one', async () => {
    const response = await send(`${edge.url}/account/`, {
      headers: { cookie: `${COOKIE}=${await sealedCookie()}` },
    });
    assert.equal(response.status, 200);
    assert.match(response.body, /Account of ada/);
  });

  test('answers 401 without one, and the site is not asked', async () => {
    for (const headers of [{}, { cookie: bad }, { accept: 'application/json' }, { accept: 'text/html' }]) {
      const response = await send(`${edge.url}/account/?who=401`, { headers });
      assert.equal(response.status, 401, JSON.stringify(headers));
      assert.match(response.headers['cache-control'], /no-store/);
      assert.equal(removals(response).length, headers.cookie ? 1 : 0);
    }
    assert.ok(!site.output.some(line => line.includes('who=401')));
  });

  test('with a login URL sends a page there, with the way back, and an API call still gets 401', async () => {
    const other = await startEdge({ ...settings, SESSION_LOGIN_URL: '/login/' });
    try {
      const page = await send(`${other.url}/account/?a=1&b=2`, {
        headers: { accept: 'text/html,*/*;q=0.8', cookie: bad },
      });
      assert.equal(page.status, 302);
      const location = new URL(page.headers.location, other.url);
      assert.equal(location.pathname, '/login/');
      assert.equal(location.searchParams.get('next'), '/account/?a=1&b=2');
      assert.equal(removals(page).length, 1);
      const call = await send(`${other.url}/account/`, { headers: { accept: 'application/json' } });
      assert.equal(call.status, 401);
    } finally {
      await other.stop();
    }
  });

  test('the longest prefix decides', async () => {
    assert.equal((await send(`${edge.url}/account/plain`)).status, 404); // public: from Django, which has no such page
    assert.equal((await send(`${edge.url}/account/plan`)).status, 401);
    assert.equal((await send(`${edge.url}/whoami?next=/account/`)).status, 200);
  });
});

test('a public route forwards no session, and leaves the cookie alone', async () => {
  const open = await startEdge({ ...settings, SESSION_ROUTES: JSON.stringify({ '/': 'public' }) });
  try {
    const cookie = `theme=dark; ${COOKIE}=${await sealedCookie()}; sessionid=forged`;
    const response = await send(`${open.url}/whoami`, { headers: { cookie } });
    const seen = response.json();
    assert.equal(seen.user, null);
    assert.equal(seen.cookie, 'theme=dark');
    assert.deepEqual(response.setCookies, []);
  } finally {
    await open.stop();
  }
});

describe('several cookies of one name', () => {
  test('two different valid ones: 401, and both are removed', async () => {
    const [one, two] = [await sealedCookie(), await sealedCookie()];
    for (const path of ['/whoami', '/account/']) {
      const response = await send(`${edge.url}${path}?two`, {
        headers: { cookie: `${COOKIE}=${one}; ${COOKIE}=${two}` },
      });
      assert.equal(response.status, 401);
      assert.ok(removals(response).length >= 1);
    }
    assert.ok(!site.output.some(line => line.includes('?two')));
  });

  test('the same one twice is one', async () => {
    const one = await sealedCookie();
    await assertUser(`${COOKIE}=${one}; ${COOKIE}=${one}`);
  });

  test('one valid among invalid ones is used, wherever it stands', async () => {
    const one = await sealedCookie();
    await assertUser(`${COOKIE}=${one}; ${COOKIE}=AAAA`);
    await assertUser(`${COOKIE}=AAAA; ${COOKIE}=; ${COOKIE}=${one}`);
  });
});

describe('what a client makes up never reaches the site', () => {
  test('x-session headers', async () => {
    const headers = {
      'x-session': 'eve',
      'X-Session-User': 'eve',
      'x-session-mac': 'eve',
      'x-sessions': 'kept',
    };
    const seen = (await send(`${edge.url}/whoami`, { headers })).json();
    const arrived = Object.keys(seen.headers).filter(name => name.startsWith('x-session'));
    assert.deepEqual(arrived, ['x-session-class', 'x-sessions']);
    assert.equal(seen.headers['x-session-class'], 'anonymous');
  });

  test('a sessionid beside the sealed cookie', async () => {
    const seen = (
      await whoami(`sessionid=forged; ${COOKIE}=${await sealedCookie()}; sessionid=forged`)
    ).json();
    assert.equal(seen.user, 'ada');
    assert.equal(seen.sessions.length, 1);
    assert.ok(!seen.cookie.includes('forged'));
  });

  test('names that some reader takes for sessionid', async () => {
    const visitor = new Visitor(site);
    await visitor.logIn();
    const valid = visitor.cookies.get('sessionid');
    for (const name of [
      '\xa0sessionid',
      '\x85sessionid',
      'sessionid\xa0',
      '$sessionid',
      'x[sessionid',
      'x\\sessionid',
      'x"sessionid',
      '\xa0__Host-sessionid',
      '$Version',
    ]) {
      const response = await whoami(`theme=dark; ${name}=${valid}; currency=EUR`);
      const seen = response.json();
      assert.equal(seen.user, null, JSON.stringify(name));
      assert.equal(seen.cookie, 'theme=dark; currency=EUR', JSON.stringify(name));
    }
  });

  test('space and tab round a name and a value are nothing', async () => {
    const one = await sealedCookie();
    await assertUser(`theme=dark;${COOKIE}=${one}`);
    await assertUser(`theme=dark; \t ${COOKIE}=${one} \t;a=b`);
  });
});
