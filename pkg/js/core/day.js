// Days as settings write them.

/**
 * @param {string} text `2027-01-31`
 * @returns {number | undefined} seconds since 1970 at the beginning of that day (UTC); `undefined`: there is no such day
 */
export function day(text) {
  const millis = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // February has no 30th, whatever Date makes of it.
  if (Number.isNaN(millis) || new Date(millis).toISOString().slice(0, 10) !== text) return undefined;
  return millis / 1000;
}
