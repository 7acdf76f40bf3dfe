// Checks of arguments: what is wrong is the caller's mistake, so it throws a TypeError with the argument's name,
// and never shows the value.

export const kind = value =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;

const wrong = (name, expected, value) => new TypeError(`${name} must be ${expected}, not ${kind(value)}`);

export const string = (value, name) => {
  if (typeof value !== 'string') throw wrong(name, 'a string', value);
  return value;
};

export const boolean = (value, name) => {
  if (typeof value !== 'boolean') throw wrong(name, 'a boolean', value);
  return value;
};

/** A whole number from `least` to 2^32 - 1, the widest that the codec takes. */
export const whole = (value, name, least = 0) => {
  if (typeof value !== 'number') throw wrong(name, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > 0xffff_ffff)
    throw new TypeError(`${name} must be a whole number from ${least} to 4294967295`);
  return value;
};

export const oneOf = (...texts) => (value, name) => {
  if (typeof value !== 'string') throw wrong(name, 'a string', value);
  if (!texts.includes(value)) throw new TypeError(`${name} must be one of ${texts.join(', ')}`);
  return value;
};

export const object = (value, name) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name, 'an object', value);
  return value;
};

export const array = (value, name) => {
  if (!Array.isArray(value)) throw wrong(name, 'an array', value);
  return value;
};

export const uint8Array = (value, name) => {
  // Bytes may come from another realm, as in tests; a DataView has no `length`.
  if (!ArrayBuffer.isView(value) || value.BYTES_PER_ELEMENT !== 1) throw wrong(name, 'a Uint8Array', value);
  return value;
};

/** Seconds since 1970 of the years 2001 to 2286: read as milliseconds they are days of early 1970, which nobody means. */
const looksLikeSeconds = millis => millis >= 1e9 && millis < 1e10;

/** A point in time as milliseconds since 1970. */
export const instant = (value, name) => {
  const millis = value instanceof Date ? value.getTime() : value;
  if (typeof millis !== 'number') throw wrong(name, 'a number of milliseconds or a Date', value);
  if (!Number.isFinite(millis)) throw new TypeError(`${name} must be a finite time`);
  if (looksLikeSeconds(millis)) {
    throw new TypeError(
      `${name} must be milliseconds since 1970, as of Date.now(): as such this is a day of 1970, so it is seconds, and 1000 times that is meant`,
    );
  }
  return millis;
};

const AT = Object.freeze(['now']);

/**
 * Options of a call. One that nobody knows is a mistake: it would have no effect, and nobody would see that.
 *
 * @template {object} T
 * @param {T | undefined} value
 * @param {readonly string[]} known
 * @returns {Partial<T>}
 */
export const options = (value, known = AT) => {
  if (value === undefined) return NONE;
  for (const name of Object.keys(object(value, 'options'))) {
    if (!known.includes(name)) throw new TypeError(`options.${name} is unknown; there is ${known.join(', ')}`);
  }
  return value;
};

const NONE = Object.freeze({});

/** The time in options, or the clock's. */
export const now = (value, known) => {
  const given = options(value, known).now;
  return given === undefined ? Date.now() : instant(given, 'now');
};

/**
 * The fields of an object by their readers, `{ sameSite: string }` to `{ same_site }`: those that are there. A field
 * that nobody knows is a mistake, and one that is silently left out would be a dangerous one.
 */
export const fields = (value, name, readers) => {
  object(value, name);
  const read = {};
  for (const [field, given] of Object.entries(value)) {
    const reader = Object.hasOwn(readers, field) ? readers[field] : undefined;
    const path = name === 'config' ? field : `${name}.${field}`;
    if (reader === undefined) throw new TypeError(`${path} is unknown; ${name} has ${Object.keys(readers).join(', ')}`);
    if (given === undefined || reader === skip) continue;
    read[snake(field)] = reader(given, path);
  }
  return read;
};

/** The reader of what is read elsewhere. */
export const skip = () => undefined;

const snake = field => field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
