// What a command reads: an argument, standard input, a file.

import { readFileSync } from 'node:fs';
import { inputProblem, usageProblem } from './problem.js';

/** More than a Cookie header or a session may have, and a bound on what is read. */
const MAX_BYTES = 4 << 20;

/**
 * Standard input, which only one thing can come from.
 *
 * @param {import('node:stream').Readable & { isTTY?: boolean }} stream
 */
export function standardInput(stream) {
  let takenFor;
  return {
    /**
     * @param {string} what for messages
     * @returns {Promise<string>}
     */
    async read(what) {
      if (takenFor) throw usageProblem(`standard input cannot be ${takenFor} and ${what} at once`);
      takenFor = what;
      if (stream.isTTY) throw usageProblem(`${what} is expected on standard input, or as an argument`);
      const chunks = [];
      let length = 0;
      for await (const chunk of stream) {
        length += chunk.length;
        if (length > MAX_BYTES)
          throw inputProblem(`${what}: more than ${MAX_BYTES >> 20} MiB on standard input`);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}

/**
 * The one argument of a command: a text, or `-` or nothing for standard input.
 *
 * @param {string[]} positionals
 * @param {{ read(what: string): Promise<string> }} input
 * @param {string} what for messages
 */
export async function argument(positionals, input, what) {
  if (positionals.length > 1) {
    throw usageProblem(
      `one ${what} is expected, there are ${positionals.length} arguments: is a quote missing?`,
    );
  }
  const [given = '-'] = positionals;
  const text = given === '-' ? await input.read(what) : given;
  if (text.trim() === '') throw inputProblem(`the ${what} is empty`);
  return text;
}

/** The text of a file, or of standard input for `-` or nothing. */
export async function fileArgument(positionals, input, what) {
  if (positionals.length > 1)
    throw usageProblem(`one ${what} is expected, there are ${positionals.length} arguments`);
  const [path = '-'] = positionals;
  return path === '-' ? input.read(what) : textOf(path, what);
}

/** @param {string} path @param {string} what */
export function textOf(path, what) {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > MAX_BYTES)
      throw inputProblem(`${what}: ${path} has more than ${MAX_BYTES >> 20} MiB`);
    return bytes.toString('utf8');
  } catch (error) {
    if (error.code === undefined || typeof error.code === 'number') throw error;
    throw inputProblem(`${what}: cannot read ${path} (${error.code})`);
  }
}
