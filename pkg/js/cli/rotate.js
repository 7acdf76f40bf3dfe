// edge-session rotate

import { spawnSync } from 'node:child_process';
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { generateKey, keyId } from '../index.js';
import { day } from '../core/day.js';
import { limits } from '../core/limits.js';
import { words } from '../inspect/keys.js';
import { textOf } from './input.js';
import { keysOf } from './settings.js';
import { inputProblem, usageProblem } from './problem.js';
import { readSecrets } from './project/secrets_file.js';

export const summary = 'a new key in front of the ring';

export const help = `usage: edge-session rotate [--keep DAYS] [--from-file FILE | --keys-stdin] [--json] [-- command...]

Takes the ring and makes the new one: a new key, which writes, then the others, which read.

  --keep DAYS       how long the key that wrote until now still reads, default 31: as long as the longest session
                    lives, and a day. Keys that have an end keep it; those whose end has passed are left out.
  --from-file FILE  the ring is in this file, and the new one takes its place: keep one, because a deployed secret
                    cannot be read back. A file of secrets is good too, as edge-session deploy makes one: of
                    {"SESSION_KEYS": "es1_…", …} only the ring changes
  --keys-stdin      the ring is on standard input; without either it is in SESSION_KEYS of the environment

The ring goes to standard output and nothing else, what was done to standard error. A command behind -- gets it on its
standard input instead, and is only started when there is a ring: a pipe would hand it nothing when this fails.
  edge-session rotate --from-file session-keys -- npx wrangler secret put SESSION_KEYS
The file is replaced once that command has succeeded.

exit code: 0 done; 3 the ring cannot be read; that of the command if it failed
`;

/** What stands behind -- gets the ring. */
export const startsCommand = true;

export const options = {
  keep: { type: 'string' },
  key: { type: 'string', multiple: true },
  'from-file': { type: 'string' },
  'keys-stdin': { type: 'boolean' },
};

const DAY = 86_400_000;

export async function run({ values, positionals, command, env, input, now, warn }) {
  if (positionals.length > 0)
    throw usageProblem('rotate takes no argument: the ring is in SESSION_KEYS, or in the file of --from-file');
  const keep = daysOf(values.keep ?? '31');
  const file = values['from-file'];
  const kept = file === undefined ? undefined : keptIn(file, values);
  const texts = kept?.ring ?? (await keysOf({ values, env, input, warn })).sessionKeys;
  if (texts.length === 0) {
    throw inputProblem(
      file === undefined
        ? 'there is no ring: set SESSION_KEYS, or give it with --from-file or --keys-stdin'
        : `there is no ring in ${file}; a first key: edge-session keygen > ${file}`,
    );
  }
  const { ring, ended } = rotated(texts, now + keep * DAY, now);
  const text = ring.map(({ key, end }) => (end ? `${key}@${end}` : key)).join(' ');
  if (!values.json) for (const line of storyOf(ring, ended)) warn(line);
  // Beside the file first: whatever happens to the command, both rings are there.
  const beside = kept === undefined ? undefined : writtenBeside(file, kept.with(text));
  if (command.length > 0) hand(text, command, beside);
  if (file !== undefined) replace(beside, file);
  const json = {
    ...(command.length === 0 && file === undefined && { keys: text }),
    ring: ring.map(({ id, end }) => ({ id, end })),
    removed: ended.map(({ id }) => id),
  };
  // A file of secrets is what is deployed; beside it the ring is for nobody to see.
  return { text: command.length > 0 || kept?.isSecrets ? undefined : text, json };
}

function rotated(texts, end, now) {
  const old = texts.map((text, index) => oldKey(text, index, end));
  const ended = old.filter(({ end }) => end !== undefined && Date.parse(end) <= now);
  const kept = old.filter(key => !ended.includes(key));
  const { maxFallbacks } = limits();
  if (kept.length > maxFallbacks) {
    throw inputProblem(
      `a ring may have ${maxFallbacks} fallbacks and this would have ${kept.length}: take the oldest out first`,
    );
  }
  const key = generateKey();
  return { ring: [{ key, id: keyId(key) }, ...kept], ended };
}

/** The ring in a file, and the file's text with another one: the ring alone, or secrets as JSON. */
function keptIn(file, values) {
  if (values.key || values['keys-stdin'])
    throw usageProblem('--from-file and --key or --keys-stdin cannot both be given');
  const text = textOf(file, 'the ring');
  if (!text.trimStart().startsWith('{')) return { isSecrets: false, ring: words(text), with: ring => `${ring}\n` };
  const secrets = readSecrets(text, file);
  return {
    isSecrets: true,
    ring: words(secrets.SESSION_KEYS ?? ''),
    with: ring => `${JSON.stringify({ ...secrets, SESSION_KEYS: ring }, undefined, 2)}\n`,
  };
}

// Whoever is to get the ring gets it whole, or is not started.
function hand(text, [name, ...args], beside) {
  const { status, error, signal } = spawnSync(name, args, {
    input: text,
    stdio: ['pipe', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (error) {
    if (beside) rmSync(beside, { force: true });
    throw inputProblem(`${name}: cannot be started (${error.code}); nothing was changed`);
  }
  if (status === 0) return;
  const kept = beside ? ` The new ring is kept in ${beside}, should it have been taken after all.` : '';
  throw inputProblem(`${name} ended with ${signal ?? status}.${kept}`, status || undefined);
}

function writtenBeside(file, text) {
  const beside = `${file}.new`;
  return writing(file, () => {
    writeFileSync(beside, text, { mode: 0o600 });
    chmodSync(beside, 0o600);
    return beside;
  });
}

const replace = (beside, file) => writing(file, () => renameSync(beside, file));

function writing(file, write) {
  try {
    return write();
  } catch (error) {
    if (error.code === undefined) throw error;
    throw inputProblem(`the new ring cannot be written to ${file} (${error.code})`);
  }
}

function oldKey(text, index, end) {
  const [key, given] = text.split('@', 2);
  if (given !== undefined && day(given) === undefined)
    throw inputProblem(`key ${index + 1} of the ring: after the @ a day is expected that the calendar has, as 2027-01-31`);
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
