// Sessions round a plain fetch handler.

import { answerIn, committed, responseOf } from './adapter/answer.js';
import { sessionsOf } from './adapter/sessions_of.js';
import { ADAPTER } from './core/visits.js';

export function withSession(sessions, handler) {
  const of = sessionsOf(sessions);
  if (typeof handler !== 'function') throw new TypeError('handler: a function is expected');
  return async (request, ...rest) => {
    const [environment] = rest;
    const gate = await of(environment, ...rest);
    const page = await gate[ADAPTER].page(request);
    if (page !== undefined) return responseOf(page);
    const { visit, isOutermost } = gate[ADAPTER].enter(request);
    let response;
    try {
      response = await handler(request, () => visit.session(), ...rest);
    } catch (error) {
      visit.fail();
      if (isOutermost) visit.end();
      const answer = answerIn(error);
      if (answer !== undefined) return responseOf(answer);
      throw error;
    }
    if (!isOutermost) return response;
    try {
      return await committed(visit, request, response);
    } finally {
      visit.end();
    }
  };
}
