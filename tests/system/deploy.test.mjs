// edge-session deploy: with wrangler as far as it goes without an account, and beyond that with one in its place that
// writes down what it was asked to do.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { command } from './command.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { project } from './packages.mjs';
import { newDjangoSecret, startSite } from './site.mjs';

const root = resolve(import.meta.dirname, '../..');
const secret = newDjangoSecret();
let here;
before(() => {
  here = project(['edge-session', 'edge-session-worker']);
});
after(() => here?.remove());
const path = name => join(here.folder, name);
const json = name => JSON.parse(readFileSync(path(name), 'utf8'));

beforeEach(async () => {
  for (const name of readdirSync(here.folder).filter(name => name.endsWith('.keys.json'))) rmSync(path(name));
  await init();
});

async function init(...args) {
  const made = await command(here.folder, ['init', '--force', '--origin', 'https://origin.shop.example', '--host', 'shop.invalid', ...args], { env: { DJANGO_SECRET_KEY: secret } });
  assert.equal(made.code, 0, made.stderr);
}
const deploy = (args, env = {}) => command(here.folder, ['deploy', ...args], { env: { DJANGO_SECRET_KEY: secret, ...env } });

describe('with wrangler, as far as it goes', () => {
  for (const environment of [undefined, 'staging']) {
    test(`--dry-run, ${environment ?? 'production'}: keys are made and kept, and not shown`, async () => {
      const { code, stdout, stderr } = await deploy(['--dry-run', ...(environment ? ['--env', environment] : [])]);
      assert.equal(code, 0, stderr);
      const file = `${environment ?? 'production'}.keys.json`;
      const keys = json(file);
      assert.match(keys.SESSION_KEYS, /^es1_[\w-]{43}$/);
      assert.equal(keys.DJANGO_SECRET_KEY, secret);
      assert.equal(statSync(path(file)).mode & 0o777, 0o600);
      assert.match(stdout, /Nothing was deployed\. .*SESSION_KEYS, SESSION_API_TOKEN, DJANGO_SECRET_KEY/);
      for (const value of Object.values(keys)) assert.ok(!`${stdout}${stderr}`.includes(value));
      assert.ok(!/warning/i.test(`${stdout}${stderr}`), `${stdout}${stderr}`);
      // Not those of this machine, and the same the next time.
      assert.ok(!readFileSync(path('.dev.vars'), 'utf8').includes(keys.SESSION_KEYS));
      assert.equal((await deploy(['--dry-run', ...(environment ? ['--env', environment] : [])])).code, 0);
      assert.deepEqual(json(file), keys);
    });
  }

  test('a secret in wrangler.jsonc, and the value of an example, are refused before anything is written', async () => {
    const config = readFileSync(path('wrangler.jsonc'), 'utf8');
    for (const [replaced, said] of [
      [['"vars": {', '"vars": { "SESSION_KEYS": "es1_x",'], /^edge-session: SESSION_KEYS is among the vars of wrangler\.jsonc, and it is a secret: [^\n]+\n$/],
      [['https://origin.shop.example', 'https://change-me.example'], /^edge-session: ORIGIN_URL of wrangler\.jsonc is an example's value, [^\n]+\n$/],
    ]) {
      writeFileSync(path('wrangler.jsonc'), config.replace(...replaced));
      const { code, stderr } = await deploy(['--dry-run']);
      assert.equal(code, 3, stderr);
      assert.match(stderr, said);
      assert.ok(!existsSync(path('production.keys.json')));
    }
    writeFileSync(path('wrangler.jsonc'), config);
    const keys = JSON.stringify({ SESSION_API_TOKEN: 'change-me-to-32-or-more-random-characters' });
    writeFileSync(path('production.keys.json'), keys, { mode: 0o600 });
    const { code, stderr } = await deploy(['--dry-run']);
    assert.equal(code, 3);
    assert.match(stderr, /SESSION_API_TOKEN of \S+production\.keys\.json is an example's value/);
    assert.equal(readFileSync(path('production.keys.json'), 'utf8'), keys);
  });

  test('without a log in wrangler says what to do, and its exit code is ours', async () => {
    const { code, stdout, stderr } = await deploy([], { CLOUDFLARE_API_TOKEN: '', HOME: here.folder, XDG_CONFIG_HOME: here.folder });
    assert.equal(code, 1, `${stdout}${stderr}`);
    assert.match(`${stdout}${stderr}`, /CLOUDFLARE_API_TOKEN/);
    assert.match(stderr, /edge-session: wrangler deploy ended with 1\n$/);
  });
});

describe('what is not complete is said before anything is deployed', () => {
  const refused = async (args, env) => {
    const { code, stdout, stderr } = await deploy(['--dry-run', ...args], env);
    assert.equal(stdout, '');
    return { code, last: stderr.trim().split('\n').at(-1) };
  };
  test('no SECRET_KEY, a weak one, a key that is none', async () => {
    assert.deepEqual(await refused([], { DJANGO_SECRET_KEY: '' }).then(({ code, last }) => [code, /DJANGO_SECRET_KEY is missing in .*production\.keys\.json: give .* or --django/.test(last)]), [3, true]);
    rmSync(path('production.keys.json'));
    assert.match((await refused([], { DJANGO_SECRET_KEY: 'django-insecure-x' })).last, /Django's own check calls weak/);
    writeFileSync(path('mine.json'), JSON.stringify({ SESSION_KEYS: 'es1_secret', DJANGO_SECRET_KEY: secret }));
    const { last } = await refused(['--keys', 'mine.json']);
    assert.match(last, /SESSION_KEYS of .*mine\.json: /);
    assert.ok(!last.includes('es1_secret'));
    writeFileSync(path('mine.json'), '{ "secret": ');
    assert.match((await refused(['--keys', 'mine.json'])).last, /mine\.json: a JSON object of texts is expected/);
  });

  test('a site on this machine, an environment that is none, a day that has passed', async () => {
    const text = readFileSync(path('wrangler.jsonc'), 'utf8');
    writeFileSync(path('wrangler.jsonc'), text.replaceAll('https://origin.shop.example', 'http://127.0.0.1:8000'));
    assert.match((await refused([])).last, /which Cloudflare does not reach/);
    writeFileSync(path('wrangler.jsonc'), text.replaceAll(/"issued_before":"[^"]+"/g, '"issued_before":"2026-01-01"'));
    const { code, last } = await refused([]);
    assert.equal(code, 3);
    assert.match(last, /signed before 2026-01-01: who logged in since would be logged out\. Set issued_before to \d{4}-\d\d-\d\d/);
    assert.equal((await deploy(['--dry-run', '--yes'])).code, 0);
    writeFileSync(path('wrangler.jsonc'), '{ "name": ');
    assert.equal((await refused([])).code, 3);
  });
});

describe('with another in wrangler’s place', () => {
  const log = () => (existsSync(path('log')) ? readFileSync(path('log'), 'utf8').trim().split('\n').map(line => JSON.parse(line)) : []);
  let edge, site, stand;
  before(async () => {
    site = await startSite({ secret });
    stand = path('node_modules/wrangler');
    rmSync(stand);
    mkdirSync(stand);
    writeFileSync(join(stand, 'package.json'), '{ "name": "wrangler", "type": "module", "bin": { "wrangler": "bin.js" }, "exports": { ".": "./index.js", "./package.json": "./package.json" } }');
    writeFileSync(join(stand, 'index.js'), `export { unstable_readConfig } from ${JSON.stringify(pathToFileURL(join(root, 'node_modules/wrangler/wrangler-dist/cli.js')).href)};\n`);
    writeFileSync(join(stand, 'bin.js'), `import { appendFileSync, readFileSync } from 'node:fs';
      const args = process.argv.slice(2);
      const at = args.indexOf('--secrets-file');
      appendFileSync(${JSON.stringify(path('log'))}, JSON.stringify({ args, secrets: at < 0 ? undefined : Object.keys(JSON.parse(readFileSync(args[at + 1], 'utf8'))) }) + '\\n');\n`);
  });
  after(async () => {
    await edge?.stop();
    await site?.stop();
  });
  beforeEach(() => rmSync(path('log'), { force: true }));

  test('secrets with the deployment, then the tables of a new database, then the check', async () => {
    await init('--store', 'd1');
    rmSync(path('mine.json'), { force: true });
    writeFileSync(path('mine.json'), JSON.stringify({ SESSION_KEYS: newSessionKey(), SESSION_API_TOKEN: 'a-token-of-32-characters-or-so-1234', DJANGO_SECRET_KEY: secret }), { mode: 0o600 });
    edge = await startEdge({ ...json('mine.json'), ORIGIN_URL: site.url, SESSION_STORE: 'd1', SESSION_ROUTES: '{"/": "optional", "/static/": "public"}' });
    const { code, stdout, stderr } = await deploy(['--keys', 'mine.json', '--url', edge.url.replace('127.0.0.1', 'localhost'), '--json', '--', '--tag', 'one']);
    assert.equal(stderr, '');
    const [deployed, migrated] = log();
    assert.deepEqual(deployed.args, ['deploy', '--secrets-file', path('mine.json'), '--env', '', '--tag', 'one']);
    assert.deepEqual(deployed.secrets, ['SESSION_KEYS', 'SESSION_API_TOKEN', 'DJANGO_SECRET_KEY']);
    assert.deepEqual(migrated.args, ['d1', 'migrations', 'apply', 'SESSIONS_DB', '--remote', '--env', '']);
    const report = JSON.parse(stdout);
    assert.ok(report.findings.some(({ message }) => message === '30 KB there and back'));
    assert.equal(code, report.good ? 0 : 1);
  });

  test('a database that is there has its tables first', async () => {
    await init('--store', 'd1');
    writeFileSync(path('wrangler.jsonc'), readFileSync(path('wrangler.jsonc'), 'utf8').replaceAll('"database_name"', '"database_id": "x", "database_name"'));
    await deploy(['--keys', 'mine.json', '--url', edge.url, '--json']);
    assert.deepEqual(log().map(({ args }) => args[0]), ['d1', 'deploy']);
  });

  test('what does not work after it is exit code 1', async () => {
    await edge.restart({ SESSION_STORE: 'none' });
    const { code, stdout } = await deploy(['--keys', 'mine.json', '--url', edge.url]);
    assert.equal(code, 1);
    assert.match(stdout, /^bad +revocation/m);
  });

  test('a new key is deployed behind the others first: what would log visitors out is refused', async () => {
    const keys = json('mine.json');
    const rotating = json => JSON.parse(json.stdout || '{}');
    const rotate = async (...args) => rotating(await command(here.folder, ['rotate', '--from-file', 'mine.json', '--json', ...args]));
    // In front at once, and by hand: nobody knows it yet.
    writeFileSync(path('mine.json'), JSON.stringify({ ...keys, SESSION_KEYS: `${newSessionKey()} ${keys.SESSION_KEYS}` }));
    const refused = await deploy(['--keys', 'mine.json', '--url', edge.url]);
    assert.deepEqual([refused.code, refused.stdout, log()], [3, '', []], refused.stderr);
    assert.match(refused.stderr, /^edge-session: key [0-9a-f]{8} would write, and what is deployed at 127\.0\.0\.1:\d+ does not know it: [^\n]+ deploy with --yes\n$/);
    writeFileSync(path('mine.json'), JSON.stringify(keys));

    const { waiting } = await rotate();
    assert.equal((await rotate('--after', '0')).step, 'none');
    const first = await deploy(['--keys', 'mine.json', '--url', edge.url]);
    assert.match(first.stderr, new RegExp(`^${waiting.id} reads now, and waits to write: edge-session rotate --from-file \\S+mine\\.json goes on with it$`, 'm'));
    assert.match(first.stdout, /^bad +revocation/m); // it is checked as ever
    assert.equal((await rotate()).step, 'none');
    assert.equal((await rotate('--after', '0')).step, 'front');
    // The Worker has the ring of before still: here nothing was really deployed.
    assert.equal((await deploy(['--keys', 'mine.json', '--url', edge.url])).code, 3);
    const [fresh, old] = json('mine.json').SESSION_KEYS.split(' ');
    await edge.restart({ SESSION_KEYS: `${keys.SESSION_KEYS} ${fresh}` });
    const second = await deploy(['--keys', 'mine.json', '--url', edge.url]);
    assert.ok(!/waits to write/.test(second.stderr), second.stderr);
    assert.ok(old.startsWith(`${keys.SESSION_KEYS}@`));
    assert.deepEqual(log().map(({ args }) => args[0]), ['deploy', 'deploy']);
  });

  test('without a host it is not checked, and it is said how', async () => {
    writeFileSync(path('wrangler.jsonc'), readFileSync(path('wrangler.jsonc'), 'utf8').replace(/"routes": .*,\n/, ''));
    const { code, stdout } = await deploy([]);
    assert.deepEqual([code, /^Deployed\. .*npx edge-session check https:\/\/…/.test(stdout)], [0, true]);
  });
});
