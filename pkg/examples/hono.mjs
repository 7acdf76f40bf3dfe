// A cart with Hono. In a Worker: export default app, with SESSION_KEYS as a secret and SESSIONS as a KV namespace.

import { createSessions, kvStore } from 'edge-session';
import { session } from 'edge-session/hono';
import { Hono } from 'hono';

const app = new Hono();

app.get('/', c => c.text('Anybody’s page: no session, so caches may keep it.'));

app.use(
  '/cart/*',
  session(c => createSessions({ keys: c.env.SESSION_KEYS, store: kvStore(c.env.SESSIONS) })),
);

app.get('/cart/', c => c.json(c.var.session.get('cart') ?? []));

app.post('/cart/:item', c => {
  const { session } = c.var;
  session.set('cart', [...(session.get('cart') ?? []), c.req.param('item')]);
  return c.redirect('/cart/');
});

app.post('/cart/checkout/done', c => {
  c.var.session.destroy();
  return c.redirect('/');
});

export default app;
