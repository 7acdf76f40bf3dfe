// The end of an instance of the WebAssembly module. A panic ends it, and every request that is under way there: nothing
// of them would be heard of again.

let deaths = 0;
let revive;
const waiting = new Set();

// What waits in a request whose client has gone comes to no end: beyond so many the oldest are forgotten.
const MAX_WAITING = 1000;

/** How many instances there have been before the one that lives. */
export const generation = () => deaths;

/** What makes another instance. */
export const reviveBy = make => (revive = make);

/** The instance is dead: nobody waits for it any longer. The panic hook calls this, too, from within. */
export function die() {
  deaths++;
  // As soon as the stack is empty: what else the dead instance has begun is not to go on in it.
  queueMicrotask(revive);
  const error = new Error('the module has ended');
  for (const giveUp of waiting) giveUp(error);
  waiting.clear();
}

/** Whether an error that left the module is its end: a panic, no stack, no memory. */
export const isDeath = error => error instanceof WebAssembly.RuntimeError || error instanceof RangeError;

// Nobody catches what leaves the module in a task of its own.
addEventListener('error', event => {
  if (isDeath(event.error)) die();
});

/** What a promise of the module's comes to, or an error if the module dies before. */
export function outlived(promise) {
  let giveUp;
  if (waiting.size === MAX_WAITING) waiting.delete(waiting.values().next().value);
  const death = new Promise((_, reject) => waiting.add((giveUp = reject)));
  return Promise.race([promise, death]).finally(() => waiting.delete(giveUp));
}
