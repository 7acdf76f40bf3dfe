// The built Worker in real workerd: the settings of wrangler.toml, and those a test gives.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unstable_readConfig as readConfig, unstable_startWorker as startWorker } from 'wrangler';

const path = relative => fileURLToPath(new URL(relative, import.meta.url));
const bundle = path('../../target/worker-out/index.js');
const wranglerConfig = readConfig({ config: path('../../wrangler.toml') }, { hideWarnings: true });

export const newSessionKey = () => `es1_${randomBytes(32).toString('base64url')}`;

/**
 * Starts the Worker with `settings` (vars and secrets alike) and resolves when it listens.
 * `faulty: true` puts the store faults of faulty-store.mjs round it, `store: false` takes all store bindings away,
 * `conformance: true` runs the build that has the store contract in it, `entry` another module round the Worker,
 * `date` is another compatibility date, `tls` the files of a key and a certificate, `{ key, cert }`.
 *
 * `url`                 where it listens
 * `store()`             its KV namespace, to look at and to tamper with; valid until the next restart
 * `database()`          its D1 database, with the tables of worker/migrations
 * `databaseFile()`      the SQLite file that it is in
 * `bucket()`            its R2 bucket
 * `objectFiles()`       the SQLite files of its Durable Objects
 * `scheduled()`         the cron trigger fires
 * `restart(changes)`    the same storage; the first settings with these changes, where undefined removes one
 * `stop()`
 *
 * Not wrangler's `createTestHarness`: that sends the Worker's own requests through Node's fetch, which
 * knows no WebSocket, decodes bodies and takes 16 KB of headers. Here workerd itself talks to the site.
 */
export async function startEdge(settings, options = {}) {
  const storage = mkdtempSync(join(tmpdir(), 'edge-session-kv-'));
  const edge = {
    async restart(changes = {}, otherOptions = {}) {
      await worker.dispose();
      worker = await start({ ...settings, ...changes }, { ...options, ...otherOptions }, storage);
      edge.url = (await worker.url).origin;
    },
    store: () => bindingOf(worker, 'getKVNamespace', 'SESSIONS'),
    database: () => bindingOf(worker, 'getD1Database', 'SESSIONS_DB'),
    // D1 here is SQLite in a file, as Django's own database is: both can have the same one.
    async databaseFile() {
      await (await edge.database()).prepare('SELECT 1').first();
      const folder = join(storage, 'v3/d1/miniflare-D1DatabaseObject');
      const [file] = readdirSync(folder).filter(name => name.endsWith('.sqlite') && name !== 'metadata.sqlite');
      return join(folder, file);
    },
    /** The SQLite files of its Durable Objects. */
    objectFiles() {
      const folder = join(storage, 'v3/do');
      const files = readdirSync(folder, { recursive: true }).filter(name => /SessionShard.*\.sqlite$/.test(name));
      return files.filter(name => !name.endsWith('metadata.sqlite')).map(name => join(folder, name));
    },
    async scheduled() {
      const response = await fetch(`${edge.url}/cdn-cgi/handler/scheduled`);
      if (!response.ok) throw new Error(`the cron trigger: ${response.status} ${await response.text()}`);
    },
    bucket: () => bindingOf(worker, 'getR2Bucket', 'SESSIONS_BUCKET'),
    async stop() {
      await worker.dispose();
      rmSync(storage, { recursive: true, force: true });
    },
  };
  let worker = await start(settings, options, storage);
  edge.url = (await worker.url).origin;
  return edge;
}

// The bindings that wrangler.toml shows in comments, for those who want them.
const stores = {
  d1_databases: [{ binding: 'SESSIONS_DB', database_name: 'edge-session', database_id: 'edge-session' }],
  r2_buckets: [{ binding: 'SESSIONS_BUCKET', bucket_name: 'edge-session' }],
  durable_objects: { bindings: [{ name: 'SESSIONS_OBJECT', class_name: 'SessionShard' }] },
  migrations: [{ tag: 'v1', new_sqlite_classes: ['SessionShard'] }],
};

// As `wrangler d1 migrations apply` does: each file once.
async function migrate(database) {
  const { results } = await database.prepare("SELECT name FROM sqlite_master WHERE name = 'session_record'").all();
  if (results.length) return;
  const sql = readFileSync(path('../../worker/migrations/0001_sessions.sql'), 'utf8').replace(/--.*$/gm, '');
  await database.batch(sql.split(';').filter(text => text.trim()).map(text => database.prepare(text)));
}

async function start(settings, { faulty = false, conformance = false, entry: wrapper, store = true, date, tls, port = 0 }, persist) {
  if (!existsSync(bundle)) throw new Error(`${bundle} is missing: scripts/test.sh builds it`);
  const entry = wrapper
    ? { main: fileURLToPath(wrapper) }
    : faulty
    ? { main: path('./faulty-store.mjs') }
    : conformance
    ? { main: path('../../worker/build-conformance/index.js') }
    : {
        main: bundle,
        base_dir: path('../../target/worker-out'),
        no_bundle: true,
        find_additional_modules: true,
      };
  const bindings = Object.entries(settings).filter(([, value]) => value !== undefined);
  const worker = await startWorker({
    config: {
      ...wranglerConfig,
      ...entry,
      ...(date && { compatibility_date: date }),
      build: { ...wranglerConfig.build, command: undefined },
      kv_namespaces: store ? wranglerConfig.kv_namespaces : [],
      ...(store && stores),
      vars: {},
    },
    bindings: Object.fromEntries(bindings.map(([name, value]) => [name, { type: 'plain_text', value }])),
    envFiles: ['/dev/null'], // instead of the developer's .dev.vars
    dev: {
      server: {
        hostname: '127.0.0.1',
        port: Number(port),
        ...(tls && { secure: true, httpsKeyPath: tls.key, httpsCertPath: tls.cert }),
      },
      // Otherwise the Worker is asked by http, whatever the browser asked.
      ...(tls && { origin: { secure: true } }),
      inspector: false,
      logLevel: 'error',
      persist,
      watch: false,
    },
  });
  await worker.ready;
  if (conformance || /d1/.test(settings.SESSION_STORE)) await migrate(await bindingOf(worker, 'getD1Database', 'SESSIONS_DB'));
  return worker;
}

// wrangler has no public way to a worker's bindings outside createTestHarness; its version is pinned.
async function bindingOf(worker, kind, name) {
  // Just after a restart the runtime may answer before its handle is here.
  for (let n = 0; n < 600 && !worker.raw.runtimes[0].mf; n++) await new Promise(resolve => setTimeout(resolve, 50));
  return worker.raw.runtimes[0].mf[kind](name);
}

/** The names of all records, once there are as many as `expected` says, or after two seconds as they are. */
export async function recordNames(edge, expected) {
  const store = await edge.store();
  const deadline = Date.now() + 2000;
  for (;;) {
    const names = (await store.list()).keys.map(key => key.name);
    if (expected === undefined || expected(names.length) || Date.now() > deadline) return names;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
