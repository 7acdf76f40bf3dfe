// Signatures of devices (worker/shell/es256.js, and the npm package's), by the platform's own cryptography.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unstable_readConfig as readConfig, unstable_startWorker as startWorker } from 'wrangler';
import { isSigned } from '../../worker/shell/es256.js';
import { verdicts } from './es256-verifier.mjs';

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

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json'), 'utf8'));
const cases = vectors.testGroups.flatMap(({ publicKey, tests }) => tests.map(test => ({ uncompressed: publicKey.uncompressed, ...test })));

const platforms = {
  node: () => Promise.all(cases.map(verdicts)),
  async workerd() {
    const ours = readConfig({ config: join(import.meta.dirname, '../../wrangler.toml') }, { hideWarnings: true });
    const worker = await startWorker({
      config: { ...ours, main: join(import.meta.dirname, 'es256-verifier.mjs'), build: { ...ours.build, command: undefined }, kv_namespaces: [], vars: {} },
      envFiles: ['/dev/null'],
      dev: { server: { hostname: '127.0.0.1', port: 0 }, inspector: false, logLevel: 'error', watch: false, persist: false },
    });
    try {
      const answer = await fetch(await worker.url, { method: 'POST', body: JSON.stringify(cases) });
      return await answer.json();
    } finally {
      await worker.dispose();
    }
  },
};

for (const [platform, verify] of Object.entries(platforms)) {
  test(`Wycheproof’s signatures, in ${platform}: the Worker and the package verify the valid ones and no other`, async () => {
    assert.equal(cases.length, 262);
    const found = await verify();
    for (const [index, { tcId, comment, result }] of cases.entries()) {
      const isValid = result === 'valid';
      assert.deepEqual(found[index], { inWorker: isValid, inPackage: isValid }, `${tcId}: ${comment}`);
    }
  });
}
