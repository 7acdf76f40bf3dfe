// A browser that is killed comes back with the cookies that it had last written to its disk, half a minute old.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { launchOptions } from '../chromium.mjs';
import { freePort } from '../package/process.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send } from './visitor.mjs';

/** Chromium as a process of our own, so that it can be killed: `{ page, close(), kill() }`. */
async function startBrowser(profile) {
  const port = join(profile, 'DevToolsActivePort');
  rmSync(port, { force: true });
  const child = spawn(
    launchOptions.executablePath,
    [
      ...launchOptions.args,
      '--headless=new',
      '--password-store=basic',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: 'ignore', detached: true },
  );
  const exited = once(child, 'exit');
  // All of its processes: those that it starts live on in its group.
  const kill = async () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
    await exited;
  };
  for (let n = 0; ; n++) {
    let text;
    try {
      text = readFileSync(port, 'utf8');
    } catch (error) {
      if (error.code !== 'ENOENT' || n === 300) throw error;
    }
    if (text?.includes('\n')) {
      const browser = await chromium.connectOverCDP(`http://127.0.0.1:${text.split('\n')[0]}`);
      const [context] = browser.contexts();
      return {
        page: context.pages()[0] ?? (await context.newPage()),
        kill,
        /** As a user does: what it has in memory is written to its disk. */
        async close() {
          const session = await browser.newBrowserCDPSession();
          await session.send('Browser.close').catch(() => {});
          await exited;
        },
      };
    }
    await sleep(100);
  }
}

for (const store of ['kv', 'r2', 'd1']) {
  test(`${store}: killed before it wrote its cookies, and started again an hour later: still logged in`, async t => {
    const profile = mkdtempSync(join(tmpdir(), 'edge-session-killed-'));
    const port = await freePort();
    const secret = newDjangoSecret();
    const edge = await startEdge(
      {
        ORIGIN_URL: `http://127.0.0.1:${port}`,
        SESSION_KEYS: newSessionKey(),
        DJANGO_SECRET_KEY: secret,
        SESSION_STORE: store,
        SESSION_ROUTES: '{"/": "optional", "/whoami": "required"}',
      },
      { faulty: true },
    );
    // Browsers take Secure cookies over plain http from localhost only.
    const address = edge.url.replace('127.0.0.1', 'localhost');
    const site = await startSite({ secret, port, trusted: [address] });
    let browser;
    t.after(async () => {
      await browser?.kill();
      await edge.stop();
      await site.stop();
      rmSync(profile, { recursive: true, force: true });
    });

    browser = await startBrowser(profile);
    await browser.page.goto(`${address}/login/`);
    await browser.page.fill('[name=username]', 'ada');
    await browser.page.fill('[name=password]', 'lovelace');
    await browser.page.keyboard.press('Enter');
    await browser.page.waitForSelector('#user');
    await browser.page.click('#big');
    await browser.page.waitForLoadState('load');
    const whoami = async () => {
      const answer = await browser.page.goto(`${address}/whoami`);
      assert.equal(answer.status(), 200, await answer.text());
      return answer.json();
    };
    const saved = await whoami();
    assert.equal(saved.user, 'ada');
    await browser.close();

    browser = await startBrowser(profile);
    assert.equal((await whoami()).digest, saved.digest, 'the cookie was on its disk');
    for (let n = 0; n < 3; n++) {
      await browser.page.goto(`${address}/`);
      await browser.page.click('#big');
      await browser.page.waitForLoadState('load');
    }
    const newest = await whoami();
    assert.notEqual(newest.digest, saved.digest);
    await browser.kill();

    await send(`${edge.url}/__store?clock=3600`);
    browser = await startBrowser(profile);
    const back = await whoami();
    assert.equal(back.user, 'ada');
    assert.equal(back.digest, saved.digest, 'it came with the cookie of three changes ago');
    // And it goes on from there.
    await browser.page.goto(`${address}/`);
    await browser.page.click('#big');
    await browser.page.waitForLoadState('load');
    const next = await whoami();
    assert.equal(next.user, 'ada');
    assert.notEqual(next.digest, back.digest);
  });
}
