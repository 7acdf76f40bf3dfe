// The request to the origin. Its body streams through; redirects are the browser's business.

import { edit } from './edits.js';
import { ask } from './module.js';

/**
 * Milliseconds within which a connection that the origin has closed for want of use shows that it is: less than a round
 * trip. One that dies later was in use, and whatever the request did to the origin it would do again.
 */
const UNUSED_MILLIS = 5000;

/**
 * Asks the origin as the module decided (flags, the URL, edits of header fields, each in a line). Gives what `conclude`
 * makes of its answer, or `giveUp` of why there is none.
 */
export function askOrigin(request, [flags, target, ...edits], conclude, giveUp) {
  const mayAskAgain = flags.includes('r');
  let init;
  let asked;
  const askedAt = Date.now();
  try {
    [target, init] = requestTo(target, request, flags, edits);
    asked = fetch(target, init);
  } catch (error) {
    return giveUp(error);
  }
  return asked.then(conclude, error => {
    // An origin closes connections that nobody uses, and may do so while a request is on its way. The platform does not
    // ask again.
    const isFresh = Date.now() - askedAt < UNUSED_MILLIS;
    if (!mayAskAgain || !isFresh || request.signal?.aborted) return giveUp(error);
    return askAgain(target, init).then(conclude, giveUp);
  });
}

/** What `fetch` takes. */
function requestTo(target, request, flags, edits) {
  const { method, signal } = request;
  const init = { headers: edit(new Headers(request.headers), edits), redirect: 'manual', signal };
  if (method !== 'GET' && method !== 'HEAD') Object.assign(init, { method, body: request.body });
  else if (!request.body) init.method = method;
  // Nobody can make a request of this kind that has a body: it is taken over as it came.
  else target = new Request(target, request);
  // The platform keeps what a Worker fetches in the zone's cache, by URL, whatever `Cookie` and `Vary` say, for files of
  // some endings also without a word of the origin's: one visitor's answer would be the next one's.
  if (flags.includes('c')) init.cache = 'no-store';
  return [target, init];
}

async function askAgain(target, init) {
  let isAnswered = false;
  try {
    const response = await fetch(target, init);
    isAnswered = true;
    return response;
  } finally {
    ask(module => module.originAskedAgain(isAnswered));
  }
}
