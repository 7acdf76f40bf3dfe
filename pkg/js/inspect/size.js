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
  const envelopeOctets = Math.min(plan(config, {}, { now }).cookieOctets, octets);
  const characters = apportioned(sharesOf(config, data, inside, now), octets - envelopeOctets);
  return {
    cookieOctets: octets,
    plannedOctets: report.cookieOctets,
    budget: report.budget,
    most: MOST_OCTETS,
    envelopeOctets: inside.length > 0 ? envelopeOctets : octets,
    keys: report.keys.map(line => ({ ...line, characters: characters[inside.indexOf(line)] ?? 0 })),
  };
}

// How much shorter the cookie is without each key: what compresses well, or repeats another, weighs little.
function sharesOf(config, data, inside, now) {
  const lengths = inside.map(({ octets }) => octets);
  if (inside.length > MOST_MEASURED_KEYS) return lengths;
  const whole = Object.fromEntries(inside.map(({ key }) => [key, data[key]]));
  // Of the rules only what changes the length counts: here every key is to be in the cookie.
  const rules = config.rules?.filter(({ secret }) => secret).map(({ key, secret }) => ({ key, secret }));
  const measure = keys => plan({ ...config, rules, budget: MOST_OCTETS }, keys, { now });
  const { cookieOctets, keys } = measure(whole);
  if (keys.some(({ placement }) => placement !== 'cookie')) return lengths;
  const shares = inside.map(({ key }) => {
    const { [key]: _, ...others } = whole;
    return Math.max(cookieOctets - measure(others).cookieOctets, 0);
  });
  return shares.some(share => share > 0) ? shares : lengths;
}

// Whole numbers in these proportions whose sum is `total`: the largest remainders are rounded up.
function apportioned(shares, total) {
  const sum = shares.reduce((sum, share) => sum + share, 0);
  const exact = shares.map(share => (share * total) / sum);
  const whole = exact.map(Math.floor);
  let left = total - whole.reduce((sum, share) => sum + share, 0);
  const byRemainder = exact.map((share, index) => [share - whole[index], index]).sort((a, b) => b[0] - a[0]);
  for (const [, index] of byRemainder) if (left-- > 0) whole[index]++;
  return whole;
}
