// Random bytes: each is used once, and none waits for a later run of the program.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCodec, generateKey } from '../../pkg/dist/node.js';

const codec = createCodec({ keys: generateKey() });
/** Behind the version, the key's id. */
const nonce = () => Buffer.from(codec.seal(codec.create({ a: 1 })).setCookie.split(/[=;]/)[1], 'base64url').subarray(5, 29);

/** Has the platform give `byte`, and tells what it was asked for. */
function platform(byte) {
  const asked = [];
  const { getRandomValues } = crypto;
  crypto.getRandomValues = bytes => {
    asked.push(bytes.length);
    return bytes.fill(byte);
  };
  return { asked, restore: () => (crypto.getRandomValues = getRandomValues) };
}

test('a process that is copied between two runs does not use the same bytes twice', async () => {
  // As many as are drawn ahead in one run are in use when it ends.
  for (const seals of [1, 2, 3, 43, 44, 100]) {
    for (let n = 0; n < seals; n++) nonce();
    await null;
    const copy = platform(seals);
    try {
      assert.deepEqual([...nonce()], Array(24).fill(seals), `after ${seals}`);
      assert.deepEqual(copy.asked, [24], 'one nonce is all that a run of one asks for');
    } finally {
      copy.restore();
    }
    await null;
  }
});

test('one run that seals often asks seldom, and gets no nonce twice', async () => {
  await null;
  const { getRandomValues } = crypto;
  let asked = 0;
  crypto.getRandomValues = bytes => {
    asked += 1;
    return getRandomValues.call(crypto, bytes);
  };
  try {
    const seen = new Set();
    for (let n = 0; n < 1000; n++) seen.add(nonce().toString('hex'));
    assert.equal(seen.size, 1000);
    assert.ok(asked < 30, `${asked}`);
  } finally {
    crypto.getRandomValues = getRandomValues;
  }
});
