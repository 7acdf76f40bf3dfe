// The contract of session-store, clause by clause, on the real bindings.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';

const settings = { ORIGIN_URL: 'http://127.0.0.1:9', SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: newDjangoSecret() };
let edge;

before(async () => {
  edge = await startEdge(settings, { conformance: true });
});

after(() => edge?.stop());

// Stores that compare and swap have ten checks more.
for (const [store, checks] of [
  ['kv', 20],
  ['d1', 30],
  ['r2', 20],
  ['do', 30],
  ['kv+d1', 30],
  ['kv+r2', 20],
  ['kv+do', 30],
]) {
  test(`${store} keeps every clause of the store contract`, async () => {
    const response = await send(`${edge.url}/_session/conformance?store=${encodeURIComponent(store)}`);
    assert.equal(response.status, 200, response.body);
    assert.equal(response.json().passed.length, checks);
    assert.equal(response.json().heads, checks > 20);
  });
}

test('a Worker built for production has no such page', async () => {
  const production = await startEdge(settings);
  try {
    assert.equal((await send(`${production.url}/_session/conformance`)).status, 404);
  } finally {
    await production.stop();
  }
});
