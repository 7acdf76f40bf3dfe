// The head of a request or an answer: raw, as `curl -i` and `curl -v` print it, as developer tools copy it, or as the
// curl command that they make of it.

const FIRST_LINE = /^(HTTP\/\d(\.\d)?\s+\d{3}\b|[A-Z]+\s+\S+\s+HTTP\/\d(\.\d)?$)/;
const FIELD = /^:?[!#$%&'*+.^_`|~\w-]+:(\s|$)/;
const OURS = /^(set-cookie|cookie):/i;
/** Of `curl -v`: what is said of the connection, and how much of a body came. */
const OF_CURL = /^(\*|[{}] \[)/;

/**
 * The lines of a head that are about cookies, and those that such a line was broken into.
 *
 * @param {string} text
 * @returns {string | undefined} `undefined`: it is no head, or one without anything else in it
 */
export function cookieLines(text) {
  const lines = text.split(/\r\n|\r|\n/);
  const isVerbose = lines.some(line => /^[<>] \S/.test(line));
  const bare = isVerbose
    ? lines.filter(line => !OF_CURL.test(line)).map(line => line.replace(/^[<>] ?/, ''))
    : lines;
  const isHead = isVerbose || bare.some(line => FIRST_LINE.test(line) || (FIELD.test(line) && !OURS.test(line)));
  if (!isHead || !bare.some(line => OURS.test(line.trimStart()))) return undefined;
  const kept = [];
  let isInside = false;
  let hasFirst = false;
  for (const line of bare) {
    if (FIRST_LINE.test(line)) {
      // Of several answers, as after a redirect, each has its own head.
      hasFirst = true;
      isInside = false;
    } else if (line.trim() === '' && hasFirst && !isVerbose && kept.length > 0) {
      // A body follows, or the next head.
      break;
    } else if (OURS.test(line.trimStart())) {
      isInside = true;
      kept.push(line);
    } else if (FIELD.test(line) || line.trim() === '') {
      isInside = false;
    } else if (isInside) {
      kept.push(line);
    }
  }
  return kept.join('\n');
}

/**
 * What a curl command sends as cookies.
 *
 * @param {string} text `curl 'https://…' -H 'Cookie: …'`, or with `-b`
 * @returns {string | undefined} a `Cookie` header; `undefined`: it is no such command
 */
export function cookieOfCommand(text) {
  if (!/^\s*[$#]?\s*curl(\.exe)?\s/.test(text)) return undefined;
  const words = wordsOf(text);
  const found = [];
  for (const [index, word] of words.entries()) {
    const next = words[index + 1] ?? '';
    if (/^(-b|--cookie)$/.test(word) && next.includes('=')) found.push(next);
    else if (/^--cookie=/.test(word)) found.push(word.slice('--cookie='.length));
    else if (/^(-H|--header)$/.test(word) && /^cookie:/i.test(next)) found.push(next.replace(/^cookie:\s*/i, ''));
  }
  return found.length > 0 ? `Cookie: ${found.join('; ')}` : undefined;
}

// Words of a shell's line: quotes of both kinds, $'…' without its escapes, backslash and caret at a line's end.
function wordsOf(text) {
  const joined = text.replace(/[\\^]\r?\n/g, ' ');
  const words = joined.matchAll(/(?:\$?'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/g);
  return [...words].map(([word]) =>
    word.replace(/\$?'([^']*)'|"((?:\\.|[^"\\])*)"/g, (_, plain, quoted) => plain ?? quoted.replace(/\\(.)/g, '$1')),
  );
}
