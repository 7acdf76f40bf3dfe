// edge-session rotate

import { generateKey, keyId } from '../index.js';
import { keysOf } from './settings.js';
import { inputProblem, usageProblem } from './problem.js';

export const summary = 'a new key in front of the ring';

export const help = `usage: edge-session rotate [--keep DAYS] [--keys-stdin] [--json]

Takes the ring in SESSION_KEYS and prints the new one: a new key, which writes, then the others, which read.

  --keep DAYS   how long the key that wrote until now still reads, default 31: as long as the longest session
                lives, and a day. Keys that have an end keep it; those whose end has passed are left out.
  --keys-stdin  the ring on standard input, instead of the environment

The ring goes to standard output and nothing else, what was done to standard error:
  edge-session rotate | npx wrangler secret put SESSION_KEYS
`;

export const options = {
  keep: { type: 'string' },
  key: { type: 'string', multiple: true },
  'keys-stdin': { type: 'boolean' },
};

/** What a ring may have beside the key that writes. */
const MOST_FALLBACKS = 8;
const DAY = 86_400_000;

export async function run({ values, positionals, env, input, now, warn }) {
  if (positionals.length > 0) throw usageProblem('rotate takes no argument: the ring is in SESSION_KEYS');
  const keep = daysOf(values.keep ?? '31');
  const { sessionKeys } = await keysOf({ values, env, input, warn });
  if (sessionKeys.length === 0)
    throw inputProblem('there is no ring: set SESSION_KEYS, or give it with --keys-stdin');
  const old = sessionKeys.map((text, index) => oldKey(text, index, now + keep * DAY));
  const ended = old.filter(({ end }) => end !== undefined && Date.parse(end) <= now);
  const kept = old.filter(key => !ended.includes(key));
  if (kept.length > MOST_FALLBACKS) {
    throw inputProblem(
      `a ring may have ${MOST_FALLBACKS} fallbacks and this would have ${kept.length}: take the oldest out first`,
    );
  }
  const fresh = { key: generateKey() };
  const ring = [{ ...fresh, id: keyId(fresh.key) }, ...kept];
  const text = ring.map(({ key, end }) => (end ? `${key}@${end}` : key)).join(' ');
  if (!values.json) for (const line of storyOf(ring, ended)) warn(line);
  return {
    text,
    json: { keys: text, ring: ring.map(({ id, end }) => ({ id, end })), removed: ended.map(({ id }) => id) },
  };
}

function oldKey(text, index, end) {
  const [key, given] = text.split('@', 2);
  if (given !== undefined && !(/^\d{4}-\d\d-\d\d$/.test(given) && !Number.isNaN(Date.parse(given)))) {
    throw inputProblem(`key ${index + 1} of the ring: after the @ a day is expected, as 2027-01-31`);
  }
  // Fallbacks without an end were left so on purpose; only the one that steps back gets one.
  return {
    key,
    id: idOf(key, index),
    end: given ?? (index === 0 ? new Date(end).toISOString().slice(0, 10) : undefined),
  };
}

function idOf(key, index) {
  try {
    return keyId(key);
  } catch (error) {
    throw inputProblem(`key ${index + 1} of the ring: ${error.message}`);
  }
}

function daysOf(text) {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (!(days >= 1)) throw usageProblem('--keep: a number of days from 1 to 9999 is expected');
  return days;
}

function storyOf([fresh, ...others], ended) {
  return [
    `${fresh.id} writes`,
    ...others.map(({ id, end }) => (end ? `${id} reads until ${end} (UTC)` : `${id} reads, without an end`)),
    ...ended.map(({ id, end }) => `${id} is left out: it ended on ${end}`),
  ];
}
