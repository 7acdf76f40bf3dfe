// What a proof by number takes: visitors with a real Chromium and its key, who go through all that ends a device cookie and
// must never be logged out, and thieves who have copies of everything that lies in their cookies, before, during and after
// the registration, and must get nothing once the device cookie's time is over. In real time.
//   journeys.mjs [journeys, default 20] [replays, default 500] [seed] [step…, all if none is named]

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPage } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../histories/random.mjs';
import { freePort } from '../package/process.mjs';
import { DEVICE, ELSEWHERE, HOST, jarOf, newCertificate, sendCopy, startDeviceBrowser } from '../system/device-browser.mjs';
import { newSessionKey, startEdge } from '../system/edge.mjs';
import { newDjangoSecret, startSite } from '../system/site.mjs';

const [journeys = 20, replays = 500, seed = 1] = process.argv.slice(2, 5).map(Number);
const only = process.argv.slice(5);
/** So long a step may take, in milliseconds: browsers wait before they try again what failed. */
const PATIENCE = 120_000;
/** The shortest that a device cookie may live. */
const SECONDS = 180;
/** Browsers sign six times in nine minutes: the registration, and these. */
const STEPS = 5;
/** A service worker is fetched, and once more to see whether it is another one, before it fetches. */
const SIGNATURES = { serviceWorker: 3 };
const random = seeded(seed);
const tls = newCertificate();

const [port, sitePort] = [await freePort(), await freePort()];
const secret = newDjangoSecret();
const address = `https://${HOST}:${port}`;
const keys = [newSessionKey()];
const edge = await startEdge({
  ORIGIN_URL: `http://127.0.0.1:${sitePort}`,
  SESSION_KEYS: keys[0],
  DJANGO_SECRET_KEY: secret,
  SESSION_STORE: 'd1',
  SESSION_DEVICE: 'bound',
  SESSION_DEVICE_SECONDS: String(SECONDS),
  SESSION_REVOCATION_SECONDS: '1',
  SESSION_LOGIN_URL: '/login/',
}, { tls, port, faulty: true });
const site = await startSite({ secret, port: sitePort, trusted: [address] });
const elsewhere = createPage({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, (_, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(`<a id=link href="${address}/?from=elsewhere#part">there</a>`);
});
await new Promise(resolve => elsewhere.listen(0, '127.0.0.1', resolve));

const whoami = async jar => {
  const answer = await sendCopy(port, '/whoami', jar);
  return answer.status === 200 ? answer.json().user : null;
};
const counts = { journeys: 0, steps: {}, logOuts: 0, unbound: 0, replayed: 0, accepted: 0, raced: 0 };
const stolen = [];

/** What happens to a visitor, without a device cookie when it begins; each ends with the page as its user sees it. */
const WHAT = {
  async page({ page }) {
    await page.goto(`${address}/`);
  },
  async link({ page, forget }) {
    await page.goto(`https://${ELSEWHERE}:${elsewhere.address().port}/`);
    await forget();
    await page.click('#link');
    await page.waitForURL(`${address}/**`);
  },
  async form({ page }) {
    await page.click('button[value="green tea"]');
    await page.waitForLoadState();
  },
  async fetches({ page }) {
    const users = await page.evaluate(() => Promise.all([...Array(12)].map(async () => (await (await fetch('/whoami')).json()).user)));
    if (users.some(user => user !== 'ada')) throw new Error(`fetches as ${users}`);
    await page.goto(`${address}/`);
  },
  async socket({ page, browser }) {
    await page.evaluate(() => new Promise(resolve => {
      const socket = new WebSocket(location.origin.replace('https', 'wss') + '/whoami');
      socket.onerror = socket.onclose = resolve;
    }));
    // Nobody at the site speaks it; that the browser has shown its device for it is what counts.
    if (!(DEVICE in (await jarOf(browser)))) throw new Error('a WebSocket went without the device');
    await page.goto(`${address}/`);
  },
  async serviceWorker({ page, forget }) {
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/service-worker.js');
      await navigator.serviceWorker.ready;
    });
    await forget();
    const user = await page.evaluate(
      () =>
        new Promise(resolve => {
          navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
          navigator.serviceWorker.ready.then(({ active }) => active.postMessage('who'));
        }),
    );
    // 503: the browser has signed as often as it does, and says so.
    if (user !== 'ada' && user !== 503) throw new Error(`the service worker is ${user}'s`);
    await page.goto(`${address}/`);
  },
  async tabs({ page, browser }) {
    const other = await browser.newPage();
    await Promise.all([page.goto(`${address}/`), other.goto(`${address}/`)]);
    const user = await other.textContent('#user');
    await other.close();
    if (user !== 'ada') throw new Error(`the other tab is ${user}'s`);
  },
  async down({ page }) {
    await sendCopy(port, '/__store?d1=down', {});
    const answer = await page.goto(`${address}/`);
    await sendCopy(port, '/__store?d1=ok', {});
    if (![200, 503].includes(answer.status())) throw new Error(`while the store is down: ${answer.status()}`);
    // The browser waits before it tries again, and says so: 503 until then.
    for (let tries = 0; tries < 60 && (await page.goto(`${address}/`)).status() === 503; tries++) await sleep(1000);
  },
  async rotation({ page }) {
    keys.unshift(newSessionKey());
    await edge.restart({ SESSION_KEYS: keys.slice(0, 8).join(' ') });
    await page.goto(`${address}/`);
  },
  async restart(visit) {
    await visit.browser.close();
    Object.assign(visit, await startDeviceBrowser(visit.profile, tls));
    await visit.page.goto(`${address}/`);
  },
};

async function inTime(name, step) {
  const late = sleep(PATIENCE, undefined, { ref: false }).then(() => Promise.reject(new Error(`${name} does not end`)));
  await Promise.race([step, late]);
}

async function journey(number) {
  const profile = mkdtempSync(join(tmpdir(), 'edge-session-journey-'));
  const visit = { profile, ...(await startDeviceBrowser(profile, tls)) };
  visit.forget = () => visit.browser.clearCookies({ name: DEVICE });
  try {
    const { page } = visit;
    await page.goto(`${address}/login/`);
    await page.fill('[name=username]', 'ada');
    await page.fill('[name=password]', 'lovelace');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#user');
    // A copy of before the registration, used while it goes on.
    const early = await jarOf(visit.browser);
    stolen.push({ jar: early, at: Date.now() });
    const race = Promise.all([...Array(20)].map(() => whoami(early)));
    for (let n = 0; n < 100 && !(DEVICE in (await jarOf(visit.browser))); n++) await sleep(100);
    counts.raced += (await race).length;
    if (!(DEVICE in (await jarOf(visit.browser)))) {
      counts.unbound += 1;
      return console.log(`journey ${number}: the browser did not bind its session`);
    }
    await page.goto(`${address}/`);
    const names = only.length > 0 ? only : Object.keys(WHAT);
    for (let left = STEPS; left > 0; ) {
      const name = names[random.below(names.length)];
      left -= SIGNATURES[name] ?? 1;
      stolen.push({ jar: await jarOf(visit.browser), at: Date.now() });
      await visit.forget();
      counts.steps[name] = (counts.steps[name] ?? 0) + 1;
      await inTime(name, WHAT[name](visit));
      const user = await visit.page.textContent('#user', { timeout: 5000 }).catch(() => null);
      if (user !== 'ada') {
        counts.logOuts += 1;
        console.log(`journey ${number}: logged out by ${name}: ${visit.page.url()} ${(await visit.page.textContent('body').catch(() => '')).slice(0, 200)}`);
        return;
      }
    }
  } finally {
    counts.journeys += 1;
    await visit.browser.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

/** Every jar whose time is over, again and again. */
async function replay(most) {
  const over = stolen.filter(({ at }) => Date.now() - at > (SECONDS + 1) * 1000);
  for (let n = 0; n < most && over.length > 0; n++) {
    const { jar } = over[random.below(over.length)];
    const { [DEVICE]: _, ...bare } = jar;
    const user = await whoami(random.below(2) ? jar : bare);
    counts.replayed += 1;
    if (user !== null) {
      counts.accepted += 1;
      console.log(`a stolen jar is ${user}'s`);
    }
  }
}

try {
  for (let number = 1; number <= journeys; number++) {
    await journey(number);
    await replay(Math.ceil(replays / journeys / 2));
    if (number % 5 === 0) console.log(JSON.stringify(counts));
  }
  const youngest = Math.max(...stolen.map(({ at }) => at));
  if (counts.replayed < replays) await sleep(Math.max(0, youngest + (SECONDS + 2) * 1000 - Date.now()));
  await replay(Math.max(0, replays - counts.replayed));
  console.log(JSON.stringify(counts));
  process.exitCode = counts.logOuts || counts.accepted || counts.unbound ? 1 : 0;
} finally {
  elsewhere.closeAllConnections();
  elsewhere.close();
  await edge.stop();
  await site.stop();
}
process.exit();
