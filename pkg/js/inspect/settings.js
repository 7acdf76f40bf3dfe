// The settings under which a cookie is looked at, as configuration of a codec.

import { defaultsOf } from './face.js';

/**
 * @typedef {object} Settings what is not there has the codec's default
 * @property {string} [name] of the cookie
 * @property {string} [audience]
 * @property {number} [budget] bytes
 * @property {number} [idleSeconds]
 * @property {number} [absoluteSeconds]
 * @property {import('../index.js').KeyRule[]} [rules]
 * @property {string} [userKey] the Worker's `SESSION_USER_KEY`
 * @property {string[]} sessionKeys `es1_…`, the one that writes first
 * @property {string[]} djangoKeys Django's or Flask's
 */

/**
 * Configuration that opens and writes one kind of envelope.
 *
 * @param {Settings} settings
 * @param {string} name of the cookie
 * @param {import('../index.js').Envelope} envelope
 * @returns {import('../index.js').CodecConfig}
 */
export function codecConfig(settings, name, envelope) {
  const { sessionKeys, djangoKeys } = settings;
  return {
    cookie: { name },
    audience: settings.audience,
    budget: settings.budget,
    rules: settings.rules,
    idleSeconds: settings.idleSeconds,
    absoluteSeconds: settings.absoluteSeconds,
    keys: sessionKeys.length > 0 ? sessionKeys : undefined,
    // Whether a key is too weak to be used is for where it is used; it opens what it opens.
    ...(envelope === 'django' && { django: { secretKeys: djangoKeys, allowWeak: true } }),
    ...(envelope === 'flask' && { flask: { secretKeys: djangoKeys, allowWeak: true } }),
    write: envelope,
    accept: [envelope],
    overflow: 'refuse',
  };
}

/**
 * The same without secrets, for planning: everything that does not fit goes into a store.
 *
 * @param {Partial<Settings>} settings
 * @param {'worker' | 'package'} face whose defaults count
 * @param {string | undefined} name of the cookie
 * @param {import('../index.js').Envelope} [envelope]
 */
export function sizeConfig({ audience, budget, rules, userKey }, face, name, envelope = 'sealed') {
  const defaults = defaultsOf(face, rules, userKey);
  // A signature is as long under any key.
  const signing = { secretKeys: 'for planning only', allowWeak: true };
  return {
    cookie: { name: name ?? defaults.name },
    audience,
    budget,
    rules: defaults.rules,
    identify: defaults.identify,
    write: envelope,
    overflow: 'spill',
    ...(envelope === 'django' && { django: signing }),
    ...(envelope === 'flask' && { flask: signing }),
  };
}

/** Without limits of time, to look into what is authentic and has ended. */
export function withoutLimits(config) {
  const forever = 0xffff_ffff;
  const keys = config.keys?.map(key => key.replace(/@.*$/, ''));
  return { ...config, keys, idleSeconds: forever, absoluteSeconds: forever };
}
