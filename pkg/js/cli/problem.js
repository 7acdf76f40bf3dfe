// What ends a command early, by whose fault it is.

/** Exit codes, as `--help` and the README list them. */
export const EXIT = { good: 0, bad: 1, usage: 2, input: 3 };

/** A message for a person, an exit code for a script. */
export class Problem extends Error {
  /**
   * @param {string} message without any secret
   * @param {number} code of `EXIT`
   */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

export const usageProblem = message => new Problem(message, EXIT.usage);
export const inputProblem = (message, code = EXIT.input) => new Problem(message, code);
