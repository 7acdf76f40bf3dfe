// A session to look at: sealed here and now under a key that is drawn for it.

import { createCodec, generateKey } from '../js/index.js';

const RULES = [
  { key: '_auth_*', priority: 'critical' },
  { key: 'cart', priority: 'important' },
  { key: 'recently_seen', priority: 'optional' },
];

const HOUR = 3_600_000;

/** @param {number} now @returns {Record<string, string>} what goes into which field */
export function example(now) {
  const key = generateKey();
  const codec = createCodec({ keys: key, cookie: { name: '__Host-sessionid' }, overflow: 'refuse' });
  const session = codec.create(data(), { now: now - 70 * HOUR });
  const { setCookie } = codec.seal(session, { now: now - 26 * HOUR });
  return {
    cookie: setCookie,
    keys: key,
    name: '',
    audience: '',
    idle: '',
    absolute: '',
    budget: '600',
    rules: JSON.stringify(RULES),
  };
}

function data() {
  const items = ['kettle-17', 'teapot-4', 'cup-9', 'cup-11'];
  return {
    _auth_user_id: '1815',
    _auth_user_hash: randomText(44),
    language: 'en-GB',
    cart: items.map((sku, index) => ({ sku, quantity: index + 1, price: `${12 + index * 7}.50` })),
    csrf: randomText(32),
    recently_seen: Array.from({ length: 30 }, () => `/shop/item/${randomText(12)}/`),
  };
}

// What hashes and tokens are made of: it does not compress.
function randomText(length) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), byte => letters[byte & 63]).join('');
}
