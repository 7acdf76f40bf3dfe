// JSON as Python writes it too: with NaN, Infinity and -Infinity.

/** The value of a JSON text that the codec has checked. */
export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return parseWithNumbers(text);
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;
const NUMBERS = { NaN, Infinity, '-Infinity': -Infinity };

function parseWithNumbers(text) {
  // A marked text stands for such a number; no text of the session can begin with the mark.
  let mark = '\u0001';
  while (text.includes(JSON.stringify(mark).slice(1, -1)) || text.includes(mark)) mark += '\u0001';
  const marked = text.replace(TOKEN, token => (token[0] === '"' ? token : JSON.stringify(mark + token)));
  return JSON.parse(marked, (_, value) =>
    typeof value === 'string' && value.startsWith(mark) ? NUMBERS[value.slice(mark.length)] : value,
  );
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
