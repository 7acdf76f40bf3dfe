// Where a cookie's octets go.

import { plan } from '../index.js';

/** Sessions with more keys are not measured key by key, which takes a compression each, but by their JSON. */
const MOST_MEASURED_KEYS = 200;
/** What browsers keep of name and value. */
const MOST_OCTETS = 4096;

/**
 * @param {import('../index.js').CodecConfig} config
 * @param {object} data the session
 * @param {{ cookieOctets?: number, now: number }} about `cookieOctets`: of a cookie that is there and has all of `data`
 * @returns {Size}
 *
 * @typedef {object} Size
 * @property {number} cookieOctets of the cookie that is there, or else of the planned one; name and value
 * @property {number} plannedOctets of this session sealed anew
 * @property {number} budget
 * @property {number} most what browsers keep
 * @property {number} envelopeOctets of all that is no key: the name, ids, times, signature
 * @property {(import('../index.js').KeyReport & { characters: number })[]} keys `placement`: where a key goes when the
 *   session is sealed anew; `characters`: what it takes in the cookie, 0 where it is not in it. The share is measured by
 *   leaving the key out; all of them and the envelope are the cookie
 */
export function sizeOf(config, data, { cookieOctets, now }) {
  const report = plan(config, data, { now });
  const isThere = cookieOctets !== undefined;
  const octets = cookieOctets ?? report.cookieOctets;
  const inside = report.keys.filter(({ placement }) => isThere || placement === 'cookie');
  const { shares, body } = measured(config, data, inside, now);
  // What is there and no key's: an id, a ticket, quotes that somebody put round it.
  const characters = apportioned(shares, Math.min(Math.max(body(octets), 0), octets));
  return {
    cookieOctets: octets,
    plannedOctets: report.cookieOctets,
    budget: report.budget,
    most: MOST_OCTETS,
    envelopeOctets: octets - characters.reduce((sum, share) => sum + share, 0),
    keys: report.keys.map(line => ({ ...line, characters: characters[inside.indexOf(line)] ?? 0 })),
  };
}

// How much longer the cookie is by all keys, and how much shorter without each: what compresses well, or repeats
// another, weighs little.
function measured(config, data, inside, now) {
  // Of the rules only what changes the length counts: here every key is to be in the cookie.
  const rules = config.rules?.filter(({ secret }) => secret).map(({ key, secret }) => ({ key, secret }));
  const measure = keys => plan({ ...config, rules, budget: MOST_OCTETS }, keys, { now });
  const whole = Object.fromEntries(inside.map(({ key }) => [key, data[key]]));
  const { cookieOctets, keys } = measure(whole);
  const lengths = inside.map(({ octets }) => octets);
  const empty = measure({}).cookieOctets;
  const isWhole = keys.every(({ placement }) => placement === 'cookie');
  if (!isWhole) return { shares: lengths, body: octets => octets - empty };
  const body = () => cookieOctets - empty;
  if (inside.length > MOST_MEASURED_KEYS) return { shares: lengths, body };
  const shares = inside.map(({ key }) => {
    const { [key]: _, ...others } = whole;
    return Math.max(cookieOctets - measure(others).cookieOctets, 0);
  });
  return { shares: shares.some(share => share > 0) ? shares : lengths, body };
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
