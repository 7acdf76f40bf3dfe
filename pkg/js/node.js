// Node, Deno and Bun. No top-level await, so that CommonJS can require it.

import { createRequire } from 'node:module';
import { start } from './core/binding.js';

// Not `import … from 'node:fs'`: what Node makes of that loads everything that node:fs loads only when it is asked
// for, streams and promises and readline, which takes longer than compiling the module.
const { readFileSync } = createRequire(import.meta.url)('node:fs');

start(readFileSync(new URL('./wasm/edge_session_bg.wasm', import.meta.url)));

export * from './index.js';
