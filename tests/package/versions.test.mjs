// The versions of frameworks that package.json promises: the oldest and the newest, each through all tests of the
// adapters. Next's are in matrix/, from its own starter.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const read = path => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const { peerDependencies } = read('../../pkg/package.json');
const { dependencies } = read('./package.json');

/** `npm:hono@4.0.0` */
const versionOf = alias => dependencies[alias].split('@').at(-1);

test('the oldest that are tried are the oldest that are promised', () => {
  for (const name of ['hono', 'react-router']) {
    const [major, minor = 0] = peerDependencies[name].replace('>=', '').split('.');
    assert.equal(versionOf(`${name}-oldest`), `${major}.${minor}.0`);
  }
});

for (const aliases of [{ hono: 'hono-oldest', 'react-router': 'react-router-oldest' }, { 'react-router': 'react-router-newest' }]) {
  test(Object.entries(aliases).map(([name, alias]) => `${name} ${versionOf(alias)}`).join(', '), async () => {
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const loader = new URL('./aliases.mjs', import.meta.url).href;
    const { stdout } = await run(process.execPath, ['--import', loader, '--test', '--test-reporter=tap', 'adapters.test.mjs'], {
      cwd: import.meta.dirname,
      env: { ...environment, ALIASES: JSON.stringify(aliases) },
    }).catch(error => error);
    assert.match(stdout, /^# fail 0$/m, stdout);
    assert.match(stdout, /^# pass [1-9]\d/m);
  });
}
