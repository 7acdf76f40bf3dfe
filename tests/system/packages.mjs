// The npm packages as users get them: packed, and unpacked into a project without asking any registry.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

const FOLDERS = { 'edge-session': 'pkg', 'edge-session-worker': 'worker/package' };

/** Packs one of our packages into `folder`; resolves to the tarball, and the files in it. */
export function pack(name, folder) {
  if (name === 'edge-session-worker') execFileSync(process.execPath, [join(root, 'scripts/build-worker-package.mjs')]);
  const told = execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: join(root, FOLDERS[name]) });
  const [{ filename, files }] = JSON.parse(told);
  return { tarball: join(folder, filename), files: files.map(({ path }) => path) };
}

/**
 * A project with our packages of these names, unpacked, and this tree's wrangler: `{ folder, packed, remove() }`.
 * `files` are texts by name.
 */
export function project(names, files = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-project-'));
  const packed = Object.fromEntries(names.map(name => [name, pack(name, folder)]));
  for (const name of names) {
    const target = join(folder, 'node_modules', name);
    mkdirSync(target, { recursive: true });
    execFileSync('tar', ['-xzf', packed[name].tarball, '-C', target, '--strip-components=1']);
  }
  symlinkSync(join(root, 'node_modules/wrangler'), join(folder, 'node_modules/wrangler'));
  for (const [name, text] of Object.entries({ 'package.json': '{ "private": true, "type": "module" }', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return { folder, packed, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
