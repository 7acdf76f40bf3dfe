// Astro: src/middleware.js. Pages and endpoints have `Astro.locals.session`; it is saved with the answer.

import { createSessions } from 'edge-session';
import { withSession } from 'edge-session/fetch';

const sessions = () => createSessions({ keys: process.env.SESSION_KEYS });

const answered = withSession(sessions, async (request, session, context, next) => {
  context.locals.session = await session();
  return next();
});

/** @type {import('astro').MiddlewareHandler} */
export const onRequest = (context, next) => answered(context.request, context, next);
