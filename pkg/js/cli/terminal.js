// How text looks on this output: colours where a person sees them, a width to keep to.

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Wider lines are hard to read, whatever the window. */
const MOST_COLUMNS = 110;

/**
 * @param {import('node:tty').WriteStream | import('node:stream').Writable} stream
 * @param {NodeJS.ProcessEnv} env `NO_COLOR` and `FORCE_COLOR` as everywhere (no-color.org, force-color.org)
 * @returns {Terminal}
 *
 * @typedef {{ columns: number, isPlain: boolean } & Record<keyof typeof CODES, (text: string) => string>} Terminal
 */
export function terminalOf(stream, env) {
  const wanted = env.FORCE_COLOR && env.FORCE_COLOR !== '0';
  const isPlain = Boolean(env.NO_COLOR) || (!wanted && (!stream.isTTY || env.TERM === 'dumb'));
  const paint = ([on, off]) => (isPlain ? String : text => `\u001b[${on}m${text}\u001b[${off}m`);
  const styles = Object.entries(CODES).map(([name, codes]) => [name, paint(codes)]);
  return { ...Object.fromEntries(styles), isPlain, columns: Math.min(stream.columns ?? 80, MOST_COLUMNS) };
}

/** Text from a cookie as it may be shown: what steers a terminal is made visible. */
export const visible = text =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, character => {
    return `\\u${character.codePointAt(0).toString(16).padStart(4, '0')}`;
  });
