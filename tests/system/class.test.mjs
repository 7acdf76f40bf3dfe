// `x-session-class`: anonymous, known or fresh, told to the origin; and pages kept once for each.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';

describe('in front of Django', () => {
  const secret = newDjangoSecret();
  let site, edge;

  before(async () => {
    site = await startSite({ secret });
    edge = await startEdge({
      ORIGIN_URL: site.url,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: secret,
      SESSION_FRESH_SECONDS: '3',
      SESSION_ROUTES: JSON.stringify({ '/': 'optional', '/account/': 'required' }),
    });
  });
  after(async () => {
    await edge?.stop();
    await site?.stop();
  });

  const classOf = async visitor => (await visitor.whoami()).headers['x-session-class'];

  test('anonymous without a session, with a bad one, and with one nobody logged in to', async () => {
    const visitor = new Visitor(edge);
    assert.equal(await classOf(visitor), 'anonymous');
    visitor.cookies.set(COOKIE, 'AAAA');
    assert.equal(await classOf(visitor), 'anonymous');
    await visitor.post('/cart/', { article: 'tea' });
    assert.equal(await classOf(visitor), 'anonymous');
  });

  test('fresh after log in, known later, anonymous after log out; a cart does not refresh', async () => {
    const visitor = new Visitor(edge);
    await visitor.logIn();
    assert.equal(await classOf(visitor), 'fresh');
    await sleep(3100);
    assert.equal(await classOf(visitor), 'known');
    await visitor.post('/cart/', { article: 'tea' });
    assert.equal(await classOf(visitor), 'known');
    await visitor.post('/logout/');
    assert.equal(await classOf(visitor), 'anonymous');
  });

  test('what Django writes on a class route does not replace a session it was not told of', async () => {
    const visitor = new Visitor(edge);
    await visitor.logIn();
    await edge.restart({ SESSION_ROUTES: '{"/cart/": "class"}' });
    const response = await visitor.post('/cart/', { article: 'tea' });
    assert.ok(response.status < 400);
    assert.deepEqual(response.setCookies.filter(({ name }) => /sessionid/.test(name)), []);
    const seen = await visitor.whoami();
    assert.deepEqual([seen.user, seen.cart], ['ada', {}]);

    const stranger = new Visitor(edge);
    await stranger.post('/cart/', { article: 'tea' });
    assert.deepEqual((await stranger.whoami()).cart, { tea: 1 });
    await edge.restart();
  });

  test('a public route says nothing, whatever the client says', async () => {
    const visitor = new Visitor(edge);
    await visitor.logIn();
    await edge.restart({ SESSION_ROUTES: '{"/": "public"}' });
    const seen = (await visitor.get('/whoami', { 'x-session-class': 'fresh' })).json();
    assert.equal(seen.headers['x-session-class'], undefined);
    await edge.restart();
    const forged = await send(`${edge.url}/whoami`, { headers: { 'x-session-class': 'fresh' } });
    assert.equal(forged.json().headers['x-session-class'], 'anonymous');
  });
});

describe('class routes', () => {
  const originKey = newSessionKey();
  let origin, edge;

  before(async () => {
    // `/page/…` answers with the headers of its query; `/log-in` logs in with a session of 20 KB.
    origin = createServer({ maxHeaderSize: 128 * 1024 }, (request, response) => {
      const { pathname, searchParams } = new URL(request.url, 'http://origin');
      for (const [name, value] of searchParams) response.setHeader(name, value);
      if (pathname === '/log-in') {
        const content = { user: 'ada', notes: randomBytes(10_000).toString('hex') };
        response.setHeader('session-patch', JSON.stringify(content));
      }
      if (pathname === '/fill') {
        response.setHeader('session-patch', JSON.stringify({ notes: randomBytes(10_000).toString('hex') }));
      }
      response.end(JSON.stringify(request.headers));
    }).listen(0, '127.0.0.1');
    await once(origin, 'listening');
    edge = await startEdge(
      {
        ORIGIN_URL: `http://127.0.0.1:${origin.address().port}`,
        SESSION_KEYS: newSessionKey(),
        SESSION_PROTOCOL: 'headers',
        SESSION_ORIGIN_KEY: originKey,
        SESSION_USER_KEY: 'user',
        SESSION_ROUTES: JSON.stringify({ '/': 'optional', '/page/': 'class' }),
        SESSION_TOUCH_SECONDS: '1',
      },
      { faulty: true },
    );
  });
  after(async () => {
    await edge?.stop();
    origin?.close();
  });

  const fault = modes => send(`${edge.url}/__store?${new URLSearchParams(modes)}`);

  test('the class comes from the cookie: no store is asked, no session forwarded, no cookie set', async () => {
    const visitor = new Visitor(edge);
    await visitor.get('/log-in');
    assert.ok(visitor.cookies.has(COOKIE));
    await sleep(1100); // it would be touched elsewhere
    await fault({ get: 'down' });
    assert.equal((await visitor.get('/')).status, 503);
    const response = await visitor.get('/page/1');
    assert.equal(response.status, 200);
    assert.deepEqual(response.setCookies, []);
    const seen = response.json();
    assert.equal(seen['x-session-class'], 'fresh');
    assert.equal(seen['x-session'], undefined);
    assert.equal(seen.cookie, undefined);
    await fault({ get: 'ok' });
    const whole = (await visitor.get('/')).json();
    assert.equal(JSON.parse(Buffer.from(whole['x-session'], 'base64url')).notes.length, 20_000);
  });

  test('where the cookie cannot tell, the store is asked', async () => {
    const visitor = new Visitor(edge);
    await visitor.get('/fill');
    assert.equal((await visitor.get('/page/1')).json()['x-session-class'], 'anonymous');
    await fault({ get: 'down' });
    assert.equal((await visitor.get('/page/1')).status, 503);
    await fault({ get: 'ok' });
  });

  test('a page kept for each class is private to browsers of the known, and varies by cookie for all', async () => {
    const page = `/page/?${new URLSearchParams({ vary: 'accept, X-Session-Class', 'cache-control': 'public, max-age=600' })}`;
    const anonymous = await send(edge.url + page);
    assert.equal(anonymous.headers['cache-control'], 'public, max-age=600');
    assert.equal(anonymous.headers.vary, 'accept, Cookie');
    const visitor = new Visitor(edge);
    await visitor.get('/log-in');
    const known = await visitor.get(page);
    assert.equal(known.headers['cache-control'], 'private, no-store');
    assert.equal(known.headers.vary, 'accept, Cookie');
  });

  test('a page for everybody stays public', async () => {
    const visitor = new Visitor(edge);
    await visitor.get('/log-in');
    const response = await visitor.get('/page/?cache-control=public,%20max-age=600');
    assert.equal(response.headers['cache-control'], 'public, max-age=600');
    const undecided = await visitor.get('/page/');
    assert.equal(undecided.headers['cache-control'], 'private, no-store');
  });
});
