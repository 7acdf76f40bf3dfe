// Bundlers for servers and pages, as npm has them today. Each one's output is run where nothing else is.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { resultOfPage } from '../page.mjs';
import { freePort } from '../process.mjs';
import { blocks, commands, nodeVisits, pageResult, pageScript, visited } from '../readme.mjs';
import { Project } from './starter.mjs';

test('esbuild, Rollup and Bun, by the lines of the README', async () => {
  const project = await Project.empty('bundles');
  project.describe({ type: 'module' });
  await project.install('esbuild', 'rollup', '@rollup/plugin-node-resolve', 'bun');
  project.write('main.js', nodeVisits);
  for (const line of commands.get('bundle')) await project.run(line);
  const bun = join(project.folder, 'node_modules/.bin/bun');
  const alone = project.elsewhere('out');
  for (const file of readdirSync(alone.folder)) {
    const path = join(alone.folder, file);
    const words = { server: [path], 'bun.js': [bun, path] }[file] ?? ['node', path];
    assert.equal(await alone.run(...words), visited, file);
  }
});

test('esbuild with conditions of its own, which leave out the one for bundlers: said what to do', async () => {
  const project = await Project.empty('conditions');
  project.describe({ type: 'module' });
  await project.install('esbuild');
  project.write('main.js', nodeVisits);
  await project.run('npx esbuild main.js --bundle --platform=node --format=esm --conditions=production --outfile=out/main.mjs');
  await assert.rejects(project.elsewhere('out').run('node main.mjs'), /codec\.wasm is not beside .*--conditions=module/s);
  await project.run('npx esbuild main.js --bundle --platform=node --format=esm --conditions=production,module --outfile=out/main.mjs');
  assert.equal(await project.elsewhere('out').run('node main.mjs'), visited);
});

test('esbuild, for a page', async () => {
  const project = await Project.empty('esbuild-page');
  await project.install('esbuild');
  project.write('page.js', pageScript);
  await project.run('npx esbuild page.js --bundle --outfile=out/page.js');
  project.write('out/index.html', '<!doctype html><script src="page.js"></script>');
  assert.deepEqual(await resultOfPage(pathToFileURL(join(project.folder, 'out/index.html')).href), pageResult);
});

test('webpack, for a page and for Node', async () => {
  const project = await Project.empty('webpack');
  await project.install('webpack@5', 'webpack-cli');
  project.write('page.mjs', pageScript);
  project.write('main.mjs', nodeVisits);
  project.write('webpack.config.js', `module.exports = [
    { mode: 'production', name: 'page', entry: './page.mjs', output: { filename: 'page.js', path: __dirname + '/out' } },
    { mode: 'production', name: 'server', target: 'node', entry: './main.mjs', output: { filename: 'main.cjs', path: __dirname + '/out' } },
  ];`);
  await project.run('npx webpack');
  project.write('out/index.html', '<!doctype html><script src="page.js"></script>');
  const alone = project.elsewhere('out');
  assert.equal(await alone.run('node main.cjs'), visited);
  assert.deepEqual(await resultOfPage(pathToFileURL(join(alone.folder, 'index.html')).href), pageResult);
});

test('Deno and Bun, by the lines of the README', async () => {
  const project = await Project.empty('runtimes');
  project.describe({ type: 'module' });
  await project.install('deno', 'bun');
  project.write('main.js', blocks.get('fetch'));
  for (const line of commands.get('start')) {
    const port = await freePort();
    const started = line.replace(/^deno serve/, `$& --host=127.0.0.1 --port=${port}`).replace(/^(deno|bun)/, 'node_modules/.bin/$1');
    assert.equal(await project.visited(started, port, '/', { BUN_PORT: String(port), DENO_NO_PROMPT: '1' }), visited, line);
  }
});
