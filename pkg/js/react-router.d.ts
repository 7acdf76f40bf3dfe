import type { MiddlewareFunction, RouterContext, SessionStorage as RouterSessionStorage } from 'react-router';
import type { Session, SessionData, Sessions } from './index.js';

type SerializeOptions = NonNullable<Parameters<RouterSessionStorage['commitSession']>[1]>;

/**
 * How long the browser keeps the cookie, from now on: when `persistent` is false, until it closes. Its other attributes
 * are the configuration's; options that name one are a `TypeError`.
 */
export type CommitOptions = SerializeOptions & { persistent?: boolean };

/** React Router's `SessionStorage`, and the headers that its answers need. */
export interface SessionStorage<
  Data extends SessionData = SessionData,
  FlashData extends SessionData = Data,
> extends RouterSessionStorage<Data, FlashData> {
  /**
   * Stores what does not fit, then gives the `Set-Cookie` line. Throws a `Response` 503 with `Retry-After` if the
   * store does not confirm. The session cannot be changed afterwards: that would be lost.
   */
  commitSession(
    session: Parameters<RouterSessionStorage<Data, FlashData>['commitSession']>[0],
    options?: CommitOptions,
  ): Promise<string>;
  /**
   * `Cache-Control: private, no-store` and `Vary: Cookie`, for every answer that read a session, and `Set-Cookie` where
   * a line is given. A `SessionStorage` cannot set them by itself; {@link sessionMiddleware} does.
   */
  headers(setCookie?: string): Headers;
}

/**
 * Sessions as React Router knows them, flash values included. `getSession` throws a `Response` 503 with
 * `Retry-After` while an authentic session's data cannot be had; a cookie that is forged or has ended is a new session.
 *
 * @param sessions what `createSessions` makes, or a function that makes it, now or later, when it is first needed
 *
 * @example
 * export const { getSession, commitSession, destroySession, headers } = createSessionStorage(sessions);
 */
export function createSessionStorage<
  Data extends SessionData = SessionData,
  FlashData extends SessionData = Data,
>(sessions: Sessions<any> | (() => Sessions<any> | Promise<Sessions<any>>)): SessionStorage<Data, FlashData>;

/**
 * A middleware (React Router 7.9 and later) that puts the session into `context`, saves it with the answer, stored
 * first and then `Set-Cookie`, and marks the answer as private. 503 with `Retry-After` as above. With an answer of 500
 * and above nothing is saved: a loader threw. A middleware of a parent and one of its child share the session.
 *
 * @example
 * export const visitor = createContext<Session>();
 * export const middleware = [sessionMiddleware(sessions, visitor)];
 * export const loader = ({ context }) => ({ name: context.get(visitor).get('name') });
 */
export function sessionMiddleware<T extends SessionData = SessionData>(
  sessions: Sessions<T> | (() => Sessions<T> | Promise<Sessions<T>>),
  context: RouterContext<Session<T>>,
): MiddlewareFunction<Response>;
