// The native server between a Worker and a site: Django's own sessions where Django keeps them, without a view in the site, and records in
// PostgreSQL with Redis in front.

import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startPostgres, startRedis } from './databases.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { startServer } from './native-server.mjs';
import { engine, secret, settingsOf, storeKey, validates } from './rows.mjs';
import { startSite } from './site.mjs';
import { startSwitchboard } from './switchboard.mjs';
import { Visitor } from './visitor.mjs';

for (const backend of ['db', 'file']) {
  describe(`rows behind the native server, Django's ${backend} backend, no view in the site`, () => {
    let edge, site, server, switchboard;
    before(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'edge-session-rows-'));
      const database = join(folder, 'db.sqlite3');
      site = await startSite({ secret, engine: engine(backend), database });
      server = await startServer(storeKey, { django_sessions: backend === 'db' ? `sqlite:${database}` : `file:${tmpdir()}` });
      switchboard = await startSwitchboard(server.url);
      edge = await startEdge(settingsOf(site, switchboard));
    });
    after(async () => {
      await edge?.stop();
      await switchboard?.stop();
      await server?.stop();
      await site?.stop();
    });

    validates(() => ({ edge, site, down: is => switchboard.set(is ? 'down' : 'ok') }));
  });
}

describe("rows behind the native server, Django's cached_db backend in PostgreSQL and Redis", () => {
  let edge, postgres, redis, site, server, switchboard;
  before(async () => {
    postgres = await startPostgres();
    redis = await startRedis();
    const cache = `${redis.url}/1`;
    site = await startSite({ secret, engine: engine('cached_db'), database: postgres.url, cache, requirements: 'tests/backends/django-5.2.txt' });
    server = await startServer(storeKey, { store: postgres.url, cache: redis.url, django_sessions: postgres.url, django_cached_in: cache });
    switchboard = await startSwitchboard(server.url);
    edge = await startEdge(settingsOf(site, switchboard));
  });
  after(async () => {
    await edge?.stop();
    await switchboard?.stop();
    await server?.stop();
    await site?.stop();
    await redis?.stop();
    await postgres?.stop();
  });

  validates(() => ({ edge, site, down: is => switchboard.set(is ? 'down' : 'ok') }));
});

describe('records in PostgreSQL with Redis in front, behind the native server', () => {
  let edge, postgres, redis, site, server;
  before(async () => {
    postgres = await startPostgres();
    redis = await startRedis();
    site = await startSite({ secret });
    server = await startServer(storeKey, { store: postgres.url, cache: redis.url });
    edge = await startEdge({
      ORIGIN_URL: site.url,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: secret,
      SESSION_STORE: 'origin',
      SESSION_ORIGIN_STORE_URL: `${server.url}/session-store`,
      SESSION_ORIGIN_STORE_KEY: storeKey,
    });
  });
  after(async () => {
    await edge?.stop();
    await server?.stop();
    await site?.stop();
    await redis?.stop();
    await postgres?.stop();
  });

  test('a session that no cookie can hold works, and goes on while Redis is down', async () => {
    const visitor = new Visitor(edge);
    await visitor.logIn();
    await visitor.post('/big/', { kind: 'random' });
    const { bytes } = await visitor.whoami();
    assert.ok(bytes > 20_000);
    await redis.stop();
    assert.equal((await visitor.whoami()).bytes, bytes);
    await visitor.post('/cart/', { article: 'tea' });
    assert.deepEqual((await visitor.whoami()).cart, { tea: 1 });
  });
});
