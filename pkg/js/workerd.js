// Cloudflare Workers: modules are compiled when the Worker is deployed, and nowhere else.

import module from './codec.wasm';
import { start } from './core/binding.js';

start(module);

export * from './index.js';
