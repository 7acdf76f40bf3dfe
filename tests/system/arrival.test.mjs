// What a request may say and ask, whatever the protocol: before any session is looked at.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, startEdge } from './edge.mjs';
import { plain, sendRaw, startRawOrigin, valuesOf } from './raw.mjs';
import { newDjangoSecret } from './site.mjs';

const COOKIE = '__Host-sessionid';
const TOKEN = 'token-of-the-arrival-tests-0123456789';
const routes = {
  '/': 'optional',
  '/static/': 'public',
  '/page/': 'class',
  '/account/': 'required',
  '/account/open/': 'public',
};
const settings = {
  SESSION_KEYS: newSessionKey(),
  DJANGO_SECRET_KEY: newDjangoSecret(),
  SESSION_ORIGIN_KEY: newSessionKey(),
  SESSION_API_TOKEN: TOKEN,
  SESSION_ROUTES: JSON.stringify(routes),
  SESSION_LOGIN_URL: '/login/',
};
const protocols = {
  transcode: {},
  headers: { SESSION_PROTOCOL: 'headers' },
  rows: { SESSION_PROTOCOL: 'rows', SESSION_STORE: 'd1' },
};

for (const [protocol, changes] of Object.entries(protocols)) {
  describe(`with ${protocol}`, () => {
    let origin, edge, cookie;

    before(async () => {
      origin = await startRawOrigin();
      edge = await startEdge({ ...settings, ...changes, ORIGIN_URL: origin.url });
      // With rows only the site makes sessions.
      if (protocol !== 'rows') cookie = await sessionCookie(edge);
    });

    after(async () => {
      await edge?.stop();
      await origin?.stop();
    });

    const ask = async (options = {}) => {
      origin.seen.length = 0;
      const answer = await sendRaw(edge.url, options);
      return { answer, arrived: origin.seen };
    };

    test('no client says what a proxy or the Worker says, in any spelling', async () => {
      const names = [
        'x-session',
        'x-session-class',
        'x-session-mac',
        'session-state',
        'session-patch',
        'x-store-mac',
        'forwarded',
        'x-forwarded-host',
        'x-forwarded-proto',
        'x-forwarded-port',
        'x-forwarded-prefix',
        'x-forwarded-ssl',
        'x-forwarded-method',
        'x-forwarded-for',
        'x-forwarded-user',
        'x-original-url',
        'x-rewrite-url',
        'x-url-scheme',
        'x-real-ip',
        'x-client-ip',
        'true-client-ip',
        'front-end-https',
        'x-http-host-override',
        'x-script-name',
        'remote-user',
        'ssl-client-verify',
        'proxy',
      ];
      const spellings = names.flatMap(name => [
        name,
        name.toUpperCase(),
        name.replaceAll('-', '_'),
        name.replaceAll('-', '.'),
        name.replace('-', '_'),
        `${name}_`,
      ]);
      for (const path of ['/', '/static/x', '/page/']) {
        const lines = [...spellings, 'cf_connecting_ip', 'Transfer_Encoding'].map(name => `${name}: evil`);
        const { arrived } = await ask({ path, lines: [...lines, 'X-Request-Id: kept', 'api_key: kept', 'X-Sessions: kept'] });
        assert.equal(arrived.length, 1, path);
        assert.ok(!arrived[0].head.includes('evil'), arrived[0].head);
        for (const name of ['x-request-id', 'api_key', 'x-sessions']) {
          assert.deepEqual(valuesOf(arrived[0].head, name), ['kept'], name);
        }
        const { host, port } = new URL(edge.url);
        assert.deepEqual(valuesOf(arrived[0].head, 'x-forwarded-host'), [host]);
        assert.deepEqual(valuesOf(arrived[0].head, 'x-forwarded-proto'), ['http']);
        assert.deepEqual(valuesOf(arrived[0].head, 'x-forwarded-port'), [port]);
        const classes = valuesOf(arrived[0].head, 'x-session-class');
        assert.deepEqual(classes, path === '/static/x' ? [] : ['anonymous']);
      }
    });

    test("the client's address is the platform's word", async () => {
      const claimed = ['X-Forwarded-For: 6.6.6.6', 'X-Real-IP: 6.6.6.6', 'True-Client-IP: 6.6.6.6', 'x_real_ip: 6.6.6.6'];
      const { arrived } = await ask({ lines: claimed });
      assert.ok(!arrived[0].head.includes('6.6.6.6'));
      // wrangler's runtime says in cf-connecting-ip who connected.
      assert.deepEqual(valuesOf(arrived[0].head, 'x-forwarded-for'), ['127.0.0.1']);
      assert.deepEqual(valuesOf(arrived[0].head, 'x-real-ip'), ['127.0.0.1']);
    });

    test('no spelling of a path gets round its rule', async () => {
      const closed = [
        '/account/',
        '/static/..%2faccount/',
        '/static/%2e%2e%2faccount/',
        '/x/..%2faccount/',
        '/.%2faccount/',
        '/static/..%5caccount/',
        '/account;x/',
        '/x/..;/account/',
        '/ACCOUNT/',
        '/%2561ccount/',
        '/%252561ccount/',
        '/account/open/..%00/',
        '/static/..%c0%afaccount/',
        '//account/',
      ];
      for (const path of closed) {
        const { answer, arrived } = await ask({ path });
        assert.equal(answer.status, 401, path);
        assert.equal(arrived.length, 0, path);
      }
      for (const path of ['/account', '/accounts/', '/account/open/x', '/static/a;b.css', '/caf%C3%A9/']) {
        const { answer, arrived } = await ask({ path });
        assert.equal(answer.status, 200, path);
        assert.equal(arrived[0].path, path);
      }
    });

    test('what is ours never reaches the origin, however it is spelled', async () => {
      for (const path of ['//_session', '/%5fsession', '/_session%2fhealth', '/_Session', '/_session;x', '/_session/none']) {
        const { answer, arrived } = await ask({ path });
        assert.equal(answer.status, 404, path);
        assert.equal(arrived.length, 0, path);
      }
      const { arrived } = await ask({ path: '/_sessionx' });
      assert.equal(arrived.length, 1);
    });

    test('TRACE is refused', async () => {
      for (const path of ['/', '/static/x', '/page/', '/account/', '/_session']) {
        const lines = cookie ? [`Cookie: ${cookie}`] : [];
        const { answer, arrived } = await ask({ method: 'TRACE', path, lines });
        assert.equal(answer.status, 405, path);
        assert.match(answer.values('allow')[0], /GET/);
        assert.equal(arrived.length, 0, path);
      }
    });

    test('a preflight is no visitor', async () => {
      const preflight = ['Origin: https://app.example', 'Access-Control-Request-Method: POST'];
      const lines = cookie ? [...preflight, `Cookie: ${cookie}; theme=dark`] : preflight;
      for (const path of ['/', '/static/x', '/page/', '/account/']) {
        const { answer, arrived } = await ask({ method: 'OPTIONS', path, lines: [...lines, 'X-HTTP_Method-Override: POST'] });
        assert.equal(answer.status, 200, path);
        assert.equal(arrived.length, 1, path);
        assert.doesNotMatch(arrived[0].head, /sessionid|x-session:|x-session-class|override/i, path);
        assert.deepEqual(answer.values('set-cookie'), []);
      }
      // These are none.
      for (const options of [
        { method: 'OPTIONS' },
        { method: 'OPTIONS', lines: [preflight[0]] },
        { method: 'OPTIONS', lines: [preflight[1]] },
        { method: 'OPTIONS', lines: preflight, body: 'x=1' },
        { method: 'POST', lines: preflight },
      ]) {
        const { answer, arrived } = await ask({ path: '/account/', ...options });
        assert.equal(answer.status, 401, JSON.stringify(options));
        assert.equal(arrived.length, 0);
      }
      const { answer, arrived } = await ask({ method: 'OPTIONS', path: '/_session', lines: preflight });
      assert.equal(answer.status, 405);
      assert.equal(arrived.length, 0);
    });

    test('the way back after log in is on this site', async () => {
      for (const [path, expected] of [
        ['/account/?a=1&b=2', '/account/?a=1&b=2'],
        ['//account/', '/account/'],
        ['/\\/account/', '/account/'],
        ['/.//account/', '/account/'],
        ['/%2faccount/', '/'],
        ['/%09/account/', '/'],
        ['/%255caccount/..%2faccount/', '/'],
      ]) {
        const { answer } = await ask({ path, lines: ['Accept: text/html'] });
        assert.equal(answer.status, 302, path);
        const location = new URL(answer.values('location')[0], 'https://shop.example');
        assert.equal(location.searchParams.get('next'), expected, path);
      }
    });
  });
}

/** The cookie of a session that somebody with the token has begun. */
async function sessionCookie(edge) {
  const answer = await sendRaw(edge.url, {
    method: 'PATCH',
    path: '/_session',
    lines: [`Authorization: Bearer ${TOKEN}`, 'Content-Type: application/json'],
    body: '{"_auth_user_id":"7"}',
  });
  const [line] = answer.values('set-cookie');
  return line.split(';')[0];
}

test('while the clock stands at zero, sessions alone wait for it', async () => {
  const origin = await startRawOrigin();
  const edge = await startEdge({ ...settings, ORIGIN_URL: origin.url }, { faulty: true });
  try {
    const lines = [`Cookie: ${await sessionCookie(edge)}`];
    await sendRaw(edge.url, { path: '/__store?clock=0ms' });
    for (const [path, status] of [
      ['/', 503],
      ['/_session', 503],
      ['/_sessionx', 503],
      ['/static/x', 200],
    ]) {
      const answer = await sendRaw(edge.url, { path, lines });
      assert.equal(answer.status, status, path);
      assert.deepEqual(answer.values('set-cookie'), [], path);
    }
  } finally {
    await edge.stop();
    await origin.stop();
  }
});

describe('cookies on several lines', () => {
  let origin, edge, cookie;
  before(async () => {
    origin = await startRawOrigin();
    edge = await startEdge({ ...settings, ORIGIN_URL: origin.url });
    cookie = await sessionCookie(edge);
  });
  after(async () => {
    await edge?.stop();
    await origin?.stop();
  });

  const arrivedCookies = async (cookies, lines = []) => {
    origin.seen.length = 0;
    const answer = await sendRaw(edge.url, { lines: [...cookies.map(text => `Cookie: ${text}`), ...lines] });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.values('set-cookie'), [], 'nothing is removed');
    return valuesOf(origin.seen[0].head, 'cookie').join('; ').split(/; ?/);
  };

  test('are one set of cookies', async () => {
    for (const cookies of [
      ['theme=dark', cookie],
      [cookie, 'theme=dark'],
      ['theme=dark', cookie, 'a=1; b=2'],
      ['a=1', `b=2; ${cookie}; theme=dark`],
    ]) {
      const arrived = await arrivedCookies(cookies);
      assert.match(arrived[0], /^sessionid=/, cookies.join(' | '));
      assert.ok(arrived.includes('theme=dark'));
      assert.ok(!arrived.join().includes(COOKIE));
    }
  });

  test('a session that another host planted behind a comma is none', async () => {
    for (const lines of [['Sec-Fetch-Site: none'], ['User-Agent: Mozilla/5.0 (X11)'], ['Sec-WebSocket-Key: x']]) {
      const arrived = await arrivedCookies([`x=1, ${cookie}; theme=dark`], lines);
      assert.deepEqual(arrived, ['theme=dark']);
    }
  });

  test("a comma of a cookie's own stays where it is", async () => {
    assert.deepEqual(await arrivedCookies(['list=1, 2; theme=dark']), ['list=1, 2', 'theme=dark']);
  });
});

describe('an origin that closes its connections', () => {
  const closing = fails => startRawOrigin(request => (fails(request) ? null : plain('ok')));
  let edge, origin;
  const start = async (fails, changes = {}) => {
    origin = await closing(fails);
    edge = await startEdge({ ...settings, ...changes, ORIGIN_URL: origin.url });
  };
  const stop = async () => {
    await edge?.stop();
    await origin?.stop();
  };

  test('a connection that the origin has closed: asked once more', async () => {
    await start(({ number }) => number > 0);
    try {
      for (let n = 0; n < 8; n++) {
        for (const method of ['GET', 'HEAD']) assert.equal((await sendRaw(edge.url, { method })).status, 200, `${n}`);
      }
    } finally {
      await stop();
    }
  });

  test('what may have an effect is asked once', async () => {
    await start(() => true);
    try {
      for (const [options, times] of [
        [{ method: 'GET' }, 2],
        [{ method: 'HEAD' }, 2],
        [{ method: 'GET', body: 'x' }, 1],
        [{ method: 'GET', lines: ['X-HTTP-Method-Override: POST'] }, 1],
        [{ method: 'GET', lines: ['x_http_method_override: POST'] }, 1],
        [{ method: 'POST', body: 'x' }, 1],
        [{ method: 'POST' }, 1],
        [{ method: 'PUT', body: 'x' }, 1],
        [{ method: 'DELETE' }, 1],
        [{ method: 'OPTIONS' }, 1],
      ]) {
        origin.seen.length = 0;
        const answer = await sendRaw(edge.url, options);
        assert.equal(answer.status, 502, JSON.stringify(options));
        assert.match(answer.values('cache-control')[0], /no-store/);
        assert.equal(origin.seen.length, times, JSON.stringify(options));
      }
    } finally {
      await stop();
    }
  });

  test('an answer that has begun is not asked for again', async () => {
    origin = await startRawOrigin(({ socket }) => {
      setTimeout(() => socket.destroy(), 200);
      return 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';
    });
    edge = await startEdge({ ...settings, ORIGIN_URL: origin.url });
    try {
      await sendRaw(edge.url).catch(() => {});
      assert.equal(origin.seen.length, 1);
    } finally {
      await stop();
    }
  });
});

describe('what fails is answered here', () => {
  const odd = {
    '/status-999': 'HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nno',
    '/status-600': 'HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\nno',
    '/status-101': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
    '/status-text': 'HTTP/1.1 abc Odd\r\nContent-Length: 2\r\n\r\nno',
    '/header-name': 'HTTP/1.1 200 OK\r\nbad name: x\r\nContent-Length: 2\r\n\r\nno',
    '/header-control': 'HTTP/1.1 200 OK\r\nX-A: \x00\r\nContent-Length: 2\r\n\r\nno',
    '/no-http': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    '/header-huge': `HTTP/1.1 200 OK\r\nX-A: ${'x'.repeat(2 << 20)}\r\nContent-Length: 2\r\n\r\nno`,
  };
  let origin, edge, cookie;
  before(async () => {
    origin = await startRawOrigin(({ path }) => (path === '/slow' ? sleep(2000).then(() => plain('late')) : odd[path] ?? plain('fine')));
    edge = await startEdge({ ...settings, ORIGIN_URL: origin.url }, { entry: new URL('./logbook.mjs', import.meta.url) });
    cookie = await sessionCookie(edge);
  });
  after(async () => {
    await edge?.stop();
    await origin?.stop();
  });

  const logged = async () => JSON.parse((await sendRaw(`${edge.url}`, { path: '/__log' })).body.replace(/^[^[]*|[^\]]*$/g, ''));

  const assertLogged = async (event, what) => {
    const lines = await logged();
    const events = lines.filter(line => line.startsWith('{')).map(line => JSON.parse(line));
    const found = events.filter(line => line.event === event);
    assert.equal(found.length, 1, `${what}: ${lines.join(' | ')}`);
    return found[0].detail;
  };

  const assertOurs = (answer, status, what) => {
    assert.equal(answer.status, status, what);
    assert.deepEqual(answer.values('cache-control'), ['private, no-store'], what);
    assert.deepEqual(answer.values('set-cookie'), [], what);
    assert.doesNotMatch(answer.body, /error code|exception|stack|\.rs/i, what);
  };

  // Of one kind a line is written in a minute.
  const told = new Set();
  for (const path of Object.keys(odd)) {
    test(`an origin's ${path.slice(1)}`, async () => {
      const answer = await sendRaw(edge.url, { path, lines: [`Cookie: ${cookie}`] });
      assertOurs(answer, 502, path);
      assert.match(answer.body, /The site does not answer/);
      const event = /-(999|600|101)$/.test(path) ? 'origin-status' : 'origin-unreachable';
      if (told.has(event)) return;
      await assertLogged(event, path);
      told.add(event);
    });
  }

  test('an error of the runtime', async () => {
    await logged();
    assertOurs(await sendRaw(edge.url, { path: '/_session/failure' }), 500);
    await assertLogged('request-failed');
  });

  test('a panic, and whatever else was under way', async () => {
    const slow = sendRaw(edge.url, { path: '/slow', lines: [`Cookie: ${cookie}`] });
    await sleep(500);
    await logged();
    assertOurs(await sendRaw(edge.url, { path: '/_session/panic', lines: [`Cookie: ${cookie}`] }), 500);
    assertOurs(await slow, 500);
    assert.match(await assertLogged('panic'), /worker\/src\/page\.rs:\d+/);
    const next = await sendRaw(edge.url, { lines: [`Cookie: ${cookie}`] });
    assert.equal(next.status, 200);
    assert.match(valuesOf(origin.seen.at(-1).head, 'cookie')[0], /^sessionid=/);
  });
});
