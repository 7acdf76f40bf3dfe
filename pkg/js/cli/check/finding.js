// What a check says: how it is, and what to do where it is not as it should be.

/**
 * @typedef {object} Finding
 * @property {string} check its name, stable, of `a-z` and `-`
 * @property {'good' | 'bad' | 'warning' | 'skipped'} state
 * @property {string} message
 * @property {string} [cure] what to do
 */

/** @returns {Finding} */
export const good = (check, message) => ({ check, state: 'good', message });

/** It does not work. @returns {Finding} */
export const bad = (check, message, cure) => ({ check, state: 'bad', message, cure });

/** It works, and will not somewhere or some day. @returns {Finding} */
export const warning = (check, message, cure) => ({ check, state: 'warning', message, cure });

/** It could not be seen; the cure is what to give. @returns {Finding} */
export const skipped = (check, message, cure) => ({ check, state: 'skipped', message, cure });
