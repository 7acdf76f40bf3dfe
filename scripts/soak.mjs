// Sends many requests through one Worker instance in workerd and looks at its linear memory, which never shrinks:
// after the first 10,000 it must not grow. Nor may any answer be 500 or above.
//   soak.mjs [requests]   default 1,000,000

import { createHash, createHmac, randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { newSessionKey, startEdge } from '../tests/system/edge.mjs';

const REQUESTS = Number(process.argv[2] ?? 1_000_000);
const SETTLED = 10_000;
// As many at once as answer within a few seconds: the runtime ends what takes too long.
const BATCH = 1000;
/** As many as tests/soak/worker.mjs has. */
const VISITORS = 300;

if (!(REQUESTS > SETTLED))
  throw new Error(`at least ${SETTLED} requests are needed to settle, and some after that`);

const secret = randomBytes(40).toString('base64url');
const token = randomBytes(24).toString('base64url');
const edge = await startEdge(
  {
    ORIGIN_URL: 'http://origin.example',
    SESSION_PROTOCOL: 'headers',
    SESSION_ORIGIN_KEY: newSessionKey(),
    SESSION_KEYS: newSessionKey(),
    SESSION_API_TOKEN: token,
    SESSION_ROUTES: '{"/": "optional"}',
    DJANGO_SECRET_KEY: secret,
    SESSION_ACCEPT: '[{"envelope": "sealed"}, {"envelope": "django"}]',
  },
  { entry: new URL('../tests/soak/worker.mjs', import.meta.url) },
);

/** A signed Django cookie that inflates to a thousand times its length; another one for each visitor. */
function bomb(bytes, visitor = 0) {
  const payload = `.${deflateSync(`{"a":"${'A'.repeat(bytes)}","visitor":${visitor}}`, { level: 9 }).toString('base64url')}`;
  const salt = 'django.contrib.sessions.backends.signed_cookies';
  const key = createHash('sha256').update(`${salt}signer${secret}`).digest();
  const signed = `${payload}:${base62(Math.floor(Date.now() / 1000))}`;
  return `${signed}:${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

function base62(number) {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  return number === 0 ? '' : base62(Math.floor(number / 62)) + digits[number % 62];
}

const bombs = [70_000, 3_000_000, 11_000_000].map(bytes => bomb(bytes));
// Not too large to be a session, and each is one browser's: its signature is what names the session that it becomes.
const plain = Array.from({ length: VISITORS }, (_, visitor) => bomb(60_000, visitor));
// How many of each kind of request and status, as `visit 200`; and of each warning that the Worker logged.
const [answers, warnings] = [{}, {}];
const add = (sums, counts) => {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
};
const status = answer => Number(answer.split(' ').at(-1));
const megabytes = bytes => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
let [sent, stored, settled, last] = [0, 0, 0, 0];
const started = Date.now();
try {
  while (sent < REQUESTS) {
    const batch = Math.min(BATCH, REQUESTS - sent, sent < SETTLED ? SETTLED - sent : BATCH);
    const response = await fetch(`${edge.url}/__soak?requests=${batch}`, {
      method: 'POST',
      body: JSON.stringify({ bombs, plain, token }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    const seen = await response.json();
    sent += seen.requests;
    stored += seen.stored;
    add(answers, seen.answers);
    add(warnings, seen.warnings);
    const failed = Object.keys(seen.answers).filter(answer => status(answer) >= 500);
    if (failed.length > 0)
      console.log(`after ${sent} requests: ${failed.join(', ')}; the Worker says ${Object.keys(seen.warnings).join(', ')}`);
    if (seen.instances !== 1) throw new Error(`${seen.instances} instances: one was to do all the work`);
    if (seen.memory !== last)
      console.log(`after ${sent} requests: ${megabytes(seen.memory)} of linear memory`);
    else if (sent % 100_000 === 0) console.log(`after ${sent} requests: the same`);
    last = seen.memory;
    if (sent <= SETTLED) settled = seen.memory;
  }
  if (last > settled) throw new Error(`it grew by ${last - settled} bytes in ${sent - SETTLED} requests`);
  const failed = Object.keys(answers).filter(answer => status(answer) >= 500);
  if (failed.length > 0) throw new Error(`failed: ${failed.map(answer => `${answers[answer]} ${answer}`).join(', ')}`);
  if (stored < sent / 20 || !(answers['visit 200'] > sent / 2))
    throw new Error(`hardly a session was written: ${JSON.stringify(answers)}`);
} finally {
  await edge.stop();
}
const seconds = Math.round((Date.now() - started) / 1000);
console.log(`${sent} requests in ${seconds} s, ${stored} cookies set`);
console.log('answers', answers, 'warnings', warnings);
console.log(`${megabytes(settled)} after ${SETTLED}, ${megabytes(last)} after ${sent}: 1 passed`);
process.exit(0);
