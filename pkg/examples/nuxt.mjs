// Nuxt and Nitro: server/utils/session.js. Handlers in server/api say `withVisitor(event, session => …)`; what is read or
// changed in there is saved before the handler's answer goes. In h3 an error that says 503 is answered with 503.

import { createSessions } from 'edge-session';
import { withJar } from 'edge-session/jar';
import { appendResponseHeader, getCookie, setCookie, setResponseHeader } from 'h3';

const withSession = withJar(() => createSessions({ keys: process.env.SESSION_KEYS }));

export const withVisitor = (event, work) =>
  withSession(
    {
      read: name => getCookie(event, name),
      write: (name, value, attributes) => setCookie(event, name, value, attributes),
      header: (name, value) => (name === 'Vary' ? appendResponseHeader : setResponseHeader)(event, name, value),
    },
    work,
  );
