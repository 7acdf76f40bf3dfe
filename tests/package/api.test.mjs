// The API, in Node: outcomes, sessions, records, errors.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import {
  EdgeSessionError,
  createCodec,
  createSessions,
  django,
  flask,
  generateKey,
  inspect,
  keyId,
  kvStore,
  memoryStore,
  plan,
  readCookies,
} from '../../pkg/dist/node.js';

const key = generateKey();
const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const NOISE = Array.from({ length: 3000 }, (_, n) => (n * 7919) % 104729);
const SECRET = 'k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus';
const pairOf = line => line.slice(0, line.indexOf(';'));
const valueOf = line => pairOf(line).slice(line.indexOf('=') + 1);
const sealed = (codec, data, at) => pairOf(codec.seal(codec.create(data, at), at).setCookie);
const failsWith = (code, pattern = /./) => error =>
  error instanceof EdgeSessionError && error.code === code && pattern.test(error.message);

test('a session is sealed and opened, with what its cookie says of it', () => {
  const codec = createCodec({ keys: key });
  const commit = codec.seal(codec.create({ user: 42, cart: [1] }, { now: NOW }), { now: NOW });
  assert.match(commit.setCookie, /^__Host-session=A[\w-]+; Max-Age=1209600; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
  assert.deepEqual(commit.storeOps, []);
  const opened = codec.open(`theme=dark; ${pairOf(commit.setCookie)}`, { now: NOW + 5000 });
  assert.equal(opened.kind, 'session');
  const { session } = opened;
  assert.deepEqual(session.toJSON(), { user: 42, cart: [1] });
  assert.equal(session.issuedAt, NOW);
  assert.equal(session.createdAt, NOW);
  assert.equal(session.expiresAt, NOW + 14 * DAY);
  assert.equal(session.envelope, 'sealed');
  assert.equal(session.keyPosition, 0);
  assert.equal(session.keyId, keyId(key));
  assert.deepEqual(codec.keyIds, [keyId(key)]);
  assert.equal(session.isModified, false);
  assert.equal(session.isNew, false);
  assert.equal(session.needsReissue, false);
});

test('the cookie of the browser session has no Max-Age', () => {
  const codec = createCodec({ keys: key, persistent: false });
  const session = codec.create({ a: 1 });
  assert.doesNotMatch(codec.seal(session).setCookie, /Max-Age/);
  assert.match(codec.seal(session, { persistent: true }).setCookie, /Max-Age=1209600/);
});

test('whatever a client sends is an outcome', () => {
  const codec = createCodec({ keys: key });
  const cookie = sealed(codec, { a: 1 }, { now: NOW });
  const at = { now: NOW };
  const reason = (header, when = at) => codec.open(header, when).reason;
  for (const nothing of [null, undefined, '', 'theme=dark', ';;;']) assert.equal(codec.open(nothing, at).kind, 'absent');
  const name = codec.cookieName;
  assert.equal(reason(`${name}=`), 'malformed');
  assert.equal(reason(`${name}=AAAA`), 'unknown_version');
  assert.equal(reason(`${name}=${'A'.repeat(20_000)}`), 'too_long');
  assert.equal(reason(`${name}=${'x'.repeat(140_000)}`), 'too_long');
  assert.equal(reason(cookie, { now: NOW + 15 * DAY }), 'expired');
  assert.equal(reason(cookie, { now: NOW - DAY }), 'from_the_future');
  assert.equal(reason(cookie, { now: new Date(NOW + 31 * DAY) }), 'expired');
  assert.equal(reason(`${name}=eyJhIjoxfQ:1r31eq:VJ`), 'not_accepted');
  assert.equal(createCodec({ keys: generateKey() }).open(cookie, at).reason, 'unknown_key');
  assert.equal(createCodec({ keys: key, audience: 'other' }).open(cookie, at).reason, 'forged');
  assert.equal(codec.open(`${cookie}; ${sealed(codec, { a: 2 }, at)}`, at).kind, 'conflict');
  // Every character changed: never another session, never an exception.
  const value = cookie.slice(name.length + 1);
  for (let index = 0; index < value.length; index++) {
    const other = value[index] === 'A' ? 'B' : 'A';
    const opened = codec.openValue(value.slice(0, index) + other + value.slice(index + 1), at);
    assert.equal(opened.kind, 'rejected', `at ${index}`);
  }
  for (const odd of ['\0', '\ud800', '🍪'.repeat(5000), `${name}=\0`, `${name}="${value}"`]) {
    assert.notEqual(codec.open(odd, at).kind, 'session');
  }
});

test('keys rotate', () => {
  const [older, newer] = [generateKey(), generateKey()];
  const cookie = sealed(createCodec({ keys: older }), { a: 1 }, { now: NOW });
  for (const keys of [[newer, older], `${newer} ${older}`, `${newer},\n${older}`, [newer, `${older}@2027-06-01`]]) {
    const { session } = createCodec({ keys }).open(cookie, { now: NOW });
    assert.equal(session.keyPosition, 1);
    assert.equal(session.needsReissue, true);
  }
  const retired = createCodec({ keys: `${newer} ${older}@2027-01-01` });
  assert.equal(retired.open(cookie, { now: NOW }).reason, 'retired_key');
});

test('get, set, delete, has, entries, keys, size, clear', () => {
  const codec = createCodec({ keys: key });
  const open = () => codec.open(sealed(codec, { b: 1, a: { x: [1] }, c: null }, { now: NOW }), { now: NOW }).session;
  const session = open();
  assert.equal(session.get('absent'), undefined);
  assert.equal(session.get('toString'), undefined);
  assert.equal(session.has('c'), true);
  assert.equal(session.set('a', 'new').set('d', 4), session);
  assert.equal(session.delete('c'), true);
  assert.equal(session.delete('c'), false);
  assert.deepEqual([...session], [['b', 1], ['a', 'new'], ['d', 4]]);
  assert.deepEqual([...session.keys()], ['b', 'a', 'd']);
  session.set('c', 5);
  assert.equal(session.size, 4);
  assert.equal(session.isModified, true);
  const reopened = codec.open(pairOf(codec.seal(session, { now: NOW }).setCookie), { now: NOW }).session;
  assert.deepEqual([...reopened], [['b', 1], ['a', 'new'], ['d', 4], ['c', 5]]);
  reopened.clear();
  assert.equal(reopened.size, 0);
  assert.deepEqual(codec.open(pairOf(codec.seal(reopened, { now: NOW }).setCookie), { now: NOW }).session.toJSON(), {});
  const untouched = open();
  untouched.get('a');
  assert.equal(untouched.isModified, false);
});

test('a value that is changed in place is written', () => {
  const codec = createCodec({ keys: key });
  const session = codec.open(sealed(codec, { cart: [{ n: 1 }], a: 1 }, { now: NOW }), { now: NOW }).session;
  session.get('cart')[0].n = 2;
  assert.equal(session.isModified, true);
  const again = codec.open(pairOf(codec.seal(session, { now: NOW }).setCookie), { now: NOW }).session;
  assert.deepEqual(again.toJSON(), { cart: [{ n: 2 }], a: 1 });
  const list = [];
  const fresh = codec.create().set('list', list);
  list.push(1);
  assert.deepEqual(codec.open(pairOf(codec.seal(fresh).setCookie)).session.get('list'), [1]);
});

test('odd keys are keys like others', () => {
  const codec = createCodec({ keys: key });
  const session = codec.create(JSON.parse('{"__proto__": 1, "constructor": 2}')).set('hasOwnProperty', 3).set('', 4);
  session.set('\ud83c', 5).set('10', 6);
  const again = codec.open(pairOf(codec.seal(session).setCookie)).session;
  assert.equal(again.get('__proto__'), 1);
  assert.equal(again.get('constructor'), 2);
  assert.equal(again.get('hasOwnProperty'), 3);
  assert.equal(again.get(''), 4);
  assert.equal(again.get('\ud83c'), 5);
  assert.equal(Object.getPrototypeOf(again.toJSON()), Object.prototype);
  assert.equal(again.delete('\ud83c'), true);
  assert.equal(codec.open(pairOf(codec.seal(again).setCookie)).session.has('\ud83c'), false);
  assert.equal({}.polluted, undefined);
});

test('numbers that JavaScript cannot hold survive as long as nobody sets them', () => {
  const config = { django: { secretKeys: SECRET }, write: 'django', cookie: { name: 'sessionid' }, keys: key };
  const codec = createCodec(config);
  const signer = value => `sessionid=${value}`;
  // Made by hand, as JSON.stringify makes no such text.
  const value = django.dumps({ marker: 'here' }, SECRET, { now: NOW });
  assert.equal(codec.open(signer(value), { now: NOW }).session.get('marker'), 'here');
  const text = '{"big":123456789012345678901234567890,"nan":NaN,"inf":[-Infinity,"NaN"],"n":1}';
  const { signed } = pythonSigned(text);
  const { session } = codec.open(signer(signed), { now: NOW });
  assert.equal(Number.isNaN(session.get('nan')), true);
  assert.deepEqual(session.get('inf'), [-Infinity, 'NaN']);
  assert.equal(session.raw('big'), '123456789012345678901234567890');
  session.set('n', 2);
  const again = django.loads(valueOf(codec.seal(session, { now: NOW }).setCookie), SECRET, { now: NOW });
  assert.equal(again.json, '{"big":123456789012345678901234567890,"nan":NaN,"inf":[-Infinity,"NaN"],"n":2}');
});

/** Django's own steps, by node:crypto. */
function pythonSigned(json) {
  const payload = Buffer.from(json).toString('base64url');
  const message = `${payload}:${base62(NOW / 1000)}`;
  const derived = createHash('sha256').update(`${django.COOKIE_SALT}signer${SECRET}`).digest();
  return { signed: `${message}:${createHmac('sha256', derived).update(message).digest('base64url')}` };
}

function base62(number) {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  return number < 62 ? digits[number] : base62(Math.floor(number / 62)) + digits[number % 62];
}

test('what does not fit goes into a record, and the report says so', () => {
  const codec = createCodec({ keys: key, overflow: 'spill', rules: [{ key: 'user', priority: 'critical' }] });
  const commit = codec.seal(codec.create({ user: 1, noise: NOISE }, { now: NOW }), { now: NOW });
  assert.equal(commit.storeOps.length, 1);
  const [put] = commit.storeOps;
  assert.equal(put.op, 'put');
  assert.match(put.name, /^[\w-]{32}$/);
  assert.equal(put.expiresAt, NOW + 14 * DAY);
  assert.ok(put.record instanceof Uint8Array);
  assert.deepEqual(
    commit.report.keys.map(({ key, priority, placement, reason }) => [key, priority, placement, reason]),
    [['user', 'critical', 'cookie', 'fits'], ['noise', 'normal', 'spilled', 'no_room']],
  );
  const open = () => codec.open(pairOf(commit.setCookie), { now: NOW }).session;
  const session = open();
  assert.deepEqual(session.ticket, { recordName: put.name, revision: 1 });
  assert.equal(session.get('user'), 1);
  for (const ask of [
    () => session.get('noise'),
    () => session.has('noise'),
    () => session.size,
    () => session.toJSON(),
    () => [...session],
    () => session.sizes(),
    () => codec.seal(session),
  ]) {
    assert.throws(ask, failsWith('record_pending', /openRecord/));
  }
  assert.deepEqual(codec.openRecord(session, put.record.slice(1)), { kind: 'rejected', reason: 'wrong_record' });
  assert.notEqual(session.ticket, undefined);
  session.set('user', 2);
  assert.deepEqual(codec.openRecord(session, put.record), { kind: 'merged' });
  assert.equal(session.ticket, undefined);
  assert.deepEqual(session.toJSON(), { user: 2, noise: NOISE });
  const next = codec.seal(session, { now: NOW + 1000 });
  assert.equal(next.storeOps.length, 1, 'the record before stays for browsers that come back with the older cookie');
  const third = codec.open(pairOf(next.setCookie), { now: NOW + 1000 }).session;
  assert.equal(third.ticket.revision, 2);
  codec.openRecord(third, next.storeOps[0].record);
  assert.equal(codec.seal(third, { now: NOW + 600_000 }).storeOps.length, 1, 'and longer');
  const goes = { op: 'delete', name: put.name };
  assert.deepEqual(codec.seal(third, { now: NOW + 601_000 }).storeOps.at(-1), goes);
  assert.deepEqual(codec.end(third).storeOps.map(({ op, name }) => [op, name]), [
    ['delete', next.storeOps[0].name],
    ['delete', put.name],
  ]);
});

test('without a store, what does not fit is refused or dropped as configured', () => {
  const data = { user: 1, noise: NOISE };
  const refusing = createCodec({ keys: key });
  assert.throws(() => refusing.seal(refusing.create(data)), failsWith('does_not_fit', /4093/));
  const dropping = createCodec({ keys: key, overflow: 'drop' });
  const commit = dropping.seal(dropping.create(data));
  assert.equal(commit.report.keys[1].placement, 'dropped');
  assert.deepEqual(dropping.open(pairOf(commit.setCookie)).session.toJSON(), { user: 1 });
});

test('keys end at their own time', () => {
  const codec = createCodec({ keys: key, rules: [{ key: 'otp', maxAge: 60 }] });
  const cookie = sealed(codec, { otp: 1, a: 2 }, { now: NOW });
  const early = codec.open(cookie, { now: NOW + 30_000 }).session;
  assert.deepEqual(early.toJSON(), { otp: 1, a: 2 });
  early.set('a', 3);
  const carried = pairOf(codec.seal(early, { now: NOW + 30_000 }).setCookie);
  const late = codec.open(carried, { now: NOW + 61_000 }).session;
  assert.deepEqual(late.toJSON(), { a: 3 });
  assert.deepEqual(late.expiredKeys, ['otp']);
  early.set('otp', 2);
  const renewed = pairOf(codec.seal(early, { now: NOW + 30_000 }).setCookie);
  assert.deepEqual(codec.open(renewed, { now: NOW + 61_000 }).session.toJSON(), { otp: 2, a: 3 });
});

test('restart begins anew and keeps the keys', () => {
  const codec = createCodec({ keys: key, identify: true });
  const session = codec.open(sealed(codec, { a: 1 }, { now: NOW }), { now: NOW }).session;
  session.restart({ now: NOW + DAY });
  assert.equal(session.createdAt, NOW + DAY);
  assert.equal(session.isModified, true);
  const again = codec.open(pairOf(codec.seal(session, { now: NOW + DAY }).setCookie), { now: NOW + DAY }).session;
  assert.equal(again.createdAt, NOW + DAY);
  assert.deepEqual(again.toJSON(), { a: 1 });
});

test('wrong types throw a TypeError with the name of the argument', () => {
  const codec = createCodec({ keys: key });
  const session = codec.create();
  for (const [call, name] of [
    [() => createCodec(), 'config'],
    [() => createCodec(null), 'config'],
    [() => createCodec({ keys: 1 }), 'keys'],
    [() => createCodec({ keys: [1] }), 'keys[0]'],
    [() => createCodec({ keys: key, kees: 1 }), 'kees'],
    [() => createCodec({ keys: key, cookie: 'x' }), 'cookie'],
    [() => createCodec({ keys: key, cookie: { secure: 'yes' } }), 'cookie.secure'],
    [() => createCodec({ keys: key, cookie: { sameSite: 'Lax' } }), 'cookie.sameSite'],
    [() => createCodec({ keys: key, cookie: { name: 'a\0b' } }), 'cookie.name'],
    [() => createCodec({ keys: key, budget: 1.5 }), 'budget'],
    [() => createCodec({ keys: key, idleSeconds: 0 }), 'idleSeconds'],
    [() => createCodec({ keys: key, rules: [{ key: 'a' }, { key: 1 }] }), 'rules[1].key'],
    [() => createCodec({ keys: key, rules: {} }), 'rules'],
    [() => createCodec({ keys: key, accept: [{ envelope: 'sealed', until: 'now' }] }), 'accept[0].until'],
    [() => createCodec({ keys: key, dictionaries: [{ id: 128, bytes: [1] }] }), 'dictionaries[0].bytes'],
    [() => createCodec({ keys: key, schema: {} }), 'schema'],
    [() => createCodec({ django: {} }), 'django.secretKeys'],
    [() => codec.open(1), 'cookieHeader'],
    [() => codec.open('', 1), 'options'],
    [() => codec.open('', { now: 'now' }), 'now'],
    [() => codec.open('', { now: NaN }), 'now'],
    [() => codec.openValue(), 'value'],
    [() => codec.openRecord({}, new Uint8Array()), 'session'],
    [() => codec.openRecord(session, 'x'), 'record'],
    [() => codec.create(1), 'data'],
    [() => codec.seal({}), 'session'],
    [() => codec.seal(session, { persistent: 1 }), 'persistent'],
    [() => session.get(1), 'key'],
    [() => session.set('a'), 'value'],
    [() => session.set('a', () => {}), 'value'],
    [() => session.set('a', 1n), 'value'],
    [() => inspect(1), 'value'],
    [() => readCookies(1), 'cookieHeader'],
    [() => keyId(1), 'key'],
    [() => plan(1, {}), 'config'],
    [() => django.loads('', 1), 'secretKeys'],
    [() => createSessions({ keys: key, store: {} }), 'store'],
    [() => kvStore({}), 'namespace'],
  ]) {
    assert.throws(call, error => error instanceof TypeError && error.message.startsWith(`${name} `), name);
  }
  const circular = codec.create();
  circular.set('loop', (() => {
    const loop = {};
    loop.loop = loop;
    return loop;
  })());
  assert.throws(() => codec.seal(circular), error => error instanceof TypeError && /^loop /.test(error.message));
});

test('what does not go together has a stable code, and no key is ever told', () => {
  for (const [config, code, pattern] of [
    [{ keys: 'correct horse battery staple' }, 'invalid_key', /key 1/],
    [{ keys: [key, 'es1_tooshort'] }, 'invalid_key', /key 2/],
    [{ keys: `${key}@2027-01-01` }, 'invalid_key', /first key writes/],
    [{ keys: [key, `${generateKey()}@tomorrow`] }, 'invalid_key', /date/],
    [{ keys: [key, key] }, 'invalid_config', /same|id/],
    [{}, 'invalid_config', /sealing key/],
    [{ keys: key, cookie: { secure: false } }, 'invalid_config', /secure/i],
    [{ keys: key, budget: 10 }, 'invalid_config', /budget/],
    [{ keys: key, write: 'django' }, 'invalid_config', /Django/],
    [{ django: { secretKeys: 'short' } }, 'invalid_key', /50/],
    [{ keys: key, write: 'sealed', accept: ['flask'], flask: { secretKeys: SECRET } }, 'invalid_config', /until/],
  ]) {
    assert.throws(
      () => createCodec(config),
      error => {
        assert.ok(failsWith(code, pattern)(error), `${error.code}: ${error.message}`);
        const secrets = [key, key.slice(4), 'correct horse', 'tooshort'];
        return !secrets.some(secret => `${error.message}${error.stack}${JSON.stringify(error)}`.includes(secret));
      },
    );
  }
});

test('a schema is asked when a session is opened and when it is sealed', () => {
  const schema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: value =>
        typeof value.user === 'number'
          ? { value: { theme: 'light', ...value } }
          : { issues: [{ message: 'must be a number', path: ['user'] }] },
    },
  };
  const plain = createCodec({ keys: key });
  const codec = createCodec({ keys: key, schema });
  const { session } = codec.open(sealed(plain, { user: 1 }));
  assert.equal(session.get('theme'), 'light');
  const refused = codec.open(sealed(plain, { user: 'ada' }));
  assert.equal(refused.kind, 'rejected');
  assert.equal(refused.reason, 'invalid_session');
  assert.equal(refused.issues[0].message, 'must be a number');
  assert.throws(
    () => codec.seal(codec.create({ user: 'secret value' })),
    error => failsWith('invalid_session', /user/)(error) && error.issues.length === 1 && !/secret value/.test(error.message),
  );
  const slow = createCodec({ keys: key, schema: { '~standard': { version: 1, vendor: 'x', validate: async value => ({ value }) } } });
  assert.throws(() => slow.open(sealed(plain, { user: 1 })), /schema must validate synchronously/);
});

test('every cookie has a nonce of its own', () => {
  const codec = createCodec({ keys: key });
  const session = codec.create({ a: 1 });
  const nonces = new Set();
  for (let n = 0; n < 2000; n++) nonces.add(valueOf(codec.seal(session).setCookie).slice(7, 38));
  assert.equal(nonces.size, 2000);
  assert.equal(new Set(Array.from({ length: 100 }, generateKey)).size, 100);
  assert.match(generateKey(), /^es1_[\w-]{43}$/);
});

test('inspect shows what anybody can see', () => {
  const codec = createCodec({ keys: key });
  const value = valueOf(codec.seal(codec.create({ a: 1 })).setCookie);
  assert.deepEqual(inspect(value), {
    envelope: 'sealed',
    bytes: value.length,
    version: 1,
    keyId: keyId(key),
    ciphertextBytes: 9 + 7,
  });
  const signed = inspect(django.dumps({ a: 1, b: 'x'.repeat(200) }, SECRET, { now: NOW }));
  assert.equal(signed.envelope, 'django');
  assert.equal(signed.compressed, true);
  assert.equal(signed.issuedAt, NOW);
  assert.deepEqual(signed.keys, [{ key: 'a', bytes: 6 }, { key: 'b', bytes: 207 }]);
  assert.equal(inspect(flask.dumps({ a: 1 }, SECRET, { now: NOW })).envelope, 'flask');
  assert.deepEqual(inspect('???'), { envelope: 'unknown', claims: 'sealed', bytes: 3, problem: 'malformed' });
  const spilling = createCodec({ keys: key, django: { secretKeys: SECRET }, write: 'django', overflow: 'spill', cookie: { name: 's' } });
  const ticket = inspect(valueOf(spilling.seal(spilling.create({ noise: NOISE })).setCookie)).ticket;
  assert.deepEqual(ticket, { keyId: keyId(key), revision: 1 });
});

test('readCookies tells what could pass for the session cookie', () => {
  const cookies = readCookies('a=1; session=x; Session=y; lone', { name: 'session' });
  assert.deepEqual(
    cookies.map(({ name, value, bytes, relation }) => [name, value, bytes, relation]),
    [['a', '1', 2, 'other'], ['session', 'x', 8, 'same'], ['Session', 'y', 8, 'look_alike'], ['', 'lone', 4, 'other']],
  );
  assert.throws(() => readCookies('x'.repeat(140_000)), failsWith('header_too_long'));
});

test('plan needs no key', () => {
  const report = plan({ rules: [{ key: 'user', priority: 'critical' }] }, { noise: NOISE, user: 1 });
  assert.equal(report.budget, 4093);
  assert.deepEqual(report.keys.map(({ placement }) => placement), ['spilled', 'cookie']);
  assert.ok(report.cookieBytes <= report.budget);
});

test("Django's and Flask's signing", () => {
  const text = django.dumps({ a: 1 }, SECRET, { now: NOW, salt: django.ROW_SALT });
  assert.deepEqual(django.loads(text, ['x'.repeat(20) + SECRET, SECRET], { now: NOW, salt: django.ROW_SALT }), {
    kind: 'loaded',
    value: { a: 1 },
    json: '{"a":1}',
    issuedAt: NOW,
    keyPosition: 1,
  });
  assert.deepEqual(django.loads(text, SECRET, { now: NOW }), { kind: 'rejected', reason: 'forged' });
  assert.equal(django.loads(text, SECRET, { now: NOW + 11_000, maxAge: 10, salt: django.ROW_SALT }).reason, 'expired');
  const cookie = flask.dumps({ b: 1, a: { ' t': [1] } }, SECRET, { now: NOW });
  assert.equal(flask.loads(cookie, SECRET, { now: NOW }).json, '{"a":{" t":[1]},"b":1}');
  assert.throws(() => django.dumps({}, 'weak'), failsWith('invalid_key'));
  assert.match(django.dumps({}, 'weak', { allowWeak: true }), /^e30:/);
});

test('sessions: load, change, commit', async () => {
  const store = memoryStore();
  const sessions = createSessions({ keys: key, store });
  const untouched = await sessions.commit(await sessions.load(null, { now: NOW }), new Response('x'), { now: NOW });
  assert.equal(untouched.headers.get('set-cookie'), null);
  assert.equal(untouched.headers.get('vary'), 'Cookie');
  const first = await sessions.load(null, { now: NOW });
  assert.equal(first.outcome, 'absent');
  first.set('noise', NOISE);
  const response = await sessions.commit(first, new Response('x', { headers: { vary: 'Accept' } }), { now: NOW });
  assert.equal(response.headers.get('cache-control'), 'private, no-store');
  assert.equal(response.headers.get('vary'), 'Accept, Cookie');
  const cookie = pairOf(response.headers.getSetCookie()[0]);

  const second = await sessions.load(new Request('https://x/', { headers: { cookie } }), { now: NOW + 1000 });
  assert.equal(second.outcome, 'session');
  assert.deepEqual(second.get('noise'), NOISE);
  assert.equal(await sessions.save(second, { now: NOW + 1000 }), undefined);
  assert.match(await sessions.save(second, { now: NOW + DAY }), /^__Host-session=A/, 'touched once a day');

  const third = await sessions.load(new Headers({ cookie }), { now: NOW });
  third.destroy();
  assert.throws(() => third.set('a', 1), failsWith('session_destroyed'));
  const gone = await sessions.commit(third, Response.redirect('https://x/'), { now: NOW });
  assert.match(gone.headers.getSetCookie()[0], /^__Host-session=; Max-Age=0/);
  // As long as in the Worker: twice what Workers KV names, and a minute for the request that wrote.
  for (const after of [1000, 179_000])
    await assert.rejects(sessions.load(cookie, { now: NOW + after }), failsWith('record_missing'));
  const lost = await sessions.load(cookie, { now: NOW + 181_000 });
  assert.equal(lost.outcome, 'rejected');
  assert.equal(lost.rejection, 'record_lost');
  assert.equal(await sessions.save(lost, { now: NOW + 181_000 }), undefined, 'a newer cookie would go with it');
  lost.set('user', 2);
  assert.match(await sessions.save(lost, { now: NOW + 181_000 }), /^__Host-session=A/, 'what is new takes its place');
  const left = await sessions.load(cookie, { now: NOW + 181_000 });
  left.destroy();
  assert.match(await sessions.save(left, { now: NOW + 181_000 }), /Max-Age=0/, 'log out is log out');
});

test('sessions: a cookie that is a few changes old is good, and few records are left', async () => {
  const kept = new Map();
  const store = {
    get: async name => kept.get(name),
    put: async (name, record) => void kept.set(name, record),
    delete: async name => void kept.delete(name),
  };
  const sessions = createSessions({ keys: key, store });
  const cookies = [];
  for (let n = 0; n < 40; n++) {
    const now = NOW + n * 1000;
    const session = await sessions.load(cookies.at(-1), { now });
    session.set('noise', NOISE);
    session.set('n', n);
    cookies.push(pairOf(await sessions.save(session, { now })));
  }
  assert.equal(kept.size, 17);
  // Nobody changed it for a week.
  const now = NOW + 7 * DAY;
  for (const [n, cookie] of cookies.entries()) {
    const session = await sessions.load(cookie, { now });
    assert.equal(session.get('n'), n < 40 - 17 ? undefined : n);
    if (n < 40 - 17) assert.equal(session.rejection, 'record_lost');
  }
  const last = await sessions.load(cookies.at(-1), { now });
  last.set('n', 40);
  await sessions.save(last, { now });
  assert.equal(kept.size, 2, 'the time of all the others is over');
});

test('sessions: a bad cookie is removed, an empty session too', async () => {
  const sessions = createSessions({ keys: key });
  const bad = await sessions.load('__Host-session=AAAA');
  assert.deepEqual([bad.outcome, bad.rejection, bad.isNew], ['rejected', 'unknown_version', true]);
  assert.match(await sessions.save(bad), /Max-Age=0/);
  const emptied = await sessions.load(sealed(sessions.codec, { a: 1 }));
  emptied.delete('a');
  assert.match(await sessions.save(emptied), /Max-Age=0/);
  const never = await sessions.load(null);
  never.destroy();
  assert.equal(await sessions.save(never), undefined);
});

test('sessions: a store that fails is not a log out', async () => {
  const records = memoryStore();
  let isDown = false;
  const down = method => (...values) => {
    if (isDown) throw new Error('down');
    return records[method](...values);
  };
  const sessions = createSessions({ keys: key, store: { get: down('get'), put: down('put'), delete: down('delete') } });
  const session = (await sessions.load(null)).set('noise', NOISE);
  const cookie = pairOf(await sessions.save(session));
  isDown = true;
  await assert.rejects(sessions.load(cookie), failsWith('store_unavailable'));
  await assert.rejects(sessions.save(session), error => failsWith('store_unavailable')(error) && error.cause.message === 'down');
  const leaving = sessions.codec.open(cookie).session;
  leaving.destroy();
  assert.match(await sessions.save(leaving), /Max-Age=0/, 'what cannot be deleted expires');
});

test('kvStore keeps the frame of the Worker, and its expiry', async () => {
  const kept = new Map();
  const store = kvStore({
    get: async (name, type) => (assert.equal(type, 'arrayBuffer'), kept.get(name)?.buffer ?? null),
    put: async (name, value, options) => void kept.set(name, Object.assign(value, { options })),
    delete: async name => void kept.delete(name),
  });
  await store.put('name', Uint8Array.of(1, 2, 3), NOW + 10_000, NOW);
  assert.equal(kept.get('name').options.expirationTtl, 60);
  assert.deepEqual([...kept.get('name')], [0, 0, 0, 0, 0x6b, 0x49, 0xd2, 0x0a, 1, 2, 3]);
  assert.deepEqual(await store.get('name', NOW), Uint8Array.of(1, 2, 3));
  assert.equal(await store.get('name', NOW + 10_000), null);
  await store.delete('name');
  assert.equal(await store.get('name', NOW), null);
});
