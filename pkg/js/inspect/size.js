// Where a cookie's bytes go.

import { plan } from '../index.js';

/** Sessions with more keys are not measured key by key, which takes compressions for each, but by their JSON. */
const MAX_MEASURED_KEYS = 200;
/** What browsers keep of name and value. */
const MAX_BYTES = 4096;

/**
 * @param {import('../index.js').CodecConfig} config
 * @param {object} data the session
 * @param {{ cookieBytes?: number, now: number }} about `cookieBytes`: of a cookie that is there and has all of `data`
 * @returns {Size}
 *
 * @typedef {object} Size
 * @property {number} cookieBytes of the cookie that is there, or else of the planned one; name and value
 * @property {number} plannedBytes of this session sealed anew
 * @property {number} budget
 * @property {number} most what browsers keep
 * @property {number} envelopeBytes of all that is no key: the name, ids, times, signature
 * @property {(import('../index.js').KeyReport & { characters: number })[]} keys `placement`: where a key goes when the
 *   session is sealed anew; `characters`: what it adds to the cookie, 0 where it is not in it. All of them and the
 *   envelope are the cookie
 */
export function sizeOf(config, data, { cookieBytes, now }) {
  const report = plan(config, data, { now });
  const isThere = cookieBytes !== undefined;
  const bytes = cookieBytes ?? report.cookieBytes;
  const inside = report.keys.filter(({ placement }) => isThere || placement === 'cookie');
  const { shares, body } = measured(config, data, inside, now);
  // What is there and no key's: an id, a ticket, quotes that somebody put round it.
  const characters = apportioned(shares, Math.min(Math.max(body(bytes), 0), bytes));
  return {
    cookieBytes: bytes,
    plannedBytes: report.cookieBytes,
    budget: report.budget,
    most: MAX_BYTES,
    envelopeBytes: bytes - characters.reduce((sum, share) => sum + share, 0),
    keys: report.keys.map(line => ({ ...line, characters: characters[inside.indexOf(line)] ?? 0 })),
  };
}

// How much longer the cookie is by all keys, and by each of them.
function measured(config, data, inside, now) {
  // Of the rules only what changes the length counts: here every key is to be in the cookie.
  const rules = config.rules?.filter(({ secret }) => secret).map(({ key, secret }) => ({ key, secret }));
  const measure = (keys, settings) =>
    plan({ ...config, ...settings, rules, budget: MAX_BYTES }, pick(data, keys), { now });
  const names = inside.map(({ key }) => key);
  const lengths = inside.map(({ bytes }) => bytes);
  const whole = measure(names);
  const empty = measure([]).cookieBytes;
  if (!whole.keys.every(({ placement }) => placement === 'cookie'))
    return { shares: lengths, body: bytes => bytes - empty };
  const body = () => whole.cookieBytes - empty;
  if (inside.length > MAX_MEASURED_KEYS) return { shares: lengths, body };
  // Whether compression is worth its time is a question to the whole session, not to a part of it.
  const lengthOf = keys => measure(keys, { compressFrom: 0 }).cookieBytes;
  return { shares: added(names, lengthOf), body };
}

const pick = (data, keys) => Object.fromEntries(keys.map(key => [key, data[key]]));

// What each key adds to those before it, and to those behind it, and the mean of both: of two keys with the same in them
// neither is taken for the copy. No key makes a cookie shorter; that it seems so is deflate's rounding to whole bytes, and
// is carried on.
function added(keys, lengthOf) {
  const forwards = steps(keys, lengthOf);
  const backwards = steps([...keys].reverse(), lengthOf).reverse();
  return keys.map((_, index) => forwards[index] + backwards[index]);
}

function steps(keys, lengthOf) {
  let before = lengthOf([]);
  return keys.map((_, index) => {
    const length = Math.max(lengthOf(keys.slice(0, index + 1)), before);
    const step = length - before;
    before = length;
    return step;
  });
}

// Whole numbers in these proportions whose sum is `total`: the largest remainders are rounded up.
function apportioned(shares, total) {
  const sum = shares.reduce((sum, share) => sum + share, 0);
  if (sum === 0) return shares;
  const exact = shares.map(share => (share * total) / sum);
  const whole = exact.map(Math.floor);
  let left = total - whole.reduce((sum, share) => sum + share, 0);
  const byRemainder = exact.map((share, index) => [share - whole[index], index]).sort((a, b) => b[0] - a[0]);
  for (const [, index] of byRemainder) if (left-- > 0) whole[index]++;
  return whole;
}
