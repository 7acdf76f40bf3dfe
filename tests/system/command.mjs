// The command edge-session, run as people run it, from the package as they get it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** In a project of packages.mjs. */
const bin = folder => join(folder, 'node_modules/edge-session/dist/cli.js');

/** Runs it to its end: `{ code, stdout, stderr }`. Nobody can be asked. */
export async function command(folder, args, { env = {}, cwd = folder, input } = {}) {
  const child = start(folder, args, { env, cwd, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  child.stdin?.end(input);
  const [code] = await once(child, 'close');
  return { code, stdout: child.said.stdout, stderr: child.said.stderr };
}

/** Starts `edge-session dev` and resolves when it says where to look: `{ url, said, stop() }`; `stop` gives the exit code. */
export async function develop(folder, args, { cwd = folder, env } = {}) {
  const child = start(folder, ['dev', ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  process.once('exit', () => child.kill('SIGTERM'));
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', () => {
      const open = /Open +(\S+)/.exec(child.said.stdout);
      if (open && /Ctrl-C/.test(child.said.stdout)) resolve(open[1]);
    });
    closed.then(([code]) => reject(new Error(`it ended with ${code}\n${child.said.stdout}\n${child.said.stderr}`)));
  });
  const stop = async () => {
    child.kill('SIGINT');
    return (await closed)[0];
  };
  return { url, said: child.said, stop };
}

function start(folder, args, { env, ...options }) {
  const child = spawn(process.execPath, [bin(folder), ...args], { ...options, env: { ...process.env, ...env } });
  child.said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', text => (child.said[name] += text));
  return child;
}
