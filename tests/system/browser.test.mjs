// The same in a real browser, which has its own rules for cookies.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createPage } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../chromium.mjs';
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
    SESSION_CLIENT_VISIBLE: '["language"]',
    SESSION_CLIENT_WRITABLE: '["language"]',
  });
  // Browsers take Secure cookies over plain http from localhost only.
  address = edge.url.replace('127.0.0.1', 'localhost');
  site = await startSite({ secret, port, trusted: [address] });
  browser = await chromium.launchPersistentContext(profile, launchOptions);
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

test("a page's script uses /_session; one of another port of the same host cannot", async () => {
  const page = await browser.newPage();
  await page.goto(`${address}/login/`);
  await page.fill('[name=username]', 'ada');
  await page.fill('[name=password]', 'lovelace');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#user');
  /** What `fetch` comes to in a page: a status, or "refused" by the browser. */
  const fetched = (page, options) =>
    page.evaluate(
      ([url, options]) => fetch(url, { credentials: 'include', ...options }).then(({ status }) => status, () => 'refused'),
      [`${address}/_session`, options],
    );
  const patch = language => ({
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ language }),
  });
  const read = () => page.evaluate(() => fetch('/_session').then(response => response.json()));
  assert.equal(await fetched(page, patch('fr')), 200);
  assert.deepEqual(await read(), { language: 'fr' });
  assert.equal(await fetched(page, { ...patch('fr'), body: '{"_auth_user_id":"1"}' }), 403);

  // Same site to a browser, so it sends the cookie along; but not the same origin.
  const other = createPage((_, response) => response.setHeader('content-type', 'text/html').end('<p>evil'));
  await new Promise(resolve => other.listen(0, '127.0.0.1', resolve));
  try {
    const evil = await browser.newPage();
    await evil.goto(`http://localhost:${other.address().port}/`);
    assert.equal(await fetched(evil, {}), 'refused');
    assert.equal(await fetched(evil, patch('nl')), 'refused');
    assert.equal(await fetched(evil, { method: 'DELETE' }), 'refused');
    await fetched(evil, { method: 'POST', mode: 'no-cors', body: '{"language":"nl"}' });
  } finally {
    other.close();
  }
  assert.deepEqual(await read(), { language: 'fr' });

  assert.equal(await fetched(page, { method: 'DELETE' }), 204);
  assert.equal(await fetched(page, {}), 401);
  await page.reload();
  await page.waitForSelector('text=Log in');
});

test('the bare site loses the 20 KB session, as browsers do', async () => {
  const page = await browser.newPage();
  await page.goto(site.url);
  await page.click('#big');
  await page.waitForLoadState('load');
  assert.equal(await page.textContent('#notes'), '0');
});

// Below what systems give to whoever asks for any port, so that no other test gets it before Django has it.
function freePort() {
  return new Promise((resolve, reject) => {
    const port = randomInt(20_000, 30_000);
    const server = createServer();
    server.on('error', error => (error.code === 'EADDRINUSE' ? resolve(freePort()) : reject(error)));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}
