// The package as users get it: packed, and installed into a project of its own.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const here = import.meta.dirname;
const source = resolve(here, '../../pkg');
/** Tools that are in tests/package/package.json. */
export const tool = name => join(here, 'node_modules/.bin', name);

/** `{ folder, tarball, remove() }` */
export function install() {
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-project-'));
  const packed = execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: source });
  const [{ filename, files, unpackedSize }] = JSON.parse(packed);
  cpSync(join(here, 'project'), folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "project", "private": true, "type": "module" }');
  // As `npm install` of a tarball does, without asking any registry: the package has no dependencies.
  const target = join(folder, 'node_modules/edge-session');
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', target, '--strip-components=1']);
  symlinkSync(join(here, 'node_modules/zod'), join(folder, 'node_modules/zod'));
  return {
    folder,
    tarball: join(folder, filename),
    files: files.map(({ path }) => path),
    unpackedSize,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What tests/package/project/check.mjs has to find in every runtime. */
export const expected = {
  user: 'ada 🍪',
  merged: 'merged',
  noise: 3000,
  signed: 'forged',
  forged: 'unknown_version',
  claims: true,
  codes: ['TypeError', 'invalid_key'],
};
