// Node, Deno and Bun. No top-level await, so that CommonJS can require it.

import { readFileSync } from 'node:fs';
import { start } from './core/binding.js';

start(readFileSync(new URL('./wasm/edge_session_bg.wasm', import.meta.url)));

export * from './index.js';
