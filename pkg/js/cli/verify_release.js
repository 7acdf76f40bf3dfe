// edge-session verify-release

import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inputProblem, usageProblem } from './problem.js';

export const summary = 'whether a folder is what a release says it is';

export const help = `usage: edge-session verify-release [options] <folder>

Compares every file of a downloaded release with its SHA256SUMS: what is changed, what is missing, and what is there and
not listed. Whoever can change a file where you got it can change the sums beside it: take those from somewhere else,
with --sums, or see where they were made: gh attestation verify, npm audit signatures.

  --sums FILE   default SHA256SUMS in the folder

exit code: 0 all are as listed; 1 not; 2 used wrongly; 3 the folder or the sums cannot be read
`;

export const options = { sums: { type: 'string' } };

const SUMS = 'SHA256SUMS';

export async function run({ values, positionals, terminal }) {
  if (positionals.length !== 1) throw usageProblem(`one folder is expected, there are ${positionals.length} arguments`);
  const folder = resolve(positionals[0]);
  const there = entriesOf(folder);
  const file = values.sums === undefined ? join(folder, SUMS) : resolve(values.sums);
  const listed = sumsOf(textOf(file), file);

  const findings = [];
  for (const [name, sum] of listed) {
    const kind = there.get(name);
    if (kind === undefined) findings.push({ name, state: 'missing' });
    else if (kind !== 'file') findings.push({ name, state: 'changed', why: `it is a ${kind}` });
    else if ((await sumOf(join(folder, name))) !== sum) findings.push({ name, state: 'changed' });
    else findings.push({ name, state: 'good' });
  }
  for (const name of [...there.keys()].filter(name => name !== SUMS && !listed.has(name)).sort()) findings.push({ name, state: 'not listed' });

  const isGood = findings.every(({ state }) => state === 'good');
  const width = Math.max(...findings.map(({ state }) => state.length));
  const lines = findings.map(({ name, state, why }) => `${(state === 'good' ? terminal.green : terminal.red)(state.padEnd(width))}  ${name}${why ? `: ${why}` : ''}`);
  const bad = findings.filter(({ state }) => state !== 'good').length;
  const last = isGood ? `All ${listed.size} files are as ${file} lists them.` : `${bad} of ${findings.length} are not as ${file} lists them: use none of them, and get the release again.`;
  return { text: [...lines, '', last].join('\n'), json: { folder, sums: file, good: isGood, files: findings }, isGood };
}

/** What lies in the folder, by name: a release is flat. */
function entriesOf(folder) {
  try {
    const kindOf = name => {
      const entry = lstatSync(join(folder, name));
      return entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'link';
    };
    return new Map(readdirSync(folder).map(name => [name, kindOf(name)]));
  } catch (error) {
    throw inputProblem(`cannot read the folder ${folder} (${error.code})`);
  }
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === undefined) throw error;
    throw inputProblem(`cannot read ${file} (${error.code}): it lists the sums of the release; --sums names another one`);
  }
}

/** Lines of sha256sum: the sum, two blanks or a blank and a star, the name. */
function sumsOf(text, file) {
  const sums = new Map();
  for (const [index, line] of text.replace(/\n$/, '').split('\n').entries()) {
    const [, sum, name] = /^([0-9a-f]{64}) [ *]([^/\\\r]+)$/.exec(line) ?? [];
    if (name === undefined || name === '.' || name === '..') throw inputProblem(`${file}, line ${index + 1}: a line of sha256sum is expected, 64 digits and the name of a file`);
    if (sums.has(name)) throw inputProblem(`${file}, line ${index + 1}: ${name} is listed twice`);
    sums.set(name, sum);
  }
  return sums;
}

async function sumOf(path) {
  const hash = createHash('sha256');
  try {
    for await (const part of createReadStream(path)) hash.update(part);
  } catch (error) {
    throw inputProblem(`cannot read ${path} (${error.code})`);
  }
  return hash.digest('hex');
}
