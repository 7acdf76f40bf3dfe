// edge-session dev: a Worker's folder, as init makes it, before a site on this machine.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { launchOptions } from '../chromium.mjs';
import { freePort } from '../package/process.mjs';
import { command, develop } from './command.mjs';
import { project } from './packages.mjs';
import { programs, startServer } from './servers.mjs';
import { startSite } from './site.mjs';
import { Visitor } from './visitor.mjs';

// Every character that files of variables treat as something else.
const secret = 'a `key" of $HOME ${PATH} #and \\n more of fifty characters 0123456789';
const manage = fileURLToPath(new URL('../django_site/manage.py', import.meta.url));
const python = join(programs('tests/django_site/requirements.txt'), 'python');
let here, site;

before(async () => {
  here = project(['edge-session', 'edge-session-worker']);
  site = await startSite({ secret, trusted: ['http://localhost:8787'] });
});
after(async () => {
  await site?.stop();
  here?.remove();
});

/** Makes the folder's files anew; whatever it kept is gone. */
async function init(...args) {
  for (const name of ['.dev.vars', '.wrangler']) rmSync(join(here.folder, name), { recursive: true, force: true });
  const made = await command(here.folder, ['init', '--force', '--django', manage, '--python', python, '--host', 'shop.example', '--origin', 'https://origin.shop.example', '--local', site.url, ...args], {
    env: { DJANGO_SECRET_KEY: secret },
  });
  assert.equal(made.code, 0, made.stderr);
}

/** And the site hears of the address that the browser has, whatever routes there are. */
async function keepsSessions(url) {
  const visitor = new Visitor({ url });
  await visitor.logIn();
  await visitor.post('/big/', { kind: 'random' });
  const { user, bytes, headers } = await visitor.whoami();
  assert.ok(user === 'ada' && bytes > 20_000, `${user} ${bytes}`);
  assert.equal(`${headers['x-forwarded-proto']}://${headers['x-forwarded-host']}`, url);
}

/** What is said on standard error, once it matches. */
async function told(worker, expected) {
  for (let n = 0; n < 100 && !expected.test(worker.said.stderr); n++) await sleep(100);
  assert.match(worker.said.stderr, expected);
}

for (const store of ['do', 'd1']) {
  test(`a 20 KB session, with ${store}, by the site's own key, whatever characters are in it`, async () => {
    await init('--store', store);
    const worker = await develop(here.folder, []);
    try {
      assert.match(worker.url, /^http:\/\/localhost:\d+$/);
      await keepsSessions(worker.url);
      assert.ok(!`${worker.said.stdout}${worker.said.stderr}`.includes(secret));
    } finally {
      assert.equal(await worker.stop(), 0);
    }
  });
}

test('with TLS and SESSION_DEVICE, in Chromium as it says: bound to the device, and a copy in curl is nobody', async () => {
  await init('--store', 'd1');
  const config = join(here.folder, 'wrangler.jsonc');
  writeFileSync(config, readFileSync(config, 'utf8').replace('"SESSION_STORE": "d1"', '"SESSION_STORE": "d1",\n    "SESSION_DEVICE": "bound"'));
  const port = String(await freePort());
  // Browsers say from where a form comes.
  const own = await startSite({ secret, trusted: [`https://localhost:${port}`] });
  const worker = await develop(here.folder, ['--https', '--port', port, '--origin', own.url]);
  const profile = mkdtempSync(join(tmpdir(), 'edge-session-dev-'));
  let browser;
  try {
    const [, line] = /^ *chromium (.*)$/m.exec(worker.said.stdout);
    const [address, ...switches] = line.split(' ').reverse();
    const args = switches.filter(text => !text.startsWith('--user-data-dir='));
    assert.equal(address, worker.url);
    browser = await chromium.launchPersistentContext(profile, { ...launchOptions, args: [...launchOptions.args, ...args] });
    const page = browser.pages()[0];
    await page.goto(`${address}/login/`);
    await page.fill('[name=username]', 'ada');
    await page.fill('[name=password]', 'lovelace');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#user');
    const jar = async () => Object.fromEntries((await browser.cookies(address)).map(({ name, value }) => [name, value]));
    for (let n = 0; n < 100 && !('__Host-sessionid-device' in (await jar())); n++) await sleep(100);
    await page.reload();
    assert.equal(await page.textContent('#device'), 'bound to this device');
    const { '__Host-sessionid': copied } = await jar();
    const thief = (await page.textContent('#thief')).replace('COPIED', copied);
    assert.equal(JSON.parse(execFileSync('sh', ['-c', thief], { encoding: 'utf8' })).user, null);
    await page.reload();
    assert.equal(await page.textContent('#user'), 'ada');
    const [, certificate] = /curl --cacert (\S+)/.exec(worker.said.stdout);
    const { stdout } = await command(here.folder, ['check', '--verbose', '--ca', certificate, worker.url]);
    assert.match(stdout, /good +device +sessions are bound to devices \(bound\)/);
  } finally {
    await browser?.close();
    assert.equal(await worker.stop(), 0);
    await own.stop();
    rmSync(profile, { recursive: true, force: true });
  }
});

test('with TLS: the certificate is good for localhost, and it is said how to trust it', async () => {
  await init();
  const worker = await develop(here.folder, ['--https', '--origin', site.url]);
  try {
    assert.match(worker.url, /^https:\/\/localhost:\d+$/);
    const [, path] = /curl --cacert (\S+)/.exec(worker.said.stdout);
    assert.match(worker.said.stdout, /--ignore-certificate-errors-spki-list=[\w+/]{43}=/);
    const ask = ca => new Promise((resolve, reject) => request(`${worker.url}/whoami`, { ca }, answer => resolve(answer.resume().statusCode)).on('error', reject).end());
    assert.equal(await ask(readFileSync(path)), 200);
    await assert.rejects(ask(undefined), /self-signed/);
  } finally {
    assert.equal(await worker.stop(), 0);
  }
});

describe('what is wrong is said, with what to do', () => {
  const ended = async (args, options) => {
    const { code, stderr } = await command(here.folder, ['dev', ...args], options);
    return { code, stderr, last: stderr.split('edge-session: ').at(-1) };
  };

  test('a setting', async () => {
    await init();
    appendFileSync(join(here.folder, '.dev.vars'), 'SESSION_IDLE_SECONDS=soon\n');
    const { code, stderr, last } = await ended([]);
    assert.equal(code, 3);
    assert.match(stderr, /setting \| SESSION_IDLE_SECONDS: not a number/);
    assert.match(last, /misconfigured, as said above: secrets are in \.dev\.vars/);
  });

  test('a site that is not there, and then one that does not know the host', async () => {
    await init();
    const worker = await develop(here.folder, ['--origin', 'http://127.0.0.1:1']);
    await told(worker, /the site does not answer \(nothing listens at 127\.0\.0\.1:1\): start it/);
    await worker.stop();
    // It goes by X-Forwarded-Host, and its ALLOWED_HOSTS has 127.0.0.1 alone.
    const stranger = await startServer('gunicorn -b 127.0.0.1:8000 mysite.wsgi', { secret, bin: programs('tests/servers/requirements.txt') });
    const other = await develop(here.folder, ['--origin', stranger.url]);
    await told(other, /refuses the host localhost \(400\): it has to be among ALLOWED_HOSTS/);
    await other.stop();
    await stranger.stop();
  });

  test('a folder without a Worker, without wrangler, a port that is taken, options', async () => {
    assert.deepEqual(await ended(['nowhere']).then(({ code, last }) => [code, /there is no wrangler\.jsonc in .*nowhere: edge-session init makes one/.test(last)]), [3, true]);
    const taken = createServer().listen(0, '127.0.0.1');
    const { port } = await new Promise(resolve => taken.on('listening', () => resolve(taken.address())));
    await init();
    assert.equal((await ended(['--port', String(port)])).last, `port ${port} is taken: name another with --port\n`);
    taken.close();
    assert.equal((await ended(['--origin', 'here'])).code, 2);
    assert.equal((await ended(['--port', 'x'])).code, 2);
    rmSync(join(here.folder, 'node_modules/wrangler'));
    assert.match((await ended([])).last, /wrangler is not installed in .*: npm install/);
  });
});
