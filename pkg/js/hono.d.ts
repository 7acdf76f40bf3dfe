import type { Context, MiddlewareHandler } from 'hono';
import type { Session, SessionData, Sessions } from './index.js';

/** What the middleware sets: `new Hono<{ Variables: SessionVariables<MySession> }>()`. */
export interface SessionVariables<T extends SessionData = SessionData> {
  session: Session<T>;
}

/**
 * Loads the session of each request into `c.var.session` and saves it with the answer: stored first, then
 * `Set-Cookie`. Answers are `Cache-Control: private, no-store` and `Vary: Cookie`, so use it on the routes that have
 * sessions. While an authentic session's data cannot be had, or a change cannot be stored, the answer is 503 with
 * `Retry-After`, and the cookie stays as it was.
 *
 * One session a request: where it is used on an outer and an inner route, they share it. A handler that throws changes
 * nothing, whatever `onError` answers; an `HTTPException` below 500 is an answer.
 *
 * @param sessions what `createSessions` makes, or a function of the context that makes it, now or later: when it is
 * first needed, once a process, or once for each `env` of a Worker
 *
 * @example
 * app.use('/account/*', session(sessions));
 * app.get('/account/', c => c.text(`Hello ${c.var.session.get('name')}`));
 */
export function session<T extends SessionData = SessionData>(
  sessions: Sessions<T> | ((c: Context) => Sessions<T> | Promise<Sessions<T>>),
): MiddlewareHandler<{ Variables: SessionVariables<T> }>;
