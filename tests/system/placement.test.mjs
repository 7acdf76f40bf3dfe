// Rules for single keys: their own ends, caps, and the header that says where keys went.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { Visitor } from './visitor.mjs';

const HEADER = 'session-placement';
const secret = newDjangoSecret();
let site, edge;

before(async () => {
  site = await startSite({ secret });
  edge = await startEdge({
    ORIGIN_URL: site.url,
    SESSION_KEYS: newSessionKey(),
    DJANGO_SECRET_KEY: secret,
    SESSION_RULES: JSON.stringify([
      { key: 'cart', priority: 'important', max_age: 4 },
      { key: 'language', secret: true },
      { key: 'notes', max_bytes: 1000 },
    ]),
    SESSION_DEBUG_HEADER: 'true',
  });
});
after(async () => {
  await edge?.stop();
  await site?.stop();
});

test('a key ends at its own time, however often the session is saved, and the rest goes on', async () => {
  const visitor = new Visitor(edge);
  await visitor.post('/cart/', { article: 'tea' });
  const set = Date.now();
  await visitor.post('/language/', { language: 'de' });
  assert.deepEqual((await visitor.whoami()).cart, { tea: 1 });
  await sleep(Math.max(0, set + 5_500 - Date.now()));
  const seen = await visitor.whoami();
  assert.deepEqual(seen.cart, {});
  assert.equal(seen.language, 'de');
  assert.ok(!seen.keys.some(key => key.startsWith('_edge')), 'Django sees nothing of ours');
});

test('the header says how full the cookie is and which keys are not in it', async () => {
  const visitor = new Visitor(edge);
  const small = await visitor.post('/cart/', { article: 'tea' });
  assert.match(small.headers[HEADER], /^cookie;desc="\d+\/4093"$/);
  const big = await visitor.post('/big/', { kind: 'random' });
  assert.match(big.headers[HEADER], /^cookie;desc="\d+\/4093", notes;desc="spilled too_large \d+ normal"$/);
  assert.ok((await visitor.whoami()).keys.includes('notes'));
});

test('without the setting there is no such header', async () => {
  await edge.restart({ SESSION_DEBUG_HEADER: undefined });
  const response = await new Visitor(edge).post('/cart/', { article: 'tea' });
  assert.equal(response.headers[HEADER], undefined);
  await edge.restart();
});
