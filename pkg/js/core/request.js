// From what people have in hand to the text of a Cookie header: a session or an error, never a guess. What is none of
// these would otherwise be read as a visitor without a cookie, and be logged out without a word.

const WANTED = 'a Request, its headers, the text of a Cookie header, or a jar of cookies with get(name)';

/**
 * @param {unknown} from
 * @param {readonly string[]} names of cookies that are read, for jars
 * @returns {string | null | undefined | Promise<string | undefined>} the header; nothing if none was sent
 */
export function cookieHeader(from, names) {
  if (from === null || from === undefined || typeof from === 'string') return from;
  if (typeof from !== 'object') throw wrong(typeof from === 'function' ? 'a function' : `a ${typeof from}`);
  if (typeof from.then === 'function') return Promise.resolve(from).then(given => cookieHeader(given, names));
  if (isRequest(from)) return ofHeaders(from.headers, from.cookies);
  const tag = tagOf(from);
  if (tag === 'Headers') return from.get('cookie');
  if (Array.isArray(from)) throw wrong('an array');
  if (tag === 'Response' || tag === 'FormData' || tag === 'URLSearchParams') throw wrong(`a ${tag}`);
  // What a framework calls its context: it has get() as well, for other things.
  for (const [part, cure] of Object.entries(CONTEXTS)) {
    if (typeof from[part] === 'object' && from[part] !== null) throw wrong(`a context: give its ${cure}`);
  }
  // Headers of another making than the platform's.
  if (typeof from.get === 'function') return typeof from.getSetCookie === 'function' ? from.get('cookie') : ofJar(from, names);
  const prototype = Object.getPrototypeOf(from);
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return ofPlain(from, names);
  throw wrong(`a ${from.constructor?.name || 'an object'}`);
}

const CONTEXTS = { req: '.req.raw or .req', request: '.request', raw: '.raw', node: '.node.req', response: 'request' };

/** What is one visitor's request for as long as it is answered, and known again. */
export const isRequest = from =>
  typeof from === 'object' &&
  from !== null &&
  typeof from.headers === 'object' &&
  from.headers !== null &&
  // An answer has headers, too.
  typeof (from.status ?? from.statusCode) !== 'number';

const tagOf = value => Object.prototype.toString.call(value).slice(8, -1);

const wrong = what => new TypeError(`from must be ${WANTED}, not ${what}`);

function ofHeaders(headers, cookies) {
  if (typeof headers.get === 'function') return headers.get('cookie');
  // AWS Lambda takes the cookies out of the headers.
  if (Array.isArray(cookies) && cookies.every(cookie => typeof cookie === 'string')) return cookies.join('; ');
  return fieldOf(headers);
}

/** The field of a plain object, in whatever case: as Node has it, or a platform's event. */
function fieldOf(headers) {
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.toLowerCase() !== 'cookie') continue;
    if (typeof value !== 'string' && !isTexts(value)) throw wrong('headers whose cookie is no text');
    return Array.isArray(value) ? value.join('; ') : value;
  }
  return undefined;
}

/** Node's headers, or cookies that somebody has read already. */
function ofPlain(object, names) {
  const found = names.filter(name => typeof object[name] === 'string' && Object.hasOwn(object, name));
  if (found.length > 0) return found.map(name => `${name}=${object[name]}`).join('; ');
  for (const value of Object.values(object)) {
    if (value !== undefined && typeof value !== 'string' && !isTexts(value)) throw wrong('an object with other things than headers');
  }
  return fieldOf(object);
}

const isTexts = value => Array.isArray(value) && value.every(item => typeof item === 'string');

/** A jar gives a text, or an object with a `value`, at once or later. */
function ofJar(jar, names) {
  const found = names.map(name => jar.get(name));
  if (found.some(cookie => typeof cookie?.then === 'function')) return Promise.all(found).then(all => joined(all, names));
  return joined(found, names);
}

function joined(found, names) {
  const pairs = [];
  for (const [index, cookie] of found.entries()) {
    if (cookie === undefined || cookie === null) continue;
    const value = typeof cookie === 'object' ? cookie.value : cookie;
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') throw wrong('a jar whose get(name) gives no text');
    pairs.push(`${names[index]}=${value}`);
  }
  return pairs.length === 0 ? undefined : pairs.join('; ');
}
