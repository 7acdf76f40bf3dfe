// Isolates of one deployment: each a Worker of its own with the same code, some of them in one workerd, and the Durable
// Objects where one of them is, or in a workerd of their own. Without wrangler, so that all of them are asked directly.

import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, startProgram, workerd } from '../../worker/bench/runtime.mjs';

const built = fileURLToPath(new URL('../../worker/build', import.meta.url));
const source = name => readFileSync(new URL(name, import.meta.url), 'utf8');
const text = JSON.stringify;

const MODULES = '(name = "index.js", esModule = embed "index.js"), (name = "index_bg.wasm", wasm = embed "index_bg.wasm")';
const INTERNET = '(name = "internet", network = (allow = ["public", "private"]))';
const objectsOf = service => `(name = "SESSIONS_OBJECT", durableObjectNamespace = (className = "SessionShard", serviceName = ${text(service)}))`;
const CLASS = `durableObjectNamespaces = [(className = "SessionShard", uniqueKey = "${randomBytes(8).toString('hex')}", enableSql = true)],
    durableObjectStorage = (localDisk = "objects"),`;
const diskOf = folder => `(name = "objects", disk = (path = ${text(join(folder, 'objects'))}, writable = true))`;

/**
 * Starts `count` of them with these settings; resolves to `{ urls, pid, stop }` when all listen.
 *
 * @param {object} [options]
 * @param {string} [options.date] compatibility date
 * @param {string[]} [options.further] bindings, as workerd's configuration has them
 * @param {string[]} [options.services] likewise
 * @param {string[]} [options.tails] names of services that are shown what is traced
 * @param {string | false} [options.objects] where the Durable Objects are ({@link startObjects}), or that there are none
 */
export async function startIsolates(count, settings, { date = '2026-10-01', further = [], services = [], tails = [], objects } = {}) {
  const folder = newFolder();
  const names = Array.from({ length: count }, (_, n) => `isolate${n}`);
  const ports = [];
  for (const _ of names) ports.push(await freePort());
  const variables = Object.entries(settings).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`);
  const relayed = typeof objects === 'string';
  if (relayed) writeFileSync(join(folder, 'relay.js'), source('relay.mjs'));
  const binding = relayed ? ['(name = "OBJECTS", service = "elsewhere")'] : objects === false ? [] : [objectsOf(names[0])];
  const workers = names.map(
    (name, n) => `(name = ${text(name)}, worker = (
    modules = [${relayed ? '(name = "relay.js", esModule = embed "relay.js"), ' : ''}${MODULES}],
    compatibilityDate = ${text(date)},
    bindings = [${[...variables, ...further, ...binding].join(', ')}],
    streamingTails = [${tails.map(text).join(', ')}],
    ${n === 0 && objects === undefined ? CLASS : ''}
  ))`,
  );
  const elsewhere = relayed ? [`(name = "elsewhere", external = (address = ${text(new URL(objects).host)}, http = ()))`] : [];
  const sockets = names.map((name, n) => [ports[n], name]);
  const child = serve(folder, [...workers, ...services, ...elsewhere, INTERNET, diskOf(folder)], sockets);
  const urls = ports.map(port => `http://127.0.0.1:${port}`);
  for (const url of urls) await listening(`${url}/_session/health`);
  return {
    urls,
    pid: child.pid,
    stop() {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Starts a workerd that has the Durable Objects and nothing else, for isolates of other processes.
 * `pause()` and `resume()` hold the process up, `lose()` ends it and what it kept, and starts an empty one.
 */
export async function startObjects() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let folder, child;
  async function start() {
    folder = newFolder();
    writeFileSync(join(folder, 'door.js'), source('door.mjs'));
    const home = `(name = "home", worker = (modules = [${MODULES}], compatibilityDate = "2026-10-01", ${CLASS}))`;
    const door = `(name = "door", worker = (modules = [(name = "door.js", esModule = embed "door.js")], compatibilityDate = "2026-10-01", bindings = [${objectsOf('home')}]))`;
    child = serve(folder, [home, door, INTERNET, diskOf(folder)], [[port, 'door']]);
    await listening(url);
  }
  function stop() {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
  await start();
  return {
    url,
    stop,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    lose() {
      stop();
      return start();
    },
  };
}

function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-isolates-'));
  cpSync(built, folder, { recursive: true });
  mkdirSync(join(folder, 'objects'));
  return folder;
}

function serve(folder, services, sockets) {
  const listed = sockets.map(([port, service]) => `(name = ${text(service)}, address = "127.0.0.1:${port}", http = (), service = ${text(service)})`);
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${services.join(',\n')}],
  sockets = [${listed.join(',\n')}],
);
`,
  );
  // Tails and Analytics Engine are experiments in workerd, and what everybody has on the platform.
  const { child } = startProgram(workerd, ['serve', '--experimental', join(folder, 'config.capnp')]);
  child.once('exit', (code, signal) => {
    if (!child.killed) console.error(`workerd ended by itself: ${code ?? signal}`);
  });
  return child;
}

async function listening(url) {
  for (let patience = 400; ; patience--) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (patience === 0) throw error;
      await sleep(25);
    }
  }
}
