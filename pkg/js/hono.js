// Sessions as Hono middleware.

import { answerIn, committed, dependent, responseOf } from './adapter/answer.js';
import { isAnswer } from './adapter/exception.js';
import { sessionsOf } from './adapter/sessions_of.js';
import { ADAPTER } from './core/visits.js';

export function session(sessions) {
  const of = sessionsOf(sessions);
  return async (c, next) => {
    const gate = await of(c.env, c);
    const request = c.req.raw;
    const page = await gate[ADAPTER].page(request);
    if (page !== undefined) return responseOf(page);
    // Other middleware may put another Request into the context.
    const { visit, isOutermost } = gate[ADAPTER].enter(request, c);
    let visitor;
    try {
      visitor = await visit.session();
    } catch (error) {
      if (isOutermost) visit.end();
      const answer = answerIn(error);
      if (answer !== undefined) return responseOf(answer);
      throw error;
    }
    const before = c.get('session');
    c.set('session', visitor);
    try {
      await next();
    } catch (error) {
      // Somebody else's onError: what it makes of it does not come by here.
      visit.fail();
      if (isOutermost) visit.end();
      throw error;
    }
    // What a handler threw changes nothing, whatever onError makes of it; but to say 403 by an exception is an answer.
    if (c.error !== undefined && !isAnswer(c.error)) visit.fail();
    if (!isOutermost) {
      if (before !== undefined) c.set('session', before);
      return;
    }
    try {
      replace(c, await committed(visit, request, c.res));
    } catch (error) {
      replace(c, dependent(c.res));
      throw error;
    } finally {
      visit.end();
    }
  };
}

// Hono puts the headers of the answer before over those of the new one, unless there is none.
function replace(c, response) {
  c.res = undefined;
  c.res = response;
}
