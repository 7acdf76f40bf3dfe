import { start } from './core/binding.js';

export * from './index.js';

/** See slim.d.ts. */
export function initSync(module) {
  // By their tags: they may come from another realm.
  const tag = Object.prototype.toString.call(module);
  if (tag !== '[object WebAssembly.Module]' && tag !== '[object ArrayBuffer]' && !ArrayBuffer.isView(module))
    throw new TypeError('module must be a WebAssembly.Module or its bytes');
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
