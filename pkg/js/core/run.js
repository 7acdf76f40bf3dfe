// A run: what JavaScript does until it has nothing left to do at once.

import { forget_random } from '../wasm/edge_session.js';

const now = Promise.resolve();

/** For pkg/src/entropy.rs. A promise, since fake timers of tests take the other ways. */
export function forgetSoon() {
  now.then(forget_random);
}
