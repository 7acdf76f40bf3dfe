// PostgreSQL and Redis as Debian has them, each in a folder of its own, at a free port.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../package/process.mjs';

// PostgreSQL does not start for root.
const isRoot = process.getuid() === 0;
const nobody = isRoot ? { uid: 65534, gid: 65534 } : {};

/** An empty one: `{ url, stop() }`. */
export async function startPostgres() {
  const programs = postgresPrograms();
  const folder = newFolder();
  const data = join(folder, 'data');
  const options = { cwd: folder, env: { PATH: process.env.PATH, HOME: folder }, ...nobody };
  execFileSync(join(programs, 'initdb'), ['--no-sync', '--auth=trust', '--username=edge', '--encoding=UTF8', '--locale=C', '-D', data], { ...options, stdio: 'pipe' });
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'].flatMap(setting => ['-c', setting]);
  const child = spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...settings], { ...options, stdio: 'ignore' });
  const running = keep(child, folder, 'SIGQUIT');
  const isReady = () => {
    try {
      execFileSync(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]);
      return true;
    } catch {
      return false;
    }
  };
  await until('PostgreSQL', isReady);
  return { ...running, url: `postgres://edge@127.0.0.1:${port}/postgres` };
}

/** An empty one: `{ url, stop() }`. */
export async function startRedis() {
  const folder = newFolder();
  const port = await freePort();
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: 'ignore', ...nobody });
  const missing = new Promise((_, reject) => child.once('error', () => reject(new Error('redis-server is missing: scripts/setup.sh test'))));
  const running = keep(child, folder, 'SIGTERM');
  await Promise.race([until('Redis', () => answers(port)), missing]);
  return { ...running, url: `redis://127.0.0.1:${port}` };
}

function keep(child, folder, signal) {
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = once(child, 'exit').catch(() => {});
  const stop = async () => {
    child.kill(signal);
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { stop };
}

function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-database-'));
  if (isRoot) chownSync(folder, nobody.uid, nobody.gid);
  return folder;
}

// Debian keeps them out of PATH, each version by itself.
function postgresPrograms() {
  const home = '/usr/lib/postgresql';
  const versions = existsSync(home) ? readdirSync(home).sort((a, b) => b - a) : [];
  const found = [...versions.map(version => join(home, version, 'bin')), ...process.env.PATH.split(':')].find(folder => existsSync(join(folder, 'initdb')));
  if (!found) throw new Error('initdb is missing: scripts/setup.sh test');
  return found;
}

function answers(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.end()));
    socket.on('error', () => resolve(false));
  });
}

async function until(who, isReady) {
  for (let n = 0; n < 600; n++) {
    if (await isReady()) return;
    await sleep(50);
  }
  throw new Error(`${who} does not start`);
}
