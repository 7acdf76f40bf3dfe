// The Worker in a process that has no Durable Objects: they are in another one, behind door.mjs.

import Worker from './index.js';

class DurableObjectNamespace {
  #elsewhere;

  constructor(elsewhere) {
    this.#elsewhere = elsewhere;
  }

  getByName(name) {
    return { fetch: request => this.#elsewhere.fetch(new Request(`http://objects/${encodeURIComponent(name)}`, request)) };
  }
}

export default {
  fetch(request, { OBJECTS, ...env }, context) {
    return Worker.fetch(request, { ...env, SESSIONS_OBJECT: new DurableObjectNamespace(OBJECTS) }, context);
  },
};
