// What handing on numbers costs, at a thousand requests a hand-over: processor time of the last fifty of a thousand requests,
// after which an isolate hands on, less that of the fifties before, which hand on nothing. One process is compared with itself
// within a second, so what else the machine does is in both. The object is in the same process, so its work is counted as well.
// Beside it the same of SESSION_METRICS = "isolate", which hands nothing on: how far off the figure may be.
//
//   fleet.mjs [thousands]      default 60

import { randomBytes } from 'node:crypto';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startIsolates } from '../../tests/system/isolates.mjs';
import { processorTime, startProgram } from './runtime.mjs';

const THOUSAND = 1000;
const PART = 50;
/** Milliseconds after which what follows an answer is done. */
const SETTLED = 60;

const thousands = Number(process.argv[2] ?? 60);
const token = randomBytes(24).toString('base64url');
const secret = `bench-${randomBytes(40).toString('base64url')}`;
const origin = startProgram(process.execPath, [join(import.meta.dirname, 'origin.mjs'), secret]);
const ORIGIN_URL = `http://127.0.0.1:${Number(await origin.firstLine())}`;
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

const ask = (url, headers = {}) =>
  new Promise((resolve, reject) => {
    get(url, { headers, agent }, response => response.resume().on('end', resolve)).on('error', reject);
  });

const settings = { ORIGIN_URL, SESSION_KEYS: `es1_${randomBytes(32).toString('base64url')}`, DJANGO_SECRET_KEY: secret, SESSION_API_TOKEN: token, SESSION_STORE: 'do' };
const headers = { cookie: '__Host-sessionid=forged' };

/** Microseconds of processor time that some requests take, and what they leave for after their answers. */
async function part({ pid, urls: [url] }) {
  const before = processorTime(pid);
  let left = PART;
  const lane = async () => {
    while (left-- > 0) await ask(`${url}/read`, headers);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  await sleep(SETTLED);
  return processorTime(pid) - before;
}

const sorted = numbers => numbers.toSorted((a, b) => a - b);
const at = (numbers, share) => sorted(numbers)[Math.round(share * (numbers.length - 1))];

/** A thousand requests from when numbers were last handed on: what the last part takes more, and what one request takes. */
async function thousand(kind) {
  await ask(`${kind.urls[0]}/_session/metrics`, { authorization: `Bearer ${token}` });
  await sleep(SETTLED);
  const parts = [];
  for (let n = 0; n < THOUSAND / PART; n++) parts.push(await part(kind));
  const last = parts.pop();
  const usual = at(parts, 0.5);
  kind.more.push(last - usual);
  kind.requests.push(usual / PART);
}

const kinds = {};
for (const metrics of ['isolate', 'object']) kinds[metrics] = { ...(await startIsolates(1, { ...settings, SESSION_METRICS: metrics })), more: [], requests: [] };
for (let n = 0; n < 3; n++) for (const kind of Object.values(kinds)) await thousand(kind);
for (const kind of Object.values(kinds)) kind.more.length = kind.requests.length = 0;
for (let n = 0; n < thousands; n++) for (const kind of Object.values(kinds)) await thousand(kind);

for (const [name, { more, requests }] of Object.entries(kinds)) {
  const request = at(requests, 0.5);
  const percent = micros => `${((micros / (THOUSAND * request)) * 100).toFixed(2)} %`;
  console.log(
    `${name.padEnd(8)} ${request.toFixed(0)} us a request; after a thousand ${at(more, 0.5).toFixed(0)} us more, ${percent(at(more, 0.5))} of what they take (half of ${more.length} between ${percent(at(more, 0.25))} and ${percent(at(more, 0.75))})`,
  );
}
console.log('aim: below 3 %');
for (const { stop } of Object.values(kinds)) stop();
origin.child.kill();
process.exit();
