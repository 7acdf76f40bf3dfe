// A plain Worker whose sessions are bound to their device, by D1. It tells what it asked its store, and what it was told.
import { createSessions, d1Store } from 'edge-session';
import { withSession } from 'edge-session/fetch';

const told = { asked: { reads: 0, writes: 0 }, events: [] };
let handle;

function counted(store) {
  const call = (kind, name) => (...args) => {
    told.asked[kind] += 1;
    return store[name](...args);
  };
  return { get: call('reads', 'get'), put: call('writes', 'put'), delete: call('writes', 'delete') };
}

function site(env) {
  const sessions = createSessions({
    keys: env.SESSION_KEYS,
    store: counted(d1Store(env.SESSIONS_DB)),
    device: { mode: 'bound', userKey: 'user', seconds: 180, publicPaths: ['/static/'], report: event => told.events.push(event) },
  });
  return withSession(sessions, async (request, session) => {
    const visitor = await session();
    const { pathname } = new URL(request.url);
    if (pathname === '/login') visitor.restart();
    if (pathname === '/login') visitor.set('user', 'ada');
    if (pathname === '/logout') visitor.destroy();
    return Response.json({ user: pathname === '/logout' ? null : (visitor.get('user') ?? null), device: visitor.device ?? null });
  });
}

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname === '/__told') return Response.json(told);
    if (pathname === '/__tables') {
      const statements = (await request.text()).replace(/--.*$/gm, '').split(';').filter(text => text.trim());
      await env.SESSIONS_DB.batch(statements.map(text => env.SESSIONS_DB.prepare(text)));
      return new Response('made');
    }
    handle ??= site(env);
    return handle(request, env, context);
  },
};
