// Sessions for Next's App Router: server components read, server actions and route handlers write, a proxy renews.

import { answerIn, responseOf } from './adapter/answer.js';
import { sessionsOf } from './adapter/sessions_of.js';
import { withSession as wrapped } from './fetch.js';
import { withJar } from './jar.js';
import { OFFER } from './core/device/offer.js';
import { ADAPTER } from './core/visits.js';

export function nextSession(sessions, next) {
  const { cookies, connection } = next ?? {};
  if (typeof cookies !== 'function') throw new TypeError("cookies: that of 'next/headers' is expected");
  if (typeof connection !== 'function') throw new TypeError("connection: that of 'next/server' is expected");
  const of = sessionsOf(sessions);
  const visited = withJar(of);
  return {
    async getSession() {
      // First: they tell a build that the page depends on the request, before there are secrets; and that it depends on
      // the time, too, without which Next complains of Date.now() in what it prefetches.
      const jar = await cookies();
      await connection();
      return visited({ read: name => jar.get(name) }, session => session);
    },

    async changeSession(work) {
      const jar = await cookies();
      const write = (name, value, attributes) => jar.set(name, value, attributes);
      return visited({ read: name => jar.get(name), write }, work);
    },

    withSession(handler) {
      const answered = wrapped(of, async (request, session, ...rest) => handler(request, await session(), ...rest));
      return async (request, ...rest) => {
        await cookies(); // as above: with Cache Components a route handler is tried while it is built, too
        return answered(request, ...rest);
      };
    },

    sessionProxy: answer => async (request, ...rest) => {
      try {
        const gate = await of();
        const page = await gate[ADAPTER].page(request);
        if (page !== undefined) return responseOf(page);
        const session = await gate.load(request);
        const given = await answer?.(request, session, ...rest);
        // Without an answer of its own it only renews, and whoever changes the session in the same request does so anyway.
        if (answer === undefined && request.method !== 'GET') return passedOn();
        const response = await gate.commit(session, given ?? passedOn());
        const lines = response.headers.getSetCookie();
        if (answer === undefined && lines.length === 0 && !response.headers.has(OFFER)) return passedOn();
        // What reads cookies() in the same request is to see them.
        for (const line of lines) response.headers.append('x-middleware-set-cookie', line);
        return response;
      } catch (error) {
        const refused = answerIn(error);
        if (refused !== undefined) return responseOf(refused);
        throw error;
      }
    },
  };
}

/** What NextResponse.next() is. */
const passedOn = () => new Response(null, { headers: { 'x-middleware-next': '1' } });
