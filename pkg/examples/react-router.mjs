// Routes of a React Router application: log in with a flash message, and the same session through the middleware.

import { createSessions, memoryStore } from 'edge-session';
import { createSessionStorage, sessionMiddleware } from 'edge-session/react-router';
import { createContext, redirect } from 'react-router';

const sessions = createSessions({
  keys: process.env.SESSION_KEYS,
  cookie: { name: '__Host-session' },
  store: memoryStore(),
});

export const { getSession, commitSession, destroySession, headers } = createSessionStorage(sessions);

// app/routes/login.js
export const login = {
  async loader({ request }) {
    const session = await getSession(request.headers.get('Cookie'));
    const error = session.get('error') ?? null;
    // Reading a flash value takes it out, so the session is written.
    return Response.json({ error }, { headers: headers(await commitSession(session)) });
  },

  async action({ request }) {
    const session = await getSession(request.headers.get('Cookie'));
    const form = await request.formData();
    if (form.get('password') !== 'lovelace') {
      session.flash('error', 'Wrong password.');
      return redirect('/login', { headers: headers(await commitSession(session)) });
    }
    session.set('user', form.get('name'));
    return redirect('/account', { headers: headers(await commitSession(session)) });
  },
};

// app/routes/logout.js
export const logout = {
  async action({ request }) {
    const session = await getSession(request.headers.get('Cookie'));
    return redirect('/login', { headers: headers(await destroySession(session)) });
  },
};

// app/routes/account.js: with the middleware nothing has to be committed, and every answer gets its headers.
const visitor = createContext();

export const account = {
  middleware: [sessionMiddleware(sessions, visitor)],

  async loader({ context }) {
    const session = context.get(visitor);
    session.set('seen', (session.get('seen') ?? 0) + 1);
    return Response.json({ user: session.get('user') ?? null, seen: session.get('seen') });
  },
};
