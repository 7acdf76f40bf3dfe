// JSON for people, from its text: parsing it first would change big numbers, `1.0` and repeated keys.

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^[\]{},:"\s]+/g;

/**
 * @param {string} json valid JSON, or Python's with `NaN` and `Infinity`
 * @returns {string} the same values, one a line, two blanks a level; empty lists and objects stay on theirs
 */
export function indented(json) {
  const tokens = json.match(TOKEN) ?? [];
  let text = '';
  let depth = 0;
  const line = () => `\n${'  '.repeat(Math.min(depth, MAX_DEPTH))}`;
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    if (token === '}' || token === ']') {
      depth--;
      text += before === '{' || before === '[' ? token : line() + token;
    } else {
      if (before === '{' || before === '[' || before === ',') text += line();
      text += token === ':' ? ': ' : token;
      if (token === '{' || token === '[') depth++;
    }
  });
  return text;
}

/** Deeper levels are not moved further in: 1000 of them would be a megabyte of blanks. */
const MAX_DEPTH = 20;
