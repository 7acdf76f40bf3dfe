// The Worker as the runtime sees it. Whatever happens to a request, its answer is ours.

import { failure } from './failure.js';
import { ask } from './module.js';
import { respond } from './respond.js';

export { SessionShard } from './shard.js';

export default {
  async fetch(request, env, context) {
    try {
      return await respond(request, env, context);
    } catch (error) {
      return failure(error, request);
    }
  },

  scheduled(event, env, context) {
    return ask(module => module.scheduled(event, env, context));
  },
};
