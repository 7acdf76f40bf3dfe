// Signatures of devices (worker/shell/es256.js), by the platform's own cryptography.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSigned } from '../../worker/shell/es256.js';

const bytes = text => new Uint8Array(Buffer.from(text, 'base64url'));
const point = (x, y) => new Uint8Array([4, ...bytes(x), ...bytes(y)]);

// RFC 7515, appendix A.3.
const KEY = point('f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0');
const SIGNED = new TextEncoder().encode(
  'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
);
const SIGNATURE = bytes('DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q');

test('the signature of RFC 7515 verifies, and no other', async () => {
  assert.equal(await isSigned(KEY, SIGNED, SIGNATURE), true);
  for (const part of [SIGNED, SIGNATURE]) {
    for (const at of [0, 1, 31, 32, 63]) {
      part[at] ^= 1;
      assert.equal(await isSigned(KEY, SIGNED, SIGNATURE), false);
      part[at] ^= 1;
    }
  }
  for (const odd of [new Uint8Array(64), new Uint8Array(64).fill(255), SIGNATURE.slice(1)]) assert.equal(await isSigned(KEY, SIGNED, odd), false);
});

test('what is no point of the curve signs nothing', async () => {
  const off = KEY.slice();
  off[64] ^= 1;
  for (const key of [off, new Uint8Array(65), KEY.slice(0, 64), new Uint8Array([4, ...new Uint8Array(64)]), new Uint8Array([2, ...KEY.slice(1, 33)])])
    assert.equal(await isSigned(key, SIGNED, SIGNATURE), false);
});

test('what changes in the module’s memory while it is verified changes nothing', async () => {
  const signed = SIGNED.slice();
  const verified = isSigned(KEY, signed, SIGNATURE);
  signed.fill(0);
  assert.equal(await verified, true);
});
