// Which key of a kept ring waits to write, noted in a file beside it: FILE.waiting.

import { existsSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { textOf } from '../input.js';
import { inputProblem } from '../problem.js';
import { writeTogether } from './files.js';

/**
 * @typedef {object} Waiting
 * @property {string} id of the key
 * @property {string} since when it was put where it is in the ring
 * @property {string} [deployed] when the ring was deployed with the key there
 */

const noteOf = file => `${file}.waiting`;

/**
 * @param {string} file of the ring
 * @param {string[]} ids of the ring's keys, in its order
 * @returns {Waiting & { isInFront: boolean } | undefined} in front where that ring was not deployed yet; nothing also where
 *   the note is of a key that is gone
 */
export function waitingKey(file, ids) {
  const note = noteOf(file);
  if (!existsSync(note)) return undefined;
  const waiting = parsed(textOf(note, 'the note of the waiting key'));
  if (!waiting) throw inputProblem(`${note} is not as edge-session rotate wrote it: remove it, and the next rotate begins anew`);
  const place = ids.indexOf(waiting.id);
  const isDone = place === 0 && waiting.deployed !== undefined;
  return place < 0 || isDone ? undefined : { ...waiting, isInFront: place === 0 };
}

function parsed(text) {
  try {
    const { id, since, deployed } = JSON.parse(text);
    const isTime = time => !Number.isNaN(Date.parse(time));
    return typeof id === 'string' && isTime(since) && (deployed === undefined || isTime(deployed)) ? { id, since, deployed } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keeps a ring with the note of what waits in it.
 *
 * @param {string} file
 * @param {string} [text] of the file; without it that stays as it is
 * @param {Waiting} [waiting] without it nothing waits
 */
export function keep(file, text, waiting) {
  const written = [];
  // The note first: where its key is not in the ring yet it says nothing, and a ring without it would get another key.
  if (waiting) {
    const { id, since, deployed } = waiting;
    written.push({ name: basename(noteOf(file)), text: `${JSON.stringify({ id, since, deployed })}\n` });
  }
  if (text !== undefined) written.push({ name: basename(file), text });
  writeTogether(dirname(file), written.map(each => ({ ...each, mode: 0o600 })));
  if (!waiting) rmSync(noteOf(file), { force: true });
}

/**
 * What is left to wait for when a ring was deployed as it is kept.
 *
 * @param {import('./kept_ring.js').KeptRing} kept
 * @returns {Waiting | undefined} a key that reads there, and does not write yet
 */
export function noteDeployed(kept) {
  const waiting = kept.waiting(kept.ring().map(({ id }) => id));
  if (!waiting) return undefined;
  // By a second deployment nothing is known later than by the first.
  const left = waiting.isInFront ? undefined : { ...waiting, deployed: waiting.deployed ?? new Date().toISOString() };
  kept.keep(undefined, left);
  return left;
}
