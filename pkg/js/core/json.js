// JSON as Python writes it too: with NaN, Infinity and -Infinity. And what JSON cannot say.

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

/** JSON text of a value that was given as `name`. What would come back as another value is a mistake. */
export function stringify(value, name) {
  check(value, name);
  return loosely(value, name);
}

/** JSON text of a value, whatever JSON makes of it: to compare with, never to keep. */
export function loosely(value, name) {
  let text;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new TypeError(`${name} has no JSON form: ${error.message}`, { cause: error });
  }
  if (text === undefined) throw new TypeError(`${name} has no JSON form`);
  return text;
}

/** Throws a TypeError with the place in `name` of what JSON cannot say. */
export function check(value, name) {
  const found = fault(value, 0);
  if (found === undefined) return;
  const place = name === '' ? found.path.replace(/^\./, '') : name + found.path;
  throw new TypeError(`${place} must be a JSON value, not ${found.what}`);
}

/** Whether JSON can say it. */
export const isJson = value => fault(value, 0) === undefined;

/** Deeper than what the codec takes: too deep, or a circle. Either is said when it is written. */
const MAX_LEVELS = 2000;

/** `undefined`, or where JSON would keep something else than what is there. */
function fault(value, level) {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : { path: '', what: String(value) };
    case 'object':
      if (value === null || level > MAX_LEVELS) return undefined;
      return Array.isArray(value) ? faultOfItems(value, level + 1) : faultOfMembers(value, level + 1);
    default:
      return { path: '', what: typeof value === 'bigint' ? 'a bigint' : typeof value };
  }
}

function faultOfItems(items, level) {
  for (let index = 0; index < items.length; index++) {
    const found = fault(items[index], level);
    if (found !== undefined) return { path: `[${index}]${found.path}`, what: found.what };
  }
  return undefined;
}

function faultOfMembers(object, level) {
  // A plain object, of this realm or of another one.
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null)
    return { path: '', what: ofClass(object) };
  for (const key in object) {
    const value = object[key];
    // A member without a value is no member: that is what comes back.
    if (typeof value === 'string' || value === undefined) continue;
    const found = fault(value, level);
    if (found !== undefined && Object.hasOwn(object, key)) return { path: `.${key}${found.path}`, what: found.what };
  }
  return undefined;
}

const CURES = {
  Promise: 'was it awaited?',
  Date: 'set its time or its toISOString()',
  Map: 'set Object.fromEntries(map)',
  Set: 'set [...set]',
};

function ofClass(object) {
  const name = object.constructor?.name || 'an object of a class';
  const cure = CURES[name] ?? 'set what it is made of, as a plain object';
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name} (${cure})`;
}

/** A deep copy. What JSON cannot say, as of a schema's output, is what JSON makes of it; numbers of Python's stay. */
export function copy(value, level = 0) {
  if (typeof value !== 'object' || value === null) return value;
  if (level > MAX_LEVELS) throw new TypeError('the session has no JSON form: it is nested too deeply, or in a circle');
  if (Array.isArray(value)) return value.map(item => (item === undefined ? null : copy(item, level + 1)));
  if (typeof value.toJSON === 'function') return copy(value.toJSON(), level + 1);
  const copied = {};
  for (const key of Object.keys(value)) add(copied, key, value[key], level + 1);
  return copied;
}

/** Adds a copied member, unless JSON would leave it out. */
export function add(object, key, value, level = 0) {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return;
  const copied = copy(value, level);
  // An assignment would change the prototype.
  if (key === '__proto__') Object.defineProperty(object, key, { value: copied, writable: true, enumerable: true, configurable: true });
  else object[key] = copied;
}
