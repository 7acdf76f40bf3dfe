// Puts the npm package edge-session-worker together: what scripts/build-worker.sh built, its tables, its
// settings as types and as a schema, its licences.
//   build-worker-package.mjs      worker/build, worker/migrations -> worker/package, ready for `npm pack`

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { schema, types } from './settings.mjs';

const root = resolve(import.meta.dirname, '..');
const built = join(root, 'worker/build');
const target = join(root, 'worker/package');

if (!existsSync(join(built, 'index.js'))) {
  process.stderr.write('worker/build/index.js is missing: scripts/build-worker.sh builds it\n');
  process.exit(1);
}
for (const folder of ['dist', 'migrations']) rmSync(join(target, folder), { recursive: true, force: true });
mkdirSync(join(target, 'dist'));
// The script and the module that it imports; what else lies there are the builder's own notes.
const modules = readdirSync(built).filter(name => name === 'index.js' || name.endsWith('.wasm'));
for (const name of modules) cpSync(join(built, name), join(target, 'dist', name));
cpSync(join(root, 'worker/migrations'), join(target, 'migrations'), { recursive: true });
for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) cpSync(join(root, name), join(target, name));
writeFileSync(join(target, 'settings.d.ts'), types());
writeFileSync(join(target, 'wrangler.schema.json'), `${JSON.stringify(schema(), undefined, 2)}\n`);
