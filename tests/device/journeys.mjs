// What a proof by number takes: visitors with a real Chromium and its key, who go through all that ends a device cookie and
// must never be logged out, and thieves who have copies of everything that lies in their cookies, before, during and after
// the registration, and must get nothing once the device cookie's time is over. In real time, some visitors at once.
//   journeys.mjs [journeys, default 20] [replays, default 500] [seed, random if not given] [step…, all if none is named] [--at-once=4] [--minutes=…, after which none begins]

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPage } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { seeded } from '../histories/random.mjs';
import { freePort } from '../package/process.mjs';
import { DEVICE, ELSEWHERE, HOST, jarOf, newCertificate, sendCopy, startDeviceBrowser, startSharedBrowser } from '../system/device-browser.mjs';
import { newSessionKey, startEdge } from '../system/edge.mjs';
import { newDjangoSecret, startSite } from '../system/site.mjs';
import { putToSleep } from './asleep.mjs';
import { Places, Turns } from './turns.mjs';

const { values, positionals } = parseArgs({
  options: { 'at-once': { type: 'string', default: '4' }, minutes: { type: 'string', default: 'Infinity' } },
  allowPositionals: true,
});
const [journeys = 20, replays = 500, seed = Math.floor(Math.random() * 2 ** 32)] = positionals.slice(0, 3).map(Number);
const only = positionals.slice(3);
/** So long a step may take, in milliseconds: browsers wait before they try again what failed. */
const PATIENCE = 120_000;
/** The shortest that a device cookie may live. */
const SECONDS = 180;
/** Browsers sign six times in nine minutes: the registration, and these. */
const STEPS = 5;
/** A service worker is fetched, and once more to see whether it is another one, before it fetches; what is signed while the store is down is signed again. */
const SIGNATURES = { serviceWorker: 3, down: 2, sleep: 2 };
/** What wants a browser with a profile on disk. One visitor in so many has one; the others share a program, and nothing else. */
const OWN_BROWSER = ['restart', 'sleep'];
const OWN_BROWSER_IN = 5;
/** How many keys are kept, and how often there is a new one. */
const KEYS = 8;
const CHANGE_SECONDS = 20;
/** Copies that are used while a session is bound. */
const RACERS = 20;
const random = seeded(seed);
const places = new Places(Number(values['at-once']));
const turns = new Turns();
const tls = newCertificate();
console.log(`seed ${seed}, ${values['at-once']} at once`);

const port = await freePort();
const address = `https://${HOST}:${port}`;
const keys = { session: [newSessionKey()], django: [newDjangoSecret()] };
const atEdge = () => ({
  ORIGIN_URL: site.url,
  SESSION_KEYS: keys.session.slice(0, KEYS).join(' '),
  DJANGO_SECRET_KEY: keys.django[0],
  DJANGO_SECRET_KEY_FALLBACKS: keys.django.length > 1 ? JSON.stringify(keys.django.slice(1, KEYS)) : undefined,
});
const database = join(mkdtempSync(join(tmpdir(), 'edge-session-shop-')), 'db.sqlite3');
const startShop = () => startSite({ secret: keys.django[0], fallbacks: keys.django.slice(1, KEYS), trusted: [address], database });
let site = await startShop();
const edge = await startEdge({
  ...atEdge(),
  SESSION_STORE: 'd1',
  SESSION_DEVICE: 'bound',
  SESSION_DEVICE_SECONDS: String(SECONDS),
  SESSION_REVOCATION_SECONDS: '1',
  SESSION_LOGIN_URL: '/login/',
}, { tls, port, faulty: true });
const elsewhere = createPage({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, (_, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(`<a id=link href="${address}/?from=elsewhere#part">there</a>`);
});
await new Promise(resolve => elsewhere.listen(0, '127.0.0.1', resolve));
const shared = await startSharedBrowser(tls);

const whoami = async jar => {
  const answer = await sendCopy(port, '/whoami', jar);
  return answer.status === 200 ? answer.json().user : null;
};
const counts = { journeys: 0, steps: {}, keys: { lived: 0 }, logOuts: 0, troubles: 0, unbound: 0, replayed: 0, accepted: 0, raced: 0 };
const stolen = [];
/** Whoever is on the way, with the number of keys that there were when it began. */
const visits = new Set();

/** Whether nobody's key would go with the next one: it has to stay as long as sessions of its time do. */
const isTime = kind => [...visits].every(({ since }) => keys[kind].length + 1 - since[kind] < KEYS);

/** New keys for all who are there, every now and then: the Worker's, and Django's at both of them. */
const KINDS = {
  async session() {
    keys.session.unshift(newSessionKey());
    await edge.restart(atEdge());
  },
  async django() {
    keys.django.unshift(newDjangoSecret());
    await site.stop();
    site = await startShop();
    await edge.restart(atEdge());
  },
};

async function rotate(end) {
  for (let turn = 0; ; turn++) {
    await sleep(CHANGE_SECONDS * 1000, undefined, { signal: end }).catch(() => {});
    if (end.aborted) return;
    const kind = Object.keys(KINDS)[turn % 2];
    await turns.alone(async () => {
      if (!isTime(kind)) return;
      await KINDS[kind]();
      counts.keys[kind] = (counts.keys[kind] ?? 0) + 1;
      for (const visit of visits) if (visit.isBound) counts.keys.lived += 1;
    });
  }
}

/** Who comes while the store is down. */
const atTheOutage = [];

async function outage() {
  const present = atTheOutage.splice(0);
  await sendCopy(port, '/__store?d1=down', {});
  try {
    await Promise.all(present.map(async visit => (visit.status = (await visit.page.goto(`${address}/`)).status())));
  } finally {
    await sendCopy(port, '/__store?d1=ok', {});
  }
  // The Worker leaves a store that failed alone for a while. What it was told before is forgotten after a second.
  for (let n = 0; n < 30; n++) {
    await sleep(1100);
    if ((await sendCopy(port, '/_session', present[0].jar)).status !== 503) return;
  }
  throw new Error('the store does not come back');
}

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
  async down({ page, browser }) {
    const visit = { page, jar: await jarOf(browser) };
    atTheOutage.push(visit);
    await turns.change('down', outage);
    if (![200, 503].includes(visit.status)) throw new Error(`while the store is down: ${visit.status}`);
    // The browser waits before it tries again, and says so: 503 until then.
    const goto = () => turns.together(async () => (await page.goto(`${address}/`)).status());
    for (let tries = 0; tries < 60 && (await goto()) === 503; tries++) await sleep(1000);
  },
  async restart(visit) {
    await visit.browser.close();
    Object.assign(visit, await startDeviceBrowser(visit.profile, tls));
    await visit.page.goto(`${address}/`);
  },
  async sleep({ page, profile }) {
    const wake = putToSleep(profile);
    places.leave();
    await sleep((SECONDS + 1) * 1000);
    await places.enter();
    wake();
    await turns.together(() => page.goto(`${address}/`));
  },
};
/** Steps that are not one turn. */
const TAKE_TURNS = ['down', 'sleep'];

/** One step, and how it left the visitor: an error, or whose page it is. */
async function go(name, visit) {
  const step = TAKE_TURNS.includes(name) ? WHAT[name](visit) : turns.together(() => WHAT[name](visit));
  const patience = PATIENCE + (name === 'sleep' ? SECONDS * 1000 : 0);
  const late = sleep(patience, undefined, { ref: false }).then(() => Promise.reject(new Error(`${name} does not end`)));
  await Promise.race([step, late]);
  return turns.together(() => visit.page.textContent('#user', { timeout: 15_000 }).catch(() => null));
}

/** What a visitor is going to do, as often as its browser signs. */
function plan(dice, hasOwnBrowser) {
  const names = (only.length > 0 ? only : Object.keys(WHAT)).filter(name => hasOwnBrowser || !OWN_BROWSER.includes(name));
  const steps = [];
  for (let left = STEPS; ; left -= costOf(steps.at(-1))) {
    const possible = names.filter(name => costOf(name) <= left);
    if (possible.length === 0) return steps;
    steps.push(dice.pick(possible));
  }
}

const costOf = name => SIGNATURES[name] ?? 1;

async function start(hasOwnBrowser) {
  if (!hasOwnBrowser) return shared.visitor();
  const profile = mkdtempSync(join(tmpdir(), 'edge-session-journey-'));
  return { profile, ...(await startDeviceBrowser(profile, tls)) };
}

/** Logs in. Gives whether the browser has bound the session. */
async function logIn({ page, browser }) {
  await page.goto(`${address}/login/`);
  await page.fill('[name=username]', 'ada');
  await page.fill('[name=password]', 'lovelace');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#user');
  // A copy of before the registration, used while it goes on.
  const early = await jarOf(browser);
  const at = Date.now();
  const race = Promise.all([...Array(RACERS)].map(() => whoami(early)));
  for (let n = 0; n < 200 && !(DEVICE in (await jarOf(browser))); n++) await sleep(100);
  await race;
  counts.raced += RACERS;
  const isBound = DEVICE in (await jarOf(browser));
  if (isBound) stolen.push({ jar: early, at });
  return isBound;
}

async function journey(number, dice) {
  const hasOwnBrowser = only.some(name => OWN_BROWSER.includes(name)) || (only.length === 0 && number % OWN_BROWSER_IN === 1);
  const visit = { since: { session: keys.session.length, django: keys.django.length } };
  visits.add(visit);
  const steps = plan(dice, hasOwnBrowser);
  let name = 'log in';
  try {
    Object.assign(visit, await start(hasOwnBrowser));
    visit.browser.setDefaultTimeout(PATIENCE);
    visit.forget = () => visit.browser.clearCookies({ name: DEVICE });
    if (!(await turns.together(() => logIn(visit)))) {
      counts.unbound += 1;
      return console.log(`journey ${number}: the browser did not bind its session: ${told(visit)}`);
    }
    visit.isBound = true;
    await turns.together(() => visit.page.goto(`${address}/`));
    for (name of steps) {
      stolen.push({ jar: await jarOf(visit.browser), at: Date.now() });
      if (name !== 'sleep') await visit.forget();
      counts.steps[name] = (counts.steps[name] ?? 0) + 1;
      const user = await go(name, visit);
      if (user !== 'ada') {
        counts.logOuts += 1;
        const page = (await visit.page.textContent('body').catch(() => '')).replace(/\s+/g, ' ').slice(0, 200);
        return console.log(`journey ${number} (${steps}): logged out by ${name}: ${visit.page.url()} ${page} ${told(visit)}`);
      }
    }
  } catch (error) {
    counts.troubles += 1;
    console.log(`journey ${number} (${steps}): ${name}: ${error.stack} ${visit.events ? told(visit) : ''}`);
  } finally {
    counts.journeys += 1;
    visits.delete(visit);
    await visit.browser?.close();
    if (visit.profile !== undefined) rmSync(visit.profile, { recursive: true, force: true });
  }
}

/** What the browser said of its bound session. */
const told = ({ events }) => JSON.stringify(events.map(({ succeeded, creationEventDetails, refreshEventDetails, terminationEventDetails, challengeEventDetails }) =>
  ({ succeeded, ...creationEventDetails, ...refreshEventDetails, ...terminationEventDetails, ...challengeEventDetails })));

/** Every jar whose time is over, again and again. */
async function replay(most) {
  const over = stolen.filter(({ at }) => Date.now() - at > (SECONDS + 1) * 1000);
  for (let n = 0; n < most && over.length > 0; n++) {
    const { jar } = over[random.below(over.length)];
    const { [DEVICE]: _, ...bare } = jar;
    const isWhole = random.below(2) === 1;
    const user = await turns.together(() => whoami(isWhole ? jar : bare));
    counts.replayed += 1;
    if (user !== null) {
      counts.accepted += 1;
      console.log(`a stolen jar is ${user}'s`);
    }
  }
}

try {
  const began = Date.now();
  const going = [];
  const end = new AbortController();
  const rotating = rotate(end.signal);
  for (let number = 1; number <= journeys; number++) {
    await places.enter();
    if (Date.now() - began > Number(values.minutes) * 60_000) break;
    going.push(journey(number, random.fork()).finally(() => places.leave()));
    await replay(Math.ceil(replays / journeys / 2));
    if (number % 25 === 0) console.log(JSON.stringify(counts));
  }
  await Promise.all(going);
  end.abort();
  await rotating;
  const seconds = Math.round((Date.now() - began) / 1000);
  const youngest = Math.max(...stolen.map(({ at }) => at));
  if (counts.replayed < replays) await sleep(Math.max(0, youngest + (SECONDS + 2) * 1000 - Date.now()));
  await replay(Math.max(0, replays - counts.replayed));
  console.log(JSON.stringify({ seconds, ...counts }));
  process.exitCode = counts.logOuts || counts.accepted || counts.unbound || counts.troubles ? 1 : 0;
} finally {
  await shared.close();
  elsewhere.closeAllConnections();
  elsewhere.close();
  await edge.stop();
  await site.stop();
}
process.exit();
