// edge-session dev

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { asker } from './ask.js';
import { inputProblem, usageProblem } from './problem.js';
import { certificateOf, trustLines } from './project/certificate.js';
import { readVariables } from './project/variables_file.js';
import { wranglerOf } from './project/wrangler.js';
import { number } from './settings.js';

export const summary = 'the Worker before a site on this machine';

export const help = `usage: edge-session dev [options] [<folder>] [-- wrangler's own options]

Runs the Worker of a folder (edge-session init makes one) in Cloudflare's runtime on this machine, with local stores,
until Ctrl-C. D1 gets its tables. It says where to look, what of the settings is wrong, and what the site does not
take.

  --origin URL   where the site is; otherwise ORIGIN_URL of .dev.vars
  --port NUMBER  default 8787, or the next one that is free
  --https        with TLS, by a certificate for localhost that is made on the spot; how to trust it is said. Where the
                 settings have SESSION_DEVICE the line for Chromium has what lets it bind sessions, on Linux as well

Open http://localhost:8787 and not 127.0.0.1: browsers take the session's cookie, which is Secure, from the one and not
from the other.

exit code: 0 stopped; 2 used wrongly; 3 it cannot start, or a setting is wrong
`;

export const options = {
  origin: { type: 'string' },
  port: { type: 'string' },
  https: { type: 'boolean' },
};

/** What stands behind -- is wrangler's. */
export const startsCommand = true;

const PORT = 8787;
const MILLISECONDS = 120_000;

export async function run({ values, positionals, command, now, terminal, report }) {
  if (positionals.length > 1) throw usageProblem(`one folder is expected, there are ${positionals.length} arguments`);
  const wrangler = wranglerOf(positionals[0] ?? '.');
  const origin = values.origin === undefined ? undefined : address(values.origin);
  const port = await portFor(number(values.port, '--port', 1, 65_535));
  const tls = values.https ? certificateOf(wrangler.folder, now) : undefined;
  const place = `${values.https ? 'https' : 'http'}://localhost:${port}`;

  const config = await wrangler.config();
  for (const { binding } of config.d1_databases) await tables(wrangler, binding);
  const bindsDevices = ['observe', 'bound'].includes(variablesHere(wrangler.folder).SESSION_DEVICE ?? config.vars.SESSION_DEVICE);
  if (bindsDevices && !values.https) report('SESSION_DEVICE has no effect here: browsers bind sessions to their device over TLS only, which is --https');
  const site = origin ?? variablesHere(wrangler.folder).ORIGIN_URL ?? config.vars.ORIGIN_URL;

  const worker = started(wrangler, [
    // The address that is asked, and not that of the first route, which the site would take for its own.
    '--infer-origin-from-routes=false',
    ...['--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0', '--show-interactive-dev-session=false'],
    ...(origin === undefined ? [] : ['--var', `ORIGIN_URL:${origin}`]),
    ...(values.https ? ['--local-protocol', 'https'] : []),
    ...(tls ? ['--https-key-path', tls.key, '--https-cert-path', tls.certificate] : []),
    ...command,
  ], report);
  try {
    // Without a certificate of ours nothing vouches for wrangler's own, and it is only asked whether it is there.
    const ask = asker({ ca: tls?.certificate });
    if (!values.https || tls) await healthy(ask, place, worker, report);
    const lines = [`Open       ${terminal.bold(place)}`, `Behind it  ${site}`, 'Ctrl-C stops it.'];
    if (tls) lines.push('', 'Its certificate is trusted by', ...trustLines(tls, place, bindsDevices).map(line => `  ${line}`));
    else if (values.https) lines.push('', 'There is no openssl here, so the certificate is wrangler’s own, which nothing vouches for.');
    process.stdout.write(`\n${lines.join('\n')}\n\n`);
    if (!values.https || tls) for (const line of await siteTrouble(ask, place, site)) report(line);
    const code = await worker.ended;
    if (!worker.isStopped) throw inputProblem(`wrangler ended with ${code}: what it said is above`);
  } finally {
    await worker.stop();
  }
  return { text: undefined, json: { address: place, origin: site } };
}

/** wrangler, its lines reported, and stopped with all that it started when this process is. */
function started(wrangler, args, report) {
  const child = wrangler.start(['dev', ...args], { detached: process.platform !== 'win32', stdio: ['ignore', 'pipe', 'pipe'], env: { ...wrangler.environment, FORCE_COLOR: '0' } });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', line => line.trim() && report(`worker | ${line.replaceAll('\ufe0f', '')}`));
  const ended = once(child, 'close').then(([code]) => code);
  const kill = signal => {
    try {
      process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
    } catch {
      // It is gone, which is what we want.
    }
  };
  const worker = {
    isStopped: false,
    hasEnded: false,
    ended,
    async stop() {
      worker.isStopped = true;
      kill('SIGTERM');
      const timer = setTimeout(kill, 5000, 'SIGKILL');
      await ended;
      clearTimeout(timer);
      kill('SIGKILL');
    },
  };
  ended.then(() => (worker.hasEnded = true));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => worker.stop());
  return worker;
}

/** Waits until its settings are right; throws with what is wrong. */
async function healthy(ask, place, worker, report) {
  const deadline = Date.now() + MILLISECONDS;
  while (!worker.isStopped) {
    const health = await ask(`${place}/_session/health`).catch(() => undefined);
    if (health?.status === 200) return;
    if (health?.json?.problems) {
      for (const problem of health.json.problems) report(`setting | ${problem}`);
      throw inputProblem('the Worker is misconfigured, as said above: secrets are in .dev.vars, the rest is in wrangler.jsonc');
    }
    if (worker.hasEnded) throw inputProblem('wrangler ended before the Worker was there: what it said is above');
    if (Date.now() > deadline) throw inputProblem(`no answer from ${place} within ${MILLISECONDS / 1000} s`);
    await sleep(100);
  }
}

/** What a first page shows of how the site and the Worker go together. */
async function siteTrouble(ask, place, site) {
  const page = await ask(`${place}/`, { headers: { accept: 'text/html' } }).catch(error => error);
  if (page instanceof Error) return [`the first page could not be asked: ${page.message}`];
  const direct = await ask(`${site}/`).catch(error => error);
  if (direct instanceof Error) return [`the site does not answer (${direct.message}): start it, python manage.py runserver 8000, or say where it is with --origin`];
  if (page.status === 502) return [`the Worker cannot use what the site answers (502): ${plainText(page.body)}`];
  if (page.status === 400 && direct.status !== 400) return ['the site refuses the host localhost (400): it has to be among ALLOWED_HOSTS'];
  if (page.status >= 500) return [`the first page is ${page.status}: ${plainText(page.body)}`];
  return [];
}

const plainText = body => body.replace(/<style.*?<\/style>/gs, '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 300);

async function tables(wrangler, binding) {
  const child = wrangler.start(['d1', 'migrations', 'apply', binding, '--local'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', text => (said += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw inputProblem(`the tables of ${binding} could not be made: ${said.trim().split('\n')[0]}`);
}

const variablesHere = folder => {
  const path = join(folder, '.dev.vars');
  return existsSync(path) ? readVariables(readFileSync(path, 'utf8')) : {};
};

function address(text) {
  try {
    const { protocol, origin } = new URL(text);
    if (/^https?:$/.test(protocol)) return origin;
  } catch {
    // Said below.
  }
  throw usageProblem('--origin: an address is expected, as http://127.0.0.1:8000');
}

/** This port, which has to be free; or else the first free one from the usual one on. */
async function portFor(wanted) {
  if (wanted !== undefined) {
    if (await isFree(wanted)) return wanted;
    throw inputProblem(`port ${wanted} is taken: name another with --port`);
  }
  for (let port = PORT; port < PORT + 20; port++) if (await isFree(port)) return port;
  throw inputProblem(`ports ${PORT} to ${PORT + 19} are taken: name one with --port`);
}

const isFree = port =>
  new Promise(done => {
    const server = createServer().on('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
