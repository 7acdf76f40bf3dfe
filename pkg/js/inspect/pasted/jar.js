// Cookies as tables have them: a jar of curl and wget, a row of a browser's developer tools, an export as JSON.

/** Domain, whether its hosts too, path, secure, expiry, name, value; what scripts cannot see begins with #HttpOnly_. */
const JAR_LINE = /^(#HttpOnly_)?[^\s#][^\t]*\t(TRUE|FALSE)\t\/[^\t]*\t(TRUE|FALSE)\t-?\d+\t([^\t]*)\t?([^\t]*)$/i;

/**
 * @param {string} text of a file as `curl -c` and wget write it
 * @returns {Pair[] | undefined} `undefined`: it is none
 *
 * @typedef {{ name: string, value: string }} Pair
 */
export function readJar(text) {
  const lines = linesOf(text).filter(line => !/^#(?!HttpOnly_)/.test(line));
  const cookies = lines.map(line => JAR_LINE.exec(line));
  if (cookies.length === 0 || cookies.includes(null)) return undefined;
  return cookies.map(([, , , , name, value]) => ({ name, value }));
}

/**
 * @param {string} text rows as developer tools copy them: name, value, and more, with tabs between
 * @returns {Pair[] | undefined}
 */
export function readTable(text) {
  const rows = linesOf(text).map(line => line.split('\t'));
  if (rows.length === 0 || rows.some(row => row.length < 2 || /[=:;]/.test(row[0]))) return undefined;
  const isHeading = ([name, value]) => /^name$/i.test(name) && /^value$/i.test(value);
  const pairs = rows.filter(row => !isHeading(row)).map(([name, value]) => ({ name: name.trim(), value: value.trim() }));
  return pairs.length > 0 ? pairs : undefined;
}

/**
 * @param {string} text a list of objects with `name` and `value`, or one of them, as browsers and their extensions export
 * @returns {Pair[] | undefined}
 */
export function readExport(text) {
  if (!/^\s*[[{]/.test(text)) return undefined;
  let read;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list = Array.isArray(read) ? read : [read];
  const isCookie = item => typeof item?.name === 'string' && typeof item.value === 'string';
  if (list.length === 0 || !list.every(isCookie)) return undefined;
  return list.map(({ name, value }) => ({ name, value }));
}

const linesOf = text => text.split(/\r\n|\r|\n/).filter(line => line.trim() !== '');
