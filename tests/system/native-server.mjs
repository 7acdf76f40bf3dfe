// The native origin store, server/, as its users start it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
const program = join(target, 'debug/edge-session-server');

/**
 * Starts it with `keys`, at a free port, and resolves when it listens and its store is open. `settings` are named as in its file; without a
 * `store` among them it keeps sessions in an SQLite file of its own.
 *
 * `url`          where it listens
 * `operator`     where its metrics are
 * `lines`        what it logged
 * `kill()`       as a machine that fails does
 * `restart()`    the same stores, another port
 * `stop()`       gracefully; gives the exit code
 */
export async function startServer(keys, settings = {}) {
  if (!existsSync(program)) throw new Error(`${program} is missing: cargo build -p edge-session-server`);
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-server-'));
  const said = { store: `sqlite:${join(folder, 'sessions.sqlite3')}`, listen: '127.0.0.1:0', operator: '127.0.0.1:0', log: 'json', ...settings };
  const environment = Object.entries(said).map(([name, value]) => [`EDGE_SESSION_SERVER_${name.toUpperCase()}`, String(value)]);
  const server = { folder, lines: [] };
  let child;
  const start = async () => {
    child = spawn(program, ['serve'], {
      env: { PATH: process.env.PATH, ...Object.fromEntries(environment), SESSION_ORIGIN_STORE_KEY: [keys].flat().join(' ') },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    const found = new Map();
    const lines = createInterface({ input: child.stderr });
    await new Promise((resolve, reject) => {
      child.once('exit', code => reject(new Error(`the server ended with ${code}: ${server.lines.map(line => JSON.stringify(line)).join('\n')}`)));
      lines.on('line', text => {
        const line = text.startsWith('{') ? JSON.parse(text) : { message: text };
        server.lines.push(line);
        found.set(line.message, line);
        if (found.has('listening') && found.has('store_open')) resolve();
      });
    });
    server.url = found.get('listening').at;
    server.operator = found.get('listening').operator;
  };
  const end = async signal => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    }
    return child.exitCode;
  };
  server.kill = () => end('SIGKILL');
  server.restart = start;
  server.stop = async () => {
    const code = await end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
    return code;
  };
  await start();
  return server;
}
