// The module in the script: for bundlers, which move scripts away from the files beside them, for browsers, and for
// Deno, where a file that is read needs a right and a script that is imported none. No top-level await, so that it can
// be bundled for every target and as CommonJS.

import { start } from './core/binding.js';
import text from './wasm/edge_session_base64.js';

start(bytes(text));

export * from './index.js';

/** Whatever the platform has for it. */
function bytes(base64) {
  if (Uint8Array.fromBase64 !== undefined) return Uint8Array.fromBase64(base64);
  // Not by its bare name, for which bundlers would add a package.
  if (globalThis.Buffer !== undefined) return globalThis.Buffer.from(base64, 'base64');
  const binary = atob(base64);
  const decoded = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) decoded[at] = binary.charCodeAt(at);
  return decoded;
}
