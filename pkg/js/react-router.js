// Sessions for React Router: its SessionStorage, and a middleware.

import { committed, dependent, isUnavailable, unavailable } from './adapter/answer.js';
import { makePrivate } from './core/privacy.js';
import { sessionsOf } from './adapter/sessions_of.js';
import { RouterSession } from './adapter/router_session.js';

export function createSessionStorage(sessions) {
  const gate = sessionsOf(sessions)();
  return {
    async getSession(cookieHeader) {
      return new RouterSession(await loaded(gate, cookieHeader ?? null));
    },
    async commitSession(session, options) {
      const inner = RouterSession.inner(session);
      try {
        // An empty session is none; its line removes the cookie.
        return (
          (await gate.save(inner, { ...lifetimeOf(options), force: true })) ?? gate.codec.end().setCookie
        );
      } catch (error) {
        // React Router answers with a Response that is thrown.
        throw isUnavailable(error) ? unavailable() : error;
      }
    },
    async destroySession(session, options) {
      const inner = RouterSession.inner(session);
      lifetimeOf(options);
      inner.destroy();
      try {
        return (await gate.save(inner)) ?? gate.codec.end().setCookie;
      } catch (error) {
        throw isUnavailable(error) ? unavailable() : error;
      }
    },
    headers(setCookie) {
      const headers = new Headers();
      makePrivate(headers);
      if (setCookie !== undefined) headers.append('Set-Cookie', setCookie);
      return headers;
    },
  };
}

export function sessionMiddleware(sessions, context) {
  const gate = sessionsOf(sessions)();
  return async ({ request, context: provider }, next) => {
    let session;
    try {
      session = await gate.load(request);
    } catch (error) {
      if (isUnavailable(error)) return unavailable();
      throw error;
    }
    provider.set(context, session);
    const response = await next();
    // What a loader threw comes as an answer, too; one that failed changes nothing.
    return response.status >= 500 ? dependent(response) : committed(gate, session, request, response);
  };
}

async function loaded(gate, cookieHeader) {
  try {
    return await gate.load(cookieHeader);
  } catch (error) {
    throw isUnavailable(error) ? unavailable() : error;
  }
}

// The cookie's attributes are the configuration's: one written with others would live beside it.
function lifetimeOf(options = {}) {
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'persistent' && value !== undefined) {
      throw new TypeError(`options.${name}: attributes are set once, by \`cookie\` in createSessions`);
    }
  }
  return options.persistent === undefined ? {} : { persistent: options.persistent };
}
