// The Worker in local workerd in front of the Django site, until Ctrl-C.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { resolve as resolvePath } from 'node:path';
import { parseEnv } from 'node:util';
import { startSite } from '../tests/system/site.mjs';

const secretsFile = '.dev.vars';
const isTls = process.argv.includes('--https');
const stops = [];
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => stop(0));
}

try {
  const secrets = developmentSecrets();
  const port = await freePort(8787);
  const address = `${isTls ? 'https' : 'http'}://localhost:${port}`;
  const site = await startSite({
    secret: secrets.DJANGO_SECRET_KEY,
    fallbacks: JSON.parse(secrets.DJANGO_SECRET_KEY_FALLBACKS ?? '[]'),
    trusted: [address],
    log: line => console.log(`django | ${line}`),
    ended: code => ended('Django', code),
  });
  stops.push(site.stop);
  const lines = await startWorker(port, site.url);
  console.log(isTls ? welcomeOfDevices(address, lines) : welcome(address, site.url));
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

/** Resolves to what it says when the Worker answers as its settings want it. */
function startWorker(port, origin) {
  // Only here: what is deployed has no assets, so there the page is a 404 of the Worker.
  const page = ['--', '--assets', resolvePath('target/inspector')];
  const folder = isTls ? ['--https', folderOfDevices()] : [];
  const child = spawn(process.execPath, ['pkg/dist/cli.js', 'dev', '--port', String(port), '--origin', origin, ...folder, ...page], {
    // A process group of its own: Ctrl-C reaches this script only, which then stops both.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise(resolve => child.on('close', resolve));
  child.on('error', error => ended(`edge-session dev (${error.message})`, 1));
  child.on('close', code => ended('The Worker', code));
  stops.push(() => (child.kill('SIGTERM'), exited));
  const lines = [];
  return new Promise(resolve =>
    createInterface({ input: child.stdout }).on('line', line => {
      lines.push(line);
      if (isTls ? /chromium /.test(line) : /^Open /.test(line)) resolve(lines);
    }),
  );
}

/** The Worker's folder with a database, which is told at once which session is bound to which device. */
function folderOfDevices() {
  const folder = 'target/run-https';
  mkdirSync(folder, { recursive: true });
  cpSync(secretsFile, `${folder}/.dev.vars`);
  const config = {
    name: 'edge-session',
    main: '../../worker/build/index.js',
    compatibility_date: '2026-10-01',
    send_metrics: false,
    d1_databases: [{ binding: 'SESSIONS_DB', database_name: 'edge-session', database_id: 'local', migrations_dir: '../../worker/migrations' }],
    vars: { SESSION_STORE: 'd1', SESSION_DEVICE: 'bound', SESSION_DEVICE_SECONDS: '180', SESSION_ROUTES: '{"/": "optional", "/static/": "public"}' },
  };
  writeFileSync(`${folder}/wrangler.json`, JSON.stringify(config, null, 2));
  return folder;
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

function welcomeOfDevices(address, lines) {
  const chromium = lines.find(line => line.includes('chromium ')).trim();
  return `
  Start Chromium so, which lets it bind sessions to this device, on Linux as well:

  ${chromium}

  1. Log in as ada, password lovelace, and reload: the page says "bound to this device".
  2. Be the thief: the page has a line for curl; put into it what the developer tools show of __Host-sessionid.
  3. The copy is nobody's. The browser goes on; a device cookie ends after three minutes, and it gets a new one.
  Ctrl-C stops it.
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
