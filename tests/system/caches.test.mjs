// Caches: that of the platform, which the Worker's own requests go through, and those between here and a browser.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret } from './site.mjs';
import { askWire, djangoCookie, startRows, startWireSite, valuesOf } from './wire.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
const user = { _auth_user_id: '7' };
const key = 'a'.repeat(32);
const routes = JSON.stringify({ '/': 'optional', '/public/': 'public', '/class/': 'class', '/required/': 'required' });

let site, rows, given;
before(async () => {
  site = await startWireSite(() => given);
  rows = await startRows(storeKey, secret, { [key]: user });
});
after(() => {
  site?.stop();
  rows?.stop();
});

/** The answer to a visit, for which the site gives this. */
async function visit(edge, path, { cookie, lines = [], status = '200 OK', method = 'GET', request = [] } = {}) {
  given = { status, lines };
  const answer = await askWire(edge, path, [...(cookie ? [`Cookie: ${cookie}`] : []), ...request], method);
  const value = name => valuesOf(answer, name)[0];
  return { answer, status: Number(answer.slice(9, 12)), cacheControl: value('cache-control'), vary: valuesOf(answer, 'vary').join(', ') || undefined, cookies: valuesOf(answer, 'set-cookie'), value };
}
const told = name => valuesOf(site.heads.at(-1), name)[0];

const storeKey = newSessionKey();
const common = () => ({ ORIGIN_URL: site.url, SESSION_ROUTES: routes });
const session = async (edge, lines) => (await visit(edge, '/', { lines })).cookies[0].split(';')[0];
const protocols = {
  transcode: {
    settings: () => ({ ...common(), SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret }),
    session: edge => session(edge, [`Set-Cookie: sessionid=${djangoCookie(secret, user)}; Path=/`]),
    sets: () => `Set-Cookie: sessionid=${djangoCookie(secret, user)}; Path=/`,
    name: COOKIE,
  },
  headers: {
    settings: () => ({ ...common(), SESSION_KEYS: newSessionKey(), SESSION_PROTOCOL: 'headers', SESSION_ORIGIN_KEY: newSessionKey(), SESSION_USER_KEY: 'user' }),
    session: edge => session(edge, ['session-patch: {"user":"7"}']),
    sets: () => 'session-patch: {"user":"7"}',
    name: COOKIE,
  },
  rows: {
    settings: () => ({ ...common(), DJANGO_SECRET_KEY: secret, SESSION_PROTOCOL: 'rows', SESSION_STORE: 'origin', SESSION_ORIGIN_STORE_URL: rows.url, SESSION_ORIGIN_STORE_KEY: storeKey }),
    session: async () => `sessionid=${key}`,
    sets: () => `Set-Cookie: sessionid=${key}; Path=/`,
    name: 'sessionid',
  },
};

for (const [protocol, { settings, session, sets, name }] of Object.entries(protocols)) {
  describe(protocol, () => {
    let edge, cookie;
    before(async () => {
      edge = await startEdge(settings());
      cookie = await session(edge);
    });
    after(() => edge?.stop());

    test('whatever is told of a visitor is asked of no shared cache; a public route is', async () => {
      for (const path of ['/page.css', '/class/page.css', '/required/invoice-17.pdf', '/public/page.css']) {
        for (const sent of [undefined, cookie, `${name}=bad`]) {
          if (path.startsWith('/required/') && sent !== cookie) continue;
          await visit(edge, path, { cookie: sent });
          // With `cache: "no-store"` the runtime says so on the way as well.
          const expected = path.startsWith('/public/') ? undefined : 'no-cache';
          assert.equal(told('cache-control'), expected, path);
          // What the browser itself says of caches stays.
          await visit(edge, path, { cookie: sent, request: ['Cache-Control: max-age=0'] });
          assert.equal(told('cache-control'), 'max-age=0', path);
        }
      }
    });

    const targeted = [
      'CDN-Cache-Control: max-age=600', 'Cloudflare-CDN-Cache-Control: max-age=600', 'Netlify-CDN-Cache-Control: max-age=600', 'Vercel-CDN-Cache-Control: max-age=600',
      'Akamai-Cache-Control: max-age=600', 'X-LiteSpeed-Cache-Control: public', 'Surrogate-Control: max-age=600', 'X-Surrogate-Control: max-age=600', 'Edge-Control: max-age=600',
      'X-Accel-Expires: 600', 'X-Reverse-Proxy-TTL: 600',
    ];
    const others = ['X-Accel-Buffering: no', 'Surrogate-Key: page', 'Cache-Tag: page', 'ETag: "1"', 'Age: 5'];
    const expires = 'Expires: Thu, 01 Dec 2039 16:00:00 GMT';
    const names = lines => lines.map(line => line.split(':')[0]);

    test('where a session is set or shown no cache on the way keeps it, by whatever name it is asked to', async () => {
      for (const [what, options] of Object.entries({
        'set for a stranger': { lines: [sets()] },
        'set for the visitor': { cookie, lines: [sets()] },
        'set on a public route': { path: '/public/', lines: [sets()] },
        shown: { cookie, lines: ['Vary: Cookie'] },
        'shown on a required route': { path: '/required/', cookie, lines: ['Vary: accept'], also: ['Vary: cookie'] },
        'a bad one taken away': { cookie: `${name}=bad`, cacheControl: [] },
      })) {
        const { path = '/', cacheControl = ['Cache-Control: Public, max-age=600, No-Transform', expires], also = [], ...visitor } = options;
        const answer = await visit(edge, path, { ...visitor, lines: [...visitor.lines ?? [], ...also, ...cacheControl, ...targeted, ...others] });
        assert.equal(answer.cacheControl, cacheControl.length ? 'private, no-store, no-transform' : 'private, no-store', what);
        assert.match(answer.vary, /(^|, *)cookie$/i, what);
        for (const gone of [...names(targeted), 'Expires']) assert.equal(answer.value(gone), undefined, `${what}: ${gone}`);
        for (const stays of names(others)) assert.ok(answer.value(stays), `${what}: ${stays}`);
      }
    });

    test('no answer to somebody without a session is touched', async () => {
      const lines = ['Cache-Control: public, max-age=600', 'Vary: Cookie', expires, ...targeted, ...others];
      const { value } = await visit(edge, '/', { lines });
      for (const line of lines) assert.equal(value(line.split(':')[0]), line.slice(line.indexOf(':') + 2), line);
    });

    test('what the site says is for everybody stays so', async () => {
      for (const path of ['/page.css', '/class/page.css', '/required/page.css']) {
        const lines = ['Cache-Control: public, max-age=600', 'Vary: Accept-Encoding', 'CDN-Cache-Control: max-age=600'];
        const { cacheControl, vary, value } = await visit(edge, path, { cookie, lines });
        assert.deepEqual([cacheControl, vary, value('cdn-cache-control')], ['public, max-age=600', 'Accept-Encoding', 'max-age=600'], path);
      }
    });

    const says = protocol !== 'headers';
    test(says ? 'an answer that does not vary by cookie is left as it is, with a session too' : 'nobody says what used the session, so only public answers are left', async () => {
      for (const status of ['200 OK', '206 Partial Content', '304 Not Modified', '404 Not Found', '500 Oh']) {
        for (const method of ['GET', 'HEAD', 'POST']) {
          for (const lines of [['Cache-Control: max-age=31536000, immutable', expires, 'CDN-Cache-Control: max-age=600'], ['Cache-Control: private, max-age=600'], ['Cache-Control: no-cache', 'Vary: Accept'], []]) {
            const answer = await visit(edge, '/static/app.css', { cookie, status, method, lines });
            const left = lines.every(line => answer.value(line.split(':')[0]) === line.slice(line.indexOf(':') + 2));
            assert.equal(left && (lines.length > 0 || answer.cacheControl === undefined), says, `${status} ${method} ${lines}: ${answer.answer}`);
            if (!says) assert.equal(answer.cacheControl, 'private, no-store');
          }
          for (const lines of [['Vary: Cookie'], ['Vary: accept, COOKIE'], ['Vary: *'], ['Vary: Accept', 'Vary: Cookie'], ['Vary: X-Session-Class'], ['Vary: Cookie', 'Cache-Control: public']]) {
            const answer = await visit(edge, '/page', { cookie, status, method, lines });
            assert.equal(answer.cacheControl, 'private, no-store', `${status} ${method} ${lines}`);
            assert.match(answer.vary, /(^|, *)(cookie|\*)$/i);
          }
        }
      }
    });

    test('behind a required session nobody but the browser keeps anything; on a class route nobody at all', async () => {
      for (const [lines, behind] of [
        [['Cache-Control: max-age=600, s-maxage=60, immutable'], 'private, max-age=600, immutable'],
        [['Cache-Control: no-transform, private="x, y", max-age=5'], 'private, no-transform, max-age=5'],
        [['CDN-Cache-Control: max-age=600'], 'private'],
        [[], 'private'],
      ]) {
        const answer = await visit(edge, '/required/invoice-17.pdf', { cookie, lines });
        assert.equal(answer.cacheControl, says ? behind : /no-transform/.test(lines) ? 'private, no-store, no-transform' : 'private, no-store');
        assert.equal(answer.value('cdn-cache-control'), undefined);
        const known = await visit(edge, '/class/page', { cookie, lines });
        assert.match(known.cacheControl, /^private, no-store/);
      }
    });

    test('a bad cookie is taken away with an answer that no cache is to keep', async () => {
      const bad = `${name}=bad`;
      for (const line of ['Cache-Control: max-age=600', 'Cache-Control: private, max-age=600', 'Cache-Control: public', expires]) {
        const answer = await visit(edge, '/static/app.css', { cookie: bad, lines: [line] });
        assert.equal(answer.cookies.length, says ? 0 : 1, line);
        if (says) assert.equal(answer.value(line.split(':')[0]), line.slice(line.indexOf(':') + 2));
      }
      for (const lines of [[], ['Cache-Control: no-cache'], ['Cache-Control: max-age=0'], ['Expires: 0']]) {
        const answer = await visit(edge, '/page', { cookie: bad, lines });
        assert.equal(answer.cookies.length, 1, `${lines}`);
        assert.equal(answer.cacheControl, 'private, no-store', `${lines}`);
      }
    });
  });
}

test('a cookie issued anew waits for an answer that is not for a cache', async () => {
  const edge = await startEdge({ ...protocols.transcode.settings(), SESSION_TOUCH_SECONDS: '1' });
  try {
    const cookie = await protocols.transcode.session(edge);
    await sleep(1200);
    for (const lines of [['Cache-Control: max-age=31536000'], ['Cache-Control: public, max-age=600', 'Vary: Accept-Encoding'], [expiresLater]]) {
      const file = await visit(edge, '/static/app.css', { cookie, lines });
      assert.deepEqual(file.cookies, [], `${lines}`);
      assert.ok(file.answer.includes(lines[0]), file.answer);
    }
    const notModified = await visit(edge, '/static/app.css', { cookie, status: '304 Not Modified' });
    assert.deepEqual([notModified.cookies, notModified.cacheControl], [[], undefined]);
    for (const lines of [['Vary: Cookie'], ['Vary: Cookie', 'Cache-Control: max-age=600'], []]) {
      const page = await visit(edge, '/', { cookie, lines });
      assert.equal(page.cookies.length, 1, `${lines}`);
      assert.equal(page.cacheControl, 'private, no-store');
    }
  } finally {
    await edge.stop();
  }
});
const expiresLater = 'Expires: Thu, 01 Dec 2039 16:00:00 GMT';

test('a compatibility date under which nothing can be fetched past the cache is named, and nothing is forwarded', async () => {
  const edge = await startEdge(protocols.transcode.settings(), { date: '2024-11-10' });
  try {
    site.heads.length = 0;
    const health = await visit(edge, '/_session/health');
    assert.equal(health.status, 503);
    assert.match(health.answer, /compatibility_date: before 2024-11-11/);
    assert.equal((await visit(edge, '/')).status, 503);
    assert.deepEqual(site.heads, []);
  } finally {
    await edge.stop();
  }
});

test('what the Worker asks its own store is asked of no shared cache', async () => {
  const edge = await startEdge(protocols.rows.settings());
  try {
    rows.requests.length = 0;
    await visit(edge, '/', { cookie: `sessionid=${key}` });
    assert.deepEqual(rows.requests.map(({ headers }) => headers['cache-control']), ['no-cache']);
  } finally {
    await edge.stop();
  }
  // Records, heads and revocations go the same way; here the server has none of them.
  const sealed = await startEdge({ ...protocols.transcode.settings(), SESSION_STORE: 'origin', SESSION_ORIGIN_STORE_URL: rows.url, SESSION_ORIGIN_STORE_KEY: storeKey });
  try {
    const cookie = await protocols.transcode.session(sealed);
    rows.requests.length = 0;
    await visit(sealed, '/required/', { cookie });
    await visit(sealed, '/', { cookie, lines: [`Set-Cookie: sessionid=${djangoCookie(secret, { ...user, notes: randomBytes(9000).toString('hex') })}; Path=/`] });
    assert.ok(rows.requests.length >= 2);
    for (const { method, url, headers } of rows.requests) assert.equal(headers['cache-control'], 'no-cache', `${method} ${url}`);
  } finally {
    await sealed.stop();
  }
});
