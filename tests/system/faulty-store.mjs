// The built Worker with stores and other parts that can be made to fail: GET /__store?get=down&put=ok for KV, by method,
// and ?d1=down&do=slow&r2=ok for the others. Modes: ok, down (an error at once), slow (an answer after two seconds),
// after (it is done, and the answer is lost), gone (KV: get finds nothing), limited (KV: too many writes), readonly and
// behind (D1: what writes fails; a replica that lacks everything), blind (an object that finds no record). ?clock= are seconds that the clock is ahead, or 0ms
// for a clock at zero; ?random= is ok, down (it throws) or zero (always the same bytes).

import { memory } from '../soak/memory.mjs';
import Worker from '../../worker/build/index.js';
export { SessionShard } from '../../worker/build/index.js';

const modes = { get: 'ok', put: 'ok', delete: 'ok', d1: 'ok', do: 'ok', r2: 'ok', clock: '0', random: 'ok' };
// How often KV was really asked, by method.
const calls = {};

async function failing(mode, call) {
  if (mode === 'down') throw new Error('the store is down (test)');
  if (mode === 'limited') throw new Error('KV PUT failed: 429 Too Many Requests');
  if (mode === 'slow') await new Promise(resolve => setTimeout(resolve, 2000));
  const answer = await call();
  if (mode === 'blind' && answer.status === 200) return new Response('absent', { status: 404 });
  if (mode === 'empty') return { ...answer, results: [] };
  if (mode === 'after') throw new Error('the answer is lost (test)');
  return answer;
}

// An object whose methods named in `calls` fail as `modeOf` says, and so do those of what its others give.
const faulty = (object, calls, modeOf) =>
  new Proxy(object, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== 'function' || name === 'constructor') return member;
      return (...args) => {
        if (calls.includes(name)) return failing(modeOf(name), () => member.apply(target, args));
        const given = member.apply(target, args);
        if (given === null || typeof given !== 'object') return given;
        return faulty(given, calls, how(name, args) ?? modeOf);
      };
    },
  });

// What a call says of the calls that follow from it, where that decides.
function how(name, [text]) {
  if (name === 'prepare' && modes.d1 === 'readonly' && /^(INSERT|UPDATE|DELETE)/.test(text)) return () => 'down';
  if (name === 'withSession' && modes.d1 === 'behind' && text === 'first-unconstrained') return () => 'empty';
  return undefined;
}

// A batch is a save, which writes.
const faultyDatabase = database =>
  faulty(database, ['all', 'first', 'run', 'raw', 'batch'], name => {
    if (modes.d1 !== 'readonly') return modes.d1;
    return name === 'batch' ? 'down' : 'ok';
  });

const faultyKv = store =>
  new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name);
      if (typeof method !== 'function' || name === 'constructor') return method;
      return (...args) => {
        const call = name === 'getWithMetadata' ? 'get' : name;
        calls[call] = (calls[call] ?? 0) + 1;
        const mode = modes[call] ?? 'ok';
        if (mode === 'gone') return Promise.resolve(name === 'get' ? null : { value: null, metadata: null });
        return failing(mode, () => method.apply(target, args));
      };
    },
  });

const realNow = Date.now;
Date.now = () => (modes.clock === '0ms' ? 0 : realNow() + Number(modes.clock) * 1000);

const realRandom = crypto.getRandomValues.bind(crypto);
Object.defineProperty(crypto, 'getRandomValues', {
  value(bytes) {
    if (modes.random === 'down') throw new Error('no randomness (test)');
    return modes.random === 'zero' ? bytes.fill(0) : realRandom(bytes);
  },
});

const faultyBindings = env => ({
  ...env,
  SESSIONS: faultyKv(env.SESSIONS),
  SESSIONS_DB: faultyDatabase(env.SESSIONS_DB),
  SESSIONS_OBJECT: faulty(env.SESSIONS_OBJECT, ['fetch'], () => modes.do),
  SESSIONS_BUCKET: faulty(env.SESSIONS_BUCKET, ['get', 'put', 'delete', 'list'], () => modes.r2),
});

export default {
  async fetch(request, env, context) {
    const url = new URL(request.url);
    if (url.pathname !== '/__store') return Worker.fetch(request, faultyBindings(env), context);
    Object.assign(modes, Object.fromEntries(url.searchParams));
    return Response.json({ modes, calls, memory: memory() });
  },

  scheduled(event, env, context) {
    return Worker.scheduled(event, faultyBindings(env), context);
  },
};
