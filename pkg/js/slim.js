import { start } from './core/binding.js';

export * from './index.js';

/** See slim.d.ts. */
export function initSync(module) {
  if (!(module instanceof WebAssembly.Module) && !(module instanceof ArrayBuffer) && !ArrayBuffer.isView(module))
    throw new TypeError('module must be a WebAssembly.Module or its octets');
  start(module);
}

/** See slim.d.ts. */
export async function init(module) {
  let given = await module;
  if (typeof given === 'string' || given instanceof URL) given = await fetch(given);
  if (typeof Response === 'function' && given instanceof Response) {
    if (!given.ok) throw new TypeError(`module: the server answered ${given.status}`);
    given = await WebAssembly.compile(await given.arrayBuffer());
  }
  initSync(given);
}
