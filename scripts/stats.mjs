// Fills D1 with rows and asks /_session/stats for them: what it takes must not grow with the table.
//   stats.mjs [rows]     default 1000000; ends with 1 if an answer takes longer, reads more rows or is further off than it may

import { randomBytes } from 'node:crypto';
import { newSessionKey, startEdge } from '../tests/system/edge.mjs';
import { insertSessions } from '../tests/system/session-rows.mjs';

/** Rows that one answer may read: ten thousand for the numbers, and as many for the largest. */
const MOST_READ = 45_000;
const MOST_MILLIS = 2000;

const rows = Number(process.argv[2] ?? 1_000_000);
const token = randomBytes(24).toString('base64url');
const edge = await startEdge({
  ORIGIN_URL: 'http://127.0.0.1:1',
  SESSION_KEYS: newSessionKey(),
  DJANGO_SECRET_KEY: randomBytes(50).toString('base64url'),
  SESSION_API_TOKEN: token,
  SESSION_STORE: 'd1',
});
const faults = [];
let inserted = 0;
for (const count of [1000, 10_000, 100_000, rows].filter((count, n, counts) => n === counts.length - 1 || count < rows)) {
  const filled = performance.now();
  await insertSessions(await edge.database(), count - inserted);
  inserted = count;
  const began = performance.now();
  const response = await fetch(`${edge.url}/_session/stats`, { headers: { authorization: `Bearer ${token}` } });
  const stats = await response.json();
  const millis = performance.now() - began;
  const ages = stats.ages.reduce((sum, { records }) => sum + records, 0);
  const off = Math.max(Math.abs(stats.records / count - 1), Math.abs(stats.expired / (count / 4) - 1), Math.abs(ages / (count * 0.75) - 1));
  console.log(
    `${String(count).padStart(8)} rows (filled in ${((began - filled) / 1000).toFixed(0)} s): ${millis.toFixed(0)} ms, ${stats.rows_read} rows read, ${stats.records} records and ${stats.expired} expired, off by ${(off * 100).toFixed(1)} % at most`,
  );
  if (response.status !== 200 || millis > MOST_MILLIS) faults.push(`${count}: ${response.status} after ${millis} ms`);
  if (stats.rows_read > MOST_READ) faults.push(`${count}: ${stats.rows_read} rows read`);
  if (stats.largest.length !== 10 || off > 0.06) faults.push(`${count}: off by ${off}`);
}
await edge.stop();
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
