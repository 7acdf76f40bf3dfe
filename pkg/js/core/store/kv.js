import * as argument from '../argument.js';
import { frame, unframe } from './frame.js';

/** KV refuses shorter lives; the frame keeps the real one. */
const LEAST_SECONDS = 60;

/** See index.d.ts. */
export function kvStore(namespace) {
  if (typeof namespace?.put !== 'function')
    throw new TypeError(`namespace must be a KVNamespace, not ${argument.kind(namespace)}`);
  return {
    isEventual: true,
    get: async (name, now) => unframe(await namespace.get(name, 'arrayBuffer'), now),
    put: (name, record, expiresAt, now) =>
      namespace.put(name, frame(record, expiresAt), {
        expirationTtl: Math.max(LEAST_SECONDS, Math.floor((expiresAt - now) / 1000)),
      }),
    delete: name => namespace.delete(name),
  };
}
