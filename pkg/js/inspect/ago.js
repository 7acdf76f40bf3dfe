// Times for people.

const UNITS = [
  [86_400 * 365, 'year'],
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

/** `2026-11-28 06:31:32 UTC` of milliseconds since 1970; `out of range` where no calendar has that day. */
export function dateTime(milliseconds) {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime())
    ? 'out of range'
    : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `3 hours ago`, `in 12 days`, `now`. */
export function ago(milliseconds, now) {
  const difference = Math.trunc((milliseconds - now) / 1000);
  if (difference === 0) return 'now';
  const text = duration(Math.abs(difference));
  return difference < 0 ? `${text} ago` : `in ${text}`;
}

/** `3 hours`: the largest unit of which there is at least one, rounded down. */
export function duration(seconds) {
  const [length, unit] = UNITS.find(([length]) => seconds >= length) ?? UNITS.at(-1);
  const count = Math.floor(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
