// Bars of block characters.

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * @param {number} share of the whole, 0 to 1
 * @param {number} width in columns
 * @returns {string} at least the thinnest bar for what is not nothing
 */
export function bar(share, width) {
  const eighths = Math.min(Math.round(share * width * 8), width * 8);
  const shown = share > 0 ? Math.max(eighths, 1) : 0;
  return '█'.repeat(shown >> 3) + EIGHTHS[shown & 7];
}

/** The same with what is left of the whole shown too. */
export function gauge(share, width) {
  const filled = bar(share, width);
  return filled + '░'.repeat(Math.max(width - [...filled].length, 0));
}
