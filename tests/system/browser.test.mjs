// The same in a real browser, which has its own rules for cookies.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';

const COOKIE = '__Host-sessionid';
const profile = mkdtempSync(join(tmpdir(), 'edge-session-browser-'));
let site, edge, browser, address;

before(async () => {
  // Django has to know the address in the browser before it starts, and the Worker where Django is.
  const port = await freePort();
  const secret = newDjangoSecret();
  edge = await startEdge({
    ORIGIN_URL: `http://127.0.0.1:${port}`,
    SESSION_KEYS: newSessionKey(),
    DJANGO_SECRET_KEY: secret,
  });
  // Browsers take Secure cookies over plain http from localhost only.
  address = edge.url.replace('127.0.0.1', 'localhost');
  site = await startSite({ secret, port, trusted: [address] });
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox', // for root, in CI
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
});

after(async () => {
  await browser?.close();
  await edge?.stop();
  await site?.stop();
  rmSync(profile, { recursive: true, force: true });
});

test('log in, make a 20 KB session, reload, log out', async () => {
  const page = browser.pages()[0] ?? (await browser.newPage());
  await page.goto(`${address}/login/`);
  await page.fill('[name=username]', 'ada');
  await page.fill('[name=password]', 'lovelace');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#user');
  assert.equal(await page.textContent('#user'), 'ada');

  await page.click('#big');
  await page.waitForLoadState('load');
  for (let n = 0; n < 3; n++) {
    await page.reload();
    assert.ok(Number(await page.textContent('#bytes')) > 20_000);
    assert.equal(await page.textContent('#notes'), '20');
    assert.equal(await page.textContent('#user'), 'ada');
  }

  const held = (await browser.cookies()).filter(({ name }) => /sessionid/.test(name));
  assert.deepEqual(
    held.map(({ name }) => name),
    [COOKIE],
  );
  assert.equal(held[0].httpOnly, true);
  assert.equal(held[0].secure, true);
  assert.equal(held[0].sameSite, 'Lax');
  assert.ok(held[0].name.length + held[0].value.length <= 4093);
  assert.equal((await page.evaluate('document.cookie')).includes('sessionid'), false);

  await page.click('#logout');
  await page.waitForSelector('text=Log in');
  assert.deepEqual(
    (await browser.cookies()).filter(({ name }) => /sessionid/.test(name)),
    [],
  );
});

test('the bare site loses the 20 KB session, as browsers do', async () => {
  const page = await browser.newPage();
  await page.goto(site.url);
  await page.click('#big');
  await page.waitForLoadState('load');
  assert.equal(await page.textContent('#notes'), '0');
});

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
