// A page of the site through the Worker: is it there, does it stay on the host, does it show what nobody is to see?

import { randomBytes } from 'node:crypto';
import { bad, good, skipped, warning } from './finding.js';
import { textOf } from './place.js';

const HTML = { accept: 'text/html' };
const MAX_REDIRECTS = 5;
const HOSTS = 'ALLOWED_HOSTS has to have the host in the browser, and USE_X_FORWARDED_HOST = True';
const SCHEME = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") in the site’s settings';
const ADDRESS = 'USE_X_FORWARDED_HOST = True in the site’s settings, and the host among ALLOWED_HOSTS';

export async function pageFindings(place) {
  const { answer, path, left } = await followed(place);
  if (left) return [left];
  const findings = [ofStatus(place, answer, path), ...ofAddresses(place, answer.body, path)];
  findings.push(await ofMissingPage(place));
  return findings;
}

/** The page that the redirects from it lead to, or where they leave the host. */
async function followed(place) {
  let path = place.page;
  for (let n = 0; ; n++) {
    const answer = await place.ask(path, { headers: HTML });
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status >= 400 || location === undefined || n === MAX_REDIRECTS) return { answer, path };
    const to = new URL(location, new URL(path, place.url));
    if (to.host !== place.url.host) return { left: bad('addresses', `${path} redirects to ${to.origin}: the visitor leaves the Worker`, `${ADDRESS}; SECURE_SSL_HOST and PREPEND_WWW must not name another host`) };
    if (to.protocol !== place.url.protocol) return { left: bad('addresses', `${path} redirects to ${to.origin}, by another scheme`, SCHEME) };
    path = to.pathname + to.search;
  }
}

function ofStatus(place, { status, body }, path) {
  if (status === 400) return bad('page', `${path} is 400: ${textOf(body)}`, HOSTS);
  if (status === 502) {
    const cure = /redirect/i.test(body) ? SCHEME : 'ORIGIN_URL has to be where the site is, and the site has to run';
    return bad('page', `${path} is 502: ${textOf(body)}`, cure);
  }
  if (status === 508) return bad('page', `${path} is 508: the Worker asks itself`, 'ORIGIN_URL has to be the site’s own address, and no custom domain of the Worker');
  if (status >= 300 && status < 400) return bad('page', `${place.page} redirects more than ${MAX_REDIRECTS} times`, SCHEME);
  if (status >= 500) return bad('page', `${path} is ${status}: ${textOf(body)}`, 'see the log of the site, and npx wrangler tail');
  if (status >= 400) return warning('page', `${path} is ${status}, so little can be seen there`, 'name a page that anybody may see with --page');
  return good('page', `${path} is ${status}`);
}

/** Addresses of the site in the page: they have to be what the browser asked. */
function ofAddresses({ url, origin }, body, path) {
  const named = [...body.matchAll(/\bhttps?:\/\/[^\s"'<>)\\]+/g)].map(([text]) => text);
  const inside = origin && origin.host !== url.host ? named.find(text => isAt(text, origin.host)) : undefined;
  if (inside) return [bad('addresses', `${path} has an address of the origin in it, ${new URL(inside).origin}`, ADDRESS)];
  const plain = url.protocol === 'https:' ? named.find(text => text.startsWith('http:') && isAt(text, url.host)) : undefined;
  if (plain) return [bad('addresses', `${path} has an address without TLS in it, ${new URL(plain).origin}`, SCHEME)];
  if (!origin) return [skipped('addresses', 'whether pages name the origin is not known', 'say where the site really is with --origin')];
  return [good('addresses', 'pages and redirects stay on the host')];
}

function isAt(text, host) {
  try {
    return new URL(text).host === host;
  } catch {
    return false;
  }
}

async function ofMissingPage(place) {
  const { body } = await place.ask(`/edge-session-check-${randomBytes(6).toString('hex')}`, { headers: HTML });
  if (!/DEBUG\s*=\s*True/.test(body.replace(/<[^>]*>/g, ''))) return good('debug', 'pages that fail show nothing');
  const report = place.isLocal ? warning : bad;
  return report('debug', 'DEBUG = True: a page that fails shows code and settings to anybody', 'DEBUG = False in the site’s settings, in production');
}
