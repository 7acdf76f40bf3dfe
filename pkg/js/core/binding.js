// The module: whether it is there, and what it throws.

// By name: what is left out here, such as the glue's own way to fetch the module, is left out of the package.
import {
  Codec,
  Device,
  OriginMac,
  device_denied,
  device_page,
  device_standing,
  dumps,
  generate_key,
  initSync,
  inspect,
  key_id,
  limits,
  loads,
  overlaid,
  raw,
  read_cookies,
  read_set_cookie,
  restarted,
  sizes,
  take_record,
} from '../wasm/edge_session.js';
import { EdgeSessionError } from './error.js';

const functions = {
  Codec,
  Device,
  OriginMac,
  device_denied,
  device_page,
  device_standing,
  dumps,
  generate_key,
  inspect,
  key_id,
  limits,
  loads,
  overlaid,
  raw,
  read_cookies,
  read_set_cookie,
  restarted,
  sizes,
  take_record,
};
let isReady = false;

/** Instantiates the module, once. */
export function start(module) {
  if (isReady) return;
  initSync({ module });
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
  return functions;
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
