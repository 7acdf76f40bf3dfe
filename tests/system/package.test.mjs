// The npm package beside the Worker, with one key and one store: each opens what the other wrote, records included.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createSessions, d1Store, kvStore } from '../../pkg/dist/node.js';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';

for (const kind of ['kv', 'd1']) {
  describe(`over ${kind}`, () => {
    let site, edge, sessions;

    before(async () => {
      const secret = newDjangoSecret();
      const key = newSessionKey();
      site = await startSite({ secret });
      edge = await startEdge({
        ORIGIN_URL: site.url,
        SESSION_KEYS: key,
        DJANGO_SECRET_KEY: secret,
        SESSION_STORE: kind,
      });
      sessions = createSessions({
        keys: key,
        cookie: { name: COOKIE },
        store: kind === 'kv' ? kvStore(await edge.store()) : d1Store(await edge.database()),
      });
    });
    after(async () => {
      await edge?.stop();
      await site?.stop();
    });

    const header = visitor => `${COOKIE}=${visitor.cookies.get(COOKIE)}`;

    test('a cookie of the Worker opens in the package', async () => {
      const visitor = new Visitor(edge);
      await visitor.logIn();
      await visitor.post('/cart/', { article: '抹茶 🍵' });
      const session = await sessions.load(header(visitor));
      assert.equal(session.outcome, 'session');
      assert.equal(session.get('_auth_user_backend'), 'django.contrib.auth.backends.ModelBackend');
      assert.deepEqual(session.get('cart'), { '抹茶 🍵': 1 });
    });

    test('so does one with a record, which the package finds in the store', async () => {
      const visitor = new Visitor(edge);
      await visitor.logIn();
      await visitor.post('/big/', { kind: 'random' });
      const { bytes } = await visitor.whoami();
      assert.ok(sessions.codec.open(header(visitor)).session.ticket !== undefined, 'it was to have a record');
      const session = await sessions.load(header(visitor));
      assert.equal(session.outcome, 'session');
      assert.ok(bytes > 20_000 && JSON.stringify(session.toJSON()).length > 20_000, `${bytes} bytes`);
      assert.equal(session.get('_auth_user_id'), '1');
    });

    test('what the package changes reaches Django through the Worker, and comes back', async () => {
      const visitor = new Visitor(edge);
      await visitor.logIn();
      await visitor.post('/big/', { kind: 'random' });
      const session = await sessions.load(header(visitor));
      const others = Object.fromEntries([...session.entries()].filter(([name]) => name !== 'cart'));
      session.set('cart', { oolong: 3, 'jasmine 🌸': 1.5 });
      const line = await sessions.save(session);
      visitor.cookies.set(COOKIE, line.slice(COOKIE.length + 1, line.indexOf(';')));

      const seen = await visitor.whoami();
      assert.equal(seen.user, 'ada');
      assert.deepEqual(seen.cart, { oolong: 3, 'jasmine 🌸': 1.5 });
      await visitor.post('/cart/', { article: 'oolong' });
      const { cart, ...rest } = (await sessions.load(header(visitor))).toJSON();
      assert.deepEqual(cart, { oolong: 4, 'jasmine 🌸': 1.5 });
      assert.deepEqual(rest, others);
    });

    test('another key opens nothing', async () => {
      const visitor = new Visitor(edge);
      await visitor.logIn();
      const stranger = createSessions({ keys: newSessionKey(), cookie: { name: COOKIE } });
      const session = await stranger.load(header(visitor));
      assert.deepEqual([session.outcome, session.rejection, session.size], ['rejected', 'unknown_key', 0]);
    });
  });
}
