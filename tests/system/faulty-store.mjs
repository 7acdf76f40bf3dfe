// The built Worker with a KV namespace that can be made to fail: GET /__store?get=down&put=ok
// Modes: ok, down (an error at once), slow (an answer after two seconds), gone (get finds nothing).

import Worker from '../../worker/build/index.js';

const modes = { get: 'ok', put: 'ok', delete: 'ok' };

const faulty = store =>
  new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...args) => {
        const mode = modes[name === 'getWithMetadata' ? 'get' : name] ?? 'ok';
        if (mode === 'down') throw new Error('KV is down (test)');
        if (mode === 'slow') await new Promise(resolve => setTimeout(resolve, 2000));
        if (mode === 'gone') return name === 'get' ? null : { value: null, metadata: null };
        return method.apply(target, args);
      };
    },
  });

export default class extends Worker {
  constructor(ctx, env) {
    super(ctx, { ...env, SESSIONS: faulty(env.SESSIONS) });
  }

  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname !== '/__store') return super.fetch(request);
    Object.assign(modes, Object.fromEntries(url.searchParams));
    return Response.json(modes);
  }
}
