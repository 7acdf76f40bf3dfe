import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Session, SessionData, Sessions } from './index.js';

/** What `createSessions` makes, or a function that makes it, now or later: called once, when it is first needed. */
export type SessionsOf<T extends SessionData = SessionData> = Sessions<T> | (() => Sessions<T> | Promise<Sessions<T>>);

/** What the middleware adds to a request. */
export interface WithSession<T extends SessionData = SessionData> {
  session: Session<T>;
}

/**
 * A request listener of `node:http` (also `https`, `http2`'s compatible API) whose sessions are saved: the answer is held
 * back at its first byte until the session is stored, then sent with `Set-Cookie`. `session()` loads it when it is
 * first called; an answer without this may be cached by all. A handler that throws changes nothing: the visitor gets
 * 500, and the promise rejects. 503 with `Retry-After` while a session cannot be had or kept.
 *
 * @example
 * createServer(withSession(sessions, async (request, response, session) => {
 *   const visitor = await session();
 *   visitor.set('visits', (visitor.get('visits') ?? 0) + 1);
 *   response.end(`visit ${visitor.get('visits')}`);
 * }));
 */
export function withSession<
  T extends SessionData = SessionData,
  Request extends IncomingMessage = IncomingMessage,
  Response extends ServerResponse = ServerResponse,
  Rest extends unknown[] = [],
>(
  sessions: SessionsOf<T>,
  handler: (request: Request, response: Response, session: () => Promise<Session<T>>, ...rest: Rest) => unknown,
): (request: Request, response: Response, ...rest: Rest) => Promise<unknown>;

/**
 * Middleware for Express 4 and 5 (and Connect): `request.session`. An answer of 500 and above saves nothing, because a
 * handler threw; where error handlers of yours answer below 500, put {@link expressFailed} before them.
 *
 * @example
 * app.use(expressSession(sessions));
 * app.post('/cart', (request, response) => { request.session.set('cart', [1]); response.redirect('/'); });
 * app.use(expressFailed, (error, request, response, next) => response.redirect('/sorry'));
 */
export function expressSession<T extends SessionData = SessionData>(
  sessions: SessionsOf<T>,
): (request: any, response: any, next: (error?: any) => void) => Promise<void>;

/** An error handler for Express that says of the request's session that nothing of it is to be saved. */
export function expressFailed(error: unknown, request: any, response: any, next: (error?: any) => void): void;

/**
 * Middleware for Koa 2 and 3: `context.session`. A middleware that throws changes nothing.
 *
 * @example
 * app.use(koaSession(sessions));
 * app.use(context => { context.body = context.session.get('name'); });
 */
export function koaSession<T extends SessionData = SessionData>(
  sessions: SessionsOf<T>,
): (context: any, next: () => Promise<any>) => Promise<void>;

/**
 * A plugin for Fastify 4 and 5: `request.session`. A handler that throws changes nothing, whatever an error handler
 * answers.
 *
 * @example
 * await app.register(fastifySession, { sessions });
 * app.get('/', async request => ({ name: request.session.get('name') }));
 */
export function fastifySession<T extends SessionData = SessionData>(
  fastify: any,
  options: { sessions: SessionsOf<T> },
): Promise<void>;
