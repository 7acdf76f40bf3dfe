// What an application in TypeScript may write, and what it may not. Compiled, never run.

import { createSessions, memoryStore, type Session } from 'edge-session';
import { withSession } from 'edge-session/fetch';
import { session, type SessionVariables } from 'edge-session/hono';
import { withJar } from 'edge-session/jar';
import { nextSession } from 'edge-session/next';
import { expressSession, koaSession, withSession as withNodeSession } from 'edge-session/node';
import { createSessionStorage, sessionMiddleware } from 'edge-session/react-router';
import { Hono } from 'hono';
import { createContext, type MiddlewareFunction, type SessionStorage } from 'react-router';

type Cart = { cart: string[]; user?: string };
const sessions = createSessions<Cart>({ keys: 'es1_...', store: memoryStore() });

export const handler: (request: Request) => Promise<Response> = withSession(
  sessions,
  async (request, session) => {
    const visitor = await session();
    const cart: string[] | undefined = visitor.get('cart');
    // @ts-expect-error no such key
    visitor.get('card');
    return new Response(String(cart?.length));
  },
);

interface Env {
  SESSION_KEYS: string;
}
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}
export const worker = {
  fetch: withSession(
    (env: Env, context: Context) => createSessions<Cart>({ keys: env.SESSION_KEYS }),
    (request, session, env, context) => {
      context.waitUntil(session());
      return new Response(env.SESSION_KEYS);
    },
  ),
};
export const answered: Promise<Response> = worker.fetch(
  new Request('/'),
  { SESSION_KEYS: '' },
  { waitUntil() {} },
);
// @ts-expect-error a Worker's fetch gets its environment
worker.fetch(new Request('/'));

export const app = new Hono<{ Variables: SessionVariables<Cart>; Bindings: Env }>();
app.use(session(sessions));
app.use(
  '/cart/*',
  session<Cart>(c => createSessions({ keys: c.env.SESSION_KEYS })),
);
app.get('/', c => c.json(c.var.session.get('cart') ?? []));
// @ts-expect-error no such key
app.get('/', c => c.json(c.var.session.get('card') ?? []));

export const storage = createSessionStorage<Cart, { message: string }>(sessions);
export const asReactRouterHasIt: SessionStorage<Cart, { message: string }> = storage;
export async function action(): Promise<Headers> {
  const session = await storage.getSession('a=b');
  session.flash('message', 'Saved.');
  session.set('cart', ['kettle']);
  // @ts-expect-error not the type of this key
  session.set('cart', 1);
  return storage.headers(await storage.commitSession(session, { persistent: false }));
}

const visitor = createContext<Session<Cart>>();
export const middleware: MiddlewareFunction<Response>[] = [sessionMiddleware(sessions, visitor)];

const jarred = withJar(async () => sessions);
export const cart: Promise<string[]> = jarred(
  { read: name => new Map([[name, 'x']]).get(name), write: (name, value, { maxAge }) => [name, value, maxAge satisfies number | undefined] },
  visitor => visitor.get('cart') ?? [],
);
// @ts-expect-error a jar reads
jarred({}, visitor => visitor.size);

export const next = nextSession(sessions, {
  cookies: async () => ({ get: name => ({ name, value: '' }), set: () => undefined }),
  connection: async () => {},
});
export const GET: (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response> = next.withSession(
  async (request, visitor, context: { params: Promise<{ id: string }> }) => {
    visitor.persistent = false;
    const { id } = await context.params;
    // @ts-expect-error not the type of this key
    visitor.set('user', 1);
    return Response.json([id, visitor.get('user')]);
  },
);
export const user: Promise<string | undefined> = next.changeSession(visitor => visitor.get('user'));

export const listeners = [expressSession(sessions), koaSession(() => sessions), withNodeSession(sessions, async (request, response, visitor) => (await visitor()).get('cart'))];

// What load takes, and what it does not.
const sources = [new Request('/'), new Headers(), 'a=b', null, undefined, { cookie: 'a=b' }, new Map([['a', 'b']]), { get: async (name: string) => ({ name, value: '' }) }];
export const loaded = sources.map(source => sessions.load(source));
// @ts-expect-error a number holds no cookies
sessions.load(1);
