// docs/UPGRADE.md, "Moving over, and back": after its steps the site alone knows every visitor.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
let site, edge;

before(async () => {
  site = await startSite({ secret });
  edge = await startEdge({ ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret });
});
after(async () => {
  await edge?.stop();
  await site?.stop();
});

// Django with SESSION_COOKIE_NAME = "__Host-sessionid" reads the same value; here it is given under the name it has.
const atTheSite = async visitor => {
  const cookie = `sessionid=${visitor.cookies.get(COOKIE)}`;
  return (await send(`${site.url}/whoami`, { headers: { cookie } })).json();
};

test('with signed cookies for some time before, nobody is logged out when the Worker is taken away', async () => {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  await visitor.post('/cart/');
  assert.equal((await atTheSite(visitor)).user, null, 'a sealed cookie says nothing to Django');

  const back = [{ envelope: 'django' }, { envelope: 'sealed', until: '2099-01-31' }];
  await edge.restart({ SESSION_WRITE: 'django', SESSION_ACCEPT: JSON.stringify(back) });
  const { user, cart } = await visitor.whoami();
  assert.equal(user, 'ada');
  const seen = await atTheSite(visitor);
  assert.equal(seen.user, 'ada');
  assert.deepEqual(seen.cart, cart);
  assert.deepEqual(
    seen.keys.filter(key => key.startsWith('_edge')),
    [],
  );
});
