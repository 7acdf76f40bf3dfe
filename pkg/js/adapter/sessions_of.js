// Where an adapter's sessions come from.

/**
 * `Sessions`, or a function that makes them of what a request comes with (a Worker's `env`), called once for each
 * environment.
 *
 * @template {unknown[]} Rest
 * @param {import('../index.js').Sessions | ((...rest: Rest) => import('../index.js').Sessions)} sessions
 * @returns {(environment: unknown, ...rest: Rest) => import('../index.js').Sessions}
 */
export function sessionsOf(sessions) {
  if (typeof sessions !== 'function') {
    if (typeof sessions?.load !== 'function')
      throw new TypeError('sessions: what createSessions makes, or a function, is expected');
    return () => sessions;
  }
  const made = new WeakMap();
  // Without an environment there is one process, and so one set.
  const noEnvironment = {};
  return (environment, ...rest) => {
    const owner = environment !== null && typeof environment === 'object' ? environment : noEnvironment;
    if (!made.has(owner)) made.set(owner, sessions(...rest));
    return made.get(owner);
  };
}
