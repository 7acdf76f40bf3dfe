// Whether the site takes forms that a browser sends from its own pages, and a log in stays.

import { bad, good, skipped, warning } from './finding.js';
import { cookieOf } from './place.js';

const CANDIDATES = ['/accounts/login/', '/login/', '/admin/login/'];
const TOKEN = /name=["']?csrfmiddlewaretoken["']?[^>]*value=["']?([\w-]+)/;

export async function formFindings(place) {
  const form = await found(place);
  if (!form) {
    const cure = place.login.path ? `${place.login.path} has no form of Django’s in it` : 'name the path of the log-in page with --login';
    return [skipped('forms', 'no log-in page was found', cure)];
  }
  // Nothing is filled in, so nobody is tried to be logged in.
  const empty = await send(place, form, { username: '', password: '' });
  if (empty.status === 403) {
    return [
      bad('forms', `${form.path} refuses a form of its own page (403): the site knows itself by another address`, 'USE_X_FORWARDED_HOST = True and SECURE_PROXY_SSL_HEADER in the site’s settings; or the address among CSRF_TRUSTED_ORIGINS'),
    ];
  }
  const findings = [good('forms', `${form.path} takes a form`)];
  findings.push(place.login.username === undefined ? skipped('log-in', 'no log in was tried', 'name a user with --username, and their password in EDGE_SESSION_PASSWORD') : await logIn(place, form));
  return findings;
}

async function found(place) {
  for (const path of place.login.path ? [place.login.path] : CANDIDATES) {
    const answer = await place.ask(path, { headers: { accept: 'text/html' } });
    const [, token] = TOKEN.exec(answer.body) ?? [];
    if (answer.status === 200 && token) return { path, token, cookies: answer.setCookies.map(cookieOf) };
  }
  return undefined;
}

const send = (place, { path, token, cookies }, fields) =>
  place.ask(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
      origin: place.url.origin,
      referer: new URL(path, place.url).href,
      'sec-fetch-site': 'same-origin',
    },
    body: new URLSearchParams({ csrfmiddlewaretoken: token, ...fields }).toString(),
  });

async function logIn(place, form) {
  const { username, password } = place.login;
  const answer = await send(place, form, { username, password });
  if (answer.status < 300 || answer.status >= 400) return warning('log-in', `${username} is not logged in (${answer.status})`, 'is it the password? EDGE_SESSION_PASSWORD');
  const session = answer.setCookies.map(cookieOf).find(({ name, isRemoval }) => !isRemoval && /session/i.test(name) && name !== 'csrftoken');
  if (!session) {
    const { json } = await place.ask('/_session/health');
    const [reason] = (json?.warnings ?? []).filter(text => text.startsWith('ORIGIN_COOKIE'));
    return bad('log-in', `the site logged ${username} in, and no session reached the browser${reason ? `: ${reason}` : ''}`, 'DJANGO_SECRET_KEY has to be the site’s SECRET_KEY, SESSION_ENGINE signed_cookies, SESSION_SERIALIZER one that writes JSON, ORIGIN_COOKIE the site’s SESSION_COOKIE_NAME');
  }
  const cookie = `${session.name}=${session.value}`;
  const out = await place.ask('/_session', { method: 'DELETE', headers: { cookie, 'sec-fetch-site': 'same-origin' } });
  if (out.status !== 204) return bad('log-in', `${username} is logged in, and the log out is ${out.status}`, 'a log out wants a store that answers: see the store above');
  return good('log-in', `${username} was logged in and out`);
}
