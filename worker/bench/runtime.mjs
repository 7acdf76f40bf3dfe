// A Worker in a workerd of its own, without wrangler and its proxies, so that the process's time is the Worker's.

import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, extname, join } from 'node:path';

const require = createRequire(createRequire(import.meta.url).resolve('wrangler/package.json'));
export const workerd = require('workerd').default;

const date = /^compatibility_date = "(.+)"$/m.exec(readFileSync(new URL('../../wrangler.toml', import.meta.url), 'utf8'))[1];

const started = new Set();
process.on('exit', () => started.forEach(child => child.kill('SIGKILL')));

/** Starts a program and gives it and the first line that it prints. */
export function startProgram(command, parameters) {
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.add(child);
  child.once('exit', () => started.delete(child));
  return { child, firstLine: () => new Promise(resolve => child.stdout.once('data', data => resolve(String(data).trim()))) };
}

export async function freePort() {
  const server = createServer();
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Writes the configuration of the Worker whose modules are in `folder`, index.js first; gives what `startWorker` takes. */
export async function configure(folder, variables) {
  const kinds = { '.js': 'esModule', '.wasm': 'wasm' };
  const files = readdirSync(folder, { recursive: true }).filter(name => extname(name) in kinds);
  const modules = ['index.js', ...files.filter(name => name !== 'index.js')];
  const text = JSON.stringify;
  const port = await freePort();
  const file = join(folder, 'config.capnp');
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "internet", network = (allow = ["public", "private"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules.map(name => `(name = ${text(name)}, ${kinds[extname(name)]} = embed ${text(name)})`).join(', ')}],
  compatibilityDate = ${text(date)},
  bindings = [${Object.entries(variables).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`).join(', ')}],
);
`,
  );
  return { folder, file, port };
}

export function startWorker({ file, folder, port }) {
  const { child } = startProgram(workerd, ['serve', file]);
  return { pid: child.pid, port, folder, stop: () => child.kill('SIGKILL') };
}

/** Microseconds of processor time that all threads of a process have had: Linux keeps nanoseconds of each. */
export function processorTime(pid) {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error; // the thread has just ended
    }
  }
  return nanoseconds / 1000;
}
