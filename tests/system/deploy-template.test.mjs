// deploy/, which the button Deploy to Cloudflare copies: nobody runs on its examples, and with values of one's own it is a Worker.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { parseEnv, promisify } from 'node:util';
import { unstable_readConfig as readConfig } from 'wrangler';
import { newSessionKey, startEdge } from './edge.mjs';
import { project } from './packages.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { Visitor } from './visitor.mjs';

const root = resolve(import.meta.dirname, '../..');
const template = join(root, 'deploy');
const text = name => readFileSync(join(template, name), 'utf8');
const examples = parseEnv(text('.dev.vars.example'));
const secret = newDjangoSecret();

let here, site, edge, vars;
before(async () => {
  const files = readdirSync(template).filter(name => name !== 'node_modules' && name !== '.wrangler');
  here = project(['edge-session-worker'], Object.fromEntries(files.map(name => [name, text(name)])));
  ({ vars } = readConfig({ config: join(here.folder, 'wrangler.jsonc') }, { hideWarnings: true }));
  site = await startSite({ secret });
  edge = await startEdge({ ...vars, ...examples }, { entry: new URL(`file://${here.folder}/index.js`) });
});
after(async () => {
  await edge?.stop();
  await site?.stop();
  here?.remove();
});

test('as it is it names every example’s value and how to make one’s own, and forwards nothing', async () => {
  const health = await fetch(`${edge.url}/_session/health`);
  assert.equal(health.status, 503);
  const { problems } = await health.json();
  const named = Object.fromEntries(problems.map(problem => problem.split(/: (.*)/)));
  assert.deepEqual(Object.keys(named).sort(), ['DJANGO_SECRET_KEY', 'ORIGIN_URL', 'SESSION_API_TOKEN', 'SESSION_KEYS']);
  for (const reason of Object.values(named)) assert.match(reason, /^is an example's value, which everybody knows: /);
  assert.match(named.SESSION_KEYS, /npx edge-session keygen/);
  for (const value of Object.values(examples)) assert.ok(!problems.join().includes(value));
  assert.equal((await fetch(`${edge.url}/`)).status, 503);
});

test('one that is left is enough', async () => {
  const own = { ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret, SESSION_API_TOKEN: 'x'.repeat(32) };
  for (const name of Object.keys(own)) {
    await edge.restart({ ...own, [name]: { ...vars, ...examples }[name] });
    const { problems } = await (await fetch(`${edge.url}/_session/health`)).json();
    assert.equal(problems.length, 1, problems.join());
    assert.ok(problems[0].startsWith(`${name}: `), problems[0]);
  }
});

test('with values of one’s own it keeps sessions', async () => {
  await edge.restart({ ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret, SESSION_API_TOKEN: 'x'.repeat(32) });
  const health = await fetch(`${edge.url}/_session/health`);
  assert.equal(health.status, 200, await health.text());
  const visitor = new Visitor(edge);
  await visitor.logIn();
  await visitor.post('/big/', { kind: 'random' });
  const { user, bytes } = await visitor.whoami();
  assert.ok(user === 'ada' && bytes > 20_000, `${user} ${bytes}`);
});

test('wrangler deploy takes it without a warning', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(root, 'node_modules/wrangler/bin/wrangler.js'), 'deploy', '--dry-run', '--outdir', 'out'], { cwd: here.folder });
  assert.match(stdout, /Total Upload/);
  assert.doesNotMatch(stdout + stderr, /warning/i);
});

test('it says what it asks for, of this version, and its button leads to this folder', () => {
  const { cloudflare, dependencies, devDependencies } = JSON.parse(text('package.json'));
  const asked = ['ORIGIN_URL', ...Object.keys(examples), 'SESSIONS_OBJECT'].sort();
  assert.deepEqual(Object.keys(cloudflare.bindings).sort(), asked);
  const { version } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  assert.deepEqual([dependencies['edge-session-worker'], devDependencies['edge-session']], [`^${version}`, `^${version}`]);
  assert.match(text('README.md'), /\]\(https:\/\/deploy\.workers\.cloudflare\.com\/\?url=\S+\/tree\/main\/deploy\)/);
  for (const name of asked) assert.ok(name === 'SESSIONS_OBJECT' || text('README.md').includes(`\`${name}\``), name);
});
