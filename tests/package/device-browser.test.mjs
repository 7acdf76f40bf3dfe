// A plain site of Node's, over TLS, whose sessions are bound to their device by the package: in a real browser nobody
// notices, and a copy of its cookies is nobody's.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSessions, generateKey, memoryStore } from '../../pkg/dist/node.js';
import { withSession } from '../../pkg/dist/node-adapter.js';
import { COOKIE, DEVICE, ELSEWHERE, HOST, jarOf, newCertificate, sendCopy, startDeviceBrowser } from '../system/device-browser.mjs';

const tls = newCertificate();
const profile = mkdtempSync(join(tmpdir(), 'edge-session-package-device-'));
const events = [];
const sessions = createSessions({
  keys: generateKey(),
  cookie: { name: COOKIE },
  store: memoryStore(),
  device: { mode: 'bound', userKey: 'user', seconds: 180, report: event => events.push(event) },
});

const page = session => `<!doctype html><p id=user>${session.get('user') ?? ''}</p><p id=device>${session.device?.isBound ? 'bound to this device' : ''}</p>
  <form method=post action=/login><button id=login>log in</button></form><form method=post action=/logout><button id=logout>log out</button></form>
  <form method=post action=/note><input name=note value="a note"><button id=note>note</button></form>`;

const handler = withSession(sessions, async (request, response, session) => {
  const { pathname } = new URL(request.url, 'https://x');
  const found = (status, headers = {}, body = '') => response.writeHead(status, headers).end(body);
  const posted = async () => new URLSearchParams(Buffer.concat(await request.toArray()).toString());
  const visitor = await session();
  switch (`${request.method} ${pathname}`) {
    case 'POST /login':
      visitor.restart();
      visitor.set('user', 'ada');
      return found(303, { location: '/' });
    case 'POST /logout':
      visitor.destroy();
      return found(303, { location: '/' });
    case 'POST /note':
      visitor.set('note', (await posted()).get('note'));
      return found(303, { location: '/' });
    case 'GET /whoami':
      return found(200, { 'content-type': 'application/json' }, JSON.stringify({ user: visitor.get('user') ?? null, note: visitor.get('note') ?? null }));
    default:
      return found(200, { 'content-type': 'text/html' }, page(visitor));
  }
});

const listening = async listener => {
  const server = createServer({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, listener);
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
};

let site, elsewhere, browser, tab, told, address, port;

before(async () => {
  site = await listening(handler);
  ({ port } = site.address());
  address = `https://${HOST}:${port}`;
  elsewhere = await listening((_, response) => response.setHeader('content-type', 'text/html').end(`<a id=link href="${address}/?from=elsewhere#part">there</a>`));
  ({ browser, page: tab, events: told } = await startDeviceBrowser(profile, tls));
});

after(async () => {
  await browser?.close();
  for (const server of [site, elsewhere]) {
    server?.closeAllConnections();
    server?.close();
  }
  rmSync(profile, { recursive: true, force: true });
});

const user = () => tab.textContent('#user');
const whoami = async jar => {
  const answer = await sendCopy(port, '/whoami', jar);
  return answer.status === 200 ? answer.json() : { status: answer.status };
};
const forgetDevice = () => browser.clearCookies({ name: DEVICE });
const heldDevice = async () => DEVICE in (await jarOf(browser));

test('logged in with 303, bound, shown again in every kind of request, and ended at log out', async () => {
  await tab.goto(`${address}/`);
  await tab.click('#login');
  await tab.waitForSelector('#user:not(:empty)');
  const early = await jarOf(browser);
  for (let n = 0; n < 100 && !(await heldDevice()); n++) await sleep(100);
  assert.ok(await heldDevice(), JSON.stringify([told, events]));
  await tab.reload();
  assert.equal(await tab.textContent('#device'), 'bound to this device');
  delete early[DEVICE];
  assert.deepEqual(await whoami(early), { user: null, note: null });

  await forgetDevice();
  await tab.goto(`${address}/`);
  assert.equal(await user(), 'ada', JSON.stringify(told));
  await tab.goto(`https://${ELSEWHERE}:${elsewhere.address().port}/`);
  await forgetDevice();
  await tab.click('#link');
  await tab.waitForSelector('#user:not(:empty)');
  assert.equal(tab.url(), `${address}/?from=elsewhere#part`);
  await forgetDevice();
  await tab.click('#note');
  await tab.waitForURL(`${address}/`);
  await forgetDevice();
  const answers = await tab.evaluate(() => Promise.all([...Array(12)].map(async () => (await fetch('/whoami')).json())));
  assert.deepEqual(answers, Array(12).fill({ user: 'ada', note: 'a note' }));

  const jar = await jarOf(browser);
  assert.deepEqual(await whoami(jar), { user: 'ada', note: 'a note' });
  assert.deepEqual(await whoami({ ...jar, [DEVICE]: jar[DEVICE].replace(/.$/, c => (c === 'A' ? 'B' : 'A')) }), { status: 307 });
  await tab.click('#logout');
  await tab.waitForURL(`${address}/`);
  assert.equal(await user(), '');
  assert.equal(await heldDevice(), false);
  assert.deepEqual(await whoami({ [COOKIE]: jar[COOKIE] }), { user: null, note: null });
  assert.deepEqual(events.filter(({ event }) => event === 'refused'), []);
});
