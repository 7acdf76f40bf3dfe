// The Worker in local workerd in front of the Django site, until Ctrl-C.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { parseEnv } from 'node:util';
import { startSite } from '../tests/system/site.mjs';

const secretsFile = '.dev.vars';
const stops = [];
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => stop(0));
}

try {
  const secrets = developmentSecrets();
  const port = await freePort(8787);
  const address = `http://localhost:${port}`;
  const site = await startSite({
    secret: secrets.DJANGO_SECRET_KEY,
    fallbacks: JSON.parse(secrets.DJANGO_SECRET_KEY_FALLBACKS ?? '[]'),
    trusted: [address],
    log: line => console.log(`django | ${line}`),
    ended: code => ended('Django', code),
  });
  stops.push(site.stop);
  startWorker(port, site.url);
  await answering(`${address}/_session/health`);
  console.log(welcome(address, site.url));
} catch (error) {
  console.error(`\nerror: ${error.message}`);
  await stop(1);
}

// Secrets are made once and kept, so that a log in survives a restart.
function developmentSecrets() {
  const text = existsSync(secretsFile) ? readFileSync(secretsFile, 'utf8') : '';
  const secrets = parseEnv(text);
  const missing = Object.entries({
    SESSION_KEYS: () => `es1_${randomBytes(32).toString('base64url')}`,
    DJANGO_SECRET_KEY: () => randomBytes(48).toString('base64url'),
  }).filter(([name]) => !secrets[name]);
  if (missing.length === 0) return secrets;
  if (!text)
    writeFileSync(secretsFile, '# Development secrets, made by `make run`; not under version control.\n', {
      mode: 0o600,
    });
  for (const [name, make] of missing) {
    secrets[name] = make();
    appendFileSync(secretsFile, `${name}=${secrets[name]}\n`);
  }
  return secrets;
}

function startWorker(port, origin) {
  const settings = ['--ip', '127.0.0.1', '--port', port, '--var', `ORIGIN_URL:${origin}`];
  // Only here: what is deployed has no assets, so there the page is a 404 of the Worker.
  const page = ['--assets', 'target/inspector'];
  const quiet = ['--inspector-port', '0', '--show-interactive-dev-session=false'];
  const child = spawn('wrangler', ['dev', ...settings, ...page, ...quiet], {
    // A process group of its own: Ctrl-C reaches this script only, which then stops the whole group.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', line => console.log(`worker | ${line}`));
  }
  const exited = new Promise(resolve => child.on('close', resolve));
  child.on('error', error => ended(`wrangler (${error.message})`, 1));
  child.on('close', code => ended('The Worker', code));
  stops.push(async () => {
    const kill = signal => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // The group is gone, which is what we want.
      }
    };
    kill('SIGTERM');
    const timer = setTimeout(kill, 5000, 'SIGKILL');
    await exited;
    clearTimeout(timer);
    kill('SIGKILL');
  });
}

async function answering(url) {
  const deadline = Date.now() + 120_000;
  while (!stopping) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    if (response?.headers.get('content-type')?.includes('json')) {
      const { problems } = await response.json();
      throw new Error(
        `the Worker is misconfigured:\n  ${problems.join('\n  ')}\n  (secrets are in ${secretsFile})`,
      );
    }
    if (Date.now() > deadline) throw new Error(`no answer from ${url} within two minutes`);
    await new Promise(resolve => setTimeout(resolve, 200));
  }
}

// The port if it is free, else any that is.
function freePort(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', error => (port ? resolve(freePort(0)) : reject(error)));
    server.listen(port, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function welcome(address, origin) {
  const token = `csrfmiddlewaretoken=$(awk '$6 == "csrftoken" {print $7}' jar)`;
  return `
  Open      ${address}      user ada, password lovelace
  Behind it ${origin}   Django itself, to compare
  Inspector ${address}/_session/inspector   paste a cookie, and a key of ${secretsFile} to look inside
  Ctrl-C stops both.

  Or in a shell:
  1. log in, keep the jar
     curl -so- -c jar ${address}/login/ >/dev/null; curl -sb jar -c jar -d "${token}&username=ada&password=lovelace" -w '%{http_code}\\n' ${address}/login/
  2. make a 20 KB session, and see that Django has it
     curl -sb jar -c jar -d "${token}&kind=random" ${address}/big/; curl -sb jar ${address}/whoami | head -c 300
  3. look at what the browser holds: sealed, and small enough
     awk '/sessionid/ {print $6, length($7), $7}' jar
`;
}

function ended(who, code) {
  if (stopping) return;
  console.error(`\n${who} ended (exit ${code}); stopping the rest.`);
  stop(1);
}

async function stop(code) {
  if (stopping) return;
  stopping = true;
  await Promise.all(stops.map(stop => stop()));
  process.exit(code);
}
