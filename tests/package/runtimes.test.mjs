// The packed package in every runtime it names.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { unstable_startWorker as startWorker } from 'wrangler';
import { generateKey } from '../../pkg/dist/node.js';
import { launchOptions } from '../chromium.mjs';
import { boundFromLogInToLogOut } from './device-visitor.mjs';
import { expected, install, tool } from './packed.mjs';

const run = promisify(execFile);
let project;
before(() => {
  project = install();
});
after(() => project?.remove());

/** The last line that a command writes, as JSON. */
async function result(command, ...options) {
  const { stdout } = await run(command, options, { cwd: project.folder, env: { ...process.env, NODE_OPTIONS: '' } });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

test('Node, ES modules', async () => assert.deepEqual(await result(process.execPath, 'esm.mjs'), expected));

test('Node, CommonJS', async () => assert.deepEqual(await result(process.execPath, 'commonjs.cjs'), expected));

test('Node, CommonJS without require of ES modules, as in Node before 20.19', async () => {
  const options = ['--no-experimental-require-module', 'commonjs.cjs'];
  assert.deepEqual(await result(process.execPath, ...options), expected);
});

test('the oldest Node that it is for, both kinds of modules and the command', async () => {
  // A binary of Linux on x64; elsewhere NODE_20 is the path of one.
  const oldest = process.env.NODE_20 ?? join(import.meta.dirname, 'node_modules/node-20/bin/node');
  const { engines } = JSON.parse(readFileSync(join(project.folder, 'node_modules/edge-session/package.json'), 'utf8'));
  assert.equal((await run(oldest, ['--version'])).stdout.split('.')[0], engines.node.replace('>=', 'v'));
  assert.deepEqual(await result(oldest, 'esm.mjs'), expected);
  assert.deepEqual(await result(oldest, 'commonjs.cjs'), expected);
  const command = join(project.folder, 'node_modules/edge-session/dist/cli.js');
  assert.match((await run(oldest, [command, 'keygen'])).stdout, /^es1_[\w-]{43}\n/);
});

test('Deno, which is given no right to anything', async () => {
  assert.deepEqual(await result(tool('deno'), 'run', '--no-prompt', '--no-lock', '--node-modules-dir=manual', 'esm.mjs'), expected);
});

test('Bun', async () => assert.deepEqual(await result(tool('bun'), 'run', 'esm.mjs'), expected));

test('slim: says what to do before the module is there, and works with it', async () => {
  const { before, ...found } = await result(process.execPath, 'slim.mjs');
  assert.match(before, /^not_initialized: .*initSync/);
  assert.deepEqual(found, expected);
});

test('a plain Worker in workerd, with KV', async () => {
  const persist = mkdtempSync(join(tmpdir(), 'edge-session-kv-'));
  const worker = await startWorker({
    config: join(project.folder, 'wrangler.json'),
    bindings: { SESSION_KEYS: { type: 'plain_text', value: 'es1_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw' } },
    envFiles: ['/dev/null'],
    dev: { server: { hostname: '127.0.0.1', port: 0 }, inspector: false, logLevel: 'error', persist, watch: false },
  });
  try {
    await worker.ready;
    const { origin } = await worker.url;
    const { early, ...found } = await (await fetch(`${origin}/check`)).json();
    assert.deepEqual([found, early], [expected, 1]);
    let cookie = '';
    const visit = async path => {
      const response = await fetch(origin + path, { headers: { cookie } });
      cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
      return response.json();
    };
    assert.deepEqual(await visit('/'), { visits: 1, keys: 1 });
    assert.deepEqual(await visit('/grow'), { visits: 2, keys: 2 });
    assert.ok(cookie.length < 4096);
    assert.deepEqual(await visit('/'), { visits: 3, keys: 2 });
    assert.equal(await visit('/leave'), 'bye');
    assert.equal(cookie, '__Host-session=');
    assert.deepEqual(await visit('/'), { visits: 1, keys: 1 });
  } finally {
    await worker.dispose();
    rmSync(persist, { recursive: true, force: true });
  }
});

test('a session that is bound to its device, in workerd, with D1', async () => {
  const persist = mkdtempSync(join(tmpdir(), 'edge-session-d1-'));
  const worker = await startWorker({
    config: join(project.folder, 'wrangler.device.json'),
    bindings: { SESSION_KEYS: { type: 'plain_text', value: generateKey() } },
    envFiles: ['/dev/null'],
    dev: { server: { hostname: '127.0.0.1', port: 0 }, inspector: false, logLevel: 'error', persist, watch: false },
  });
  try {
    await worker.ready;
    const { origin } = await worker.url;
    const ask = (path, init) => fetch(origin + path, { ...init, redirect: 'manual' });
    const tables = readFileSync(join(import.meta.dirname, '../../worker/migrations/0001_sessions.sql'), 'utf8');
    assert.equal((await ask('/__tables', { method: 'POST', body: tables })).status, 200);
    await boundFromLogInToLogOut({ ask }, async () => (await ask('/__told')).json());
  } finally {
    await worker.dispose();
    rmSync(persist, { recursive: true, force: true });
  }
});

test('Vite builds it, without plugin or setting, and Chromium runs it', async () => {
  const { build, preview } = await import(createRequire(import.meta.url).resolve('vite'));
  const settings = { root: project.folder, configFile: false, logLevel: 'error', base: './' };
  await build(settings);
  const server = await preview({ ...settings, preview: { port: 0, host: '127.0.0.1' } });
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await browser.newPage();
    const problems = [];
    page.on('pageerror', error => problems.push(error.message));
    await page.goto(`http://127.0.0.1:${server.httpServer.address().port}/`);
    await page.waitForFunction('window.result', undefined, { timeout: 20_000 }).catch(() => {});
    assert.deepEqual(problems, []);
    assert.deepEqual(await page.evaluate('window.result'), expected);
  } finally {
    await browser.close();
    await server.close();
  }
});
