// The contract of session-store, clause by clause, on the real bindings and on real origin stores.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { sessionStore } from '../../docs/examples/session_store.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { startServer } from './native-server.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send } from './visitor.mjs';

const storeKey = newSessionKey();
const settings = {
  ORIGIN_URL: 'http://127.0.0.1:9',
  SESSION_KEYS: newSessionKey(),
  DJANGO_SECRET_KEY: newDjangoSecret(),
};

// Stores that compare and swap have fifteen checks more.
function keepsTheContract(edge, store, checks) {
  test(`${store} keeps every clause of the store contract`, async () => {
    const response = await send(`${edge().url}/_session/conformance?store=${encodeURIComponent(store)}`);
    assert.equal(response.status, 200, response.body);
    assert.equal(response.json().passed.length, checks);
    assert.equal(response.json().heads, checks > 23);
  });
}

describe('bindings', () => {
  let edge;
  before(async () => {
    edge = await startEdge(settings, { conformance: true });
  });
  after(() => edge?.stop());

  for (const [store, checks] of [
    ['kv', 23],
    ['d1', 38],
    ['r2', 23],
    ['do', 38],
    ['kv+d1', 38],
    ['kv+r2', 23],
    ['kv+do', 38],
  ]) {
    keepsTheContract(() => edge, store, checks);
  }
});

describe('the native server', () => {
  let edge, server;
  before(async () => {
    server = await startServer([newSessionKey(), storeKey]);
    edge = await startEdge(originSettings(server.url), { conformance: true });
  });
  after(async () => {
    await edge?.stop();
    await server?.stop();
  });

  keepsTheContract(() => edge, 'origin', 38);
  keepsTheContract(() => edge, 'kv+origin', 38);
});

describe('the origin store of docs/examples, for Node', () => {
  let edge, server;
  before(async () => {
    server = sessionStore(':memory:', [newSessionKey(), storeKey]).listen(0, '127.0.0.1');
    await once(server, 'listening');
    edge = await startEdge(originSettings(`http://127.0.0.1:${server.address().port}`), { conformance: true });
  });
  after(async () => {
    await edge?.stop();
    server.closeAllConnections();
    server.close();
  });

  keepsTheContract(() => edge, 'origin', 38);
  keepsTheContract(() => edge, 'kv+origin', 38);
});

describe('the origin store of docs/examples, in a Django site', () => {
  let edge, site;
  before(async () => {
    site = await startSite({ secret: newDjangoSecret(), storeKey: `${newSessionKey()} ${storeKey}` });
    edge = await startEdge(originSettings(`${site.url}/session-store`), { conformance: true });
  });
  after(async () => {
    await edge?.stop();
    await site?.stop();
  });

  keepsTheContract(() => edge, 'origin', 23);
  keepsTheContract(() => edge, 'kv+origin', 23);
});

function originSettings(url) {
  return {
    ...settings,
    SESSION_STORE: 'kv+origin',
    SESSION_ORIGIN_STORE_URL: url,
    SESSION_ORIGIN_STORE_KEY: storeKey,
  };
}

test('a Worker built for production has no such page', async () => {
  const production = await startEdge(settings);
  try {
    assert.equal((await send(`${production.url}/_session/conformance`)).status, 404);
  } finally {
    await production.stop();
  }
});
