// Keys and migrations: what people have, and what a mistake in it is told as.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCodec, createSessions, django, flask, generateKey } from '../../pkg/dist/node.js';

const key = generateKey();
const pairOf = line => line.slice(0, line.indexOf(';'));
const SECRET = 'k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus';

/** Made by Flask 3.1 with `app.secret_key = b'_5#y2L"F4Q8z\n\xec]/'`, the key of its first page, of `{"user": 1}`. */
const FLASK = { cookie: 'eyJ1c2VyIjoxfQ.aS4H6A.1RVdySBtkpgkV_mYooP8MKfMI9Y', now: 1_764_624_360_000 };

test('keys of Flask and Django may be bytes that are no text', () => {
  const bytes = Buffer.from('_5#y2L"F4Q8z\n\xec]/', 'latin1');
  const options = { allowWeak: true };
  assert.deepEqual(flask.loads(FLASK.cookie, bytes, { ...options, now: FLASK.now }).value, { user: 1 });
  for (const made of [bytes, new Uint8Array(bytes), [generateKey(), bytes]]) {
    const given = Array.isArray(made) ? [bytes] : made;
    const cookie = flask.dumps({ user: 1 }, given, options);
    assert.equal(flask.loads(cookie, made, options).kind, 'loaded');
    assert.equal(flask.loads(cookie, bytes.toString('latin1'), options).reason, 'forged');
    assert.equal(django.loads(django.dumps({ a: 1 }, given, options), made, options).kind, 'loaded');
  }
  // A text stands for its UTF-8, as in Python.
  for (const framework of [flask, django]) {
    const text = `${SECRET}é`;
    assert.equal(framework.loads(framework.dumps({}, text), new TextEncoder().encode(text)).kind, 'loaded');
  }
  const sessions = createSessions({
    keys: key,
    flask: { secretKeys: bytes, allowWeak: true },
    accept: ['sealed', { envelope: 'flask', until: new Date('2099-01-01') }],
    django: { secretKeys: SECRET, cookie: 'session' },
  });
  assert.equal(sessions.codec.open(`session=${flask.dumps({ user: 1 }, bytes, options)}`).session.get('user'), 1);
  for (const wrong of [1, {}, [1], new Float64Array(4), new ArrayBuffer(4)])
    assert.throws(() => flask.loads('', wrong), { name: 'TypeError', message: /^secretKeys/ });
});

test('a day that there is not is refused, as one that is none', () => {
  const refuses = text => assert.throws(() => createCodec({ keys: [key, `${generateKey()}@${text}`] }), { code: 'invalid_key', message: /key 2: .*date/ });
  for (const text of ['2027-02-30', '2027-02-29', '2027-04-31', '2027-13-01', '2027-00-10', '2027-01-00', '2027-1-1', '20270101', '2027-01-01T00:00:00Z', '1830000000', '']) refuses(text);
  assert.equal(createCodec({ keys: [key, `${generateKey()}@2028-02-29`] }).keyIds.length, 2);
});

test('seconds where milliseconds belong are refused', () => {
  const config = { keys: key, django: { secretKeys: SECRET, cookie: 'sessionid' } };
  const seconds = 1_830_000_000;
  for (const field of ['until', 'issuedBefore']) {
    for (const value of [seconds, new Date(seconds), seconds + 0.5])
      assert.throws(() => createCodec({ ...config, accept: ['sealed', { envelope: 'django', [field]: value }] }), {
        name: 'TypeError',
        message: new RegExp(`^accept\\[1\\]\\.${field} must be milliseconds`),
      });
    createCodec({ ...config, accept: ['sealed', { envelope: 'django', [field]: seconds * 1000 }] });
  }
  const codec = createCodec({ keys: key });
  for (const call of [() => codec.open('', { now: seconds }), () => codec.create({}, { now: seconds }), () => codec.create().restart({ now: seconds })])
    assert.throws(call, { name: 'TypeError', message: /^now must be milliseconds/ });
  assert.throws(() => createCodec({ keys: key, formerCookie: { name: 'old', until: seconds } }), { name: 'TypeError', message: /^formerCookie\.until/ });
});

test('what stands round a key, or that there is none, is said', () => {
  const message = keys => {
    try {
      createSessions({ keys });
    } catch (error) {
      assert.ok(!error.message.includes(key.slice(4)), 'no key is ever told');
      return `${error.code}: ${error.message}`;
    }
    return 'taken';
  };
  for (const quoted of [`"${key}"`, `'${key}'`, `“${key}”`, `\`${key}\``]) assert.match(message(quoted), /^invalid_key: keys: key 1: .*a quote/);
  assert.match(message(`${key} "${generateKey()}"`), /key 2: .*a quote/);
  for (const bracketed of [`[${key}]`, `(${key})`, `<${key}>`]) assert.match(message(bracketed), /a bracket/);
  assert.match(message(`["${key}"]`), /a quote/);
  assert.match(message(`SESSION_KEYS=${key}`), /variable's name/);
  for (const hidden of ['\u200b', '\u0000', '\u2060']) assert.match(message(`${hidden}${key}`), /not shown/);
  // White space, and the byte order mark, which is white space to JavaScript.
  for (const around of ['\r\n', ' ', '\t', '\ufeff']) assert.equal(message(`${around}${key}${around}`), 'taken');
  for (const missing of [undefined, '', ' ', []]) assert.match(message(missing), /^invalid_config: keys is (missing|empty): .*a sealing key.*keygen/);
  assert.match(message('correct horse battery staple'), /^invalid_key: .*es1_/);
});

test('a cookie’s name of before is read until its end, and moves', async () => {
  const before = createSessions({ keys: key, cookie: { name: 'session' } });
  const old = pairOf(await before.save(before.codec.create({ user: 1 })));
  const config = until => ({ keys: key, formerCookie: { name: 'session', until } });
  const sessions = createSessions(config(new Date('2099-01-01')));
  const session = await sessions.load(`theme=dark; ${old}`);
  assert.deepEqual([session.outcome, session.get('user'), session.isModified, session.needsReissue], ['session', 1, false, true]);
  const lines = (await sessions.commit(session, new Response())).headers.getSetCookie();
  assert.match(lines[0], /^__Host-session=A/);
  assert.match(lines[1], /^session=; Max-Age=0/);
  assert.equal(lines.length, 2);
  // Ours counts wherever it is, good or not.
  assert.equal((await sessions.load(`${old}; __Host-session=AAAA`)).outcome, 'rejected');
  const newer = pairOf(lines[0]);
  assert.equal((await sessions.load(`${old}; ${newer}`)).needsReissue, false);
  // A log out is one, whichever of them the browser has.
  for (const cookie of [old, newer, `${old}; ${newer}`]) {
    const leaving = await sessions.load(cookie);
    leaving.destroy();
    const removed = (await sessions.commit(leaving, new Response())).headers.getSetCookie();
    assert.deepEqual(removed.map(line => line.match(/^([\w-]+)=; Max-Age=0/)[1]), ['__Host-session', 'session']);
    const again = await sessions.load(cookie);
    again.destroy();
    await assert.rejects(sessions.save(again), { name: 'TypeError', message: /setCookies/ });
  }
  assert.equal((await createSessions(config(new Date('2026-01-01'))).load(old)).outcome, 'absent');
  assert.equal((await sessions.load(old, { now: new Date('2099-01-02') })).outcome, 'absent');
  for (const wrong of [{ name: 'session' }, { until: new Date('2099-01-01') }, { name: '__Host-session', until: new Date('2099-01-01') }, { name: 'a b', until: new Date('2099-01-01') }])
    assert.throws(() => createSessions({ keys: key, formerCookie: wrong }));
});

test('a name of before, with a record: the session is whole', async () => {
  const records = new Map();
  const store = { get: async name => records.get(name) ?? null, put: async (name, record) => void records.set(name, record), delete: async name => void records.delete(name) };
  const noise = Array.from({ length: 3000 }, (_, n) => (n * 7919) % 104729);
  const before = createSessions({ keys: key, store, cookie: { name: 'session' } });
  const old = pairOf(await before.save(before.codec.create({ user: 1, noise })));
  const sessions = createSessions({ keys: key, store, formerCookie: { name: 'session', until: new Date('2099-01-01') } });
  const session = await sessions.load(old);
  assert.equal(session.needsReissue, true);
  assert.deepEqual(session.get('noise'), noise);
  const [line] = await sessions.setCookies(session);
  assert.deepEqual((await sessions.load(pairOf(line))).toJSON(), { user: 1, noise });
});

test('a log out removes Django’s cookie as well, which would log in again', async () => {
  const sessions = createSessions({ keys: key, django: { secretKeys: SECRET, cookie: 'sessionid' }, accept: ['sealed', 'django'] });
  const session = await sessions.load(`sessionid=${django.dumps({ user: 1 }, SECRET)}`);
  assert.equal(session.get('user'), 1);
  session.destroy();
  const lines = (await sessions.commit(session, new Response())).headers.getSetCookie();
  assert.deepEqual(lines.map(line => line.match(/^([\w-]+)=; Max-Age=0/)[1]), ['__Host-session', 'sessionid']);
});
