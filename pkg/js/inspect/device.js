// What of Device Bound Session Credentials is in what was pasted: header fields, and the tokens in them.

import { binding, call } from '../core/binding.js';
import { readConfig } from '../core/config.js';
import { dateTime } from './ago.js';

/** For looking at what has long ended. */
const FOREVER = 0xffff_ffff;

const FIELDS = new Map(
  Object.entries({
    'secure-session-registration': 'asks the browser for a key of its device, for the session of this answer',
    'secure-session-challenge': 'asks the browser to sign this with its device’s key',
    'secure-session-response': 'what the browser signed: a JSON Web Token',
    'secure-session-skipped': 'the browser could not show its device: it says why, and anybody can say so',
    'sec-secure-session-id': 'what the browser calls the session that it shows its device for',
  }),
);
/** Those of the trial before October 2025, which browsers do not look at any more. */
const FORMER = new Map([
  ['sec-session-registration', 'Secure-Session-Registration'],
  ['sec-session-challenge', 'Secure-Session-Challenge'],
  ['sec-session-response', 'Secure-Session-Response'],
  ['sec-session-id', 'Sec-Secure-Session-Id'],
]);
const LINE = /^[ \t]*(?:[<>] )?((?:sec-)?(?:secure-)?session-(?:registration|challenge|response|skipped|id))[ \t]*:[ \t]*(.*)$/i;

/**
 * @param {string} text as it was pasted
 * @returns {{ name: string, value: string }[]} the fields of devices in it, as written
 */
export const deviceFields = text =>
  text.split(/\r\n|\r|\n/).flatMap(line => {
    const [, name, value] = LINE.exec(line) ?? [];
    return name !== undefined && (FIELDS.has(name.toLowerCase()) || FORMER.has(name.toLowerCase())) ? [{ name, value }] : [];
  });

/** What is to be said of such a field: a finding of the doctor's. */
export function fieldFinding({ name, value }) {
  const today = FORMER.get(name.toLowerCase());
  if (today !== undefined) {
    return {
      code: 'device-field-former',
      severity: 'error',
      message: `${name} is what it was called before October 2025: browsers and servers of today do not look at it.`,
      advice: `It is ${today} now.`,
    };
  }
  const finding = { code: 'device-field', severity: 'note', message: `${name}: ${FIELDS.get(name.toLowerCase())}.` };
  if (/-(registration|challenge)$/i.test(name) && !/"[\w-]+"/.test(value)) return { ...finding, severity: 'error', message: `${name} has no challenge in quotation marks, so browsers ignore it.` };
  return finding;
}

/** Values in the envelope of sealed cookies that stand in these fields. */
export const tokensOf = fields => fields.flatMap(({ value }) => [...value.matchAll(/(?<![\w.-])[\w-]{60,512}(?![\w.-])/g)].map(([token]) => token));

/**
 * What a sealed value is beside a session that is bound to a device, by the keys that were given.
 *
 * @param {string} value
 * @param {import('../index.js').CodecConfig} config of the session's cookie
 * @param {number} now
 * @returns {string | undefined} `undefined`: it is none of these tokens, or under other keys
 */
export function deviceText(value, config, now) {
  if (config.keys === undefined) return undefined;
  const { Device } = binding();
  const { config: text, keys } = readConfig(config);
  const module = call(() => new Device(text, keys, FOREVER));
  try {
    const [session, isFirst, proved] = module.shown(value, now).split(' ');
    if (proved !== undefined) {
      const first = isFirst === '1' ? ', the first one after it was registered' : '';
      return `the device cookie of the session ${session}: its device signed what was asked at ${dateTime(Number(proved) * 1000)}${first}`;
    }
    const [named, x] = module.identified(value, now).split(' ');
    if (x !== undefined) return `what the browser calls the session ${named}, whose device has the key that begins ${x.slice(0, 8)}`;
    const asked = module.asked(value, now);
    return asked === '' ? undefined : `a challenge for the session ${asked}, asked less than five minutes ago`;
  } finally {
    module.free();
  }
}
