// Where an adapter's sessions come from.

import { ADAPTER } from '../core/visits.js';

/**
 * `Sessions`, or a function that makes them, at once or later: when they are first needed, and then once a process, or
 * once for each environment of a Worker. What fails is tried again with the next request.
 *
 * @template {unknown[]} Rest
 * @param {import('../index.js').Sessions | ((...rest: Rest) => import('../index.js').Sessions | Promise<import('../index.js').Sessions>)} sessions
 * @returns {(environment?: unknown, ...rest: Rest) => import('../index.js').Sessions | Promise<import('../index.js').Sessions>}
 */
export function sessionsOf(sessions) {
  if (typeof sessions !== 'function') {
    checked(sessions, 'what createSessions makes, or a function that gives it, is expected');
    return () => sessions;
  }
  const made = new WeakMap();
  const ofProcess = {};
  return (environment, ...rest) => {
    const owner = isOfWorker(environment) ? environment : ofProcess;
    const before = made.get(owner);
    if (before !== undefined) return before;
    const given = sessions(...rest);
    if (typeof given?.then !== 'function') {
      made.set(owner, checked(given, RESULT));
      return given;
    }
    // Requests that come meanwhile wait for the same one.
    const making = Promise.resolve(given).then(
      ready => {
        made.set(owner, checked(ready, RESULT));
        return ready;
      },
    );
    made.set(owner, making);
    making.catch(() => made.get(owner) === making && made.delete(owner));
    return making;
  };
}

const RESULT = 'the function must give what createSessions makes';

function checked(sessions, message) {
  if (typeof sessions !== 'object' || sessions === null || sessions[ADAPTER] === undefined) throw new TypeError(`sessions: ${message}`);
  return sessions;
}

/**
 * Whether it is what a Worker is deployed with, its secrets and bindings. Other platforms give something else in its
 * place, and anew with every request: the request and answer of Node, the event of AWS Lambda, an address. In a
 * Worker it is always that; elsewhere, as in tests, it is told by the names of bindings.
 */
function isOfWorker(environment) {
  if (typeof environment !== 'object' || environment === null) return false;
  if (globalThis.navigator?.userAgent === 'Cloudflare-Workers') return true;
  const names = Object.keys(environment);
  return names.length > 0 && names.every(name => /^[A-Z][A-Z0-9_]*$/.test(name));
}
