// Runs load over two processes with two isolates each, again and again, whose object is in a third process: the sum has to be
// what was sent, to the request.
//   fleet.mjs [runs]     default 100

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { startIsolates, startObjects } from '../tests/system/isolates.mjs';

const runs = Number(process.argv[2] ?? 100);
const token = randomBytes(24).toString('base64url');
const site = createServer((request, response) => response.end('a page'));
await once(site.listen(0, '127.0.0.1'), 'listening');
const objects = await startObjects();
const settings = {
  ORIGIN_URL: `http://127.0.0.1:${site.address().port}`,
  SESSION_KEYS: `es1_${randomBytes(32).toString('base64url')}`,
  DJANGO_SECRET_KEY: randomBytes(50).toString('base64url'),
  SESSION_API_TOKEN: token,
  SESSION_STORE: 'do',
};
const processes = [];
for (let n = 0; n < 2; n++) processes.push(await startIsolates(2, settings, { objects: objects.url }));
const urls = processes.flatMap(({ urls }) => urls);
const scrape = async url => {
  const response = await fetch(`${url}/_session/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  return Number(/^session_requests_total\{answered="origin"\} (\d+)$/m.exec(text)?.[1] ?? NaN);
};

let sent = 0;
let exact = 0;
for (let run = 1; run <= runs; run++) {
  const counts = urls.map(() => Math.floor(Math.random() * 400));
  await Promise.all(
    urls.map(async (url, n) => {
      for (let left = counts[n]; left > 0; left -= 8) {
        const asked = Array.from({ length: Math.min(8, left) }, () => fetch(url).then(response => response.text()));
        await Promise.all(asked);
      }
    }),
  );
  sent += counts.reduce((sum, count) => sum + count, 0);
  // A scrape hands on what the isolate that is asked has: the last one sees all.
  let seen;
  for (const url of urls) seen = await scrape(url);
  if (seen === sent) exact++;
  else console.log(`run ${run}: ${seen} of ${sent}`);
}
console.log(`${exact} of ${runs} runs are exact, ${sent} requests`);
for (const { stop } of [...processes, objects]) stop();
site.close();
process.exitCode = exact === runs ? 0 : 1;
