import type { Session, SessionData, Sessions } from './index.js';

/** What is used of Next's `cookies()`. */
export interface NextCookies {
  get(name: string): { readonly name: string; readonly value: string } | undefined;
  set(name: string, value: string, attributes?: any): unknown;
}

/** Sessions in Next's App Router. */
export interface NextSession<T extends SessionData = SessionData> {
  /**
   * The visitor's session, to be read: in a server component, a layout, `generateMetadata`. A server component cannot
   * set cookies, so a change of this session is an error.
   */
  getSession(): Promise<Session<T>>;
  /**
   * In a server action, or a route handler: gives the session to `work` and saves it when that returns, redirects or
   * refuses (`redirect()`, `notFound()`). If `work` fails nothing is saved.
   */
  changeSession<Result>(work: (session: Session<T>) => Result | Promise<Result>): Promise<Result>;
  /**
   * A route handler with a session, saved with the answer, which no cache keeps. While a session cannot be had or kept,
   * the answer is 503 with `Retry-After`.
   */
  withSession<Incoming extends Request = Request, Rest extends unknown[] = []>(
    handler: (request: Incoming, session: Session<T>, ...rest: Rest) => Response | Promise<Response>,
  ): (request: Incoming, ...rest: Rest) => Promise<Response>;
  /**
   * A `proxy` (`middleware` before Next 16) that renews the cookie of visitors who only read: server components cannot.
   * `answer` may look at the session and answer itself, or give `NextResponse.next()`; `undefined` lets the request
   * pass.
   */
  sessionProxy<Incoming extends Request = Request, Rest extends unknown[] = []>(
    answer?: (
      request: Incoming,
      session: Session<T>,
      ...rest: Rest
    ) => Response | undefined | void | Promise<Response | undefined | void>,
  ): (request: Incoming, ...rest: Rest) => Promise<Response>;
}

/**
 * Sessions for Next's App Router, Next 15 and later.
 *
 * @param sessions what `createSessions` makes, or a function that makes it, now or later, when it is first needed: a
 * build needs no secrets then
 * @param next `cookies` of `next/headers` and `connection` of `next/server`
 *
 * @example
 * // session.js
 * export const { getSession, changeSession, withSession, sessionProxy } = nextSession(
 *   () => createSessions({ keys: process.env.SESSION_KEYS }),
 *   { cookies, connection },
 * );
 */
export function nextSession<T extends SessionData = SessionData>(
  sessions: Sessions<T> | (() => Sessions<T> | Promise<Sessions<T>>),
  next: { cookies: () => Promise<NextCookies>; connection: () => Promise<void> },
): NextSession<T>;
