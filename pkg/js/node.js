// Node itself, which finds the file beside this one. No top-level await, so that CommonJS can require it. Bundlers take
// inline.js instead, by the condition `module`.

import { createRequire } from 'node:module';
import { start } from './core/binding.js';
import { EdgeSessionError } from './core/error.js';

start(bytes());

export * from './index.js';

function bytes() {
  try {
    // Not `import … from 'node:fs'`: what Node makes of that loads everything that node:fs loads only when it is asked
    // for, streams and promises and readline, which takes longer than compiling the module.
    const { readFileSync } = createRequire(import.meta.url)('node:fs');
    return readFileSync(new URL('./codec.wasm', import.meta.url));
  } catch (cause) {
    throw new EdgeSessionError(
      'not_initialized',
      'codec.wasm is not beside the script that looks for it: a bundler moved one of them. Give the ' +
        "bundler the condition 'module' (esbuild --conditions=module), which puts both into one script; or leave " +
        'edge-session out of the bundle',
      { cause },
    );
  }
}
