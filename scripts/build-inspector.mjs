// Puts the inspector page together: three files without outside references, the WebAssembly module inside the script.
//   build-inspector.mjs [folder]     default target/inspector, laid out for `wrangler dev --assets`

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const folder = resolve(process.argv[2] ?? `${root}/target/inspector`);
const page = `${folder}/_session/inspector`;

mkdirSync(page, { recursive: true });
await build({
  entryPoints: [`${root}/pkg/inspector/page.js`],
  outfile: `${page}/page.js`,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  charset: 'utf8',
  loader: { '.wasm': 'binary' },
  logLevel: 'warning',
});
for (const name of ['index.html', 'page.css'])
  copyFileSync(`${root}/pkg/inspector/${name}`, `${page}/${name}`);
// The page says the same of itself; what only a header can say is that nobody may frame it.
writeFileSync(
  `${folder}/_headers`,
  `/_session/inspector/*
  Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
  Cache-Control: no-store
`,
);
