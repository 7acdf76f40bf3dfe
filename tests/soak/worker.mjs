// The built Worker, and a page that sends it many requests from within: POST /__soak?requests=1000. The origin
// is in here as well, so that nothing but the Worker and its store has work to do.
//
// Answers `{ requests, answers, warnings, stored, instances, memory }`: how many answers of each kind of request and
// status (`visit 200`), how often the Worker logged which warning, and how many Set-Cookie lines, WebAssembly
// instances in this isolate, and bytes of their linear memory there are.

import { instances, memory } from './memory.mjs';
import Worker from '../../worker/build/index.js';
export { SessionShard } from '../../worker/build/index.js';

// Never more visitors than this, each with the cookie that it was given last.
const VISITORS = 300;
// Requests under way at once.
const AT_ONCE = 8;
// As long as work of stores takes after an answer, in milliseconds.
const WORK = 500;

const site = 'https://shop.example';
const visitors = Array.from({ length: VISITORS }, () => '');
const random = mulberry(1);
const anyOf = list => list[Math.floor(random() * list.length)];
const noise = bytes =>
  Array.from({ length: bytes / 4 }, () =>
    Math.floor(random() * 65536)
      .toString(16)
      .padStart(4, '0'),
  ).join('');
const largeHeader = Array.from({ length: 2500 }, (_, n) => `cookie_${n}=${'v'.repeat(25)}`).join('; ');

/** Mulberry32: the same requests in every run. */
function mulberry(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// The origin: /patch changes the session as the body says.
globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  if (!request.headers.get('x-session-mac')) return new Response('no MAC', { status: 500 });
  const headers = { 'content-type': 'text/plain' };
  if (request.method === 'POST')
    headers['session-patch'] = btoa(await request.text())
      .replace(/=+$/, '')
      .replaceAll('+', '-')
      .replaceAll('/', '_');
  return new Response('a page of the site. '.repeat(20), { headers });
};

const page = (cookie, headers = {}) =>
  new Request(`${site}/page`, { headers: { cookie: `a=b; ${cookie}`, ...headers } });
const patch = (cookie, content) =>
  new Request(`${site}/patch`, { method: 'POST', headers: { cookie }, body: JSON.stringify(content) });

const big = (cookie, bytes) => patch(cookie, { big: noise(bytes) });
const most = 16_000;

const visit = ({ cookie }) => page(cookie);
const change = ({ cookie }) =>
  patch(cookie, { user: 'ada', n: Math.floor(random() * 1e6), cart: { [noise(8)]: null, tea: 3 } });
const read = ({ cookie, token }) =>
  new Request(`${site}/_session`, { headers: { cookie, authorization: `Bearer ${token}` } });
const shrink = ({ cookie }) => patch(cookie, { big: null });

// What is sent, and how often of a thousand times.
const kinds = [
  [600, 'visit', visit],
  [150, 'change', change],
  [100, 'spoiled cookie', ({ cookie }) => page(spoiled(cookie))],
  [50, 'no cookie', () => page('theme=dark')],
  [40, 'read', read],
  [10, 'long header', () => page(`${largeHeader}; __Host-sessionid=${noise(400)}`)],
  [20, 'bomb', ({ bombs, plain }) => page(`__Host-sessionid=${anyOf([plain, ...bombs])}`)],
  [15, 'two sessions', ({ cookie }) => page(`${cookie}; ${anyOf(visitors)}`)],
  [5, 'grow', ({ cookie }) => big(cookie, 4000 + Math.floor(random() * (most - 4000)))],
  [5, 'shrink', shrink],
  [5, 'log out', ({ cookie }) => patch(cookie, null)],
];

// The heaviest of each, as many at once as there ever are and a few times over: what memory this takes is taken at
// the beginning. A visitor's plain cookie is a session of 60,000 bytes; with what `grow` adds no session
// gets larger than that. Whoever changes one has it in memory before and after.
const HEAVY_ROUNDS = 10;
const largest = ({ plain }) => page(`${largeHeader}; __Host-sessionid=${plain}`);
const grow = ({ cookie }) => big(cookie, most);
const heaviest = [
  ['long header', largest],
  ['grow', grow],
  ['visit', visit],
  ['change', change],
  ['grow', grow],
  ['long header', ({ cookie }) => page(`${largeHeader}; ${cookie}`)],
  ['read', read],
  ['bomb', ({ bombs }) => page(`${largeHeader}; __Host-sessionid=${bombs.at(-1)}`)],
  ['change', change],
  ['shrink', shrink],
];
const warmUp = Array.from({ length: HEAVY_ROUNDS }, () => heaviest)
  .flat()
  .flatMap(sent => Array.from({ length: AT_ONCE }, (_, visitor) => ({ visitor, sent })));
// What the Worker logs as going wrong, whichever request it is about.
const warnings = {};
console.warn = line => count(warnings, line);

function count(counts, name) {
  counts[name] = (counts[name] ?? 0) + 1;
}

function spoiled(cookie) {
  const at = Math.floor(random() * cookie.length);
  return cookie.slice(0, at) + anyOf(['A', '-', '%', '"', ':', '']) + cookie.slice(at + 1);
}

export default {
  ...Worker,
  async fetch(request, env, context) {
    const url = new URL(request.url);
    if (url.pathname !== '/__soak') return Worker.fetch(request, env, context);
    const { bombs, plain, token } = await request.json();
    const requests = Number(url.searchParams.get('requests'));
    const answers = {};
    Object.keys(warnings).forEach(line => delete warnings[line]);
    let left = requests;
    let stored = 0;
    const visit = async () => {
      while (left-- > 0) {
        let lot = random() * 1000;
        const {
          visitor,
          sent: [kind, make],
        } = warmUp.shift() ?? {
          visitor: Math.floor(random() * VISITORS),
          sent: kinds.find(([share]) => (lot -= share) < 0).slice(1),
        };
        const tasks = [];
        const ctx = { waitUntil: task => tasks.push(task), passThroughOnException() {} };
        const request = make({ cookie: visitors[visitor], bombs, plain: plain[visitor], token });
        const response = await Worker.fetch(request, env, ctx);
        await response.arrayBuffer();
        // No more work is under way at once than this loop has begun, however slow the store is. Numbers are handed on ten
        // seconds later: that goes on beside the next requests, as it does for visitors.
        const work = Promise.all(tasks);
        context.waitUntil(work);
        await Promise.race([work, scheduler.wait(WORK)]);
        count(answers, `${kind} ${response.status}`);
        for (const line of response.headers.getSetCookie()) {
          stored += 1;
          visitors[visitor] = line.split(';')[0].replace(/=$/, '');
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, visit));
    return Response.json({ requests, answers, warnings, stored, instances: instances.length, memory: memory() });
  },
};
