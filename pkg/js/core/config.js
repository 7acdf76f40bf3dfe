// Configuration as users write it -> the two texts of fields that the module reads (pkg/src/settings.rs).

import { array, boolean, fields, instant, kind, oneOf, skip, string, uint8Array, whole } from './argument.js';
import { day } from './day.js';
import { EdgeSessionError } from './error.js';
import { limits } from './limits.js';
import { wrapping } from './wrapping.js';

const positive = (value, name) => whole(value, name, 1);
const seconds = (value, name) => Math.floor(instant(value, name) / 1000);
const listOf = reader => (value, name) => array(value, name).map((item, index) => reader(item, `${name}[${index}]`));
const record = readers => (value, name) => fields(value, name, readers);

const envelope = oneOf('sealed', 'django', 'flask');
const acceptance = (value, name) =>
  typeof value === 'string'
    ? { envelope: envelope(value, name) }
    : fields(value, name, { envelope, until: seconds, issuedBefore: seconds });

const dictionary = (value, name) => {
  const { id, bytes: content } = fields(value, name, { id: whole, bytes: uint8Array });
  // Texts of at most 32,768 bytes: one call each is within any engine's number of arguments.
  return { id, base64: btoa(String.fromCharCode(...content)) };
};

const schema = (value, name) => {
  const validate = value?.['~standard']?.validate;
  if (typeof validate !== 'function') throw new TypeError(`${name} must be a Standard Schema`);
};

const cookie = {
  name: string,
  sameSite: oneOf('strict', 'lax', 'none'),
  secure: boolean,
  httpOnly: boolean,
  path: string,
  domain: string,
  partitioned: boolean,
  priority: oneOf('low', 'medium', 'high'),
};

const readers = {
  keys: skip,
  django: skip,
  flask: skip,
  persistent: boolean,
  schema,
  cookie: record(cookie),
  formerCookie: skip,
  audience: string,
  budget: whole,
  write: envelope,
  accept: listOf(acceptance),
  idleSeconds: positive,
  absoluteSeconds: positive,
  staleSeconds: whole,
  compressFrom: whole,
  identify: boolean,
  rules: listOf(
    record({
      key: string,
      priority: oneOf('critical', 'important', 'normal', 'optional'),
      maxAge: positive,
      secret: boolean,
      overflow: oneOf('spill', 'drop'),
      maxBytes: whole,
    }),
  ),
  overflow: oneOf('spill', 'drop', 'refuse'),
  limits: record({ cookieBytes: whole, recordBytes: whole, jsonDepth: whole }),
  dictionaries: listOf(dictionary),
  writeDictionary: whole,
};

/**
 * `config` and `keys` as texts, without the fields that `others` read; what JavaScript itself needs, and what reads the other cookies: `former` the name of
 * before, `djangoCookie` Django's own.
 */
export function readConfig(given, others = {}) {
  const { schema: _, persistent, ...config } = fields(given, 'config', { ...readers, ...others });
  config.accept ??= [{ envelope: config.write ?? 'sealed' }];
  const keys = sealing(given.keys);
  for (const framework of ['django', 'flask']) {
    if (given[framework] === undefined) continue;
    const own = fields(given[framework], framework, {
      secretKeys: secrets,
      allowWeak: boolean,
      ...(framework === 'django' && { cookie: string }),
    });
    if (own.secret_keys === undefined) throw new TypeError(`${framework}.secretKeys must be given: the framework's SECRET_KEY, a string or bytes, or an array of them`);
    for (const key of own.secret_keys) keys.push([framework, key]);
    if (own.allow_weak) keys.push([`${framework}_weak`, '']);
    if (own.cookie !== undefined) config.django_cookie = own.cookie;
  }
  const ofName = name => text(flat({ ...config, cookie: { ...config.cookie, ...name }, django_cookie: undefined }));
  return {
    config: text(flat(config)),
    keys: text(keys),
    persistent: persistent ?? true,
    idleSeconds: config.idle_seconds ?? limits().idleSeconds,
    schema: given.schema,
    former: former(given.formerCookie, ofName),
    djangoCookie: config.django_cookie === undefined ? undefined : { name: config.django_cookie, config: ofName({ name: config.django_cookie }) },
  };
}

/** The cookie's name of before; its attributes, where they are not said, are those of today's. */
function former(given, ofName) {
  if (given === undefined) return undefined;
  const { until, ...was } = fields(given, 'formerCookie', { ...cookie, until: instant });
  if (was.name === undefined) throw new TypeError('formerCookie.name must be given');
  if (until === undefined) throw new TypeError('formerCookie.until must be given: when the last cookie of that name has ended');
  return { name: was.name, until, config: ofName(was) };
}

/** The codec's refusal, in the words of this configuration: it does not know how its keys are given. */
export function explained(error, given) {
  if (error.code !== 'invalid_config' || !/^a sealing key is needed/.test(error.message)) return error;
  return new EdgeSessionError(
    error.code,
    `keys is ${given.keys === undefined ? 'missing' : 'empty'}: ${error.message}. npx edge-session keygen draws one; ` +
      'where keys comes from a variable, such as process.env.SESSION_KEYS, that is not set here',
  );
}

/** `{ a: { b: 1 }, c: [{ d: 2 }] }` to `a.b` 1, `c`, `c.d` 2. */
function flat(value, name = '') {
  if (Array.isArray(value)) return value.flatMap(item => [[name, ''], ...flat(item, name)]);
  if (value === undefined) return [];
  if (typeof value !== 'object') return [[name, String(value)]];
  return Object.entries(value).flatMap(([field, inner]) => flat(inner, name === '' ? field : `${name}.${field}`));
}

/** What holds the separator could pass for fields of its own. */
function text(pairs) {
  for (const [field, value] of pairs) {
    if (value.includes('\0')) throw new TypeError(`${field} must not have a NUL character`);
  }
  return pairs.flat().map(part => `${part}\0`).join('');
}

/**
 * One framework's secret, or several, as hexadecimal digits of their bytes: Flask's may be bytes that are no text.
 */
export function secrets(value, name) {
  if (typeof value === 'string' || ArrayBuffer.isView(value)) return [secret(value, name)];
  if (!Array.isArray(value))
    throw new TypeError(`${name} must be a string, a Uint8Array or an array of them, not ${kind(value)}`);
  return value.map((item, index) => secret(item, `${name}[${index}]`));
}

function secret(value, name) {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : uint8Array(value, name);
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** `es1_… es1_…@2027-01-31`, or a list of such. */
function sealing(given) {
  if (given === undefined) return [];
  if (typeof given !== 'string' && !Array.isArray(given))
    throw new TypeError(`keys must be a string or an array of strings, not ${kind(given)}`);
  const list = typeof given === 'string' ? [given] : given.map((item, index) => string(item, `keys[${index}]`));
  return list
    .flatMap(text => text.split(/[\s,]+/))
    .filter(text => text !== '')
    .flatMap((text, index) => {
      const refused = why => new EdgeSessionError('invalid_key', `keys: key ${index + 1}: ${why}`);
      const round = wrapping(text);
      if (round !== undefined) throw refused(round);
      const at = text.indexOf('@');
      if (at < 0) return [['sealing', text]];
      const seconds = day(text.slice(at + 1));
      if (seconds === undefined) throw refused('what follows @ is not a date such as 2027-01-31');
      return [
        ['sealing', text.slice(0, at)],
        ['until', String(seconds)],
      ];
    });
}
