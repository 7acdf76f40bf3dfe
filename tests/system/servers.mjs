// The application servers of docs/DJANGO.md, started by the commands that stand there, with the site of tests/servers.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../package/process.mjs';
import { Visitor } from './visitor.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const page = join(root, 'docs/DJANGO.md');

/** The rows of the page's table: `{ server, command, largest, line }`; where no command stands, `how` says what does. */
export function documentedServers() {
  const lines = readFileSync(page, 'utf8').split('\n');
  const start = lines.indexOf('| server | command | largest session |') + 2;
  if (start < 2) throw new Error(`${page}: no table of servers`);
  const rows = lines.slice(start, lines.findIndex((line, n) => n >= start && !line.startsWith('|')));
  let server;
  return rows.map(line => {
    const [name, command, largest] = line.split('|').slice(1, -1).map(cell => cell.trim());
    server = name || server;
    return { server, command: /^`([^`]+)`$/.exec(command)?.[1], how: command, largest, line };
  });
}

/** A block of the page: the one behind the line that names this file. */
export function documentedFile(name) {
  const block = readFileSync(page, 'utf8').split(`\`${name}\``).slice(1).find(text => /^[^`]*\n\n?\`\`\`\w+\n/.test(text));
  if (!block) throw new Error(`${page}: no block for ${name}`);
  return /```\w+\n(.*?)```/s.exec(block)[1];
}

/**
 * Runs a command of the page, on `port` or one of its own, and resolves when it answers: `{ url, output, stop() }`.
 * `files` lie in the folder where it runs, text by name; `bin` is where its programs are; `ready` is a page of the site,
 * which `refuses` whoever does not come through the Worker.
 */
export async function startServer(command, { secret, bin, files = {}, environment = {}, ready = '/show', refuses = false, port = undefined }) {
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-server-'));
  port ??= await freePort();
  const here = text => text.replaceAll('8000', port).replaceAll('FOLDER', folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), here(text));
  const child = spawn('sh', ['-c', `exec env ${here(command)}`], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      PYTHONPATH: join(root, 'tests/servers'),
      PYTHONDONTWRITEBYTECODE: '1',
      DJANGO_SECRET_KEY: secret,
      ...environment,
    },
    detached: true, // some have workers: the whole group is ended
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', data => output.push(String(data)));
  const kill = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group is gone, which is what we want.
    }
  };
  process.once('exit', kill);
  const exited = new Promise(resolve => child.on('close', resolve));
  const server = {
    url: `http://127.0.0.1:${port}`,
    output,
    async stop() {
      process.off('exit', kill);
      kill();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (let n = 0; n < 600; n++) {
    const answer = await fetch(server.url + ready).catch(() => undefined);
    if (answer?.ok || (refuses && answer)) return server;
    if (child.exitCode !== null) break;
    await sleep(100);
  }
  await server.stop();
  throw new Error(`no answer from: ${command}\n${output.join('')}`);
}

/** Whether a session with so many bytes of text comes back whole with the next page; the visitor who tried, and what it said. */
export async function tryLength(place, bytes) {
  const visitor = new Visitor(place);
  const filled = await visitor.get(`/fill/${bytes}`);
  const shown = await visitor.get('/show');
  const isWhole = shown.status === 200 && shown.json().digest === filled.body && shown.json().bytes === bytes;
  return { isWhole, visitor, filled, shown };
}

/** Bytes of text up to which `tryLength` succeeds, to the KB. */
export async function longestTaken(place, most = 127) {
  let [taken, refused] = [0, most + 1];
  while (refused - taken > 1) {
    const middle = Math.floor((taken + refused) / 2);
    if ((await tryLength(place, middle * 1000)).isWhole) taken = middle;
    else refused = middle;
  }
  return taken * 1000;
}

/** Folder of the programs of an environment that scripts/setup.sh made. */
export function programs(requirements) {
  const script = `source scripts/toolchain.sh && venv "$root/${requirements}"`;
  const home = execFileSync('bash', ['-c', script], { cwd: root, encoding: 'utf8' }).trim();
  if (!existsSync(join(home, 'bin'))) throw new Error(`${home} is missing: scripts/setup.sh makes it`);
  return join(home, 'bin');
}
