import type { JarCookie, Session, SessionData, Sessions } from './index.js';

/** Attributes of a cookie, named as in the npm package cookie, whose names most frameworks take. */
export interface CookieAttributes {
  /** Seconds. */
  maxAge?: number;
  expires?: Date;
  path?: string;
  domain?: string;
  secure?: boolean;
  httpOnly?: boolean;
  sameSite?: 'strict' | 'lax' | 'none';
  partitioned?: boolean;
  priority?: 'low' | 'medium' | 'high';
}

/** The cookies of one request and its answer. */
export interface Jar {
  /** The value of a cookie, or an object with its `value`. */
  read(name: string): JarCookie | PromiseLike<JarCookie>;
  /** Sets a cookie. `line` is the whole `Set-Cookie` line. Without it the session is only to be read. */
  write?(name: string, value: string, attributes: CookieAttributes, line: string): unknown;
  /** Sets a header of the answer: what keeps it out of caches. */
  header?(name: string, value: string): unknown;
}

/**
 * Sessions for whatever has a way to read a cookie and a way to write one. The session is loaded, given to `work`, and
 * saved when that returns: stored first, then written. If `work` throws, nothing is; what frameworks throw to redirect
 * or to refuse is an answer. While an authentic session's data cannot be had, or a change cannot be stored, an
 * `EdgeSessionError` is thrown whose `status` and `statusCode` are 503, and the cookie stays as it was.
 *
 * @param sessions what `createSessions` makes, or a function that makes it, now or later, when it is first needed
 *
 * @example
 * const withSession = withJar(sessions);
 * const jar = { read: name => getCookie(event, name), write: (...cookie) => setCookie(event, ...cookie) };
 * const user = await withSession(jar, session => session.get('user'));
 */
export function withJar<T extends SessionData = SessionData>(
  sessions: Sessions<T> | (() => Sessions<T> | Promise<Sessions<T>>),
): <Result>(jar: Jar, work: (session: Session<T>) => Result | Promise<Result>) => Promise<Result>;
