// Runs tests/system/*.test.mjs, or those of the folder that --folder=... names, each file for at most --minutes=... (4).
// Fails unless every file ran tests and all of them passed: none skipped, none still to do. With arguments, only the
// files whose name contains one of them.

import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

const { values, positionals: wanted } = parseArgs({
  options: { folder: { type: 'string', default: 'tests/system' }, minutes: { type: 'string', default: '4' } },
  allowPositionals: true,
});
const folder = resolve(import.meta.dirname, '..', values.folder);
const files = readdirSync(folder)
  .filter(name => name.endsWith('.test.mjs'))
  .filter(name => wanted.length === 0 || wanted.some(part => name.includes(part)))
  .map(name => resolve(folder, name));

const passed = new Map(files.map(file => [file, 0]));
const troubles = [];

const results = run({ files, concurrency: 3, timeout: Number(values.minutes) * 60_000 });
results.on('test:pass', ({ name, file, skip, todo, details }) => {
  if (details.type === 'suite' || file === undefined) return;
  if (skip !== undefined || todo !== undefined) troubles.push(`skipped: ${name}`);
  else passed.set(file, (passed.get(file) ?? 0) + 1);
});
results.on('test:fail', ({ name, file }) => troubles.push(`failed: ${name} (${file})`));
results.on('end', () => {
  for (const [file, count] of passed) if (count === 0) troubles.push(`ran no test: ${file}`);
  if (files.length === 0) troubles.push('no test file was found');
  for (const trouble of troubles) console.error(trouble);
  process.exitCode = troubles.length === 0 ? 0 : 1;
});
results.compose(spec).pipe(process.stdout);
