// Browsers, through a bundler or without one: `new URL` beside `import.meta.url` is what bundlers look for.

import { start } from './core/binding.js';

const response = await fetch(new URL('./wasm/edge_session_bg.wasm', import.meta.url));
// Not compileStreaming: it refuses what a server sends under another type than application/wasm.
start(await WebAssembly.compile(await response.arrayBuffer()));

export * from './index.js';
