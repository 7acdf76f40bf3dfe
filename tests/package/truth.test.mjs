// What a session object says is what is kept: schemas, values that JSON cannot say, options and assignments without effect.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { createCodec, createSessions, django, flask, generateKey, memoryStore, readCookies } from '../../pkg/dist/node.js';
import { createSessionStorage } from '../../pkg/dist/react-router.js';

const keys = generateKey();
const plain = createSessions({ keys });
const pairOf = line => line.slice(0, line.indexOf(';'));
const cookieOf = async (data, options) => pairOf(await plain.save(plain.codec.create(data), options));
const under = schema => createSessions({ keys, schema });
const kept = async line => (await plain.load(pairOf(line))).toJSON();

describe('a schema', () => {
  const user = z.number().optional();

  test('what it hides is gone when the session is saved, at any depth, and is no reason to save it', async () => {
    const data = { user: 1, cart: ['of user 1'], impersonate: true };
    const sessions = under(z.object({ user }));
    const unchanged = await sessions.load(await cookieOf(data));
    assert.equal(unchanged.isModified, false);
    assert.equal(await sessions.save(unchanged), undefined);
    assert.deepEqual(unchanged.sizes().map(({ key }) => key), ['user']);
    assert.equal(unchanged.has('cart'), false);
    assert.equal(unchanged.raw('cart'), undefined);
    for (const change of [
      session => session.set('user', 2),
      session => (session.clear(), session.set('user', 2)),
      session => (session.delete('cart'), session.set('user', 2)),
    ]) {
      const session = await sessions.load(await cookieOf(data));
      change(session);
      assert.deepEqual(await kept(await sessions.save(session)), { user: 2 });
    }
    const deep = under(z.object({ user: z.object({ id: z.number() }), n: user }));
    const session = await deep.load(await cookieOf({ user: { id: 1, isAdmin: true } }));
    session.set('n', 1);
    assert.deepEqual(await kept(await deep.save(session)), { user: { id: 1 }, n: 1 });
  });

  test('what it hides of a new value is not written either', async () => {
    const sessions = under(z.object({ user }));
    const session = sessions.codec.create({ user: 1, impersonate: true });
    session.set('more', 1);
    assert.deepEqual(await kept(await sessions.save(session)), { user: 1 });
  });

  test('what it adds and renames is written, and what is no JSON of its making stays as it was', async () => {
    const sessions = under(
      z
        .object({ id: z.number().optional(), userId: z.number().optional(), theme: z.string().default('light'), since: z.coerce.date().optional(), n: user })
        .transform(({ id, ...rest }) => ({ ...rest, userId: id ?? rest.userId })),
    );
    const session = await sessions.load(await cookieOf({ id: 7, since: '2026-01-02' }));
    assert.ok(session.get('since') instanceof Date);
    assert.equal(session.raw('theme'), '"light"');
    session.set('n', 1);
    assert.deepEqual(await kept(await sessions.save(session)), { since: '2026-01-02', theme: 'light', userId: 7, n: 1 });
  });

  test('numbers that JavaScript cannot hold survive it', async () => {
    const SECRET = 'k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus';
    const sessions = createSessions({
      keys,
      django: { secretKeys: SECRET, cookie: 'sessionid' },
      accept: ['sealed', 'django'],
      schema: z.object({ big: z.number(), n: user }),
    });
    // Signed by hand: JSON.stringify makes no such number.
    const message = `${Buffer.from('{"big":12345678901234567890123,"n":1}').toString('base64url')}:${django.dumps({}, SECRET).split(':')[1]}`;
    const derived = createHash('sha256').update(`${django.COOKIE_SALT}signer${SECRET}`).digest();
    const session = await sessions.load(`sessionid=${message}:${createHmac('sha256', derived).update(message).digest('base64url')}`);
    session.set('n', 2);
    const next = await plain.load(pairOf(await sessions.save(session)));
    assert.equal(next.raw('big'), '12345678901234567890123');
    assert.equal(next.get('n'), 2);
  });

  for (const [kind, schema] of Object.entries({ 'z.object': z.object({ user }), 'z.strictObject': z.strictObject({ user }), 'z.looseObject': z.looseObject({ user }) })) {
    test(`flash values and the end with the browser are not ${kind}’s`, async () => {
      const storage = createSessionStorage(under(schema));
      const session = await storage.getSession();
      session.set('user', 1);
      session.flash('message', 'Saved.');
      const line = await storage.commitSession(session, { persistent: false });
      assert.doesNotMatch(line, /Max-Age/);
      const next = await storage.getSession(pairOf(line));
      assert.equal(next.get('user'), 1);
      assert.equal(next.get('message'), 'Saved.');
      const after = await storage.commitSession(next);
      assert.doesNotMatch(after, /Max-Age/);
      assert.equal((await storage.getSession(pairOf(after))).has('message'), false);
    });
  }
});

describe('until the browser closes', () => {
  const of = line => line.match(/Max-Age=(\d+)/)?.[1];

  for (const usual of [true, false]) {
    test(`is the session’s own, where the configuration says persistent: ${usual}`, async () => {
      const sessions = createSessions({ keys, persistent: usual });
      const common = usual ? '1209600' : undefined;
      const other = usual ? undefined : '1209600';
      for (const say of [
        session => sessions.save(session, { persistent: !usual }),
        session => ((session.persistent = !usual), sessions.save(session)),
        session => sessions.codec.seal(session, { persistent: !usual }).setCookie,
      ]) {
        let line = await say(sessions.codec.create({ user: 1 }));
        for (let n = 0; n < 3; n++) {
          assert.equal(of(line), other);
          const session = await sessions.load(pairOf(line));
          assert.equal(session.persistent, !usual);
          session.set('n', n);
          line = await sessions.save(session);
        }
        const back = await sessions.load(pairOf(line));
        back.persistent = usual;
        assert.equal(back.isModified, true);
        line = await sessions.save(back);
        assert.equal(of(line), common);
        assert.deepEqual(await kept(line), { user: 1, n: 2 });
      }
    });
  }

  test('is read as Django means it: seconds, a time, or 0', async () => {
    const now = Date.parse('2026-06-01T00:00:00Z');
    const line = async expiry => {
      const codec = createCodec({ keys });
      return codec.seal(codec.create({ _session_expiry: expiry, a: 1 }, { now }), { now }).setCookie;
    };
    assert.equal(of(await line(0)), undefined);
    assert.equal(of(await line(300)), '300');
    assert.equal(of(await line('2026-06-01T01:00:00+00:00')), '3600');
    assert.equal(of(await line(10 ** 9)), '1209600', 'no longer than the session lives');
    for (const nothing of [null, 'soon', {}]) assert.equal(of(await line(nothing)), '1209600');
  });

  test('alone makes no session', async () => {
    assert.equal(await plain.save(plain.codec.create(), { persistent: false }), undefined);
    const session = await plain.load(await cookieOf({ user: 1 }, { persistent: false }));
    session.delete('user');
    assert.match(await plain.save(session), /Max-Age=0/);
  });
});

describe('what JSON cannot say', () => {
  class Cart {
    items = [];
  }
  const values = {
    promise: Promise.resolve({ id: 1 }),
    map: new Map([['a', 1]]),
    set: new Set([1]),
    date: new Date(),
    form: new FormData(),
    nan: NaN,
    infinity: -Infinity,
    bigint: 1n,
    function() {},
    symbol: Symbol('x'),
    instance: new Cart(),
    error: new Error('x'),
    pattern: /x/,
    bytes: new Uint8Array(2),
    hole: [, 1],
    boxed: new String('x'),
  };
  for (const [what, value] of Object.entries(values)) {
    test(`${what}: a TypeError that names the key, wherever it is`, () => {
      const names = error => error instanceof TypeError && /cart/.test(error.message);
      for (const given of [value, { when: value }, [{ deep: [value] }]]) {
        const { codec } = plain;
        assert.throws(() => codec.create().set('cart', given), names);
        assert.throws(() => codec.seal(codec.create({ cart: given })), names);
        assert.throws(() => codec.plan({ cart: given }), names);
        const later = { inside: [] };
        const session = codec.create().set('cart', later);
        later.inside.push(given);
        assert.throws(() => codec.seal(session), names);
      }
      assert.throws(() => django.dumps({ cart: value }, 'x'.repeat(60), { allowWeak: true }), names);
    });
  }

  test('JSON can say the rest', async () => {
    const other = (await import('node:vm')).runInNewContext('({ a: [1, { b: null }] })');
    const fine = { text: 'ä', none: null, no: false, zero: -0, nothing: { gone: undefined }, bare: Object.create(null), other };
    assert.deepEqual(await kept(await plain.save(plain.codec.create().set('v', fine))), {
      v: { text: 'ä', none: null, no: false, zero: 0, nothing: {}, bare: {}, other: { a: [1, { b: null }] } },
    });
  });
});

describe('without effect is an error', () => {
  test('options that nobody knows, wherever there are options', async () => {
    const { codec } = plain;
    const wrong = { maxAge: 60 };
    const session = codec.create({ a: 1 });
    const named = { name: 'TypeError', message: /maxAge is unknown/ };
    for (const call of [
      () => codec.open('', wrong),
      () => codec.openValue('', wrong),
      () => codec.openRecord(session, new Uint8Array(), wrong),
      () => codec.create({}, wrong),
      () => codec.seal(session, wrong),
      () => codec.plan({}, wrong),
      () => session.restart(wrong),
      () => readCookies('', wrong),
      () => memoryStore(wrong),
      () => flask.dumps({}, 'x', wrong),
      () => createCodec({ keys, cookie: wrong }),
    ])
      assert.throws(call, named);
    for (const call of [
      () => plain.load('', wrong),
      () => plain.save(session, wrong),
      () => plain.setCookies(session, wrong),
      () => plain.commit(session, new Response(), wrong),
    ])
      await assert.rejects(call, named);
  });

  test('assignments to a session, in strict code and in sloppy code', async () => {
    const routers = await createSessionStorage(plain).getSession();
    const sloppy = Function('session', 'session.user = 1');
    for (const session of [plain.codec.create(), await plain.load(await cookieOf({ user: 2 })), routers]) {
      for (const assign of [() => (session.user = 1), () => sloppy(session), () => Object.assign(session, { user: 1 })])
        assert.throws(assign, { name: 'TypeError', message: /session\.user = .*session\.set\('user'/ });
      assert.throws(() => Function('session', 'session.get = 1; "use strict"')(session) ?? (session.get = 1), TypeError);
      assert.equal('user' in session, false);
    }
    assert.throws(() => Function('session', 'session.size = 1')(plain.codec.create()), { name: 'TypeError', message: /session\.size/ });
  });
});
