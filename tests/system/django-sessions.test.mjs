// Sites that keep their sessions themselves (Django's backends db, cached_db, cache and file): in D1 the Worker and Django share one
// database, behind the origin store the site's own view is asked.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startEdge } from './edge.mjs';
import { bearer, change, engine, metrics, secret, session, settings, settingsOf, storeKey, validates } from './rows.mjs';
import { startSite } from './site.mjs';
import { startSwitchboard } from './switchboard.mjs';
import { send, Visitor } from './visitor.mjs';

describe('rows in D1, Django\'s db backend', () => {
  let edge, site;
  before(async () => {
    const d1 = { ...settings, SESSION_STORE: 'd1', ORIGIN_URL: 'http://127.0.0.1:9' };
    edge = await startEdge(d1, { faulty: true });
    site = await startSite({ secret, engine: engine('db'), database: await edge.databaseFile() });
    await edge.restart({ ORIGIN_URL: site.url });
  });
  after(async () => {
    await edge?.stop();
    await site?.stop();
  });

  const down = is => send(`${edge.url}/__store?d1=${is ? 'down' : 'ok'}`);
  validates(() => ({ edge, site, down }));

  async function loggedIn() {
    const visitor = new Visitor(edge);
    await visitor.logIn();
    return visitor;
  }

  test('two changes at once both survive (F27)', async () => {
    const visitor = await loggedIn();
    const answers = await Promise.all([change(visitor, { first: 1 }), change(visitor, { second: 2 })]);
    assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
    const { first, second } = (await session(visitor)).json();
    assert.deepEqual([first, second], [1, 2]);
  });

  test('a change does not prolong a session', async () => {
    const visitor = await loggedIn();
    const database = await edge.database();
    const expiry = async () =>
      (await database.prepare('SELECT expire_date FROM django_session WHERE session_key = ?1').bind(visitor.cookies.get('sessionid')).first()).expire_date;
    const before = await expiry();
    assert.equal((await change(visitor, { language: 'fr' })).status, 200);
    assert.equal(await expiry(), before);
  });

  test('a row that somebody else wrote, or altered, is no session (F15)', async () => {
    const [visitor, other] = [await loggedIn(), await loggedIn()];
    const database = await edge.database();
    const update = database.prepare('UPDATE django_session SET session_data = ?2 WHERE session_key = ?1');
    const key = visitor.cookies.get('sessionid');
    const { session_data: data } = await database.prepare('SELECT session_data FROM django_session WHERE session_key = ?1').bind(key).first();
    for (const altered of [`${data}x`, data.replace(/^./, 'A'), 'e30:1abc:x', '', '{}']) {
      await update.bind(key, altered).run();
      const copy = new Visitor(edge);
      copy.cookies.set('sessionid', key);
      assert.equal((await copy.get('/account/')).status, 401, altered.slice(0, 20));
    }
    assert.match(await metrics(edge), /session_rejected_total\{reason="forged"\} [1-9]/);
    assert.equal((await other.get('/account/')).status, 200);
  });

  test('an expired row is no session; the cron trigger deletes it, /_session/stats counts it', async () => {
    const [visitor, other] = [await loggedIn(), await loggedIn()];
    const database = await edge.database();
    await database
      .prepare("UPDATE django_session SET expire_date = '2020-01-01 00:00:00.123456' WHERE session_key = ?1")
      .bind(visitor.cookies.get('sessionid'))
      .run();
    assert.equal((await visitor.get('/account/')).status, 401);
    const stats = async () => (await send(`${edge.url}/_session/stats`, { headers: bearer })).json();
    const before = await stats();
    assert.equal(before.expired, 1);
    assert.ok(before.records > 1 && before.largest.length > 0 && before.largest[0].bytes > 100);
    assert.ok(before.largest.every(row => row.name === undefined), 'keys are credentials');
    await edge.scheduled();
    const { records, expired } = await stats();
    assert.deepEqual([records, expired], [before.records - 1, 0]);
    assert.equal((await other.get('/account/')).status, 200);
  });
});

for (const backend of ['db', 'cached_db', 'cache', 'file']) {
  describe(`rows behind the origin store, Django's ${backend} backend`, () => {
    let edge, site, switchboard;
    before(async () => {
      site = await startSite({ secret, engine: engine(backend), storeKey });
      switchboard = await startSwitchboard(site.url);
      edge = await startEdge(settingsOf(site, switchboard));
    });
    after(async () => {
      await edge?.stop();
      await switchboard?.stop();
      await site?.stop();
    });

    validates(() => ({ edge, site, down: is => switchboard.set(is ? 'down' : 'ok') }));
  });
}
