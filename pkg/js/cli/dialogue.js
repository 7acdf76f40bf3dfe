// Questions to whoever sits at the terminal.

import { createInterface } from 'node:readline/promises';
import { usageProblem } from './problem.js';

/**
 * @param {import('node:stream').Readable & { isTTY?: boolean }} from
 * @param {import('node:stream').Writable} to not standard output, which is for what a command makes
 */
export function dialogue(from, to) {
  const isPossible = Boolean(from.isTTY);

  /** One line, or `preset` for an empty one. */
  async function line(question, preset) {
    const lines = createInterface({ input: from, output: to });
    try {
      const given = await lines.question(`${question}${preset ? ` [${preset}]` : ''}: `);
      return given.trim() || preset || '';
    } finally {
      lines.close();
    }
  }

  return {
    isPossible,
    /**
     * Asks until `read` takes the answer.
     *
     * @param {string} question
     * @param {object} how
     * @param {string} [how.preset] for an empty line
     * @param {string} how.option what gives the answer where nobody can be asked
     * @param {(text: string) => T} how.read throws a `Problem` that says what is expected
     * @returns {Promise<T>}
     * @template T
     */
    async ask(question, { preset, option, read }) {
      if (!isPossible) throw usageProblem(`${question} is to be said, and nobody can be asked here: give ${option}`);
      for (;;) {
        const text = await line(question, preset);
        try {
          return read(text);
        } catch (error) {
          if (error.code === undefined) throw error;
          to.write(`${error.message}\n`);
        }
      }
    },
    /** Whether they agree; nobody does where nobody can be asked. */
    async agreed(question) {
      return isPossible && /^y(es)?$/i.test(await line(`${question} (y/N)`));
    },
  };
}
