// What a browser does with a session that is bound to its device, at a site whose sessions are the package's: by its key
// alone (device-key.mjs).

import assert from 'node:assert/strict';
import { challengeIn, newDeviceKey } from './device-key.mjs';

export const COOKIE = '__Host-session';
export const DEVICE = '__Host-session-device';
export const REGISTER = '/_session/device/register';
export const REFRESH = '/_session/device/refresh';
export const PAGE = { accept: 'text/html', 'sec-fetch-site': 'same-origin' };

/** A visitor with a device, as a browser is: cookies, a key, and what it was told to call its session. */
export async function visitor(site) {
  const key = await newDeviceKey();
  const jar = {};
  const it = { jar, key, offer: undefined, identifier: undefined };
  it.ask = async (path, { cookies = jar, headers = {}, method = 'GET' } = {}) => {
    const cookie = Object.entries(cookies).map(pair => pair.join('=')).join('; ');
    const response = await site.ask(path, { method, headers: { ...(cookie && { cookie }), ...headers } });
    if (cookies !== jar) return response;
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (/Max-Age=0|expires=Thu, 01 Jan 1970/i.test(line)) delete jar[name];
      else jar[name] = value;
    }
    it.offer = response.headers.get('secure-session-registration') ?? it.offer;
    return response;
  };
  it.logIn = () => it.ask('/login', { method: 'POST' });
  it.register = async (from = {}) => {
    const proof = await key.proof(challengeIn(it.offer), true);
    const response = await it.ask(REGISTER, { method: 'POST', headers: { 'secure-session-response': proof }, ...from });
    if (response.status === 200) it.identifier = (await response.clone().json()).session_identifier;
    return response;
  };
  it.refresh = async (cookies = jar, signer = key) => {
    const headers = { 'sec-secure-session-id': `"${it.identifier}"` };
    const asked = await it.ask(REFRESH, { method: 'POST', headers, cookies });
    if (asked.status !== 403) return asked;
    const proof = await signer.proof(challengeIn(asked.headers.get('secure-session-challenge')));
    return it.ask(REFRESH, { method: 'POST', headers: { ...headers, 'secure-session-response': proof }, cookies });
  };
  it.user = async (cookies = jar) => (await (await it.ask('/', { cookies })).json()).user;
  it.without = name => Object.fromEntries(Object.entries(jar).filter(([held]) => held !== name));
  return it;
}

/** Bound, and known to be. */
export async function boundVisitor(site) {
  const ada = await visitor(site);
  await ada.logIn();
  assert.equal((await ada.register()).status, 200);
  assert.equal(await ada.user(), 'ada');
  return ada;
}

/**
 * From a log in to the log out, with copies of all that was held in between. `told()` gives what the site knows: `asked`,
 * how often its store was, and the `events` of its sessions' devices.
 */
export async function boundFromLogInToLogOut(site, told) {
  const ada = await visitor(site);
  const login = await ada.logIn();
  assert.match(login.headers.get('secure-session-registration'), /^\(ES256\);path="\/_session\/device\/register";challenge="[\w-]+"$/);
  const early = { ...ada.jar };
  const registered = await ada.register();
  assert.equal(registered.status, 200);
  assert.match(registered.headers.get('content-type'), /^application\/json/);
  const config = await registered.json();
  assert.equal(config.refresh_url, REFRESH);
  assert.deepEqual(config.credentials, [{ type: 'cookie', name: DEVICE, attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax' }]);
  assert.equal(config.scope.scope_specification[0].path, '/static/');
  assert.match(registered.headers.getSetCookie()[0], /^__Host-session-device=[\w-]{100,140}; .*Max-Age=(169|170)\b/i);
  // The answer may be lost: until the browser shows its cookie the session goes on without.
  assert.equal(await ada.user(early), 'ada');
  assert.equal(await ada.user(), 'ada');
  assert.equal(await ada.user(early), null);
  const before = (await told()).asked;
  for (let n = 0; n < 5; n++) assert.equal(await ada.user(), 'ada');
  assert.deepEqual((await told()).asked, before, 'a bound request asks no store');

  const again = await ada.ask('/?a=b', { cookies: { ...ada.jar, [DEVICE]: 'x' }, headers: PAGE });
  assert.equal(again.status, 307);
  assert.equal(again.headers.get('location'), '/?a=b');
  assert.match(again.headers.getSetCookie()[0], /^__Host-session-device=;/);
  const link = await ada.ask('/', { cookies: early, headers: { ...PAGE, 'sec-fetch-site': 'cross-site' } });
  assert.equal(link.status, 200);
  assert.match(await link.text(), /location\.replace/);
  assert.match(link.headers.get('content-type'), /^text\/html/);
  const skipped = await ada.ask('/', { cookies: early, headers: { ...PAGE, 'secure-session-skipped': 'unreachable;session_identifier="x"' } });
  assert.equal(skipped.status, 503);
  assert.equal(skipped.headers.get('retry-after'), '2');
  for (const answer of [link, skipped]) assert.deepEqual(answer.headers.getSetCookie(), []);
  for (const answer of [again, link, skipped]) assert.match(answer.headers.get('cache-control'), /no-store/);

  delete ada.jar[DEVICE];
  const shown = await ada.refresh();
  assert.equal(shown.status, 200);
  assert.equal(await ada.user(), 'ada');
  assert.equal((await ada.refresh(early, await newDeviceKey())).status, 401);
  const copy = { ...ada.jar };
  await ada.ask('/logout', { method: 'POST' });
  assert.deepEqual(ada.jar, {});
  assert.deepEqual(await (await ada.refresh(copy)).json(), { continue: false });
  assert.equal(await ada.user({ [COOKIE]: copy[COOKIE] }), null);
  const { events } = await told();
  assert.deepEqual(new Set(events.map(({ event }) => event)), new Set(['offered', 'registered', 'confirmed', 'missing', 'shown', 'refused']));
}
