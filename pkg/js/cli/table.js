// Columns of text.

/**
 * @param {string[][]} rows the first one the heads
 * @param {object} how
 * @param {number[]} [how.right] columns that are numbers
 * @param {import('./terminal.js').Terminal} terminal
 * @returns {string} lines without blanks at their ends
 */
export function table(rows, { right = [] }, terminal) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => lengthOf(row[column]))));
  const line = row =>
    row
      .map((cell, column) => {
        const blanks = ' '.repeat(widths[column] - lengthOf(cell));
        return right.includes(column) ? blanks + cell : cell + blanks;
      })
      .join('  ')
      .trimEnd();
  const [head, ...body] = rows;
  return [terminal.dim(line(head)), ...body.map(line)].join('\n');
}

// As it is seen: colours take no place.
const lengthOf = text => [...text.replace(/\u001b\[\d+m/g, '')].length;
