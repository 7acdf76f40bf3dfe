import * as argument from '../argument.js';

/** See index.d.ts. */
export function memoryStore(options) {
  const { capacity = 10_000 } = argument.options(options, ['capacity']);
  argument.whole(capacity, 'capacity', 1);
  const records = new Map();
  return {
    isEventual: false,
    async get(name, now) {
      const kept = records.get(name);
      return kept !== undefined && kept.expiresAt > now ? kept.record : null;
    },
    async put(name, record, expiresAt) {
      records.delete(name);
      records.set(name, { record, expiresAt });
      // The oldest goes first.
      if (records.size > capacity) records.delete(records.keys().next().value);
    },
    async delete(name) {
      records.delete(name);
    },
  };
}
