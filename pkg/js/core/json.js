// JSON as Python writes it too: with NaN, Infinity and -Infinity.

/** The value of a JSON text that the codec has checked. */
export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return parseWithNumbers(text);
  }
}

const NUMBER_OR_TEXT = /["NI]/g;

/** Each place once, since the text is the visitor's: `Infinity` becomes a number that JSON knows, `NaN` a mark. */
function parseWithNumbers(text) {
  // Texts of the session that could be the mark.
  const taken = new Set();
  const betweenMarks = [];
  let written = '';
  let from = 0;
  NUMBER_OR_TEXT.lastIndex = 0;
  for (let found; (found = NUMBER_OR_TEXT.exec(text)) !== null; ) {
    const at = found.index;
    if (found[0] === '"') {
      const end = endOfText(text, at);
      if (text.startsWith(MARK, at + 1)) taken.add(JSON.parse(text.slice(at, end)));
      NUMBER_OR_TEXT.lastIndex = end;
      continue;
    }
    written += text.slice(from, at);
    if (found[0] === 'N') {
      betweenMarks.push(written);
      written = '';
      from = at + 'NaN'.length;
    } else {
      written += '1e999';
      from = at + 'Infinity'.length;
    }
    NUMBER_OR_TEXT.lastIndex = from;
  }
  betweenMarks.push(written + text.slice(from));
  let number = 0;
  while (taken.has(`\u0001${number}`)) number += 1;
  const mark = `\u0001${number}`;
  return JSON.parse(betweenMarks.join(JSON.stringify(mark)), (_, value) => (value === mark ? NaN : value));
}

/** As JSON.stringify spells U+0001, and as everybody has to. */
const MARK = '\\u0001';

/** Behind the quote that ends the text which begins at `at`. */
function endOfText(text, at) {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    if (end < 0) return text.length;
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
}

/** JSON text of a value that was given as `name`. */
export function stringify(value, name) {
  let text;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new TypeError(`${name} has no JSON form: ${error.message}`, { cause: error });
  }
  if (text === undefined) throw new TypeError(`${name} has no JSON form`);
  return text;
}
