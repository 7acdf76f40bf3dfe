// What the types promise, and what they refuse. Compiled, never run.

import {
  type Codec,
  type Opened,
  type SessionStore,
  EdgeSessionError,
  createCodec,
  createSessions,
  django,
  httpStore,
  kvStore,
  memoryStore,
} from 'edge-session';
import { init } from 'edge-session/slim';
import { z } from 'zod';

type Shop = { user?: number; cart: string[] };
const codec: Codec<Shop> = createCodec<Shop>({ keys: 'es1_' });
const opened: Opened<Shop> = codec.open(null, { now: new Date() });
switch (opened.kind) {
  case 'session': {
    const cart: string[] | undefined = opened.session.get('cart');
    opened.session.set('user', 1).set('cart', cart ?? []);
    // @ts-expect-error not a key of the session
    opened.session.get('basket');
    // @ts-expect-error not a value of that key
    opened.session.set('user', 'ada');
    for (const [key, value] of opened.session) console.log(key satisfies 'user' | 'cart', value);
    break;
  }
  case 'rejected':
    console.log(opened.reason satisfies string);
    break;
  case 'absent':
  case 'conflict':
    // @ts-expect-error there is no session
    opened.session;
    break;
  default:
    opened satisfies never;
}

// A schema gives the type.
const schema = z.object({ user: z.number(), theme: z.enum(['light', 'dark']) });
const typed = createCodec({ keys: 'es1_', schema });
const theme: 'light' | 'dark' | undefined = typed.create().get('theme');

const commit = codec.seal(codec.create({ cart: [] }));
for (const operation of commit.storeOps) {
  if (operation.op === 'put') operation.record satisfies Uint8Array;
  else operation.name satisfies string;
}
commit.report.keys[0]?.placement satisfies 'cookie' | 'spilled' | 'dropped' | 'expired' | undefined;

const own: SessionStore = {
  get: async name => (name === '' ? null : new Uint8Array()),
  put: async () => {},
  delete: async () => {},
};
const sessions = createSessions<Shop>({ keys: ['es1_'], store: own });
export const answer = async (request: Request): Promise<Response> => {
  try {
    const session = await sessions.load(request);
    return await sessions.commit(session, new Response(String(session.size)));
  } catch (error) {
    if (error instanceof EdgeSessionError && error.code === 'store_unavailable') return new Response(null, { status: 503 });
    throw error;
  }
};

// @ts-expect-error a number is no key
createCodec({ keys: 1 });
// @ts-expect-error nobody knows this setting
createCodec({ keys: 'es1_', idle: 5 });

const loaded = django.loads('', 'secret');
if (loaded.kind === 'loaded') loaded.issuedAt satisfies number;
void [theme, memoryStore({ capacity: 1 }), httpStore({ url: 'https://x.example', key: 'es1_' }), kvStore, init];
