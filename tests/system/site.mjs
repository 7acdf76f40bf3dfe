// The Django site of tests/django_site, started on a free port with a database of its own.

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const newDjangoSecret = () => randomBytes(48).toString('base64url');

/**
 * Starts Django and resolves when it listens: `{ url, stop() }`.
 * `storeKey` opens its session store (docs/ORIGIN-STORE.md); `engine` is where it keeps its own sessions,
 * `database` the SQLite file of its tables, or a `postgres://` address; `cache` a `redis://` one. Those need more packages than Django, a list of
 * `requirements`.
 * `trusted` are the addresses under which browsers see the site, `middleware` goes behind Django's own; `log` gets its output line by line.
 */
export async function startSite({
  secret,
  fallbacks = [],
  storeKey = '',
  database,
  cache = '',
  requirements = '',
  engine = 'django.contrib.sessions.backends.signed_cookies',
  trusted = [],
  middleware = [],
  port = 0,
  log = () => {},
  ended = () => {},
}) {
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-site-'));
  const child = spawn(python(requirements), ['-u', '-B', 'manage.py', 'serve', `127.0.0.1:${port}`], {
    cwd: join(root, 'tests/django_site'),
    env: {
      ...process.env,
      DJANGO_SECRET_KEY: secret,
      DJANGO_SECRET_KEY_FALLBACKS: fallbacks.join(' '),
      DJANGO_TRUSTED_ORIGINS: trusted.join(' '),
      DJANGO_MIDDLEWARE: middleware.join(' '),
      DJANGO_DATABASE: database ?? join(folder, 'db.sqlite3'),
      DJANGO_CACHE: cache,
      DJANGO_SESSION_ENGINE: engine,
      DJANGO_SESSION_FILES: join(folder, 'sessions'),
      SESSION_ORIGIN_STORE_KEY: storeKey,
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise(resolve => child.on('close', resolve));
  const stop = async () => {
    child.kill('SIGKILL'); // nothing to save: the database is a temporary one
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', () => child.kill('SIGKILL'));

  const output = [];
  const url = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', line => {
        output.push(line);
        log(line);
        const listening = /development server at (http:\S+?)\/?$/.exec(line);
        if (listening) resolve(listening[1]);
      });
    }
    child.on('error', reject);
    child.on('close', code => {
      ended(code);
      rmSync(folder, { recursive: true, force: true });
      reject(new Error(`Django ended (exit ${code}):\n${output.join('\n')}`));
    });
  });
  return { url, output, stop };
}

/** Starts an origin that speaks headers, in `python` or `node`; resolves to `{ url, stop() }`. */
export async function startHeadersOrigin(language, key) {
  const [command, file] = { python: [python(), 'origin.py'], node: [process.execPath, 'origin.mjs'] }[language];
  const child = spawn(command, [join(root, 'tests/system/origins', file)], {
    env: { ...process.env, SESSION_ORIGIN_KEY: key, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const exited = new Promise(resolve => child.on('close', resolve));
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => resolve(line.split(' ').at(-1)));
    child.on('error', reject);
    child.on('close', code => reject(new Error(`the ${language} origin ended (exit ${code})`)));
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { url, stop };
}

// The Python of the environment that scripts/setup.sh made.
function python(requirements = '') {
  const script = `source scripts/toolchain.sh && venv ${requirements}`;
  return join(execFileSync('bash', ['-c', script], { cwd: root, encoding: 'utf8' }).trim(), 'bin/python');
}
