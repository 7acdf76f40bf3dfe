// The built Worker with stores that can be made to fail: GET /__store?get=down&put=ok for KV, by method, and
// ?d1=down&do=slow&r2=ok for the others. Modes: ok, down (an error at once), slow (an answer after two seconds),
// after (it is done, and the answer is lost), gone (KV: get finds nothing).

import Worker from '../../worker/build/index.js';
export { SessionShard } from '../../worker/build/index.js';

const modes = { get: 'ok', put: 'ok', delete: 'ok', d1: 'ok', do: 'ok', r2: 'ok' };

async function failing(mode, call) {
  if (mode === 'down') throw new Error('the store is down (test)');
  if (mode === 'slow') await new Promise(resolve => setTimeout(resolve, 2000));
  const answer = await call();
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
        return given !== null && typeof given === 'object' ? faulty(given, calls, modeOf) : given;
      };
    },
  });

const faultyKv = store =>
  new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name);
      if (typeof method !== 'function' || name === 'constructor') return method;
      return (...args) => {
        const mode = modes[name === 'getWithMetadata' ? 'get' : name] ?? 'ok';
        if (mode === 'gone') return Promise.resolve(name === 'get' ? null : { value: null, metadata: null });
        return failing(mode, () => method.apply(target, args));
      };
    },
  });

export default class extends Worker {
  constructor(ctx, env) {
    super(ctx, {
      ...env,
      SESSIONS: faultyKv(env.SESSIONS),
      SESSIONS_DB: faulty(env.SESSIONS_DB, ['all', 'first', 'run', 'raw'], () => modes.d1),
      SESSIONS_OBJECT: faulty(env.SESSIONS_OBJECT, ['fetch'], () => modes.do),
      SESSIONS_BUCKET: faulty(env.SESSIONS_BUCKET, ['get', 'put', 'delete', 'list'], () => modes.r2),
    });
  }

  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname !== '/__store') return super.fetch(request);
    Object.assign(modes, Object.fromEntries(url.searchParams));
    return Response.json(modes);
  }
}
