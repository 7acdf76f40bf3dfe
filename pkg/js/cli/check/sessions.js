// Sessions of some sizes, there and back: the store, the site's server, and what is left after a log out.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { bad, good, skipped, warning } from './finding.js';
import { cookieOf } from './place.js';

const SIZES_KB = [8, 16, 30];
const KEY = 'edge_session_check';
/** How long a log out is waited for. */
const PATIENCE = 5000;
/** Beyond an hour a copy of a cookie is worth taking. */
const LONG = 3600;
const SERVER = 'the site’s server has to take long headers: gunicorn by --limit-request-field_size 1048576, others in docs/DJANGO.md (Servers); a balancer between may refuse them, too';

export async function sessionFindings(place) {
  if (place.token === undefined) return [skipped('sessions', 'no session was made', 'give the SESSION_API_TOKEN: in the environment, or in a file with --keys'), ...ofRevocation(place)];
  const { json, status } = await place.askWithToken('/_session');
  if (json?.error === 'bad_token') return [bad('token', 'the Worker knows another SESSION_API_TOKEN, or none', 'npx wrangler secret put SESSION_API_TOKEN'), ...ofRevocation(place)];
  if (json?.error !== 'no_session') return [bad('token', `/_session is ${status} without a session`, 'see npx wrangler tail'), ...ofRevocation(place)];
  const findings = [];
  let session;
  for (const size of SIZES_KB) {
    const { finding, cookie } = await thereAndBack(place, size, session);
    findings.push(finding);
    session = cookie ?? session;
    if (finding.state !== 'good') break;
  }
  if (session) {
    findings.push(...(await ofCaches(place, session)), await ofLogOut(place, session));
  }
  return [...findings, ...ofRevocation(place)];
}

/** Makes the session so large, shows it to the site, and reads it again. */
async function thereAndBack(place, size, before) {
  const content = randomBytes(size * 768).toString('base64url').slice(0, size * 1024);
  const made = await place.askWithToken('/_session', {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', ...(before && { cookie: before }) },
    body: JSON.stringify({ [KEY]: content }),
  });
  if (made.json?.error === 'no_session') return { finding: skipped('sessions', 'the site alone makes sessions here (SESSION_PROTOCOL = "rows"), and they travel in no header', '--username tries a log in') };
  const line = made.setCookies.map(cookieOf).find(({ isRemoval }) => !isRemoval);
  if (made.status !== 200 || !line) return { finding: await ofStore(place, made, size) };
  const cookie = `${line.name}=${line.value}`;
  const page = await place.ask(place.page, { headers: { cookie, accept: 'text/html' } });
  if ([431, 400, 413, 502, 494].includes(page.status)) {
    const plain = await place.ask(place.page, { headers: { accept: 'text/html' } });
    if (plain.status !== page.status) return { cookie, finding: bad('sessions', `with a session of ${size} KB the page is ${page.status} instead of ${plain.status}`, SERVER) };
  }
  const read = await place.askWithToken('/_session', { headers: { cookie } });
  if (read.json?.[KEY] !== content) return { cookie, finding: bad('sessions', `a session of ${size} KB does not come back (${read.status})`, 'the store loses what was written: see npx wrangler tail') };
  return { cookie, finding: good('sessions', `${size} KB there and back`) };
}

/** Why nothing could be kept. */
async function ofStore(place, { status, json }, size) {
  const { store } = place.health;
  if (json?.error === 'session_too_large') return bad('store', `a session of ${size} KB is not saved: there is no store (${store})`, 'SESSION_STORE = "do", with its binding');
  if (store.includes('d1')) {
    const stats = await place.askWithToken('/_session/stats');
    if (stats.status !== 200) return bad('store', `D1 answers, but not for its tables (${status})`, 'npx wrangler d1 migrations apply SESSIONS_DB --remote; under wrangler dev --local');
  }
  const cures = {
    do: 'the class SessionShard has to be in "migrations" as new_sqlite_classes, and exported by index.js',
    kv: 'the KV namespace of the binding SESSIONS has to be there, and its quota of the day not used up',
    r2: 'the bucket of the binding SESSIONS_BUCKET has to be there',
    origin: 'SESSION_ORIGIN_STORE_URL has to lead to session_store.py, SESSION_ORIGIN_STORE_KEY has to be among the site’s EDGE_SESSION_STORE_KEYS, and the clocks have to agree',
  };
  const cure = Object.entries(cures).find(([name]) => store.split('+').at(-1) === name)?.[1];
  return bad('store', `a session of ${size} KB could not be kept in ${store} (${status}${json?.error ? ` ${json.error}` : ''})`, cure ?? 'see npx wrangler tail');
}

/** What must be kept by nobody, and what a cache has kept. */
async function ofCaches(place, cookie) {
  const own = await place.askWithToken('/_session', { headers: { cookie } });
  const findings = [];
  if (!/no-store/.test(own.headers['cache-control'] ?? ''))
    findings.push(bad('caches', `something before the Worker rewrites Cache-Control: /_session says ${own.headers['cache-control'] ?? 'nothing'}`, 'take the cache rule, or the Browser Cache TTL, away that does so (Caching, Configuration: Respect Existing Headers)'));
  const [first, second] = [await place.ask(place.page, { headers: { cookie } }), await place.ask(place.page, { headers: { cookie } })];
  const hit = [first, second].find(({ headers }) => Number(headers.age) > 0 || /^hit/i.test(headers['cf-cache-status'] ?? headers['x-cache'] ?? ''));
  if (hit) findings.push(bad('caches', `a cache before the Worker answers ${place.page} for a visitor with a session`, 'take the cache rule away that covers pages (“Cache Everything”), or let it go by the session cookie'));
  const kept = [first, second].find(({ setCookies, headers }) => setCookies.some(line => /session/i.test(cookieOf(line).name)) && !/no-store|private/.test(headers['cache-control'] ?? ''));
  if (kept) findings.push(bad('caches', `an answer that sets the session may be kept: Cache-Control ${kept.headers['cache-control'] ?? 'is missing'}`, 'something before the Worker rewrites it: take that away'));
  return findings.length > 0 ? findings : [good('caches', 'answers with a session are kept by nobody')];
}

/** A copy of the cookie after the log out. */
async function ofLogOut(place, cookie) {
  const out = await place.askWithToken('/_session', { method: 'DELETE', headers: { cookie } });
  if (out.status !== 204) return bad('log-out', `it is ${out.status}`, 'the store has to take what ended: see the store, and npx wrangler tail');
  const since = Date.now();
  for (;;) {
    const { status } = await place.askWithToken('/_session', { headers: { cookie } });
    const seconds = ((Date.now() - since) / 1000).toFixed(1);
    if (status === 401) return good('log-out', `a copy of the cookie was refused after ${seconds} s`);
    if (Date.now() - since > PATIENCE) {
      if (place.health.store === 'kv') return warning('log-out', `a copy of the cookie was still good after ${seconds} s`, 'KV alone takes up to two minutes elsewhere; SESSION_STORE = "do" or "d1" ends it at once');
      return bad('log-out', `a copy of the cookie was still good after ${seconds} s`, 'SESSION_REVOCATION = "always", and a store');
    }
    await sleep(250);
  }
}

/** What the settings say that a copy of a cookie can do. */
function ofRevocation({ health: { revocation, copy_seconds: seconds } }) {
  if (seconds === 0) return [good('revocation', 'a copy of a cookie is refused as soon as its session has ended')];
  if (revocation === 'none') return [bad('revocation', `copies of a cookie stay good after a log out${seconds === undefined ? '' : `, for ${Math.round(seconds / 86_400)} days`}`, 'SESSION_REVOCATION = "always", and a SESSION_STORE')];
  if (seconds > LONG) return [warning('revocation', `a copy of a cookie shows pages for ${Math.round(seconds / 86_400)} days after a log out`, 'SESSION_REVOCATION = "always"')];
  return [good('revocation', `a copy of a cookie shows pages for ${seconds} s after a log out at most`)];
}
