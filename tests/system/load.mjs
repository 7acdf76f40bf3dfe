// A steady load while KV is down: what those notice whose session is in their cookie, and those whose session is not.
//
//     scripts/load.sh [seconds]
//
// An open loop: requests go out at their rate whether or not answers come, so that waiting shows.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';

/** Of so many requests one is of a session with a record. */
const SPILLED_EVERY = 5;
/** Visitors of each kind. */
const VISITORS = 8;

/**
 * Runs the Worker with `store`, `rate` requests a second: `seconds` with everything well (a minute at most), `seconds`
 * with KV down, then until it is well again. Resolves to
 *
 *     { before, outage, after }   each { inCookie, spilled } of { count, statuses, p50, p99 }, times in milliseconds
 *     probes                      calls that KV really got in the outage
 *     recovered                   milliseconds until KV was asked again and answered
 *     memory                      { workerd, worker }: megabytes of its processes and bytes of the Worker's own linear
 *                                 memory, [when the outage began, every tenth of it]
 */
export async function steadyLoad({ seconds, rate, store, log = () => {} }) {
  const site = createServer((request, response) => response.end('a page'));
  await once(site.listen(0, '127.0.0.1'), 'listening');
  const token = randomBytes(24).toString('base64url');
  const edge = await startEdge(
    {
      ORIGIN_URL: `http://127.0.0.1:${site.address().port}`,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: newDjangoSecret(),
      SESSION_API_TOKEN: token,
      SESSION_STORE: store,
    },
    { faulty: true },
  );
  const fault = async modes => (await send(`${edge.url}/__store?${new URLSearchParams(modes)}`)).json();
  try {
    const make = bytes => Promise.all(Array.from({ length: VISITORS }, () => session(edge, token, bytes)));
    const [inCookie, spilled] = [await make(60), await make(9000)];
    const load = async time => phase(edge, { inCookie, spilled }, rate, time);

    await load(2000);
    log('everything is well');
    const before = await load(Math.min(seconds, 60) * 1000);

    log('KV is down');
    const { calls, memory: linear } = await fault({ get: 'down', put: 'down', delete: 'down' });
    const memory = { workerd: [resident()], worker: [linear] };
    const outage = { inCookie: new Figures(), spilled: new Figures() };
    for (let n = 0; n < 10; n++) {
      const part = await load(seconds * 100);
      for (const kind of Object.keys(outage)) outage[kind].add(part[kind]);
      memory.workerd.push(resident());
      memory.worker.push((await fault({})).memory);
      log(`${(n + 1) * 10} %, ${memory.workerd.at(-1)} MB, ${memory.worker.at(-1)} bytes`);
    }
    const { calls: since } = await fault({ get: 'ok', put: 'ok', delete: 'ok' });
    const sum = calls => Object.values(calls).reduce((sum, count) => sum + count, 0);

    const began = Date.now();
    const last = async () => (await fault({})).calls.get ?? 0;
    const asked = await last();
    // Whether the breaker is closed: then every visit asks KV.
    for (let n = 0; n < 60 && (await last()) < asked + 3; n++) {
      await send(`${edge.url}/`, { headers: spilled[0] });
      await sleep(250);
    }
    const recovered = Date.now() - began;
    const after = await load(Math.min(seconds, 10) * 1000);
    const summary = figures =>
      Object.fromEntries(Object.entries(figures).map(([kind, figures]) => [kind, figures.summary()]));
    return {
      before: summary(before),
      outage: summary(outage),
      after: summary(after),
      probes: sum(since) - sum(calls),
      recovered,
      memory,
    };
  } finally {
    await edge.stop();
    site.closeAllConnections();
    site.close();
  }
}

/** A session made by the API; `bytes` of noise are in it. */
async function session(edge, token, bytes) {
  const body = JSON.stringify({ user: 7, noise: randomBytes(bytes).toString('base64') });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const response = await send(`${edge.url}/_session`, { method: 'PATCH', headers, body });
  if (response.status !== 200) throw new Error(`${response.status} ${response.body}`);
  const [{ name, value }] = response.setCookies;
  return { cookie: `${name}=${value}` };
}

class Figures {
  times = [];
  statuses = {};

  note(status, time) {
    this.times.push(time);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  add({ times, statuses }) {
    for (const time of times) this.times.push(time);
    for (const [status, count] of Object.entries(statuses)) this.statuses[status] = (this.statuses[status] ?? 0) + count;
  }

  summary() {
    const sorted = this.times.toSorted((one, other) => one - other);
    const at = share => Number(sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(2));
    return { count: sorted.length, statuses: this.statuses, p50: at(0.5), p99: at(0.99) };
  }
}

async function phase(edge, visitors, rate, time) {
  const figures = { inCookie: new Figures(), spilled: new Figures() };
  const began = performance.now();
  const answers = [];
  for (let sent = 0; ; ) {
    const passed = performance.now() - began;
    if (passed > time) break;
    for (; sent < (passed * rate) / 1000; sent++) {
      const kind = sent % SPILLED_EVERY === 0 ? 'spilled' : 'inCookie';
      answers.push(visit(edge, visitors[kind][sent % VISITORS], figures[kind]));
    }
    await sleep(2);
  }
  await Promise.all(answers);
  return figures;
}

async function visit(edge, headers, figures) {
  const began = performance.now();
  const status = await send(`${edge.url}/page`, { headers }).then(
    ({ status }) => status,
    error => error.code ?? error.message,
  );
  figures.note(status, performance.now() - began);
}

/** Megabytes that the workerd processes of this one hold. */
function resident() {
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,rss=,comm='], { encoding: 'utf8' }).trim().split('\n');
  const processes = lines.map(line => line.trim().split(/\s+/));
  const family = new Set([String(process.pid)]);
  // Parents come before their children in no certain order.
  for (let grown = true; grown; ) {
    const before = family.size;
    for (const [pid, parent] of processes) if (family.has(parent)) family.add(pid);
    grown = family.size > before;
  }
  const workers = processes.filter(([pid, , , command]) => family.has(pid) && /workerd/.test(command));
  if (workers.length === 0) throw new Error('no workerd among the children of this process');
  return Math.round(workers.reduce((sum, [, , kilobytes]) => sum + Number(kilobytes), 0) / 1024);
}

if (import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '300' },
      rate: { type: 'string', default: '40' },
      store: { type: 'string', default: 'kv+d1' },
    },
  });
  const figures = await steadyLoad({
    seconds: Number(values.seconds),
    rate: Number(values.rate),
    store: values.store,
    log: text => console.error(text),
  });
  console.log(JSON.stringify(figures, null, 2));
  for (const kind of ['inCookie', 'spilled']) {
    const ratio = part => (figures.outage[kind][part] / figures.before[kind][part]).toFixed(2);
    console.log(`${kind}: in the outage p50 ${ratio('p50')}x, p99 ${ratio('p99')}x of before`);
  }
}
