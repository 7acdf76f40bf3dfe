import type { Session, SessionData, Sessions } from './index.js';

/**
 * Answers a request. `session()` loads the visitor's session when it is first called; whoever does not call it gets
 * an answer that caches may keep. `rest` is what the platform gives beside the request: a Worker's `env` and `context`.
 */
export type SessionHandler<T extends SessionData = SessionData, Rest extends unknown[] = []> = (
  request: Request,
  session: () => Promise<Session<T>>,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * A fetch handler whose sessions are saved: stored first, then `Set-Cookie`. An answer that read the session is
 * `Cache-Control: private, no-store` and `Vary: Cookie`. While an authentic session's data cannot be had, or a change
 * cannot be stored, the answer is 503 with `Retry-After`, and the cookie stays as it was. A handler that throws
 * changes nothing. One session a request: a handler within another has the same.
 *
 * @param sessions what `createSessions` makes, or a function of `rest` that makes it, now or later: when it is first
 * needed, once a process, or once for each `env` of a Worker
 *
 * @example
 * export default { fetch: withSession(sessions, async (request, session) => {
 *   const visitor = await session();
 *   visitor.set('visits', (visitor.get('visits') ?? 0) + 1);
 *   return new Response(`visit ${visitor.get('visits')}`);
 * }) };
 */
export function withSession<T extends SessionData = SessionData, Rest extends unknown[] = []>(
  sessions: Sessions<T> | ((...rest: Rest) => Sessions<T> | Promise<Sessions<T>>),
  handler: SessionHandler<T, Rest>,
): (request: Request, ...rest: Rest) => Promise<Response>;
