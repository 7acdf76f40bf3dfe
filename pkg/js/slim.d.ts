/** `edge-session` without the WebAssembly module: the application brings `edge-session/codec.wasm` in its own way. */
export * from './index.js';

/** Instantiates the module. Call once, before anything else; a second call does nothing. */
export function initSync(module: WebAssembly.Module | BufferSource): void;

/** As {@link initSync}, also from a response or an address. */
export function init(
  module: WebAssembly.Module | BufferSource | Response | URL | string | Promise<WebAssembly.Module | Response>,
): Promise<void>;
