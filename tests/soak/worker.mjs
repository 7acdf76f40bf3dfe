// The built Worker, and a page that sends it many requests from within: POST /__soak?requests=1000. The origin
// is in here as well, so that nothing but the Worker and its store has work to do.
//
// Answers `{ requests, statuses, stored, instances, memory }`: how many of each status, of Set-Cookie lines,
// of WebAssembly instances in this isolate, and of octets that their linear memory has.

import { instances, memory } from './memory.mjs';
import Worker from '../../worker/build/index.js';
export { SessionShard } from '../../worker/build/index.js';

// Never more visitors than this, each with the cookie that it was given last.
const VISITORS = 300;
// Requests under way at once.
const AT_ONCE = 8;

const site = 'https://shop.example';
const visitors = Array.from({ length: VISITORS }, () => '');
const random = mulberry(1);
const anyOf = list => list[Math.floor(random() * list.length)];
const noise = octets =>
  Array.from({ length: octets / 4 }, () =>
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

const big = (cookie, octets) => patch(cookie, { big: noise(octets) });
const most = 16_000;

// What is sent, and how often of a thousand times.
const kinds = [
  [600, ({ cookie }) => page(cookie)],
  [
    150,
    ({ cookie }) =>
      patch(cookie, { user: 'ada', n: Math.floor(random() * 1e6), cart: { [noise(8)]: null, tea: 3 } }),
  ],
  [100, ({ cookie }) => page(spoiled(cookie))],
  [50, () => page('theme=dark')],
  [
    40,
    ({ cookie, token }) =>
      new Request(`${site}/_session`, { headers: { cookie, authorization: `Bearer ${token}` } }),
  ],
  [10, () => page(`${largeHeader}; __Host-sessionid=${noise(400)}`)],
  [20, ({ bombs }) => page(`__Host-sessionid=${anyOf(bombs)}`)],
  [15, ({ cookie }) => page(`${cookie}; ${anyOf(visitors)}`)],
  [5, ({ cookie }) => big(cookie, 4000 + Math.floor(random() * (most - 4000)))],
  [5, ({ cookie }) => patch(cookie, { big: null })],
  [5, ({ cookie }) => patch(cookie, null)],
];

// The heaviest of each, as many at once as there ever are: what memory this takes is taken at the beginning.
const heaviest = [
  ({ cookie }) => big(cookie, most),
  ({ cookie }) => page(cookie),
  ({ cookie }) => big(cookie, most),
  ({ cookie, token }) =>
    new Request(`${site}/_session`, { headers: { cookie, authorization: `Bearer ${token}` } }),
  ({ bombs }) => page(`${largeHeader}; __Host-sessionid=${bombs.at(-1)}`),
  // The first of the bombs is none: a session of 60,000 octets, which is read, forwarded and written anew.
  ({ bombs }) => page(`${largeHeader}; __Host-sessionid=${bombs[0]}`),
  ({ cookie }) => page(`${largeHeader}; ${cookie}`),
  ({ bombs }) => page(`${largeHeader}; __Host-sessionid=${bombs[0]}`),
  ({ cookie }) => patch(cookie, { big: null }),
];
let warm = 0;

function spoiled(cookie) {
  const at = Math.floor(random() * cookie.length);
  return cookie.slice(0, at) + anyOf(['A', '-', '%', '"', ':', '']) + cookie.slice(at + 1);
}

export default class extends Worker {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname !== '/__soak') return super.fetch(request);
    const { bombs, token } = await request.json();
    const requests = Number(url.searchParams.get('requests'));
    const statuses = {};
    let left = requests;
    let stored = 0;
    const visit = async () => {
      while (left-- > 0) {
        const visitor = warm < heaviest.length * AT_ONCE ? warm % AT_ONCE : Math.floor(random() * VISITORS);
        let lot = random() * 1000;
        const make = heaviest[Math.floor(warm++ / AT_ONCE)] ?? kinds.find(([share]) => (lot -= share) < 0)[1];
        const tasks = [];
        const ctx = { waitUntil: task => tasks.push(task), passThroughOnException() {} };
        const sent = make({ cookie: visitors[visitor], bombs, token });
        const response = await Worker.prototype.fetch.call({ env: this.env, ctx }, sent);
        await response.arrayBuffer();
        // No more work is under way at once than this loop has begun, however slow the store is.
        await Promise.all(tasks);
        statuses[response.status] = (statuses[response.status] ?? 0) + 1;
        for (const line of response.headers.getSetCookie()) {
          stored += 1;
          visitors[visitor] = line.split(';')[0].replace(/=$/, '');
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, visit));
    return Response.json({ requests, statuses, stored, instances: instances.length, memory: memory() });
  }
}
