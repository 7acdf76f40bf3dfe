// The module through the API: Django's and Flask's own cookies open, what is written equals theirs, and cookies that
// the Rust codec wrote open with their records.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createCodec, django, flask } from '../../pkg/dist/node.js';

const vectors = name => JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));
/** What Python wrote, without differences of spelling; compressed texts differ from encoder to encoder. */
const isObject = json => json.startsWith('{');

test("Django's cookies open, and uncompressed ones are written alike", () => {
  let [opened, identical] = [0, 0];
  for (const { id, secret_key, now, session_json, cookie, compressed } of vectors('django/signed_cookies.json')) {
    const at = { now: now * 1000, allowWeak: true };
    const loaded = django.loads(cookie, secret_key, at);
    assert.equal(loaded.kind, 'loaded', id);
    assert.equal(loaded.issuedAt, Math.floor(now) * 1000, id);
    if (!compressed) {
      if (!isExact(loaded.json)) continue;
      assert.equal(django.dumps(loaded.value, secret_key, at), cookie, id);
      identical++;
    }
    if (!isObject(session_json) || loaded.json.length > 65_536 || cookie.length > 16_384) continue;
    const codec = createCodec({
      django: { secretKeys: secret_key, allowWeak: true },
      write: 'django',
      cookie: { name: 'sessionid' },
      overflow: 'refuse',
    });
    const { session, reason } = codec.open(`sessionid=${cookie}`, { now: at.now });
    assert.equal(reason, undefined, id);
    assert.deepEqual([...session.keys()].sort(), Object.keys(loaded.value).sort(), id);
    opened++;
  }
  assert.ok(opened > 150 && identical > 50, `${opened} opened, ${identical} written`);
});

/** Whether JavaScript holds this text's numbers and key order exactly. */
function isExact(json) {
  try {
    return JSON.stringify(JSON.parse(json)) === json && !/[\u007f-\uffff]/.test(json);
  } catch {
    return false;
  }
}

test("Django's key fallbacks are tried in order", () => {
  let seen = 0;
  for (const { id, op, secret_key, fallback_keys, salt, now, max_age, cookie, outcome, verified_by } of vectors(
    'django/key_fallbacks.json',
  )) {
    if (op !== 'signed_cookies') continue;
    // More than a ring takes, and the empty key, with which Django itself does not start.
    if (fallback_keys.length > 8 || [secret_key, ...fallback_keys].includes('')) continue;
    const loaded = django.loads(cookie, [secret_key, ...fallback_keys], { now: now * 1000, maxAge: max_age, salt, allowWeak: true });
    assert.equal(loaded.kind === 'loaded', outcome.ok, id);
    if (outcome.ok) assert.equal(loaded.keyPosition, verified_by, id);
    seen++;
  }
  assert.ok(seen > 20, `${seen} cases`);
});

test("Flask's cookies open", () => {
  let seen = 0;
  for (const { id, op, secret_key, now, tagged_json, cookie } of vectors('migration/flask.json')) {
    if (op !== 'encode') continue;
    const loaded = flask.loads(cookie, secret_key, { now: now * 1000, allowWeak: true });
    assert.equal(loaded.kind, 'loaded', id);
    assert.deepEqual(loaded.json, tagged_json, id);
    seen++;
  }
  assert.ok(seen > 30, `${seen} cases`);
});

test('cookies and records that the Rust codec wrote open', () => {
  const { key, cookie_name, audience, now, cases } = vectors('package/0.1.0.json');
  const codec = createCodec({ keys: key, audience, cookie: { name: cookie_name }, overflow: 'spill' });
  let records = 0;
  for (const { id, cookie, record, session_json } of cases) {
    const { session, reason } = codec.openValue(cookie, { now: now * 1000 });
    assert.equal(reason, undefined, id);
    if (record !== null) {
      assert.deepEqual(codec.openRecord(session, new Uint8Array(Buffer.from(record, 'base64url'))), { kind: 'merged' });
      records++;
    }
    assert.equal(session.issuedAt, now * 1000, id);
    for (const key of session.keys()) assert.ok(session_json.includes(session.raw(key)), `${id}: ${key}`);
    assert.equal(session.size, session_json === '{}' ? 0 : session.size);
    // And back: what is sealed again is the same session.
    const line = codec.seal(session, { now: now * 1000 });
    assert.match(line.setCookie, /^__Host-s=A/);
  }
  assert.deepEqual([cases.length, records], [6, 1]);
});
