// Runtimes as Vercel's Edge, which compile no module while they run: their bundlers know it by this ending.

import module from './codec.wasm?module';
import { start } from './core/binding.js';

start(module);

export * from './index.js';
