// A real application, unchanged: Wagtail as `wagtail start` makes it, with signed_cookies, behind gunicorn as docs/DJANGO.md says, in Chromium.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { launchOptions } from '../chromium.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { documentedServers, programs, startServer } from './servers.mjs';
import { newDjangoSecret } from './site.mjs';

const COOKIE = '__Host-sessionid';
const run = promisify(execFile);
const ours = fileURLToPath(new URL('../wagtail', import.meta.url));
const bin = programs('tests/wagtail/requirements.txt');
const secret = newDjangoSecret();
const folder = mkdtempSync(join(tmpdir(), 'edge-session-wagtail-'));
const project = join(folder, 'project');
const environment = {
  PYTHONPATH: [project, ours].join(delimiter),
  DJANGO_SETTINGS_MODULE: 'edge_settings',
  DJANGO_SUPERUSER_PASSWORD: 'lovelace',
};
// A page's own text that no cookie holds, and that nothing can make shorter.
const text = randomBytes(9000).toString('base64url');
let server, edge, browser, page, address;

before(async () => {
  const options = { cwd: folder, env: { ...process.env, ...environment, PATH: `${bin}${delimiter}${process.env.PATH}`, DJANGO_SECRET_KEY: secret } };
  mkdirSync(project);
  await run(join(bin, 'wagtail'), ['start', 'mysite', project], options);
  const manage = (...command) => run(join(bin, 'python'), [join(project, 'manage.py'), ...command], options);
  await manage('migrate', '--verbosity', '0');
  await manage('createsuperuser', '--noinput', '--username', 'ada', '--email', 'ada@shop.example');

  const { command } = documentedServers().find(({ command }) => command?.includes('--limit-request-field_size 1048576'));
  server = await startServer(command, { secret, bin, environment, ready: '/admin/login/' });
  edge = await startEdge({
    ORIGIN_URL: server.url,
    SESSION_KEYS: newSessionKey(),
    DJANGO_SECRET_KEY: secret,
    SESSION_ROUTES: '{"/": "optional", "/static/": "public", "/media/": "public"}',
  });
  address = edge.url.replace('127.0.0.1', 'localhost');
  browser = await chromium.launch(launchOptions);
  page = await browser.newPage();
});

after(async () => {
  await browser?.close();
  await edge?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const sessionCookies = async () => (await page.context().cookies()).filter(({ name }) => /sessionid/.test(name));

test('log in, edit, preview in the panel and in a tab, publish, log out', async () => {
  await page.goto(`${address}/admin/`);
  await page.fill('[name=username]', 'ada');
  await page.fill('[name=password]', 'lovelace');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${address}/admin/`);
  assert.deepEqual((await sessionCookies()).map(({ name }) => name), [COOKIE]);

  await page.goto(`${address}/admin/pages/3/edit/`);
  await page.fill('#id_title', 'Tea and biscuits');
  await page.click('#tab-label-promote');
  await page.fill('#id_search_description', text);
  const description = 'meta[name=description]';

  // Wagtail 7 puts the form into the session, and reads it from there with the next request.
  await page.click('[aria-label="Toggle preview"]');
  const panel = page.frameLocator('#w-preview-iframe');
  await panel.locator(description).waitFor({ state: 'attached' });
  assert.equal(await panel.locator(description).getAttribute('content'), text);
  const [tab] = await Promise.all([page.context().waitForEvent('page'), page.click('[aria-label="Preview in new tab"]')]);
  await tab.locator(description).waitFor({ state: 'attached' });
  assert.equal(await tab.locator(description).getAttribute('content'), text);
  assert.match(await tab.title(), /Tea and biscuits/);
  await tab.close();

  // The session did not fit, and the browser's cookie holds what did.
  assert.ok((await (await edge.store()).list()).keys.length > 0);
  for (const { name, value } of await sessionCookies()) assert.ok(name.length + value.length <= 4093);

  await page.click('.actions--primary .w-dropdown__toggle');
  await Promise.all([page.waitForNavigation(), page.click('[name=action-publish]')]);
  await page.waitForSelector('text=has been published');
  const live = await fetch(`${edge.url}/`);
  assert.ok((await live.text()).includes(text));

  await page.click('.sidebar-footer__account');
  await Promise.all([page.waitForURL(`${address}/admin/login/`), page.click('button[type=submit]:has-text("Log out")')]);
  assert.deepEqual(await sessionCookies(), []);
  await page.goto(`${address}/admin/pages/3/edit/`);
  assert.match(page.url(), /\/admin\/login\/\?next=/);
});
