// A log out is a log out: whatever is done with copies of a cookie, with requests that are under way and with stores,
// what has ended is handed out by nobody and good nowhere once the published delay is over.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, startEdge } from './edge.mjs';
import { startServer } from './native-server.mjs';
import { newDjangoSecret, startHeadersOrigin, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
const token = randomBytes(24).toString('base64url');
const bearer = { authorization: `Bearer ${token}` };
const [storeKey, originKey] = [newSessionKey(), newSessionKey()];
let site, origin, server;

before(async () => {
  site = await startSite({ secret });
  origin = await startHeadersOrigin('node', originKey);
  server = await startServer(storeKey);
});
after(async () => {
  await server?.stop();
  await origin?.stop();
  await site?.stop();
});

const settings = (protocol, store) => ({
  SESSION_KEYS: newSessionKey(),
  SESSION_API_TOKEN: token,
  SESSION_STORE: store,
  SESSION_ORIGIN_STORE_URL: store.endsWith('origin') ? server.url : undefined,
  SESSION_ORIGIN_STORE_KEY: store.endsWith('origin') ? storeKey : undefined,
  SESSION_ROUTES: '{"/": "optional", "/account/": "required"}',
  ...(protocol === 'headers'
    ? { ORIGIN_URL: origin.url, SESSION_PROTOCOL: 'headers', SESSION_ORIGIN_KEY: originKey }
    : { ORIGIN_URL: site.url, DJANGO_SECRET_KEY: secret }),
});
const start = (protocol, store, changes = {}) => startEdge({ ...settings(protocol, store), ...changes }, { faulty: true });

const cookieHeader = visitor => [...visitor.cookies].map(pair => pair.join('=')).join('; ');
const withCookie = cookie => ({ headers: { cookie: `${COOKIE}=${cookie}` } });
const ours = response => response.setCookies.filter(({ name }) => name === COOKIE);

function take(visitor, response) {
  for (const { name, value } of response.setCookies) value === '' ? visitor.cookies.delete(name) : visitor.cookies.set(name, value);
  return response;
}

/** A request with a body, which goes out after `beforeBody`. */
async function post(edge, visitor, path, content, { method = 'POST', beforeBody, headers = {} } = {}) {
  const body = JSON.stringify(content);
  return take(visitor, await send(edge.url + path, {
    method,
    headers: { ...headers, cookie: cookieHeader(visitor), 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    body,
    beforeBody,
  }));
}

const patch = (edge, visitor, content, options) =>
  post(edge, visitor, '/_session', content, { method: 'PATCH', headers: bearer, ...options });

/** What a visitor does at a site, in both protocols; `user` is whom a page was made for, `id` what the session calls that one. */
const sites = {
  transcode: {
    logIn: visitor => visitor.logIn(),
    logOut: visitor => visitor.post('/logout/'),
    change: (visitor, beforeBody) => visitor.post('/cart/', { article: 'tea' }, beforeBody),
    enlarge: visitor => visitor.post('/big/', { kind: 'random' }),
    user: response => response.json().user,
    id: '1',
  },
  headers: {
    logIn: visitor => post(visitor.place, visitor, '/patch', { _auth_user_id: '7' }),
    logOut: visitor => post(visitor.place, visitor, '/patch', null),
    change: (visitor, beforeBody) => post(visitor.place, visitor, '/patch', { cart: 'tea' }, { beforeBody }),
    enlarge: visitor => post(visitor.place, visitor, '/patch', { pad: randomBytes(6000).toString('base64') }),
    user: response => response.json().session?._auth_user_id ?? null,
    id: '7',
  },
};

for (const store of ['kv', 'd1', 'do', 'r2', 'kv+d1', 'origin']) {
  for (const protocol of ['transcode', 'headers']) {
    const act = sites[protocol];
    describe(`${store}, ${protocol}`, () => {
      let edge;
      before(async () => {
        // Nothing is remembered, so that what the stores themselves do shows.
        edge = await start(protocol, store, { SESSION_REVOCATION_SECONDS: '0' });
      });
      after(() => edge?.stop());

      const tab = visitor => Object.assign(new Visitor(edge), { cookies: new Map(visitor.cookies) });
      const loggedIn = async size => {
        const visitor = new Visitor(edge);
        await act.logIn(visitor);
        if (size === 'spilled') await act.enlarge(visitor);
        assert.ok(visitor.cookies.has(COOKIE));
        return visitor;
      };
      /** Nowhere, by nothing, and nothing comes of trying. */
      const isGood = async cookie => {
        const account = await send(`${edge.url}/account/`, withCookie(cookie));
        const page = await send(`${edge.url}/whoami`, withCookie(cookie));
        const api = await send(`${edge.url}/_session`, { headers: { ...withCookie(cookie).headers, ...bearer } });
        const writer = new Visitor(edge);
        writer.cookies.set(COOKIE, cookie);
        await act.change(writer);
        const after = writer.cookies.has(COOKIE) ? act.user(await send(`${edge.url}/whoami`, withCookie(writer.cookies.get(COOKIE)))) : null;
        return { account: account.status, page: act.user(page), api: api.status, after };
      };
      const ended = { account: 401, page: null, api: 401, after: null };

      const api = (visitor, query = '') =>
        send(`${edge.url}/_session${query}`, { method: 'DELETE', headers: { ...bearer, cookie: cookieHeader(visitor) } });
      const ends = {
        'the site': visitor => act.logOut(visitor),
        'DELETE /_session': async visitor => take(visitor, await api(visitor)),
        'DELETE /_session?everywhere': async visitor => take(visitor, await api(visitor, '?everywhere')),
        // Whoever does that has no cookie of the visitor's, and the visitor keeps it.
        async 'DELETE /_session?user='(visitor) {
          const response = await api(new Visitor(edge), `?user=${act.id}`);
          visitor.cookies.delete(COOKIE);
          return response;
        },
      };

      for (const size of ['in the cookie', 'spilled']) {
        for (const [how, end] of Object.entries(ends)) {
          // It ends what the two others end together.
          if (how.endsWith('?everywhere') && store !== 'd1') continue;
          test(`${size}: after a log out by ${how} no copy is good, nor one that is a change older or newer`, async () => {
            const visitor = await loggedIn(size);
            const copies = [visitor.cookies.get(COOKIE)];
            await act.change(visitor);
            copies.push(visitor.cookies.get(COOKIE));
            const other = tab(visitor);
            await act.change(other);
            copies.push(other.cookies.get(COOKIE));
            const response = await end(visitor);
            assert.ok(response.status < 400, `${response.status}`);
            assert.ok(!visitor.cookies.has(COOKIE));
            for (const copy of copies) assert.deepEqual(await isGood(copy), ended);
          });
        }

        test(`${size}: an answer that comes after a log out hands out nothing, and leaves a log in of after it alone`, async () => {
          for (const [how, again] of [['the site', true], ['DELETE /_session?user=', false]]) {
            const visitor = await loggedIn(size);
            const slow = tab(visitor);
            const answer = await act.change(slow, async () => {
              await sleep(300);
              await ends[how](visitor);
              if (again) await act.logIn(visitor);
            });
            assert.ok(answer.status < 400, `${answer.status}`);
            assert.deepEqual(ours(answer), []);
            if (again) assert.equal((await send(`${edge.url}/account/`, withCookie(visitor.cookies.get(COOKIE)))).status, 200);
            if (slow.cookies.has(COOKIE)) assert.deepEqual(await isGood(slow.cookies.get(COOKIE)), ended);
          }
        });

        test(`${size}: so does /_session, whose body comes late`, async () => {
          const how = size === 'spilled' ? 'DELETE /_session?user=' : 'the site';
          const visitor = await loggedIn(size);
          const answer = await patch(edge, tab(visitor), { late: 1 }, {
            beforeBody: async () => {
              await sleep(300);
              await ends[how](visitor);
            },
          });
          assert.equal(answer.status, 401);
          assert.equal(answer.json().error, 'no_session');
          assert.deepEqual(ours(answer), []);
        });

        test(`${size}: log out everywhere, and a log in within the same second is good, again and again`, async () => {
          const visitor = await loggedIn(size);
          const user = act.user(await visitor.get('/whoami'));
          await sleep(1_000 - (Date.now() % 1_000));
          const before = [];
          for (let n = 0; n < 3; n++) {
            before.push(visitor.cookies.get(COOKIE));
            const gone = await send(`${edge.url}/_session?user=${act.id}`, { method: 'DELETE', headers: bearer });
            assert.equal(gone.status, 204);
            // This browser still has its cookie, and logs in over it.
            await act.logIn(visitor);
          }
          const account = await send(`${edge.url}/account/`, withCookie(visitor.cookies.get(COOKIE)));
          assert.notEqual(account.status, 401);
          assert.equal(act.user(await visitor.get('/whoami')), user);
          for (const cookie of before) assert.deepEqual(await isGood(cookie), ended);
        });
      }
    });
  }
}

describe('an end by user, while keys change', () => {
  const [one, two] = [newSessionKey(), newSessionKey()];
  // By which keys the session is made, by which it is ended, and by which its cookies are tried.
  const turns = [
    [one, one, `${two} ${one}`],
    [`${two} ${one}`, one, `${two} ${one}`],
    [`${one} ${two}`, two, `${two} ${one}`],
    [`${two} ${one}`, two, two],
  ];
  for (const protocol of ['transcode', 'headers']) {
    test(`${protocol}: whichever version is told of it, every copy ends, and is issued anew by none`, async () => {
      const act = sites[protocol];
      const edge = await start(protocol, 'd1', { SESSION_KEYS: one, SESSION_REVOCATION_SECONDS: '0' });
      try {
        for (const [made, told, tried] of turns) {
          await edge.restart({ SESSION_KEYS: made });
          const copies = [];
          for (const size of ['in the cookie', 'spilled']) {
            const visitor = new Visitor(edge);
            await act.logIn(visitor);
            if (size === 'spilled') await act.enlarge(visitor);
            copies.push(visitor.cookies.get(COOKIE));
          }
          await edge.restart({ SESSION_KEYS: told });
          const gone = await send(`${edge.url}/_session?user=${act.id}`, { method: 'DELETE', headers: bearer });
          assert.equal(gone.status, 204);
          await edge.restart({ SESSION_KEYS: tried });
          for (const copy of copies) {
            for (const path of ['/whoami', '/account/']) {
              const response = await send(edge.url + path, withCookie(copy));
              assert.deepEqual(ours(response).map(({ value }) => value).filter(Boolean), [], `${path} hands out a cookie`);
              if (path === '/account/') assert.equal(response.status, 401);
              else assert.equal(act.user(response), null);
            }
            const writer = new Visitor(edge);
            writer.cookies.set(COOKIE, copy);
            assert.equal((await patch(edge, writer, { late: 1 })).json()._auth_user_id, undefined);
            assert.equal((await send(`${edge.url}/_session`, { headers: { ...withCookie(copy).headers, ...bearer } })).status, 401);
          }
        }
      } finally {
        await edge.stop();
      }
    });
  }
});

describe('what an end costs, and what it does not', () => {
  let edge;
  before(async () => {
    edge = await start('transcode', 'd1');
  });
  after(() => edge?.stop());

  const checks = async () => {
    const { body } = await send(`${edge.url}/_session/metrics`, { headers: bearer });
    const found = [...body.matchAll(/session_store_calls_total\{store="d1",call="check",outcome="\w+"\} (\d+)/g)];
    return found.reduce((sum, [, count]) => sum + Number(count), 0);
  };

  test('a hundred pages of one session within a minute cost one look-up', async () => {
    const visitor = new Visitor(edge);
    await visitor.logIn();
    const before = await checks();
    for (let n = 0; n < 100; n++) assert.equal((await visitor.whoami()).user, 'ada');
    // Of its user it was asked at the log in.
    assert.equal((await checks()) - before, 1);
  });

  test('another isolate of the data centre knows what one has asked', async () => {
    const visitor = new Visitor(edge);
    await visitor.logIn();
    await visitor.whoami();
    const { port } = new URL(edge.url);
    await edge.restart({}, { port });
    const before = await checks();
    assert.equal((await visitor.whoami()).user, 'ada');
    assert.equal((await checks()) - before, 0);
  });

  test('strangers cost nothing, with a cart as well', async () => {
    const visitor = new Visitor(edge);
    await visitor.post('/cart/', { article: 'tea' });
    const before = await checks();
    for (let n = 0; n < 10; n++) assert.deepEqual((await visitor.whoami()).cart, { tea: 1 });
    assert.equal((await checks()) - before, 0);
  });

  test('a log out is known at once where it was made, though the session was remembered', async () => {
    const visitor = new Visitor(edge);
    await visitor.logIn();
    const copy = visitor.cookies.get(COOKIE);
    const user = async () => (await send(`${edge.url}/whoami`, withCookie(copy))).json().user;
    assert.equal(await user(), 'ada');
    await visitor.post('/logout/');
    assert.equal(await user(), null);
  });

  test('health says for how long a copy is good, in each mode', async () => {
    const health = async () => (await send(`${edge.url}/_session/health`)).json();
    const of = async changes => {
      await edge.restart(changes);
      const { revocation, copy_seconds } = await health();
      return [revocation, copy_seconds];
    };
    assert.deepEqual(await of({}), ['always', 60]);
    assert.deepEqual(await of({ SESSION_REVOCATION_SECONDS: '0' }), ['always', 0]);
    assert.deepEqual(await of({ SESSION_STORE: 'kv' }), ['always', 180]);
    assert.deepEqual(await of({ SESSION_REVOCATION: 'required' }), ['required', 14 * 86_400]);
    assert.deepEqual(await of({ SESSION_REVOCATION: 'none' }), ['none', 30 * 86_400]);
    await edge.restart();
  });

  test('while the store is down, sessions in their cookies go on, by the same name: what ended stays ended', async () => {
    await edge.restart();
    const [visitor, other] = [new Visitor(edge), new Visitor(edge)];
    await visitor.logIn();
    await other.logIn();
    const copy = Object.assign(new Visitor(edge), { cookies: new Map(other.cookies) });
    await other.post('/logout/');
    await edge.restart({ SESSION_REVOCATION_SECONDS: '0' });
    await send(`${edge.url}/__store?d1=down`);
    assert.equal((await visitor.whoami()).user, 'ada');
    await visitor.post('/cart/', { article: 'tea' });
    assert.deepEqual((await visitor.whoami()).cart, { tea: 1 });
    assert.equal((await visitor.get('/account/')).status, 503);
    await copy.post('/cart/', { article: 'tea' });
    await send(`${edge.url}/__store?d1=ok`);
    let response;
    for (let n = 0; n < 30 && (response = await visitor.get('/account/')).status === 503; n++) await sleep(500);
    assert.equal(response.status, 200);
    assert.equal((await copy.get('/account/')).status, 401);
    await edge.restart();
  });
});

describe('a list that ends with the session', () => {
  test('a copy that is used again and again is good nowhere when the idle limit has gone by', async () => {
    const edge = await start('transcode', 'd1', {
      SESSION_REVOCATION: 'required',
      SESSION_IDLE_SECONDS: '4',
      SESSION_ABSOLUTE_SECONDS: '60',
    });
    const visitor = new Visitor(edge);
    await visitor.logIn();
    const thief = Object.assign(new Visitor(edge), { cookies: new Map(visitor.cookies) });
    await visitor.post('/logout/');
    const used = [];
    for (let n = 0; n < 4; n++) {
      const { cookies } = thief;
      used.push((await thief.post('/cart/', { article: 'tea' })).status);
      const held = cookies.get(COOKIE);
      if (held) assert.notEqual((await send(`${edge.url}/whoami`, withCookie(held))).json().user, 'ada');
      await sleep(1_500);
    }
    const held = thief.cookies.get(COOKIE);
    if (held) assert.notEqual((await send(`${edge.url}/_session`, { headers: { ...withCookie(held).headers, ...bearer } })).json()._auth_user_id, '1');
    await edge.stop();
  });
});

describe('plain Django cookies', () => {
  let edge;
  before(async () => {
    edge = await start('transcode', 'd1', { SESSION_REVOCATION_SECONDS: '0' });
  });
  after(() => edge?.stop());

  const plainVisitor = async () => {
    const visitor = new Visitor(site);
    await visitor.logIn();
    return visitor.cookies.get('sessionid');
  };
  const page = (path, plain, headers = {}) => send(edge.url + path, { headers: { cookie: `sessionid=${plain}`, ...headers } });

  test('end with the session that became of them, and that ends with them', async () => {
    const plain = await plainVisitor();
    const moved = await page('/whoami', plain);
    assert.equal(moved.json().user, 'ada');
    const visitor = new Visitor(edge);
    visitor.cookies.set(COOKIE, ours(moved)[0].value);
    await visitor.post('/logout/');
    assert.equal((await page('/account/', plain)).status, 401);
    assert.equal((await page('/whoami', plain)).json().user, null);
    assert.equal((await page('/_session', plain, bearer)).status, 401);

    // Two log ins of one second make the same cookie, and that one has ended.
    await sleep(1_000 - (Date.now() % 1_000));
    const other = await plainVisitor();
    const sealed = ours(await page('/whoami', other))[0].value;
    const gone = await send(`${edge.url}/_session`, { method: 'DELETE', headers: { ...bearer, cookie: `sessionid=${other}` } });
    assert.equal(gone.status, 204);
    assert.equal((await send(`${edge.url}/account/`, withCookie(sealed))).status, 401);
    assert.equal((await page('/account/', other)).status, 401);
  });

  test('end by user, and one of after that is good', async () => {
    const plain = await plainVisitor();
    const gone = await send(`${edge.url}/_session?user=1`, { method: 'DELETE', headers: bearer });
    assert.equal(gone.status, 204);
    assert.equal((await page('/account/', plain)).status, 401);
    assert.equal((await page('/whoami', plain)).json().user, null);
    await sleep(1_000 - (Date.now() % 1_000));
    assert.equal((await page('/account/', await plainVisitor())).status, 200);
  });

  test('are noticed at health for as long as nothing says until when they are read', async () => {
    const warnings = async () => (await send(`${edge.url}/_session/health`)).json().warnings.filter(text => /SESSION_ACCEPT/.test(text));
    assert.equal((await warnings()).length, 1);
    await edge.restart({ SESSION_ACCEPT: '[{"envelope": "sealed"}]' });
    assert.equal((await warnings()).length, 0);
  });
});
