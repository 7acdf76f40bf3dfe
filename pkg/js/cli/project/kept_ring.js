// Where a ring is kept: in a file, or nowhere that the command could write to.

import { words } from '../../inspect/keys.js';
import { textOf } from '../input.js';
import { inputProblem } from '../problem.js';
import { ringFrom, textOfRing } from './ring.js';
import { readSecrets } from './secrets_file.js';
import { keep, waitingKey } from './waiting_key.js';

/**
 * @typedef {object} KeptRing
 * @property {string} [file]
 * @property {boolean} isSecrets whether there is more in it, and it is deployed whole
 * @property {() => import('./ring.js').Key[]} ring as it is there now
 * @property {(ids: string[]) => ReturnType<typeof waitingKey>} waiting which of its keys waits to write
 * @property {(ring: import('./ring.js').Key[] | undefined, waiting: import('./waiting_key.js').Waiting | undefined) => void} keep
 *   a ring, if it is another, and what waits in it
 */

const VARIABLES = /^\s*(export\s+)?SESSION_KEYS\s*=/m;

/**
 * The ring alone, or secrets as JSON; secrets as lines can be read.
 *
 * @param {string} file
 * @returns {KeptRing}
 */
export function ringInFile(file) {
  const read = () => {
    const text = textOf(file, 'the ring');
    const isJson = text.trimStart().startsWith('{');
    return isJson || VARIABLES.test(text) ? { isJson, secrets: readSecrets(text, file) } : { text };
  };
  return {
    file,
    isSecrets: read().secrets !== undefined,
    ring() {
      const { secrets, text } = read();
      return ringFrom(words(secrets ? (secrets.SESSION_KEYS ?? '') : text));
    },
    waiting: ids => waitingKey(file, ids),
    keep(ring, waiting) {
      const { isJson, secrets } = read();
      const text = ring && textOfRing(ring);
      if (text && secrets && !isJson) throw inputProblem(`${file}: the ring in it cannot be changed here; a file of secrets is one of JSON, {"SESSION_KEYS": "es1_…"}`);
      keep(file, text && (secrets ? `${JSON.stringify({ ...secrets, SESSION_KEYS: text }, undefined, 2)}\n` : `${text}\n`), waiting);
    },
  };
}

/**
 * A ring that was handed over: what waits in it is known until the command ends.
 *
 * @param {string[]} texts
 * @returns {KeptRing}
 */
export function ringHandedOver(texts) {
  let [ring, known] = [ringFrom(texts), undefined];
  return {
    isSecrets: false,
    ring: () => ring,
    waiting: () => known,
    keep(other, waiting) {
      ring = other ?? ring;
      known = waiting && { ...waiting, isInFront: ring[0].id === waiting.id };
    },
  };
}
