// Cookies that are none of ours: forged, and longer than any.

import { bad, good, warning } from './finding.js';
import { cookieOf } from './place.js';

/** Browsers hold 4 KB; what is longer comes from no browser. */
const OVERSIZED = 12_000;
const NAMES = ['__Host-sessionid', 'sessionid'];

export async function cookieFindings(place) {
  const names = place.cookie ? [place.cookie] : NAMES;
  const forged = names.map(name => `${name}=forged`).join('; ');
  const plain = await place.ask(place.page);
  const [page, api] = [await place.ask(place.page, { headers: { cookie: forged } }), await place.ask('/_session', { headers: { cookie: forged } })];
  const findings = [ofForged(place, names, { plain, page, api })];
  const large = await place.ask(place.page, { headers: { cookie: `${names[0]}=${'A'.repeat(OVERSIZED)}` } });
  findings.push(
    large.status === plain.status
      ? good('oversized', 'a cookie of 12 KB is no session, and the page is there')
      : bad('oversized', `with a cookie of 12 KB the page is ${large.status} instead of ${plain.status}`, 'something before the Worker refuses long headers, or a forged cookie reaches the site: see npx wrangler tail'),
  );
  return findings;
}

function ofForged({ page: path }, names, { plain, page, api }) {
  const removed = answer => answer.setCookies.map(cookieOf).some(({ name, isRemoval }) => isRemoval && names.includes(name));
  if (page.status !== plain.status) return bad('forged', `with a forged cookie ${path} is ${page.status} instead of ${plain.status}`, 'forged cookies have to end at the Worker: see npx wrangler tail');
  if (!removed(api)) return bad('forged', 'the Worker does not know a forged cookie as its own', 'name the session cookie with --cookie, if SESSION_COOKIE is another one');
  // Its removal waits for an answer that no cache is to keep.
  if (!removed(page) && !/public|max-age=[1-9]/.test(page.headers['cache-control'] ?? ''))
    return warning('forged', `the Worker looks at no session at ${path}`, 'SESSION_ROUTES: only files are to be `public`; or name a page with --page that is not');
  return good('forged', 'a forged cookie is no session, and is removed');
}
