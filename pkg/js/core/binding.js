// The module: whether it is there, and what it throws.

import * as glue from '../wasm/edge_session.js';
import { EdgeSessionError } from './error.js';

let isReady = false;

/** Instantiates the module, once. */
export function start(module) {
  if (isReady) return;
  glue.initSync({ module });
  isReady = true;
}

/** The functions of the module. */
export function binding() {
  if (!isReady) {
    throw new EdgeSessionError(
      'not_initialized',
      "edge-session/slim is used before its module is there: call initSync(module) or await init(module) first, with " +
        'the module of edge-session/codec.wasm',
    );
  }
  return glue;
}

/** Calls the module; what it throws is a code and a text. */
export function call(work) {
  try {
    return work();
  } catch (thrown) {
    throw failure(thrown);
  }
}

export function failure(thrown) {
  if (typeof thrown !== 'string') return thrown;
  const end = thrown.indexOf('\0');
  return new EdgeSessionError(thrown.slice(0, end), thrown.slice(end + 1));
}
