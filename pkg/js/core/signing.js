import * as argument from './argument.js';
import { binding, call } from './binding.js';
import { secrets } from './config.js';
import { parse, stringify } from './json.js';

const COOKIE_SALT = 'django.contrib.sessions.backends.signed_cookies';
const ROW_SALT = 'django.contrib.sessions.SessionStore';

function read(secretKeys, given, known) {
  const options = argument.options(given, known);
  const { maxAge, allowWeak = false, salt = COOKIE_SALT } = options;
  return {
    keys: secrets(secretKeys, 'secretKeys').join('\0'),
    weak: argument.boolean(allowWeak, 'allowWeak'),
    maxAge: maxAge === undefined ? -1 : argument.whole(maxAge, 'maxAge'),
    salt: argument.string(salt, 'salt'),
    now: argument.now(options, known),
  };
}

function loads(text, salt, { keys, weak, maxAge, now }) {
  argument.string(text, 'text');
  const loaded = call(() => binding().loads(text, salt, keys, weak, maxAge, now));
  if (loaded[0] === 'r') return { kind: 'rejected', reason: loaded.slice(1) };
  const end = loaded.indexOf('\0');
  const [, seconds, position] = loaded.slice(0, end).split(' ');
  const json = loaded.slice(end + 1);
  return { kind: 'loaded', value: parse(json), json, issuedAt: Number(seconds) * 1000, keyPosition: Number(position) };
}

const dumps = (value, salt, { keys, weak, now }) =>
  call(() => binding().dumps(stringify(value, 'value'), salt, keys, weak, now));

const SIGNING = Object.freeze(['allowWeak', 'now']);
const LOADING = Object.freeze([...SIGNING, 'maxAge']);

/** See index.d.ts. */
export const django = Object.freeze({
  COOKIE_SALT,
  ROW_SALT,
  loads(text, secretKeys, options) {
    const read_ = read(secretKeys, options, [...LOADING, 'salt']);
    return loads(text, read_.salt, read_);
  },
  dumps(value, secretKeys, options) {
    const read_ = read(secretKeys, options, [...SIGNING, 'salt']);
    return dumps(value, read_.salt, read_);
  },
});

/** See index.d.ts. */
export const flask = Object.freeze({
  loads: (text, secretKeys, options) => loads(text, undefined, read(secretKeys, options, LOADING)),
  dumps: (value, secretKeys, options) => dumps(value, undefined, read(secretKeys, options, SIGNING)),
});
