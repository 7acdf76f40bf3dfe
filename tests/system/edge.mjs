// The built Worker in real workerd, with the settings of wrangler.toml and those a test gives.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import { unstable_readConfig as readConfig, unstable_startWorker as startWorker } from 'wrangler';

const path = relative => fileURLToPath(new URL(relative, import.meta.url));
const bundle = path('../../target/worker-out/index.js');
const faultyEntry = path('./faulty-store.mjs');

export const newSessionKey = () => `es1_${randomBytes(32).toString('base64url')}`;

/**
 * Starts the Worker. `settings` are its vars and secrets; `faulty` puts the store faults of
 * faulty-store.mjs round it; `store: false` leaves the KV binding out.
 *
 * Not `createTestHarness`: that one sends the Worker's own requests through Node's fetch, which knows no
 * WebSocket, decodes bodies and follows its own limits on headers. Here workerd itself talks to Django.
 */
export async function startEdge(settings, { faulty = false, store = true } = {}) {
  if (!existsSync(bundle)) throw new Error(`${bundle} is missing: run scripts/test.sh, which builds it`);
  const config = readConfig({ config: path('../../wrangler.toml') }, { hideWarnings: true });
  const worker = await startWorker({
    config: {
      ...config,
      ...(faulty
        ? { main: faultyEntry }
        : { main: bundle, base_dir: path('../../target/worker-out'), no_bundle: true, find_additional_modules: true }),
      build: { ...config.build, command: undefined },
      kv_namespaces: store ? config.kv_namespaces : [],
      vars: {},
    },
    bindings: bindings(settings),
    dev: {
      server: { hostname: '127.0.0.1', port: 0 },
      inspector: false,
      persist: false,
      watch: false,
      logLevel: 'error',
    },
  });
  await worker.ready;
  console.log(Object.keys(worker.raw), worker.raw.runtimes?.[0]?.mf);
  return worker;
}
const bindings = settings =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, { type: 'plain_text', value }]));
