// The WebAssembly module. When its instance has died there is another one for the next call.

import * as bindings from 'edge-session:bindings';
import { die, generation, isDeath, outlived, reviveBy } from './death.js';

let current = 0;

function revive() {
  if (current === generation()) return;
  bindings.__wbg_reset_state();
  current = generation();
}
reviveBy(revive);

/** What `call` gives, which is handed the living module; its end in there is noted. */
export function ask(call) {
  revive();
  try {
    const given = call(bindings);
    return given instanceof Promise ? outlived(given) : given;
  } catch (error) {
    if (isDeath(error) && current === generation()) die();
    throw error;
  }
}
