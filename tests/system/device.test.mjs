// A session that is bound to its device: in a real browser nobody notices, and what is copied out of it is worth nothing
// once the device cookie's time is over. Django knows nothing of it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPage } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../package/process.mjs';
import { COOKIE, DEVICE, ELSEWHERE, HOST, jarOf, newCertificate, sendCopy, startDeviceBrowser } from './device-browser.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';

/** The shortest that a device cookie may live. */
const SECONDS = 180;
const tls = newCertificate();
const token = randomBytes(24).toString('base64url');

for (const protocol of ['transcode', 'rows']) {
  describe(`before a site that speaks ${protocol}`, () => {
    const profile = mkdtempSync(join(tmpdir(), 'edge-session-device-'));
    let site, edge, browser, page, events, address, port, elsewhere;

    before(async () => {
      const sitePort = await freePort();
      port = await freePort();
      const secret = newDjangoSecret();
      const settings = {
        ORIGIN_URL: `http://127.0.0.1:${sitePort}`,
        SESSION_KEYS: newSessionKey(),
        DJANGO_SECRET_KEY: secret,
        SESSION_PROTOCOL: protocol,
        SESSION_STORE: 'd1',
        SESSION_DEVICE: 'bound',
        SESSION_DEVICE_SECONDS: String(SECONDS),
        SESSION_DEVICE_PROOF_SECONDS: '120',
        SESSION_API_TOKEN: token,
        SESSION_CLIENT_VISIBLE: '["cart"]',
        SESSION_REVOCATION_SECONDS: '1',
        SESSION_LOGIN_URL: '/login/',
        SESSION_ROUTES: '{"/": "optional", "/account/": "device", "/static/": "public"}',
      };
      edge = await startEdge(settings, { tls, port, faulty: true });
      address = `https://${HOST}:${port}`;
      const database = protocol === 'rows' ? await edge.databaseFile() : undefined;
      const engine = protocol === 'rows' ? 'django.contrib.sessions.backends.db' : undefined;
      site = await startSite({ secret, port: sitePort, trusted: [address], database, engine });
      elsewhere = createPage({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, (_, response) => {
        response.setHeader('content-type', 'text/html');
        response.end(`<a id=link href="${address}/?from=elsewhere#part">there</a>`);
      });
      await new Promise(resolve => elsewhere.listen(0, '127.0.0.1', resolve));
      ({ browser, page, events } = await startDeviceBrowser(profile, tls));
    });

    after(async () => {
      await browser?.close();
      elsewhere?.closeAllConnections();
      elsewhere?.close();
      await edge?.stop();
      await site?.stop();
      rmSync(profile, { recursive: true, force: true });
    });

    const has = async name => name in (await jarOf(browser));
    /** As when its time is over: the browser drops it. */
    const forgetDevice = () => browser.clearCookies({ name: DEVICE });
    const user = () => page.textContent('#user');
    const whoami = async jar => (await sendCopy(port, '/whoami', jar)).json().user;
    const without = (jar, name) => Object.fromEntries(Object.entries(jar).filter(([held]) => held !== name));
    const whatHappened = () => JSON.stringify(events.map(({ succeeded, creationEventDetails, refreshEventDetails, terminationEventDetails, challengeEventDetails }) =>
      ({ succeeded, ...creationEventDetails, ...refreshEventDetails, ...terminationEventDetails, ...challengeEventDetails })));

    async function until(what, isSo, seconds = 15) {
      for (let n = 0; n < seconds * 10; n++) {
        if (await isSo()) return;
        await sleep(100);
      }
      assert.fail(`${what}, within ${seconds} s; the browser says: ${whatHappened()}`);
    }

    async function logIn() {
      await page.goto(`${address}/login/`);
      await page.fill('[name=username]', 'ada');
      await page.fill('[name=password]', 'lovelace');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#user');
    }

    test('a log in that is answered with 302 binds the session to the device', async () => {
      await logIn();
      assert.equal(await user(), 'ada');
      await until('a device cookie', () => has(DEVICE));
      const answer = await page.evaluate(async () => (await fetch('/_session')).headers.get('session-device'));
      assert.equal(answer, 'bound');
      await page.reload();
      assert.equal(await page.textContent('#device'), 'bound to this device');
    });

    test('a copy of the session cookie is nobody, everywhere, and changes nothing', async () => {
      const jar = without(await jarOf(browser), DEVICE);
      assert.equal(await whoami(jar), null);
      const required = await sendCopy(port, '/account/', jar, { headers: { accept: 'text/html' } });
      assert.equal(required.status, 302);
      for (const method of ['GET', 'DELETE']) {
        const answer = await sendCopy(port, '/_session', jar, { method, headers: { 'sec-fetch-site': 'same-origin' } });
        assert.equal(answer.status, 401, method);
        assert.deepEqual(answer.setCookies, []);
      }
      await page.reload();
      assert.equal(await user(), 'ada');
    });

    test('a page after the device cookie has ended waits until the device was shown', async () => {
      await forgetDevice();
      await page.goto(`${address}/`);
      assert.equal(await user(), 'ada');
      assert.ok(await has(DEVICE));
    });

    test('a link from another site arrives logged in, with all of its address', async () => {
      await forgetDevice();
      await page.goto(`https://${ELSEWHERE}:${elsewhere.address().port}/`);
      await forgetDevice();
      await page.click('#link');
      await page.waitForSelector('#user');
      assert.equal(await user(), 'ada', whatHappened());
      assert.equal(page.url(), `${address}/?from=elsewhere#part`);
    });

    test('a form is posted with its body, and twelve fetches at once go with one proof', async () => {
      await forgetDevice();
      await page.fill('[name=article]', 'tea').catch(() => {});
      const posted = await page.evaluate(async () => {
        const form = new FormData(document.querySelector('form[action="/cart/"]') ?? undefined);
        const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
        form.set('csrfmiddlewaretoken', token);
        form.set('article', 'tea');
        return (await fetch('/cart/', { method: 'POST', body: form })).status;
      });
      assert.equal(posted, 200);
      const before = events.length;
      await forgetDevice();
      const users = await page.evaluate(() => Promise.all([...Array(12)].map(async () => (await (await fetch('/whoami')).json()).user)));
      assert.deepEqual(users, Array(12).fill('ada'));
      const refreshes = events.slice(before).filter(({ refreshEventDetails }) => refreshEventDetails);
      assert.ok(refreshes.length >= 1 && refreshes.length <= 12, whatHappened());
    });

    test('a route of the mode device takes the bound session', async () => {
      await page.goto(`${address}/account/`);
      assert.equal(page.url(), `${address}/account/`);
      assert.match(await page.textContent('body'), /ada/);
    });

    test('a browser that was closed comes back', async () => {
      await browser.close();
      ({ browser, page, events } = await startDeviceBrowser(profile, tls));
      await page.goto(`${address}/`);
      assert.equal(await user(), 'ada', whatHappened());
      await forgetDevice();
      await page.goto(`${address}/`);
      assert.equal(await user(), 'ada', whatHappened());
    });

    test('a whole jar is worth nothing when the device cookie has ended, and the browser goes on', async () => {
      const jar = await jarOf(browser);
      assert.equal(await whoami(jar), 'ada');
      await sendCopy(port, `/__store?clock=${SECONDS + 1}`, {});
      const answer = await sendCopy(port, '/whoami', jar);
      assert.equal(answer.status, 307);
      assert.equal(await whoami(without(jar, DEVICE)), null);
      await page.goto(`${address}/`);
      assert.equal(await user(), 'ada', whatHappened());
    });

    test('while the store is down nobody is logged out', async () => {
      const before = await jarOf(browser);
      await sendCopy(port, '/__store?d1=down', {});
      await forgetDevice();
      const answer = await page.goto(`${address}/account/`);
      assert.equal(answer.status(), 503, whatHappened());
      await sendCopy(port, '/__store?d1=ok', {});
      await until('a page', async () => (await page.goto(`${address}/account/`)).status() === 200);
      assert.equal((await jarOf(browser))[COOKIE], before[COOKIE]);
    });

    test('what a thief did is told to the operator, without an address', async () => {
      const metrics = await sendCopy(port, '/_session/metrics', {}, { headers: { authorization: `Bearer ${token}` } });
      assert.match(metrics.body, /session_device_missing_total\{answer="refused"\} [1-9]/);
      assert.match(metrics.body, /session_device_total\{result="confirmed"\} 1\n/);
    });

    test('a log out ends it in the browser, and the next log in is bound again', async () => {
      const jar = await jarOf(browser);
      await page.click('#logout');
      await page.waitForSelector('text=Log in');
      assert.equal(await whoami(without(jar, DEVICE)), null);
      assert.equal(await has(DEVICE), false);
      await logIn();
      await until('a device cookie', () => has(DEVICE));
      const answer = await page.evaluate(async () => (await fetch('/_session')).headers.get('session-device'));
      assert.equal(answer, 'bound');
    });
  });
}

test('the settings say where it cannot work', async () => {
  const edge = await startEdge({
    ORIGIN_URL: 'http://127.0.0.1:9', SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: newDjangoSecret(),
    SESSION_DEVICE: 'bound', SESSION_DEVICE_SECONDS: '60', SESSION_COOKIE: 'sid', SESSION_COOKIE_DOMAIN: 'shop.example', SESSION_STORE: 'kv',
  });
  try {
    const health = await (await fetch(`${edge.url}/_session/health`)).json();
    const problems = health.problems.join('\n');
    for (const text of ['SESSION_DEVICE_SECONDS', 'SESSION_STORE = "do"', 'SESSION_COOKIE_DOMAIN']) assert.ok(problems.includes(text), `${text}: ${problems}`);
  } finally {
    await edge.stop();
  }
});
