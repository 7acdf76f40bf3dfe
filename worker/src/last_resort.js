// What a request gets when the WebAssembly module makes no answer any more. A panic ends the instance of the module and
// with it every request that is under way there; nothing of them would be heard of again.

const waiting = new Set();

// A request whose client has gone comes to no end here either: beyond so many the oldest are forgotten.
const MOST_WAITING = 1000;

/** What `answer` comes to; an answer of ours if it comes to nothing, or never comes because the module is dead. */
export function answered(answer) {
  let giveUpThis;
  if (waiting.size === MOST_WAITING) waiting.delete(waiting.values().next().value);
  const dead = new Promise(resolve => waiting.add((giveUpThis = resolve)));
  return Promise.race([answer, dead])
    .catch(error => console.error(JSON.stringify({ event: 'request-failed', detail: String(error?.message ?? error) })))
    .finally(() => waiting.delete(giveUpThis))
    .then(response => response ?? failure());
}

/** The module is dead: nobody waits for it any longer. */
export function giveUp() {
  for (const giveUpOne of waiting) giveUpOne();
}

// The runtime's stack was too small, or its memory: a trap of which no panic told.
addEventListener('error', event => {
  if (event.error instanceof WebAssembly.RuntimeError) giveUp();
});

const failure = () =>
  new Response('Something went wrong here. Please try again.\n', {
    status: 500,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'private, no-store', vary: 'Cookie' },
  });
