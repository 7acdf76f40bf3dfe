// The README's first lines, in an environment that has Node and Python and no Rust, with the packages as they are published:
// from an empty folder to a session that no cookie holds, within a minute.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { parseEnv, promisify } from 'node:util';
import { command, develop } from './command.mjs';
import { pack } from './packages.mjs';
import { documentedServers, programs, startServer } from './servers.mjs';
import { newDjangoSecret } from './site.mjs';
import { freePort } from '../package/process.mjs';
import { Visitor } from './visitor.mjs';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** Beside wrangler's own download, which npm's cache has. */
const MOST_MILLISECONDS = 60_000;

let folder, tarballs;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'edge-session-from-nothing-'));
  tarballs = ['edge-session', 'edge-session-worker'].map(name => pack(name, folder).tarball);
  mkdirSync(join(folder, 'bin'));
  // What the commands of such a machine are; `which` asks this process's own PATH.
  for (const name of ['sh', 'env', 'node', 'npm', 'npx', 'openssl']) {
    const found = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    symlinkSync(found.startsWith('/') ? found : resolve(root, found), join(folder, 'bin', name));
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** The commands of the README's first block, each a line. */
function documented() {
  const [, block] = /## Without Rust\n.*?```sh\n(.*?)```/s.exec(readme) ?? assert.fail('README.md: no block “Without Rust”');
  return block.trim().split('\n');
}

/**
 * Follows the README before a site: `serve` starts that, with its settings as they are to be, `first` is what has to work
 * within the time, and `then` what is looked at after it. Both get where to look.
 */
async function follows({ name, manage, local, settings, environment, serve }, first, then) {
  const home = join(folder, name);
  mkdirSync(home);
  // What this machine has to say of proxies and registries stays; what finds Rust goes.
  const env = {
    ...process.env,
    PATH: join(folder, 'bin'),
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    WRANGLER_SEND_METRICS: 'false',
    ...environment,
  };
  await assert.rejects(run('sh', ['-c', 'cargo --version'], { env }), /not found/);
  let server;
  let started = Date.now();
  let place = home;
  for (const line of documented()) {
    const shell = line
      .replace(/ edge-session edge-session-worker wrangler$/, ` ${tarballs.join(' ')} wrangler@${devDependencies.wrangler}`)
      .replace('../mysite/manage.py', `${manage} --local ${local}`);
    if (/^mkdir (\S+) && cd \1$/.test(shell)) {
      place = join(home, line.split(' ')[1]);
      mkdirSync(place);
    } else if (/^npx edge-session dev$/.test(shell)) {
      // Whose site it is has it running already.
      const waited = Date.now();
      server = await serve(place);
      started += Date.now() - waited;
      let worker;
      try {
        worker = await develop(place, [], { env });
        await first({ url: worker.url, folder: place, env });
        const took = Date.now() - started;
        assert.ok(took < MOST_MILLISECONDS, `${took} ms`);
        await then({ url: worker.url, folder: place, env });
      } finally {
        await worker?.stop();
        await server.stop();
      }
      return;
    } else {
      const { stdout } = await run('sh', ['-c', shell], { cwd: place, env });
      // What it says to paste is pasted.
      for (const [, file, lines] of stdout.matchAll(/Into the site’s (\w+\.py):\n(.*?)\n(?=Into|Next|The)/gs))
        appendFileSync(join(dirname(settings), file === 'settings.py' ? basename(settings) : file), `\n${lines.replace(/^ {4}/gm, '')}\n`);
    }
  }
  assert.fail('README.md: its first block does not end with edge-session dev');
}

const LONG_HEADERS = documentedServers().find(({ command }) => command?.includes('--limit-request-field_size 1048576')).command;

/** A venv beside manage.py, as most sites have it. */
const withPython = (site, requirements) => symlinkSync(dirname(programs(requirements)), join(site, '.venv'));

async function prepared(site, environment) {
  const options = { cwd: site, env: { ...process.env, ...environment, DJANGO_SUPERUSER_PASSWORD: 'lovelace', PYTHONDONTWRITEBYTECODE: '1' } };
  const manage = (...args) => run(join(site, '.venv/bin/python'), ['manage.py', ...args], options);
  await manage('migrate', '--verbosity', '0');
  await manage('createsuperuser', '--noinput', '--username', 'ada', '--email', 'ada@shop.example');
}

/** A check that finds nothing bad, with a log in, and sessions that no cookie holds. */
const isGood = (...args) => async ({ url, folder: worker, env }) => {
  const { code, stdout } = await command(worker, ['check', url, '--username', 'ada', '--verbose', ...args], { env: { ...env, EDGE_SESSION_PASSWORD: 'lovelace' } });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /ada was logged in and out/);
  assert.match(stdout, /30 KB there and back/);
};

test('before a Django site: a session of 20 KB', async () => {
  const site = join(folder, 'django', 'mysite');
  cpSync(join(root, 'tests/django_site'), site, { recursive: true });
  withPython(site, 'tests/servers/requirements.txt');
  const environment = { DJANGO_SECRET_KEY: newDjangoSecret(), DJANGO_DATABASE: join(site, 'db.sqlite3') };
  await prepared(site, environment);
  const port = await freePort();
  const serve = () => startServer(LONG_HEADERS.replace('mysite.wsgi', 'shop.wsgi'), { secret: environment.DJANGO_SECRET_KEY, bin: programs('tests/servers/requirements.txt'), port, environment: { ...environment, PYTHONPATH: site }, refuses: true });
  const about = { name: 'worker-of-django', manage: join(site, 'manage.py'), local: `http://127.0.0.1:${port}`, settings: join(site, 'shop/settings.py'), environment, serve };
  await follows(
    about,
    async ({ url }) => {
      const visitor = new Visitor({ url });
      await visitor.logIn();
      await visitor.post('/big/', { kind: 'random' });
      const { user, bytes } = await visitor.whoami();
      assert.ok(user === 'ada' && bytes > 20_000, `${user} ${bytes}`);
    },
    isGood(),
  );
});

test('before a Wagtail site: a log in to its editor, and a session of 30 KB', async () => {
  const site = join(folder, 'wagtail', 'mysite');
  mkdirSync(site, { recursive: true });
  const bin = programs('tests/wagtail/requirements.txt');
  await run(join(bin, 'wagtail'), ['start', 'mysite', site], { env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } });
  withPython(site, 'tests/wagtail/requirements.txt');
  cpSync(join(root, 'tests/wagtail/edge_settings.py'), join(site, 'edge_settings.py'));
  const environment = { DJANGO_SETTINGS_MODULE: 'edge_settings', DJANGO_SECRET_KEY: newDjangoSecret(), PYTHONPATH: site };
  await prepared(site, environment);
  const port = await freePort();
  const serve = () => startServer(LONG_HEADERS, { secret: environment.DJANGO_SECRET_KEY, bin, port, environment, ready: '/admin/login/', refuses: true });
  const about = { name: 'worker-of-wagtail', manage: join(site, 'manage.py'), local: `http://127.0.0.1:${port}`, settings: join(site, 'edge_settings.py'), environment, serve };
  await follows(about, isGood('--page', '/admin/login/'), async () => {});
});

test('before a site as Django makes it, which keeps its sessions itself', async () => {
  const home = join(folder, 'starter');
  mkdirSync(home);
  const bin = programs('tests/servers/requirements.txt');
  await run(join(bin, 'python'), ['-m', 'django', 'startproject', 'mysite'], { cwd: home });
  const site = join(home, 'mysite');
  withPython(site, 'tests/servers/requirements.txt');
  await prepared(site, {});
  const port = await freePort();
  const serve = worker => {
    cpSync(join(worker, 'session_store.py'), join(site, 'session_store.py'));
    const { SESSION_ORIGIN_STORE_KEY } = parseEnv(readFileSync(join(worker, '.dev.vars'), 'utf8'));
    return startServer(LONG_HEADERS, { bin, port, environment: { PYTHONPATH: site, SESSION_ORIGIN_STORE_KEY }, ready: '/admin/login/', refuses: true });
  };
  const about = { name: 'worker-of-starter', manage: join(site, 'manage.py'), local: `http://127.0.0.1:${port}`, settings: join(site, 'mysite/settings.py'), environment: {}, serve };
  await follows(
    about,
    async ({ url, folder: worker, env }) => {
      const { code, stdout } = await command(worker, ['check', url, '--username', 'ada', '--page', '/admin/login/', '--verbose'], { env: { ...env, EDGE_SESSION_PASSWORD: 'lovelace' } });
      assert.equal(code, 0, stdout);
      assert.match(stdout, /ada was logged in and out/);
      assert.match(stdout, /refused as soon as its session has ended/);
    },
    async () => {},
  );
});
