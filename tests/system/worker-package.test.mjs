// The Worker as an npm package: from the packed tarball, one line makes it a Worker of one's own, in wrangler and without.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { newSessionKey, startEdge } from './edge.mjs';
import { freePort } from '../package/process.mjs';
import { project } from './packages.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { Visitor } from './visitor.mjs';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const ONE_LINE = "export { default, SessionShard } from 'edge-session-worker';\n";
const secret = newDjangoSecret();
let here, site;

before(async () => {
  here = project(['edge-session-worker'], {
    'index.js': ONE_LINE,
    'usage.ts': "import session, { SessionShard } from 'edge-session-worker';\nexport { SessionShard };\nexport const answer: Promise<Response> = session.fetch(new Request('https://x/'), {}, { waitUntil() {}, passThroughOnException() {} });\n// @ts-expect-error: there is no other name\nexport { nothing } from 'edge-session-worker';\n",
    'tsconfig.json': JSON.stringify({ compilerOptions: { noEmit: true, strict: true, module: 'nodenext', lib: ['es2022', 'webworker'], types: [] }, files: ['usage.ts'] }),
    'wrangler.jsonc': JSON.stringify({
      name: 'mine',
      main: 'index.js',
      compatibility_date: '2026-10-01',
      durable_objects: { bindings: [{ name: 'SESSIONS_OBJECT', class_name: 'SessionShard' }] },
      migrations: [{ tag: 'v1', new_sqlite_classes: ['SessionShard'] }],
      d1_databases: [{ binding: 'SESSIONS_DB', database_name: 'edge-session', database_id: 'x', migrations_dir: 'node_modules/edge-session-worker/migrations' }],
      triggers: { crons: ['*/5 * * * *'] },
    }),
  });
  site = await startSite({ secret });
});
after(async () => {
  await site?.stop();
  here?.remove();
});

const settings = () => ({ ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret, SESSION_STORE: 'do' });

/** Logs in, makes a session that no cookie holds, and finds it again. */
async function keepsSessions(place) {
  const visitor = new Visitor(place);
  await visitor.logIn();
  await visitor.post('/big/', { kind: 'random' });
  const { user, bytes } = await visitor.whoami();
  assert.ok(user === 'ada' && bytes > 20_000, `${user} ${bytes}`);
  for (const [name, value] of visitor.cookies) assert.ok(name.length + value.length <= 4096, name);
}

test('nothing else is in it, and nothing is missing', async () => {
  const { files } = here.packed['edge-session-worker'];
  for (const path of files) assert.match(path, /^(dist\/(index\.js|\w+\.wasm)|migrations\/\d+_\w+\.sql|(index|settings)\.d\.ts|wrangler\.schema\.json|package\.json|README\.md|LICENSE-\w+)$/);
  for (const path of ['dist/index.js', 'index.d.ts', 'settings.d.ts', 'wrangler.schema.json', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'migrations/0001_sessions.sql']) assert.ok(files.includes(path), path);
  const description = JSON.parse(readFileSync(join(here.folder, 'node_modules/edge-session-worker/package.json'), 'utf8'));
  for (const kind of ['dependencies', 'peerDependencies', 'scripts']) assert.equal(description[kind], undefined, kind);
  assert.equal(Object.keys(description.exports['.'])[0], 'types');
  assert.equal(description.version, JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8')).version);
});

test('publint and tsc find nothing', async () => {
  const tool = name => join(root, 'tests/package/node_modules/.bin', name);
  await run(tool('publint'), ['run', here.packed['edge-session-worker'].tarball, '--strict']);
  await run(tool('tsc'), ['-p', 'tsconfig.json'], { cwd: here.folder });
});

test('wrangler deploy takes it, tables and cron trigger too, without a warning', async () => {
  const { stdout, stderr } = await run(process.execPath, [join(root, 'node_modules/wrangler/bin/wrangler.js'), 'deploy', '--dry-run', '--outdir', 'out'], { cwd: here.folder });
  assert.match(stdout, /Total Upload/);
  assert.doesNotMatch(stdout + stderr, /warning/i);
  const migrations = await run(process.execPath, [join(root, 'node_modules/wrangler/bin/wrangler.js'), 'd1', 'migrations', 'apply', 'SESSIONS_DB', '--local'], { cwd: here.folder });
  assert.match(migrations.stdout, /0001_sessions\.sql/);
});

test('in wrangler’s runtime', async () => {
  const edge = await startEdge(settings(), { entry: new URL(`file://${here.folder}/index.js`) });
  try {
    await keepsSessions(edge);
  } finally {
    await edge.stop();
  }
});

test('with code of one’s own round it, as its README has it', async () => {
  const readme = readFileSync(join(here.folder, 'node_modules/edge-session-worker/README.md'), 'utf8');
  const wrapped = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code).find(code => code.includes('scheduled'));
  writeFileSync(join(here.folder, 'wrapped.js'), wrapped);
  const edge = await startEdge(settings(), { entry: new URL(`file://${here.folder}/wrapped.js`) });
  try {
    await keepsSessions(edge);
    assert.match(await (await fetch(`${edge.url}/robots.txt`)).text(), /^User-agent/);
    await edge.scheduled();
    await edge.restart({ ORIGIN_URL: 'http://127.0.0.1:1' });
    const page = await fetch(`${edge.url}/`);
    assert.deepEqual([page.status, page.headers.get('content-type')], [502, 'text/html; charset=utf-8']);
    assert.match(await page.text(), /back in a minute\.<\/h1>$/);
    assert.equal((await fetch(`${edge.url}/_session/health`)).status, 200);
  } finally {
    await edge.stop();
  }
});

test('in workerd without wrangler', async () => {
  const dist = 'node_modules/edge-session-worker/dist';
  const modules = here.packed['edge-session-worker'].files.filter(path => path.startsWith('dist/')).map(path => path.slice(5));
  const text = value => JSON.stringify(value);
  const port = await freePort();
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .session), (name = "internet", network = (allow = ["private"])), (name = "disk", disk = (path = "objects", writable = true))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const session :Workerd.Worker = (
  modules = [${modules.sort().map(name => `(name = ${text(name)}, ${name.endsWith('.js') ? 'esModule' : 'wasm'} = embed ${text(join(dist, name))})`).join(', ')}],
  compatibilityDate = "2026-10-01",
  bindings = [${Object.entries(settings()).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`).join(', ')}, (name = "SESSIONS_OBJECT", durableObjectNamespace = "SessionShard")],
  durableObjectNamespaces = [(className = "SessionShard", uniqueKey = "sessions", enableSql = true)],
  durableObjectStorage = (localDisk = "disk")
);
`;
  writeFileSync(join(here.folder, 'config.capnp'), config);
  mkdirSync(join(here.folder, 'objects'));
  const child = spawn(join(root, 'node_modules/.bin/workerd'), ['serve', 'config.capnp'], { cwd: here.folder, stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    const url = `http://127.0.0.1:${port}`;
    for (let n = 0; n < 200; n++) {
      if ((await fetch(`${url}/_session/health`).catch(() => undefined))?.ok) break;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    await keepsSessions({ url });
  } finally {
    child.kill('SIGKILL');
  }
});
