// The Worker and this package have defaults of their own for the same sessions.

/** The Worker's, where its settings do not say otherwise (docs/SETTINGS.md). */
const WORKER = { cookie: '__Host-sessionid', userKey: '_auth_user_id' };
/** This package's. */
const PACKAGE = { cookie: '__Host-session' };

/** Names that are ours unless somebody says otherwise. */
export const OUR_NAMES = [WORKER.cookie, PACKAGE.cookie];

/**
 * Whose defaults are meant: the Worker's where the cookie is called as it calls it, or the session is Django's.
 *
 * @param {string | undefined} name of the cookie
 * @param {object} [data] the session
 * @returns {'worker' | 'package'}
 */
export function faceOf(name, data = {}) {
  if (name !== undefined) return name === WORKER.cookie ? 'worker' : 'package';
  return Object.hasOwn(data, WORKER.userKey) ? 'worker' : 'package';
}

/**
 * What a face does where no setting says otherwise.
 *
 * @param {'worker' | 'package'} face
 * @param {import('../index.js').KeyRule[]} rules those that were given
 * @param {string} [userKey] the Worker's `SESSION_USER_KEY`
 * @returns {{ name: string, identify: boolean, rules: import('../index.js').KeyRule[] }} `identify`: an id of 22 characters
 *   is in each sealed cookie, by which a session can be revoked
 */
export function defaultsOf(face, rules = [], userKey = WORKER.userKey) {
  if (face === 'package') return { name: PACKAGE.cookie, identify: false, rules };
  const isNamed = rules.some(({ key }) => key === userKey);
  const own = isNamed ? [] : [{ key: userKey, priority: 'critical' }];
  return { name: WORKER.cookie, identify: true, rules: [...own, ...rules] };
}
