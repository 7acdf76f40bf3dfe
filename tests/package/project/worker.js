// A plain Worker. Random bytes are forbidden while a module is evaluated, and nothing here asks for any.
import * as api from 'edge-session';
import { check } from './check.mjs';

const { createSessions, kvStore } = api;
// The codec itself needs none: it can be made at the top level of a Worker.
const early = api.createCodec({ keys: 'es1_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw' });

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === '/check') return Response.json({ ...check(api), early: early.keyIds.length });
    const sessions = createSessions({ keys: env.SESSION_KEYS, store: kvStore(env.SESSIONS) });
    const session = await sessions.load(request);
    if (pathname === '/grow') session.set('noise', Array.from({ length: 3000 }, (_, n) => (n * 7919) % 104729));
    if (pathname === '/leave') session.destroy();
    else session.set('visits', (session.get('visits') ?? 0) + 1);
    const answer = pathname === '/leave' ? 'bye' : { visits: session.get('visits'), keys: session.size };
    return sessions.commit(session, Response.json(answer));
  },
};
