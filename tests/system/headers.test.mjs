// Origins that are not Django: the session arrives as a header with a MAC, and is changed by one.

import assert from 'node:assert/strict';
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { newSessionKey, recordNames, startEdge } from './edge.mjs';
import { startHeadersOrigin } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const originKey = newSessionKey();
const routes = { '/': 'optional', '/static/': 'public', '/page/': 'class', '/account/': 'required' };

for (const language of ['python', 'node']) {
  describe(`an origin in ${language}`, () => {
    let origin, edge;

    before(async () => {
      origin = await startHeadersOrigin(language, originKey);
      edge = await startEdge({
        ORIGIN_URL: origin.url,
        SESSION_PROTOCOL: 'headers',
        SESSION_ORIGIN_KEY: originKey,
        SESSION_KEYS: newSessionKey(),
        SESSION_ROUTES: JSON.stringify(routes),
        SESSION_USER_KEY: 'user',
      });
    });
    after(async () => {
      await edge?.stop();
      await origin?.stop();
    });

    /** A POST whose body the origin turns into `session-patch`. */
    const patch = (visitor, content, path = '/patch') => {
      const body = typeof content === 'string' ? content : JSON.stringify(content);
      const headers = { 'content-length': Buffer.byteLength(body) };
      if (visitor.cookies.size > 0) headers.cookie = [...visitor.cookies].map(pair => pair.join('=')).join('; ');
      return send(edge.url + path, { method: 'POST', headers, body }).then(response => {
        for (const { name, value } of response.setCookies) {
          if (value === '') visitor.cookies.delete(name);
          else visitor.cookies.set(name, value);
        }
        return response;
      });
    };
    const seen = async (visitor, path = '/whoami') => {
      const response = await visitor.get(path);
      assert.equal(response.status, 200, response.body);
      return response.json();
    };
    const visitorWith = async content => {
      const visitor = new Visitor(edge);
      await patch(visitor, content);
      return visitor;
    };

    test('a visitor without a session: the MAC says so', async () => {
      const { session, visitor, headers } = await seen(new Visitor(edge), '/whoami?a=1&b=%20/%2F');
      assert.equal(session, null);
      assert.equal(visitor, 'anonymous');
      const ours = Object.keys(headers).filter(name => name.startsWith('x-session')).sort();
      assert.deepEqual(ours, ['x-session-class', 'x-session-mac', 'x-session-time']);
    });

    test('a patch makes a session: sealed, with our attributes, and the header is gone', async () => {
      const visitor = new Visitor(edge);
      const response = await patch(visitor, { user: 'ada', cart: { tea: 1 }, naïve: '抹茶 🍵' });
      assert.equal(response.status, 200);
      assert.equal(response.headers['session-patch'], undefined);
      assert.match(response.headers['cache-control'], /no-store/);
      assert.match(response.headers.vary, /cookie/i);
      const [cookie, ...more] = response.setCookies;
      assert.deepEqual(more, []);
      assert.equal(cookie.name, COOKIE);
      const { path, secure, httponly, samesite } = cookie.attributes;
      assert.deepEqual({ path, secure, httponly, samesite }, { path: '/', secure: true, httponly: true, samesite: 'Lax' });
      assert.equal(cookie.attributes['max-age'], '1209600');

      const told = await seen(visitor);
      assert.deepEqual(told.session, { user: 'ada', cart: { tea: 1 }, naïve: '抹茶 🍵' });
      assert.equal(told.visitor, 'fresh');
      assert.equal(told.cookie, null);
      assert.ok(Math.abs(told.issued - Date.now() / 1000) < 10);
      assert.equal(told.created, told.issued);
    });

    test('patches merge: objects by member, null takes away, order stays', async () => {
      const visitor = await visitorWith({ a: { b: 1, c: 2 }, list: [1, 2], x: 'y' });
      await patch(visitor, { a: { b: null, d: { e: null } }, list: [3], new: true, absent: null });
      const { session } = await seen(visitor);
      assert.equal(JSON.stringify(session), '{"a":{"c":2,"d":{}},"list":[3],"x":"y","new":true}');
    });

    test('plain JSON will do as well', async () => {
      const visitor = new Visitor(edge);
      const response = await patch(visitor, '{"theme":"dark","caf\\u00e9":1.0}', '/raw-patch');
      assert.equal(response.headers['session-patch'], undefined);
      assert.deepEqual((await seen(visitor)).session, { theme: 'dark', café: 1 });
    });

    test('null logs out', async () => {
      for (const content of ['null', Buffer.from('null').toString('base64url')]) {
        const visitor = await visitorWith({ user: 'ada' });
        const response = await patch(visitor, content, '/raw-patch');
        const [removal, ...more] = response.setCookies;
        assert.deepEqual(more, []);
        assert.deepEqual([removal.name, removal.value, removal.attributes['max-age']], [COOKIE, '', '0']);
        assert.equal((await seen(visitor)).session, null);
      }
    });

    test('a session of which nothing is left is none', async () => {
      const visitor = await visitorWith({ theme: 'dark' });
      await patch(visitor, { theme: null });
      assert.equal(visitor.cookies.has(COOKIE), false);
    });

    test('20 KB: what does not fit is stored, and arrives whole', async () => {
      const content = { user: 'ada', notes: randomBytes(10_000).toString('hex') };
      const visitor = await visitorWith(content);
      assert.ok(visitor.cookies.get(COOKIE).length + COOKIE.length <= 4093);
      assert.deepEqual((await seen(visitor)).session, content);
      await patch(visitor, { small: 1 });
      assert.deepEqual((await seen(visitor)).session, { ...content, small: 1 });
      assert.ok((await recordNames(edge)).length > 0);
    });

    test('a new user is a new life', async () => {
      const visitor = await visitorWith({ cart: 1 });
      const { created } = await seen(visitor);
      await new Promise(resolve => setTimeout(resolve, 1100));
      await patch(visitor, { cart: 2 });
      assert.equal((await seen(visitor)).created, created);
      await patch(visitor, { user: 'ada' });
      assert.ok((await seen(visitor)).created > created);
    });

    test('a patch nobody can read changes nothing, and the answer goes through', async () => {
      const visitor = await visitorWith({ user: 'ada' });
      for (const bad of ['{', '[1]', '"text"', '{"a":NaN}', '{"a":1}, {"b":2}', 'e30=', '%%%', `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`]) {
        const response = await patch(visitor, bad, '/raw-patch');
        assert.equal(response.status, 200, bad);
        assert.deepEqual(response.setCookies, [], bad);
        assert.equal(response.headers['session-patch'], undefined, bad);
        assert.deepEqual((await seen(visitor)).session, { user: 'ada' }, bad);
      }
    });

    test('where sessions are not read a patch cannot apply, but log out can', async () => {
      const visitor = await visitorWith({ user: 'ada', cart: 1 });
      await edge.restart({ SESSION_ROUTES: JSON.stringify({ '/patch': 'public', '/raw-patch': 'class' }) });
      assert.deepEqual((await patch(visitor, { cart: 2 })).setCookies, []);
      assert.deepEqual((await patch(visitor, '{"cart":2}', '/raw-patch')).setCookies, []);
      assert.deepEqual((await seen(visitor)).session, { user: 'ada', cart: 1 });
      const response = await patch(visitor, 'null', '/raw-patch');
      assert.equal(response.setCookies[0].value, '');
      await edge.restart();
    });

    test('our cookie stays here, all others arrive, and the origin cannot set ours', async () => {
      const visitor = await visitorWith({ user: 'ada' });
      visitor.cookies.set('theme', 'dark').set('sessionid', 'of the origin');
      const { cookie } = await seen(visitor);
      assert.equal(cookie, 'theme=dark; sessionid=of the origin');
      const response = await visitor.get('/foreign');
      assert.deepEqual(response.setCookies.map(({ line }) => line), ['theme=dark; Path=/']);
    });

    test('what a client makes up is not what the origin gets', async () => {
      const visitor = await visitorWith({ user: 'ada' });
      const { headers } = await seen(visitor);
      const stolen = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-session')));
      const told = (await send(`${edge.url}/whoami`, { headers: stolen })).json();
      assert.equal(told.session, null);
      assert.equal(told.visitor, 'anonymous');
    });

    test('the origin believes nobody else, and nothing on another path, by another method or later', async () => {
      const visitor = await visitorWith({ user: 'ada' });
      const { headers } = await seen(visitor, '/whoami?a=1');
      const vouched = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-session')));
      const direct = (path, headers, method) => send(origin.url + path, { headers, method });
      const status = async (...request) => (await direct(...request)).status;
      assert.equal(await status('/whoami?a=1', vouched), 200);
      assert.equal(await status('/whoami?a=1', {}), 403);
      assert.equal(await status('/whoami?a=2', vouched), 403);
      assert.equal(await status('/whoami', vouched), 403);
      assert.equal(await status('/whoami?a=1', vouched, 'DELETE'), 403);
      for (const name of Object.keys(vouched)) {
        const { [name]: value, ...others } = vouched;
        assert.equal(await status('/whoami?a=1', others), 403, `without ${name}`);
        const other = value.endsWith('A') ? `${value.slice(0, -1)}B` : `${value.slice(0, -1)}A`;
        const changed = /^\d+$/.test(value) ? String(Number(value) + 1) : other;
        assert.equal(await status('/whoami?a=1', { ...vouched, [name]: changed }), 403, `changed ${name}`);
      }
    });

    test('an old request is refused although its MAC is right', async () => {
      const secret = Buffer.from(originKey.slice(4), 'base64url');
      const key = Buffer.from(hkdfSync('sha256', secret, 'edge-session/v1', 'origin-mac', 32));
      const request = seconds => {
        const time = String(Math.floor(Date.now() / 1000) - seconds);
        const message = `edge-session/1\nGET\n/whoami\n${time}\nanonymous\n\n\n`;
        const mac = createHmac('sha256', key).update(message).digest('base64url');
        return send(`${origin.url}/whoami`, {
          headers: { 'x-session-time': time, 'x-session-class': 'anonymous', 'x-session-mac': mac },
        });
      };
      assert.equal((await request(0)).status, 200);
      assert.equal((await request(50)).status, 200);
      assert.equal((await request(70)).status, 403);
      assert.equal((await request(-70)).status, 403);
    });

    test('routes: public is told nothing, required answers 401 or sends to the login page', async () => {
      const visitor = await visitorWith({ user: 'ada' });
      assert.deepEqual(await seen(visitor, '/static/app.js').then(({ session, visitor }) => [session, visitor]), [null, '']);
      assert.deepEqual(await seen(visitor, '/page/1').then(({ session, visitor }) => [session, visitor]), [null, 'fresh']);
      assert.equal((await seen(visitor, '/account/')).session.user, 'ada');
      assert.equal((await send(`${edge.url}/account/?a=1`)).status, 401);

      await edge.restart({ SESSION_LOGIN_URL: '/login?from=edge' });
      const page = await send(`${edge.url}/account/?a=1&b=%20`, { headers: { accept: 'text/html' } });
      assert.equal(page.status, 302);
      assert.equal(page.headers.location, `/login?from=edge&next=${encodeURIComponent('/account/?a=1&b=%20')}`);
      assert.equal((await send(`${edge.url}/account/`, { headers: { accept: 'application/json' } })).status, 401);
      await edge.restart();
    });

    test('a forged cookie and a signed Django cookie are nothing here', async () => {
      for (const cookie of [`${COOKIE}=AAAA`, `${COOKIE}=e30:1abcde:c2lnbmF0dXJl`]) {
        const response = await send(`${edge.url}/whoami`, { headers: { cookie } });
        assert.equal(response.json().session, null);
        assert.equal(response.setCookies[0].value, '');
      }
    });
  });
}
