// Configuration as users write it -> the two texts of fields that the module reads (pkg/src/settings.rs).

import { array, boolean, fields, instant, kind, octets, oneOf, skip, string, whole } from './argument.js';
import { EdgeSessionError } from './error.js';

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
  const { id, octets: content } = fields(value, name, { id: whole, octets });
  // Texts of at most 32,768 octets: one call each is within any engine's number of arguments.
  return { id, base64: btoa(String.fromCharCode(...content)) };
};

const schema = (value, name) => {
  const validate = value?.['~standard']?.validate;
  if (typeof validate !== 'function') throw new TypeError(`${name} must be a Standard Schema`);
};

const readers = {
  keys: skip,
  django: skip,
  flask: skip,
  persistent: boolean,
  schema,
  cookie: record({
    name: string,
    sameSite: oneOf('strict', 'lax', 'none'),
    secure: boolean,
    httpOnly: boolean,
    path: string,
    domain: string,
    partitioned: boolean,
    priority: oneOf('low', 'medium', 'high'),
  }),
  audience: string,
  budget: whole,
  write: envelope,
  accept: listOf(acceptance),
  idleSeconds: positive,
  absoluteSeconds: positive,
  compressFrom: whole,
  identify: boolean,
  rules: listOf(
    record({
      key: string,
      priority: oneOf('critical', 'important', 'normal', 'optional'),
      maxAge: positive,
      secret: boolean,
      overflow: oneOf('spill', 'drop'),
      maxOctets: whole,
    }),
  ),
  overflow: oneOf('spill', 'drop', 'refuse'),
  limits: record({ cookieOctets: whole, recordOctets: whole, jsonDepth: whole }),
  dictionaries: listOf(dictionary),
  writeDictionary: whole,
};

/** `{ config, keys }` as texts, `persistent` and `schema`. */
export function readConfig(given) {
  const { schema: _, persistent, ...config } = fields(given, 'config', readers);
  config.accept ??= [{ envelope: config.write ?? 'sealed' }];
  const keys = sealing(given.keys);
  for (const framework of ['django', 'flask']) {
    if (given[framework] === undefined) continue;
    const own = fields(given[framework], framework, {
      secretKeys: secrets,
      allowWeak: boolean,
      ...(framework === 'django' && { cookie: string }),
    });
    if (own.secret_keys === undefined) throw new TypeError(`${framework}.secretKeys must be a string or an array of them`);
    for (const key of own.secret_keys) keys.push([framework, key]);
    if (own.allow_weak) keys.push([`${framework}_weak`, '']);
    if (own.cookie !== undefined) config.django_cookie = own.cookie;
  }
  return {
    config: text(flat(config)),
    keys: text(keys),
    persistent: persistent ?? true,
    schema: given.schema,
  };
}

/** `{ a: { b: 1 }, c: [{ d: 2 }] }` to `a.b` 1, `c`, `c.d` 2. */
function flat(value, name = '') {
  if (Array.isArray(value)) return value.flatMap(item => [[name, ''], ...flat(item, name)]);
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

/** One secret, or several. */
export function secrets(value, name) {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) throw new TypeError(`${name} must be a string or an array of strings, not ${kind(value)}`);
  return value.map((item, index) => string(item, `${name}[${index}]`));
}

/** `es1_… es1_…@2027-01-31`, or a list of such. */
function sealing(given) {
  if (given === undefined) return [];
  const texts = secrets(given, 'keys').flatMap(text => text.split(/[\s,]+/));
  return texts
    .filter(text => text !== '')
    .flatMap((text, index) => {
      const at = text.indexOf('@');
      if (at < 0) return [['sealing', text]];
      const date = text.slice(at + 1);
      const millis = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN;
      if (Number.isNaN(millis))
        throw new EdgeSessionError('invalid_key', `keys: key ${index + 1}: what follows @ is not a date such as 2027-01-31`);
      return [
        ['sealing', text.slice(0, at)],
        ['until', String(millis / 1000)],
      ];
    });
}
