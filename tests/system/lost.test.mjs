// A session whose record is gone: whoever sends its cookie is told once, and a newer cookie of the same browser stays.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { change, line, named, pad, pair, token, user } from './line.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const LOST = `${COOKIE}-lost`;
const secret = newDjangoSecret();
let site;

before(async () => {
  site = await startSite({ secret });
});
after(() => site?.stop());

const start = (store, settings = {}) =>
  startEdge(
    {
      ORIGIN_URL: site.url,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: secret,
      SESSION_API_TOKEN: token,
      SESSION_STORE: store,
      SESSION_ROUTES: '{"/": "optional", "/whoami": "required", "/account": "required"}',
      ...settings,
    },
    { faulty: true },
  );

const jar = (...cookies) => cookies.join('; ');

describe('a session that is lost', () => {
  let edge;
  before(async () => {
    edge = await start('kv', { SESSION_LOGIN_URL: '/login/' });
  });
  after(() => edge?.stop());

  const page = (path, cookie, accept = '*/*') => send(edge.url + path, { headers: { cookie, accept } });

  /** A session whose records are all gone, long ago. */
  async function lost() {
    await send(`${edge.url}/__store?clock=0`);
    const [old] = await line(edge, 0);
    const kv = await edge.store();
    for (const { name } of (await kv.list()).keys) await kv.delete(name);
    const young = await page('/whoami', old);
    assert.equal(young.status, 503);
    assert.deepEqual(young.setCookies, []);
    await send(`${edge.url}/__store?clock=200`);
    return old;
  }

  for (const [path, accept, status] of [
    ['/', 'text/html', 401],
    ['/account/', 'text/html', 302],
    ['/account/', '*/*', 401],
    ['/_session', '*/*', 401],
  ]) {
    test(`${path} for ${accept}: ${status}, and no line that could remove a newer cookie`, async () => {
      const old = await lost();
      const told = await page(path, old, accept);
      assert.equal(told.status, status, told.body);
      assert.deepEqual(named(told, COOKIE), []);
      const [said] = named(told, LOST);
      assert.ok(said.attributes.httponly && said.attributes.secure && Number(said.attributes['max-age']) <= 600);
      assert.match(told.headers['cache-control'], /no-store/);

      // The browser had a newer cookie after all: it is as good as ever, and stays.
      const newer = await change(edge, undefined, { ...user, pad: pad() });
      const good = await page('/', jar(newer, pair(said)));
      assert.equal(good.status, 200);
      assert.deepEqual(named(good, COOKIE), []);

      // It had none: then it is a stranger's.
      const stranger = await page(path, jar(old, pair(said)), accept);
      assert.equal(stranger.status, path === '/' ? 200 : status);
      assert.equal(named(stranger, COOKIE)[0].value, '');
    });
  }

  test('what somebody made up in its place removes nothing', async () => {
    const old = await lost();
    for (const made of ['', 'A'.repeat(32), '"', 'lost']) {
      const told = await page('/account/', jar(old, `${LOST}=${made}`));
      assert.equal(told.status, 401);
      assert.deepEqual(named(told, COOKIE), []);
    }
  });

  test('who logs in with it is logged in', async () => {
    const old = await lost();
    const said = pair(named(await page('/login/', old), LOST)[0]);
    const form = await page('/login/', jar(old, said));
    assert.equal(form.status, 200);
    const csrf = pair(named(form, 'csrftoken')[0]);
    const body = new URLSearchParams({
      csrfmiddlewaretoken: csrf.slice('csrftoken='.length),
      username: 'ada',
      password: 'lovelace',
    }).toString();
    const headers = {
      cookie: jar(old, said, csrf),
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    };
    const done = await send(`${edge.url}/login/`, { method: 'POST', headers, body });
    assert.equal(done.status, 302, done.body);
    const next = pair(named(done, COOKIE)[0]);
    assert.equal((await page('/whoami', next)).json().user, 'ada');
  });
});

test('where a head says that nothing newer can be, a lost session is removed at once', async () => {
  const edge = await start('d1');
  try {
    const cookies = await line(edge, 2);
    await (await edge.database()).prepare("DELETE FROM session_record WHERE kind = 'session'").run();
    await send(`${edge.url}/__store?clock=200`);
    const told = await send(`${edge.url}/whoami`, { headers: { cookie: cookies[2] } });
    assert.equal(told.status, 401);
    assert.equal(named(told, COOKIE)[0].value, '');
  } finally {
    await edge.stop();
  }
});
