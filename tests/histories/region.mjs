// The built Worker as it runs in one region, within workerd: its clock may be wrong, its KV shows late what others wrote,
// its stores fail as they are told, and it is written down what it asks of them.
//
// POST /__region sets { clock, lag, trouble } and answers the calls since it was last asked,
// `{ what, start, end }`. `clock` are milliseconds that this
// region's clock is ahead, `lag` those until KV shows here what was written elsewhere and forgets what was read.

import Worker from './index.js';
import { troubled } from './trouble.mjs';
export { SessionShard } from './index.js';

const state = { region: '', clock: 0, lag: 0, trouble: null };
let calls = [];

const realNow = Date.now;
Date.now = () => realNow() + state.clock;

async function call(what, make) {
  const made = { what, start: realNow() };
  calls.push(made);
  try {
    return await troubled(state.trouble, what, make);
  } finally {
    made.end = realNow();
  }
}

/** `object`, where the methods named in `replaced` are others. */
const wrapped = (object, replaced) =>
  new Proxy(object, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== 'function' || name === 'constructor') return member;
      return replaced[name] ? (...args) => replaced[name](target, args) : member.bind(target);
    },
  });

const shown = new Map(); // what KV shows here: name -> { until, value }

const kv = namespace =>
  wrapped(namespace, {
    get: (target, [name, type]) =>
      call('kv get', async () => {
        const kept = shown.get(name);
        if (state.lag && kept?.until > realNow()) return kept.value;
        const { value, metadata } = await target.getWithMetadata(name, type);
        const isHere = !metadata || metadata.region === state.region || realNow() - metadata.at > state.lag;
        shown.set(name, { until: realNow() + state.lag, value: isHere ? value : null });
        return isHere ? value : null;
      }),
    put: (target, [name, value, options]) =>
      call('kv put', () => {
        shown.delete(name);
        return target.put(name, value, { ...options, metadata: { at: realNow(), region: state.region } });
      }),
    delete: (target, [name]) =>
      call('kv delete', () => {
        shown.delete(name);
        return target.delete(name);
      }),
  });

const STATEMENT = /^\s*(SELECT|INSERT|UPDATE|DELETE)[^]*?\b(session_\w+)/;
const named = text => `d1 ${STATEMENT.exec(text)?.slice(1).join(' ') ?? 'other'}`;

const statement = (inner, text) =>
  wrapped(inner, {
    bind: (target, args) => statement(target.bind(...args), text),
    ...Object.fromEntries(
      ['all', 'first', 'run', 'raw'].map(name => [name, (target, args) => call(named(text), () => target[name](...args))]),
    ),
  });

// A batch is one trip. D1 wants its own statements, so those in a batch go in as they are.
const own = new WeakMap();
const d1 = database =>
  wrapped(database, {
    prepare: (target, [text]) => bound(target.prepare(text), text),
    batch: (target, [statements]) => call('d1 batch', () => target.batch(statements.map(each => own.get(each) ?? each))),
    withSession: (target, args) => d1(target.withSession(...args)),
  });

function bound(inner, text) {
  const outer = wrapped(statement(inner, text), { bind: (_, args) => bound(inner.bind(...args), text) });
  own.set(outer, inner);
  return outer;
}

const object = stub => wrapped(stub, { fetch: (target, args) => call('do fetch', () => target.fetch(...args)) });
const objects = namespace =>
  wrapped(namespace, {
    get: (target, args) => object(target.get(...args)),
    getByName: (target, args) => object(target.getByName(...args)),
  });

const r2 = bucket =>
  wrapped(
    bucket,
    Object.fromEntries(['get', 'put', 'delete', 'list'].map(name => [name, (target, args) => call(`r2 ${name}`, () => target[name](...args))])),
  );

const bindings = env => ({
  ...env,
  SESSIONS: kv(env.SESSIONS),
  SESSIONS_DB: d1(env.SESSIONS_DB),
  SESSIONS_OBJECT: objects(env.SESSIONS_OBJECT),
  SESSIONS_BUCKET: r2(env.SESSIONS_BUCKET),
});

export default {
  async fetch(request, env, context) {
    state.region = env.REGION;
    if (new URL(request.url).pathname !== '/__region') return Worker.fetch(request, bindings(env), context);
    Object.assign(state, await request.json());
    const made = calls;
    calls = [];
    return Response.json({ calls: made });
  },
};
