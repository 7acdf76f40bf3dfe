// Sessions as Hono middleware.

import { committed, dependent, isUnavailable, unavailable } from './adapter/answer.js';
import { sessionsOf } from './adapter/sessions_of.js';

export function session(sessions) {
  const of = sessionsOf(sessions);
  return async (c, next) => {
    const gate = of(c.env, c);
    let visitor;
    try {
      visitor = await gate.load(c.req.raw);
    } catch (error) {
      if (isUnavailable(error)) return unavailable();
      throw error;
    }
    c.set('session', visitor);
    await next();
    // A handler that failed changes nothing; one that says 403 by an exception did what it wanted to.
    if (c.error && c.res.status >= 500) return replace(c, dependent(c.res));
    try {
      replace(c, await committed(gate, visitor, c.req.raw, c.res));
    } catch (error) {
      replace(c, dependent(c.res));
      throw error;
    }
  };
}

// Hono puts the headers of the answer before over those of the new one, unless there is none.
function replace(c, response) {
  c.res = undefined;
  c.res = response;
}
