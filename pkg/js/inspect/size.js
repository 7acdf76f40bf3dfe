// Where a cookie's octets go.

import { plan } from '../index.js';

/** Sessions with more keys are not measured key by key, which takes a compression each, but by their JSON. */
const MOST_MEASURED_KEYS = 200;
/** What browsers keep of name and value. */
const MOST_OCTETS = 4096;

/**
 * @param {import('../index.js').CodecConfig} config
 * @param {object} data the session
 * @param {{ cookieOctets?: number, now: number }} about `cookieOctets`: of a cookie that is there, name and value
 * @returns {Size}
 *
 * @typedef {object} Size
 * @property {number} cookieOctets of the cookie that is there, or else of the planned one
 * @property {number} plannedOctets of this session sealed anew
 * @property {number} budget
 * @property {number} most what browsers keep
 * @property {number} envelopeOctets of all that is no key: the name, ids, times, signature
 * @property {(import('../index.js').KeyReport & { characters: number })[]} keys `characters`: what a key takes in the
 *   cookie, 0 where it is not in it. The share is measured by leaving the key out; all of them and the envelope are the cookie
 */
export function sizeOf(config, data, { cookieOctets, now }) {
  const report = plan(config, data, { now });
  const octets = cookieOctets ?? report.cookieOctets;
  const kept = report.keys.filter(({ placement }) => placement === 'cookie').map(({ key }) => key);
  const envelopeOctets = Math.min(plan(config, {}, { now }).cookieOctets, octets);
  const shares = sharesOf(config, data, kept, report, now);
  const characters = apportioned(shares, octets - envelopeOctets);
  return {
    cookieOctets: octets,
    plannedOctets: report.cookieOctets,
    budget: report.budget,
    most: MOST_OCTETS,
    envelopeOctets: kept.length > 0 ? envelopeOctets : octets,
    keys: report.keys.map(line => ({ ...line, characters: characters[kept.indexOf(line.key)] ?? 0 })),
  };
}

// How much shorter the cookie is without each key: what compresses well, or repeats another, weighs little.
function sharesOf(config, data, kept, report, now) {
  const lengths = new Map(report.keys.map(({ key, octets }) => [key, octets]));
  if (kept.length > MOST_MEASURED_KEYS) return kept.map(key => lengths.get(key));
  const inside = Object.fromEntries(kept.map(key => [key, data[key]]));
  const whole = plan(config, inside, { now }).cookieOctets;
  const shares = kept.map(key => {
    const { [key]: _, ...others } = inside;
    return Math.max(whole - plan(config, others, { now }).cookieOctets, 0);
  });
  return shares.some(share => share > 0) ? shares : kept.map(key => lengths.get(key));
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
