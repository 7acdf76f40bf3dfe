// SvelteKit: src/hooks.server.js. Load functions, actions and endpoints have `event.locals.session`; it is saved with the
// answer, and what SvelteKit throws to redirect or to refuse is an answer.

import { createSessions } from 'edge-session';
import { withSession } from 'edge-session/fetch';

// Called with the first request, so a build needs no secrets. On Cloudflare: event.platform.env is where they are.
const sessions = () => createSessions({ keys: process.env.SESSION_KEYS });

const resolved = withSession(sessions, async (request, session, event, resolve) => {
  event.locals.session = await session();
  return resolve(event);
});

/** @type {import('@sveltejs/kit').Handle} */
export const handle = ({ event, resolve }) => resolved(event.request, event, resolve);
