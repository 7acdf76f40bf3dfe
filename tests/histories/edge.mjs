// The built Worker in workerd, in two regions: Workers that share D1, Durable Objects and R2, and see KV each in its own way.
// With an origin store, which is all that they share, each has a process of its own.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from './send.mjs';

// wrangler's own: the regions cannot be had through wrangler, whose version is pinned.
const require = createRequire(createRequire(import.meta.url).resolve('wrangler'));
const { Miniflare, convertV4MiniflareOptions = options => options } = await import(pathToFileURL(require.resolve('miniflare')));

const path = relative => fileURLToPath(new URL(relative, import.meta.url));
const text = relative => readFileSync(path(relative), 'utf8');
const migration = text('../../worker/migrations/0001_sessions.sql').replace(/--.*$/gm, '').split(';').filter(each => each.trim());

export const REGIONS = ['east', 'west'];

const modules = () => [
  { type: 'ESModule', path: 'region.mjs', contents: text('./region.mjs') },
  { type: 'ESModule', path: 'trouble.mjs', contents: text('./trouble.mjs') },
  { type: 'ESModule', path: 'index.js', contents: text('../../worker/build/index.js') },
  { type: 'CompiledWasm', path: 'index_bg.wasm', contents: readFileSync(path('../../worker/build/index_bg.wasm')) },
];

/**
 * `urls` by region, `control(region, changes)` (region.mjs), `kill()`: SIGKILL, and again on the same storage,
 * `restart(changes)` with other settings, `stop()`.
 */
export async function startEdge({ settings, folder, isApart }) {
  const groups = isApart ? REGIONS.map(region => [region]) : [REGIONS];
  const processes = [];
  for (const regions of groups) processes.push(await startProcess({ settings, regions, folder: join(folder, regions.join('-')) }));
  const all = method => async (...args) => {
    for (const process of processes) await process[method](...args);
  };
  return {
    get urls() {
      return Object.assign({}, ...processes.map(process => process.urls));
    },
    async control(region, changes = {}) {
      const answer = await send(`${this.urls[region]}/__region`, { method: 'POST', body: JSON.stringify(changes) });
      return JSON.parse(answer.bytes);
    },
    kill: all('kill'),
    restart: all('restart'),
    async stop() {
      await all('stop')();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// One process starts at a time: its id is the one that was not there before.
let starting = Promise.resolve();
function alone(start) {
  const started = starting.then(start);
  starting = started.catch(() => {});
  return started;
}

function workerds() {
  try {
    return execFileSync('pgrep', ['-P', String(process.pid), '-x', 'workerd']).toString().trim().split('\n').map(Number);
  } catch (error) {
    if (error.status === 1) return []; // there is none
    throw error;
  }
}

async function startProcess({ settings, regions, folder }) {
  let current = settings;
  const shard = { className: 'SessionShard', useSQLite: true };
  const options = () =>
    convertV4MiniflareOptions({
      telemetry: { enabled: false },
      logRequests: false,
      handleStructuredLogs() {},
      resourcePersistencePath: folder,
      workers: regions.map(region => ({
        name: region,
        modules: modules(),
        modulesRoot: '.',
        compatibilityDate: '2026-10-01',
        routes: [`${region}.example/*`],
        bindings: { ...current, REGION: region },
        kvNamespaces: { SESSIONS: 'sessions' },
        d1Databases: { SESSIONS_DB: 'sessions' },
        r2Buckets: { SESSIONS_BUCKET: 'sessions' },
        durableObjects: { SESSIONS_OBJECT: region === regions[0] ? shard : { ...shard, scriptName: regions[0] } },
        unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      })),
    });
  const edge = { urls: {} };
  let miniflare;
  let pids = [];
  const start = make =>
    alone(async () => {
      const before = new Set(workerds());
      await make();
      await miniflare.ready;
      for (const region of regions) edge.urls[region] = (await miniflare.unsafeGetDirectURL(region)).origin;
      pids = workerds().filter(pid => !before.has(pid));
    });
  await start(() => (miniflare = new Miniflare(options())));
  const database = await miniflare.getD1Database('SESSIONS_DB', regions[0]);
  await database.batch(migration.map(each => database.prepare(each)));
  return Object.assign(edge, {
    kill: () =>
      start(async () => {
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        await sleep(50);
        await miniflare.setOptions(options());
      }),
    restart: changes =>
      start(() => {
        current = { ...current, ...changes };
        return miniflare.setOptions(options());
      }),
    stop: () => miniflare.dispose(),
  });
}
