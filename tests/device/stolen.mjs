// A thief by number: jars that are copied before, during and after the registration of a device, all of a visitor's
// cookies in them, are sent again and again from elsewhere, in real time, by a plain HTTP client. Nobody may be let in by
// one later than the device cookie's life after it was copied. The registration itself is raced by older copies.
//   stolen.mjs [replays, default 10000] [copies that race the registration, 1000] [visitors, 4]

import { setTimeout as sleep } from 'node:timers/promises';
import { challengeIn, newDeviceKey } from '../package/device-key.mjs';
import { freePort } from '../package/process.mjs';
import { COOKIE, DEVICE, HOST, newCertificate, sendCopy } from '../system/device-browser.mjs';
import { newSessionKey, startEdge } from '../system/edge.mjs';
import { newDjangoSecret, startSite } from '../system/site.mjs';

const [replays = 10_000, racers = 1000, visitors = 4] = process.argv.slice(2).map(Number);
/** The shortest that a device cookie may live. */
const SECONDS = 180;
/** Requests under way at once. */
const AT_ONCE = 40;
const REGISTER = '/_session/device/register';
const REFRESH = '/_session/device/refresh';
const tls = newCertificate();

const [port, sitePort] = [await freePort(), await freePort()];
const secret = newDjangoSecret();
const address = `https://${HOST}:${port}`;
const edge = await startEdge({
  ORIGIN_URL: `http://127.0.0.1:${sitePort}`,
  SESSION_KEYS: newSessionKey(),
  DJANGO_SECRET_KEY: secret,
  SESSION_STORE: 'd1',
  SESSION_DEVICE: 'bound',
  SESSION_DEVICE_SECONDS: String(SECONDS),
  SESSION_REVOCATION_SECONDS: '1',
  SESSION_LOGIN_URL: '/login/',
}, { tls, port });
const site = await startSite({ secret, port: sitePort, trusted: [address] });

const counts = { visitors: 0, raced: 0, acceptedInTime: 0, latestSeconds: 0, replayed: 0, acceptedLater: 0, logOuts: 0 };
/** Each with the time when it was copied, and until when it is good at the most. */
const stolen = [];
const steal = ({ jar }) => stolen.push({ jar: { ...jar }, at: Date.now() });

/** A visitor with a device, as a browser is. */
async function visitor() {
  const key = await newDeviceKey();
  const it = { key, jar: {}, offer: undefined, identifier: undefined };
  it.ask = async (path, options = {}) => {
    const answer = await sendCopy(port, path, it.jar, options);
    for (const { name, value, attributes } of answer.setCookies) {
      if (value === '' || attributes['max-age'] === '0') delete it.jar[name];
      else it.jar[name] = value;
    }
    it.offer = answer.headers['secure-session-registration'] ?? it.offer;
    return answer;
  };
  const form = { 'content-type': 'application/x-www-form-urlencoded', referer: `${address}/login/`, accept: 'text/html' };
  await it.ask('/login/', { headers: { accept: 'text/html' } });
  const body = new URLSearchParams({ username: 'ada', password: 'lovelace', csrfmiddlewaretoken: it.jar.csrftoken }).toString();
  await it.ask('/login/', { method: 'POST', headers: form, body });
  return it;
}

const register = async it => {
  const answer = await it.ask(REGISTER, { method: 'POST', headers: { 'secure-session-response': await it.key.proof(challengeIn(it.offer), true) } });
  if (answer.status !== 200) throw new Error(`the registration is ${answer.status}: ${answer.body}`);
  it.identifier = answer.json().session_identifier;
};

const refresh = async it => {
  const headers = { 'sec-secure-session-id': `"${it.identifier}"` };
  const asked = await it.ask(REFRESH, { method: 'POST', headers });
  const proof = await it.key.proof(challengeIn(asked.headers['secure-session-challenge']));
  const answer = await it.ask(REFRESH, { method: 'POST', headers: { ...headers, 'secure-session-response': proof } });
  if (answer.status !== 200) throw new Error(`the proof is ${answer.status}: ${answer.body}`);
};

/** Whose a jar is; nobody's where the site is not asked: a redirect, 503, or the page that asks again. */
const whoami = async (jar, options) => {
  const answer = await sendCopy(port, '/whoami', jar, options);
  return answer.status === 200 && answer.headers['content-type'] === 'application/json' ? answer.json().user : null;
};

/** One use of a stolen jar: how a thief might, all of it or the session alone. */
async function use({ jar, at }, number) {
  const { [DEVICE]: _, ...bare } = jar;
  const headers = [{}, { 'secure-session-skipped': 'unreachable' }, { 'sec-fetch-site': 'cross-site', accept: 'text/html' }, { 'sec-fetch-site': 'same-origin' }][number % 4];
  const user = await whoami(number % 2 ? jar : bare, { headers });
  const seconds = (Date.now() - at) / 1000;
  if (user === null) return;
  if (seconds <= SECONDS) {
    counts.acceptedInTime += 1;
    counts.latestSeconds = Math.max(counts.latestSeconds, seconds);
  } else {
    counts.acceptedLater += 1;
    console.log(`a jar that was stolen ${seconds} s ago is ${user}'s`);
  }
}

/** Runs so many of them, some at once. */
async function many(count, work) {
  let next = 0;
  await Promise.all([...Array(AT_ONCE)].map(async () => {
    while (next < count) await work(next++);
  }));
}

try {
  const all = [];
  for (let number = 0; number < visitors; number++) {
    const it = await visitor();
    if (it.offer === undefined || !(COOKIE in it.jar)) throw new Error('the log in offers nothing');
    steal(it);
    const early = stolen.at(-1);
    // Copies of before, under way while the device is registered and shown.
    const racing = many(racers, async index => {
      counts.raced += 1;
      await use(early, index * 2);
    });
    await register(it);
    steal(it);
    if ((await whoami(it.jar)) !== 'ada') counts.logOuts += 1;
    steal(it);
    await racing;
    await refresh(it);
    steal(it);
    if ((await whoami(it.jar)) !== 'ada') counts.logOuts += 1;
    counts.visitors += 1;
    all.push(it);
  }
  console.log(JSON.stringify(counts));
  // Until the last of them has ended they are used, too.
  const youngest = Math.max(...stolen.map(({ at }) => at));
  while (Date.now() < youngest + SECONDS * 1000) {
    await many(20, async () => use(stolen[Math.floor(Math.random() * stolen.length)], Math.floor(Math.random() * 8)));
    await sleep(500);
  }
  await sleep(1000);
  await many(replays, async index => {
    counts.replayed += 1;
    await use(stolen[index % stolen.length], Math.floor(index / stolen.length));
  });
  // And the visitors go on.
  for (const it of all) {
    delete it.jar[DEVICE];
    await refresh(it);
    if ((await whoami(it.jar)) !== 'ada') counts.logOuts += 1;
  }
  console.log(JSON.stringify(counts));
  process.exitCode = counts.acceptedLater || counts.logOuts ? 1 : 0;
} finally {
  await edge.stop();
  await site.stop();
}
process.exit();
