// Vite from 5 on, from create-vite: the README's piece for browsers in development and as built.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultOfPage } from '../page.mjs';
import { freePort } from '../process.mjs';
import { blocks, key, pageResult, pageScript, visited } from '../readme.mjs';
import { Project } from './starter.mjs';

const starter = (name, version) => Project.started(name, `create-vite@${version}`, '--template', 'vanilla', '--no-interactive');
const page = port => resultOfPage(`http://127.0.0.1:${port}/`);

for (const version of [5, 6, 7, 8]) {
  test(`Vite ${version}`, async () => {
    const project = await starter(`vite-${version}`, Math.min(version, 7));
    await project.install(`vite@${version}`);
    project.write('src/main.js', pageScript);
    project.write('index.html', '<!doctype html><script type="module" src="/src/main.js"></script>');
    const port = await freePort();
    const where = `--host 127.0.0.1 --port ${port} --strictPort`;
    assert.deepEqual(await project.serving(`npx vite ${where}`, port, () => page(port)), pageResult);
    await project.run('npx vite build');
    assert.deepEqual(await project.serving(`npx vite preview ${where}`, port, () => page(port)), pageResult);
  });
}

test('@cloudflare/vite-plugin, the README’s Worker', async () => {
  const project = await starter('vite-cloudflare', 7);
  await project.install('vite@7', '@cloudflare/vite-plugin@1', 'wrangler@4');
  project.write('worker.js', blocks.get('worker'));
  project.write('vite.config.js', "import { cloudflare } from '@cloudflare/vite-plugin';\nexport default { plugins: [cloudflare({ inspectorPort: false })] };\n");
  const kv = [{ binding: 'SESSIONS', id: 'sessions' }];
  project.write('wrangler.jsonc', JSON.stringify({ name: 'visits', main: 'worker.js', compatibility_date: '2026-10-01', kv_namespaces: kv }));
  project.write('.dev.vars', `SESSION_KEYS=${key}\n`);
  project.write('index.html', '');
  await project.run('rm index.html');
  const port = await freePort();
  const where = `--host 127.0.0.1 --port ${port} --strictPort`;
  assert.equal(await project.visited(`npx vite ${where}`, port), visited);
  await project.run('npx vite build');
  assert.equal(await project.visited(`npx vite preview ${where}`, port), visited);
});
