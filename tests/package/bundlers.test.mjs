// The README's commands for bundlers and runtimes, as they stand there, with the packed package. What they make is run
// where neither the package nor its files are.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { build as bundled } from 'esbuild';
import { createServer } from 'vite';
import { install, tool } from './packed.mjs';
import { resultOfPage } from './page.mjs';
import { freePort, output, serving, visits } from './process.mjs';
import { blocks, commands, key, nodeVisits, pageResult, pageScript, visited } from './readme.mjs';

const tools = resolve(import.meta.dirname, 'node_modules');
const workspace = resolve(import.meta.dirname, '../../node_modules');
let project;
let elsewhere;
const env = { ...process.env, SESSION_KEYS: key, NODE_OPTIONS: '', PATH: [join(tools, '.bin'), process.env.PATH].join(delimiter) };
before(() => {
  project = install();
  elsewhere = mkdtempSync(join(tmpdir(), 'edge-session-elsewhere-'));
  // As if they were installed here: npx asks a registry for what it does not find.
  for (const name of ['rollup', '@rollup', 'bun', 'deno']) symlinkSync(join(tools, name), join(project.folder, 'node_modules', name));
  symlinkSync(join(workspace, 'esbuild'), join(project.folder, 'node_modules/esbuild'));
  mkdirSync(join(project.folder, 'node_modules/.bin'));
  for (const name of ['rollup', 'bun', 'deno']) symlinkSync(tool(name), join(project.folder, 'node_modules/.bin', name));
  symlinkSync(join(workspace, '.bin/esbuild'), join(project.folder, 'node_modules/.bin/esbuild'));
});
after(() => {
  project?.remove();
  rmSync(elsewhere, { recursive: true, force: true });
});

const run = line => {
  const [command, ...args] = line.split(' ');
  return output(command, args, { cwd: project.folder, env });
};

test('every bundle of the README runs alone', async () => {
  writeFileSync(join(project.folder, 'main.js'), nodeVisits);
  for (const line of commands.get('bundle')) await run(line);
  cpSync(join(project.folder, 'out'), elsewhere, { recursive: true });
  const files = readdirSync(elsewhere);
  assert.equal(files.length, commands.get('bundle').length);
  for (const file of files) {
    const path = join(elsewhere, file);
    const command = { server: [path], 'bun.js': [tool('bun'), path] }[file] ?? [process.execPath, path];
    const written = await output(command[0], command.slice(1), { cwd: elsewhere, env });
    assert.equal(written, visited, file);
  }
});

test('Deno and Bun start it as the README says', async () => {
  writeFileSync(join(project.folder, 'main.js'), blocks.get('fetch'));
  writeFileSync(
    join(project.folder, 'package.json'),
    JSON.stringify({ name: 'project', private: true, type: 'module', dependencies: { 'edge-session': `file:${project.tarball}` } }),
  );
  for (const line of commands.get('start')) {
    const port = await freePort();
    // As it stands there, but for the port: Deno lets a server listen where its options say and nowhere else.
    const [command, ...args] = line.replace(/^deno serve/, `$& --host=127.0.0.1 --port=${port}`).split(' ');
    const options = { cwd: project.folder, env: { ...env, BUN_PORT: String(port), DENO_NO_PROMPT: '1' } };
    const url = `http://127.0.0.1:${port}/`;
    assert.equal(await serving(command, args, options, url, () => visits(url)), visited, line);
  }
});

test('a page through esbuild, as one plain script', async () => {
  const folder = join(elsewhere, 'page');
  mkdirSync(folder);
  const options = { bundle: true, format: 'iife', outfile: join(folder, 'page.js'), logLevel: 'error' };
  await bundled({ ...options, stdin: { contents: pageScript, resolveDir: project.folder } });
  writeFileSync(join(folder, 'index.html'), '<!doctype html><script src="page.js"></script>');
  assert.deepEqual(await resultOfPage(`file://${folder}/index.html`), pageResult);
});

test("a page through Vite's development server", async () => {
  const folder = join(project.folder, 'vite');
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="/main.js"></script>');
  writeFileSync(join(folder, 'main.js'), pageScript);
  const server = await createServer({ root: folder, configFile: false, logLevel: 'error', server: { host: '127.0.0.1', port: 0 } });
  await server.listen();
  try {
    assert.deepEqual(await resultOfPage(`http://127.0.0.1:${server.httpServer.address().port}/`), pageResult);
  } finally {
    await server.close();
  }
});
