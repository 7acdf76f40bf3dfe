// Sessions for React Router: its SessionStorage, and a middleware.

import { answerIn, committed, responseOf } from './adapter/answer.js';
import { sessionsOf } from './adapter/sessions_of.js';
import { RouterSession } from './adapter/router_session.js';
import { makePrivate } from './core/privacy.js';
import { ADAPTER } from './core/visits.js';

export function createSessionStorage(sessions) {
  const of = sessionsOf(sessions);
  // What removes the session, and the cookies that are read beside its own.
  let ending;
  const gate = async () => {
    const made = await of();
    ending ??= made.codec.end();
    return made;
  };
  return {
    async getSession(cookieHeader) {
      return new RouterSession(await answering(async () => (await gate()).load(cookieHeader ?? null)));
    },
    async commitSession(session, options) {
      const inner = RouterSession.inner(session);
      const { persistent } = lifetimeOf(options);
      return answering(async () => {
        const made = await gate();
        // An empty session is none; its line removes the cookie.
        const [line = ending.setCookie] = await made.setCookies(inner, { persistent, force: true });
        made[ADAPTER].close(inner, COMMITTED);
        return line;
      });
    },
    async destroySession(session, options) {
      const inner = RouterSession.inner(session);
      lifetimeOf(options);
      return answering(async () => {
        const made = await gate();
        made[ADAPTER].destroy(inner);
        const [line = ending.setCookie] = await made.setCookies(inner);
        return line;
      });
    },
    headers(setCookie) {
      const headers = new Headers();
      makePrivate(headers);
      if (setCookie === undefined) return headers;
      headers.append('Set-Cookie', setCookie);
      // A log out is none as long as a cookie of before, or Django's, logs in again.
      if (setCookie === ending?.setCookie) for (const line of ending.removals) headers.append('Set-Cookie', line);
      return headers;
    },
  };
}

const COMMITTED =
  'the session is committed: a change would be lost. Change it before commitSession, and not in a promise that outlives the loader';

export function sessionMiddleware(sessions, context) {
  const of = sessionsOf(sessions);
  return async ({ request, context: provider }, next) => {
    const gate = await of();
    const page = await gate[ADAPTER].page(request);
    if (page !== undefined) return responseOf(page);
    const { visit, isOutermost } = gate[ADAPTER].enter(request);
    try {
      provider.set(context, await visit.session());
    } catch (error) {
      if (isOutermost) visit.end();
      const answer = answerIn(error);
      if (answer !== undefined) return responseOf(answer);
      throw error;
    }
    let response;
    try {
      response = await next();
    } catch (error) {
      visit.fail();
      if (isOutermost) visit.end();
      throw error;
    }
    // What a loader threw comes as an answer, too; one that failed changes nothing.
    if (response.status >= 500) visit.fail();
    if (!isOutermost) return response;
    try {
      return await committed(visit, request, response);
    } finally {
      visit.end();
    }
  };
}

/** React Router answers with a Response that is thrown. */
async function answering(work) {
  try {
    return await work();
  } catch (error) {
    const answer = answerIn(error);
    throw answer === undefined ? error : responseOf(answer);
  }
}

// The cookie's attributes are the configuration's: one written with others would live beside it.
function lifetimeOf(options = {}) {
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'persistent' && value !== undefined) {
      throw new TypeError(`options.${name}: attributes are set once, by \`cookie\` in createSessions`);
    }
  }
  return options;
}
