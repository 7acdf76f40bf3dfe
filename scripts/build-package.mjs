// The JavaScript part of scripts/build-package.sh: pkg/js -> pkg/dist. Entries become one file each and what they
// share, because a process that starts reads two files in half the time of twenty; and once more for CommonJS.

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const target = `${root}/pkg/dist`;
const sources = `${root}/pkg/js`;
const description = JSON.parse(readFileSync(`${root}/pkg/package.json`, 'utf8'));

rmSync(target, { recursive: true, force: true });
for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) cpSync(`${root}/${name}`, `${root}/pkg/${name}`);
const module = `${sources}/wasm/edge_session_bg.wasm`;
cpSync(module, `${target}/codec.wasm`);
writeFileSync(`${sources}/wasm/edge_session_base64.js`, `export default '${readFileSync(module, 'base64')}';\n`);

const named = suffix => {
  const paths = JSON.stringify([description.exports, description.bin]).matchAll(/\bdist\/([\w-]+)(\.\w[\w.]*)"/g);
  return new Set([...paths].filter(path => path[2] === suffix).map(path => path[1]));
};
const source = (name, suffix) => {
  const path = join(sources, name + suffix);
  if (!existsSync(path)) throw new Error(`package.json names ./dist/${name}, but there is no pkg/js/${name}${suffix}`);
  return path;
};
// The module is loaded by an import that names nothing: an effect, whatever package.json says of pkg/js.
const common = { bundle: true, ignoreAnnotations: true, packages: 'external', external: ['*.wasm', '*.wasm?module'], loader: { '.py': 'text' }, target: 'es2022', charset: 'utf8', logLevel: 'warning' };

await build({
  ...common,
  entryPoints: [...named('.js')].map(name => source(name, '.js')),
  outdir: target,
  splitting: true,
  // Every entry has all of the API, so that there is one shared file and not one for each set of entries.
  inject: [join(sources, 'index.js')],
  chunkNames: 'shared-[hash]',
  format: 'esm',
  platform: 'neutral',
});
for (const name of named('.cjs')) {
  await build({
    ...common,
    // On Node every require is the whole package with its module, unless it is one of the parts without it.
    entryPoints: [source(name, '.js')],
    outfile: `${target}/${name}.cjs`,
    format: 'cjs',
    platform: 'node',
    // Jest's jsdom has neither as a global.
    inject: name === 'node' ? [join(sources, 'text_coding.js')] : [],
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
}
for (const name of named('.d.ts')) cpSync(source(name, '.d.ts'), `${target}/${name}.d.ts`);
for (const name of named('.d.cts')) {
  const types = readFileSync(source(name, '.d.ts'), 'utf8');
  // A CommonJS declaration that names another one has to name a CommonJS one.
  const named = types.replace(/from '(\.\/[\w-]+)\.js'/g, "from '$1.cjs'");
  writeFileSync(`${target}/${name}.d.cts`, named.replace(/^export default (\w+);$/m, 'export = $1;'));
}
