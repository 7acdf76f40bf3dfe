// The JavaScript part of scripts/build-worker.sh: the shell and wasm-bindgen's glue become one file beside the module.
//   build-worker.mjs <glue> <target>

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const [glue, target] = process.argv.slice(2).map(folder => resolve(root, folder));

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
cpSync(`${glue}/index_bg.wasm`, `${target}/index_bg.wasm`);

// The runtime hands over a compiled module by the plain import.
const script = readFileSync(`${glue}/index.js`, 'utf8');
if (!script.includes('import source ')) throw new Error(`${glue}/index.js has no "import source" of the module any more`);
writeFileSync(`${glue}/bindings.js`, script.replace('import source ', 'import '));

await build({
  entryPoints: [`${root}/worker/shell/index.js`],
  outfile: `${target}/index.js`,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  external: ['cloudflare:*', './index_bg.wasm'],
  alias: {
    // The shell's names for the glue, and the module's for what it calls in the shell.
    'edge-session:bindings': `${glue}/bindings.js`,
    'edge-session:death': `${root}/worker/shell/death.js`,
    'edge-session:es256': `${root}/worker/shell/es256.js`,
  },
  logLevel: 'warning',
});
