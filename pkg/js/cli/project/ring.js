// A ring of keys as a person keeps it, and the two steps by which it gets another first key.

import { generateKey, keyId } from '../../index.js';
import { day } from '../../core/day.js';
import { limits } from '../../core/limits.js';
import { inputProblem } from '../problem.js';

/** @typedef {{ key: string, id: string, end?: string }} Key `end` is a day */

/**
 * @param {string[]} texts `es1_…` or `es1_…@2027-01-31`
 * @returns {Key[]}
 */
export const ringFrom = texts =>
  texts.map((text, index) => {
    const [key, end] = text.split('@', 2);
    if (end !== undefined && day(end) === undefined)
      throw inputProblem(`key ${index + 1} of the ring: after the @ a day is expected that the calendar has, as 2027-01-31`);
    return { key, id: idOf(key, index), end };
  });

function idOf(key, index) {
  try {
    return keyId(key);
  } catch (error) {
    throw inputProblem(`key ${index + 1} of the ring: ${error.message}`);
  }
}

/** @param {Key[]} ring */
export const textOfRing = ring => ring.map(({ key, end }) => (end ? `${key}@${end}` : key)).join(' ');

/**
 * With a new key, which reads and does not write.
 *
 * @param {Key[]} ring
 * @param {number} now
 * @returns {{ ring: Key[], ended: Key[] }} `ended` is left out
 */
export function withKeyBehind([first, ...others], now) {
  const { kept, ended } = parted(others, now);
  const { maxFallbacks } = limits();
  if (kept.length >= maxFallbacks)
    throw inputProblem(`a ring may have ${maxFallbacks} fallbacks and this would have ${kept.length + 1}: take the oldest out first`);
  const key = generateKey();
  return { ring: [first, ...kept, { key, id: keyId(key), end: undefined }], ended };
}

/**
 * With one of its keys in front of the others.
 *
 * @param {Key[]} ring
 * @param {string} id of that key
 * @param {number} end of the one that was in front, if it has none
 * @param {number} now
 * @returns {{ ring: Key[], ended: Key[] }}
 */
export function withKeyInFront([first, ...others], id, end, now) {
  const back = { ...first, end: first.end ?? new Date(end).toISOString().slice(0, 10) };
  const { kept, ended } = parted([back, ...others.filter(key => key.id !== id)], now);
  return { ring: [others.find(key => key.id === id), ...kept], ended };
}

// Keys without an end were left so on purpose.
function parted(keys, now) {
  const ended = keys.filter(({ end }) => end !== undefined && Date.parse(end) <= now);
  return { kept: keys.filter(key => !ended.includes(key)), ended };
}
