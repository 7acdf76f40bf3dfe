// The shell reads most addresses without the runtime's parser of URLs (worker/shell/address.js): in workerd, where it does
// so, it says what the parser says.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { configure, startWorker } from '../../worker/bench/runtime.mjs';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'edge-session-address-'));
let worker;
after(() => {
  worker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs in workerd. */
const code = `
import { addressOf } from './address.js';

function parsed(url) {
  try {
    const { protocol, host, pathname, search } = new URL(url);
    return [protocol.slice(0, -1), host, pathname, search].join('\\n');
  } catch {
    return undefined;
  }
}

const FRONTS = ['http://a.example', 'https://a.example:8443', 'http://A.example', 'http://a.example:80', 'http://127.1',
  'http://[::1]:80', 'http://a?b', 'http://a#b', 'http://u@a', 'http://', 'http://a\\\\b', 'http:// a', 'http://xn--a',
  'http://a..b', 'http://999.1.1.1', 'http://a:99999', 'http://a%62', 'ftp://a'];
const PIECES = [...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)), '\\u00e9', '\\u{1f600}', '%2e', '%2E%2e',
  '..', './', '../', '%zz', '//', '??', '/.', '.%2e'];

export default {
  fetch() {
    const differences = [];
    let count = 0;
    for (const front of FRONTS)
      for (const piece of PIECES)
        for (const before of ['/', '/a/', '/p?', '', '/p?q=%20&'])
          for (const behind of ['', 'b', '/', '/..', '?', '/c?d', '/.'])
            // The second time its host is known.
            for (const url of [front + '/', front + before + piece + behind, front + before + piece + behind]) {
              const [found, expected] = [addressOf(url), parsed(url)];
              if (found !== expected) differences.push({ url, found, expected });
              count++;
            }
    return Response.json({ count, differences: differences.slice(0, 5) });
  },
};
`;

test('an address that is not parsed is read as the parser would', { timeout: 60_000 }, async () => {
  cpSync(`${root}/worker/shell/address.js`, join(folder, 'address.js'));
  writeFileSync(join(folder, 'index.js'), code);
  worker = startWorker(await configure(folder, {}));
  let answer;
  while (answer === undefined) {
    answer = await fetch(`http://127.0.0.1:${worker.port}/`).catch(() => new Promise(resolve => setTimeout(resolve, 20)));
  }
  const { count, differences } = await answer.json();
  assert.ok(count > 200_000, String(count));
  assert.deepEqual(differences, []);
});
