// The class of the Durable Objects: each has its part in the module, a new one after the module has died.

import { ask } from './module.js';
import { generation } from './death.js';

export class SessionShard {
  #create;
  #part;
  #generation;

  constructor(state, env) {
    this.#create = module => new module.SessionShard(state, env);
    this.#ask(() => {});
  }

  fetch(request) {
    return this.#ask(part => part.fetch(request));
  }

  alarm() {
    return this.#ask(part => part.alarm());
  }

  #ask(call) {
    return ask(module => {
      if (this.#generation !== generation()) {
        this.#part = this.#create(module);
        this.#generation = generation();
      }
      return call(this.#part);
    });
  }
}
