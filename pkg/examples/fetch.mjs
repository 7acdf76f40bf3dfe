// A counter in a plain Worker, or in anything else that answers a Request with a Response.

import { createSessions, kvStore } from 'edge-session';
import { withSession } from 'edge-session/fetch';

const sessionsOf = env => createSessions({ keys: env.SESSION_KEYS, store: kvStore(env.SESSIONS) });

export default {
  fetch: withSession(sessionsOf, async (request, session) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/about') return new Response('No session was asked for, so caches may keep this.');
    const visitor = await session();
    if (pathname === '/forget') visitor.destroy();
    else visitor.set('visits', (visitor.get('visits') ?? 0) + 1);
    return new Response(`visit ${visitor.isDestroyed ? 0 : visitor.get('visits')}`);
  }),
};
