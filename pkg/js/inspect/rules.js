// Rules for keys, as a settings file has them.

/** The Worker's spelling is JSON's, the package's JavaScript's. */
const SPELLINGS = { max_age: 'maxAge', max_bytes: 'maxBytes' };

/**
 * @param {string} text JSON
 * @param {string} what it is, for messages
 * @returns {import('../index.js').KeyRule[]} what is in a rule is for the codec to judge
 * @throws {SyntaxError} if it is not a JSON list; the text is not in the message
 */
export function rulesFrom(text, what) {
  const rules = parsedJson(text, what);
  if (!Array.isArray(rules)) throw new SyntaxError(`${what}: a JSON list is expected`);
  return rules.map(rule => {
    if (rule === null || typeof rule !== 'object' || Array.isArray(rule)) return rule;
    return Object.fromEntries(Object.entries(rule).map(([name, value]) => [SPELLINGS[name] ?? name, value]));
  });
}

/** `JSON.parse` with a message that does not quote the text, which may be anything. */
export function parsedJson(text, what) {
  try {
    return JSON.parse(text);
  } catch (error) {
    const at = /position (\d+)/.exec(error.message);
    throw new SyntaxError(`${what}: not JSON${at ? ` (at position ${at[1]})` : ''}`);
  }
}
