// Sessions round a plain fetch handler.

import { committed, dependent, isUnavailable, unavailable } from './adapter/answer.js';
import { sessionsOf } from './adapter/sessions_of.js';

export function withSession(sessions, handler) {
  const of = sessionsOf(sessions);
  if (typeof handler !== 'function') throw new TypeError('handler: a function is expected');
  return async (request, ...rest) => {
    const [environment] = rest;
    const gate = of(environment, ...rest);
    let loading;
    const session = () => (loading ??= gate.load(request));
    let response;
    try {
      response = await handler(request, session, ...rest);
    } catch (error) {
      if (isUnavailable(error)) return unavailable();
      throw error;
    }
    if (loading === undefined) return response;
    let loaded;
    try {
      loaded = await loading;
    } catch {
      // The handler knows, and answered all the same.
      return dependent(response);
    }
    return committed(gate, loaded, request, response);
  };
}
