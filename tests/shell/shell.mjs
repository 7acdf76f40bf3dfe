// The shell of the Worker with a module that a test writes: what it does with requests and answers, and when the module dies.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const shell = resolve(import.meta.dirname, '../../worker/shell');

// As in workerd, where a request's body is a stream that nobody has to be told of.
const nodesFetch = globalThis.fetch;
globalThis.fetch = (target, init) => nodesFetch(target, init?.body ? { duplex: 'half', ...init } : init);

/**
 * A fresh shell. `bindings` is what its module exports; `resets` counts how often it was made anew.
 *
 * @param {Record<string, Function>} bindings
 */
export async function shellWith(bindings) {
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-shell-'));
  const state = { resets: 0, listeners: [] };
  const given = { requestFields: () => 'cookie,accept', responseFields: () => 'cache-control,vary', tellingFields: () => 'x-session,session-patch', ...bindings };
  globalThis.addEventListener = (kind, listener) => kind === 'error' && state.listeners.push(listener);
  globalThis.moduleOfTest = { ...given, __wbg_reset_state: () => void state.resets++ };
  try {
    const outfile = join(folder, 'shell.mjs');
    const names = [...Object.keys(given), '__wbg_reset_state'];
    await build({
      stdin: { contents: ["export { default } from './index.js';", ...['address', 'edits', 'head', 'module', 'origin', 'respond', 'failure', 'death', 'shard'].map(name => `export * from './${name}.js';`)].join('\n'), resolveDir: shell },
      outfile,
      bundle: true,
      format: 'esm',
      logLevel: 'error',
      plugins: [
        {
          name: 'the module',
          setup(builder) {
            builder.onResolve({ filter: /^edge-session:bindings$/ }, ({ path }) => ({ path, namespace: 'test' }));
            const contents = `const module = globalThis.moduleOfTest;\n${names.map(name => `export const ${name} = module.${name};`).join('\n')}`;
            builder.onLoad({ filter: /./, namespace: 'test' }, () => ({ contents }));
          },
        },
      ],
    });
    return { ...(await import(pathToFileURL(outfile).href)), state };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
