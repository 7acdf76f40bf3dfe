// The JavaScript part of scripts/build-package.sh: copies pkg/js to pkg/dist and makes the CommonJS entries.

import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const source = resolve(import.meta.dirname, '../pkg/js');
const target = resolve(import.meta.dirname, '../pkg/dist');
const { exports: entries } = JSON.parse(readFileSync(resolve(target, '../package.json'), 'utf8'));

for (const name of readdirSync(target)) if (name !== 'wasm') rmSync(join(target, name), { recursive: true });
cpSync(source, target, { recursive: true, filter: path => !path.endsWith('.md') });

// Every `require` in package.json: its code and its types are made of the ES module of the same name.
const wanted = JSON.stringify(entries).match(/\.\/dist\/[\w-]+\.cjs/g);
for (const path of new Set(wanted)) {
  const name = path.slice('./dist/'.length, -'.cjs'.length);
  const entry = join(source, `${name}.js`);
  if (!existsSync(entry)) throw new Error(`package.json exports ${path}, but there is no pkg/js/${name}.js`);
  await build({
    entryPoints: [join(target, `${name}.js`)],
    outfile: join(target, `${name}.cjs`),
    bundle: true,
    packages: 'external',
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'warning',
  });
}
for (const path of new Set(JSON.stringify(entries).match(/\.\/dist\/[\w-]+\.d\.cts/g))) {
  const name = path.slice('./dist/'.length, -'.d.cts'.length);
  const types = readFileSync(join(source, `${name}.d.ts`), 'utf8');
  // A CommonJS declaration that names another one has to name a CommonJS one.
  writeFileSync(join(target, `${name}.d.cts`), types.replace(/from '(\.\/[\w-]+)\.js'/g, "from '$1.cjs'"));
}
