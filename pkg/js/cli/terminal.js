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
const MAX_COLUMNS = 110;

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
  return { ...Object.fromEntries(styles), isPlain, columns: Math.min(stream.columns ?? 80, MAX_COLUMNS) };
}

/**
 * What steers a terminal or cannot be seen: controls, marks of direction, what has no width, tags, what is no character.
 * The soft hyphen and the blanks that a text may have are left.
 */
const UNSEEN = /(?!\u00ad)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

// As JSON spells it, which has no more than four digits to an escape.
const escaped = characters =>
  Array.from({ length: characters.length }, (_, index) => {
    return `\\u${characters.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }).join('');

/** Text from a cookie as it may be shown: what steers a terminal is made visible. */
export const visible = text => text.replace(UNSEEN, escaped);

/** The same of a JSON text, which stays the same JSON: its own line ends are left. */
export const visibleJson = json => json.replace(UNSEEN, character => (character === '\n' ? character : escaped(character)));
