// What is wrong, or will be, with a Cookie header or a Set-Cookie line. Shared by the command and the page.

import { headerFindings } from './doctor/header.js';
import { nameFindings } from './doctor/name.js';
import { setCookieFindings } from './doctor/set_cookie.js';
import { valueFindings } from './doctor/value.js';
import { octetsOf } from './inspect/pasted.js';
import { unwrapped } from './inspect/unwrapped.js';

/** Names that are ours unless somebody says otherwise: the Worker's and this package's default. */
export const OUR_NAMES = ['__Host-sessionid', '__Host-session'];

/** A browser holds 180 cookies of a site: what comes behind so many is counted and not looked at. */
const MOST_COOKIES = 1000;

/**
 * Every finding about what was pasted, gravest first. No finding has a cookie's value in it.
 *
 * @param {ReturnType<typeof import('./inspect/pasted.js').readPasted>} pasted
 * @param {object} about
 * @param {string} [about.name] our cookie; found out where it is not said
 * @param {number} about.now milliseconds since 1970
 * @param {number} [about.idleSeconds] after which a cookie is refused; 14 days
 * @returns {Diagnosis}
 *
 * @typedef {{ name: string | undefined, findings: Finding[] }} Diagnosis `name`: the cookie taken for ours
 * @typedef {object} Finding
 * @property {string} code stable, of `a-z` and `-`
 * @property {'error' | 'warning' | 'note'} severity `error`: it does not work; `warning`: it will not, somewhere or some day
 * @property {string} [cookie] its name
 * @property {string} message what is the case
 * @property {string} [advice] what to do
 */
export function diagnose(pasted, { name, now, idleSeconds = 14 * 86_400 }) {
  const ours = name ?? ourName(pasted.cookies);
  const looked = pasted.cookies.slice(0, MOST_COOKIES);
  const findings = [...headerFindings({ ...pasted, cookies: looked }, pasted.cookies.length, ours)];
  for (const cookie of looked) {
    const isOurs = cookie.name === undefined || cookie.name === ours;
    const octets = octetsOf(cookie.name ?? '') + octetsOf(cookie.value);
    findings.push(...nameFindings(cookie, isOurs));
    findings.push(...valueFindings(cookie, { isOurs, octets, now, idleSeconds }));
    if (cookie.attributes) findings.push(...setCookieFindings(cookie, isOurs));
  }
  const rank = { error: 0, warning: 1, note: 2 };
  findings.sort((a, b) => rank[a.severity] - rank[b.severity]);
  return { name: ours, findings };
}

/**
 * The name of the session cookie among `cookies`: one of the usual names, that of the first value in an envelope
 * that we know, or that of the only one there is.
 *
 * @param {import('./inspect/pasted.js').PastedCookie[]} cookies
 * @returns {string | undefined}
 */
export function ourName(cookies) {
  const usual = OUR_NAMES.find(name => cookies.some(cookie => cookie.name === name));
  if (usual) return usual;
  const named = cookies.slice(0, MOST_COOKIES).filter(({ name }) => name);
  const kinds = named.map(({ value }) => unwrapped(value).envelope.envelope);
  for (const kind of ['sealed', 'django', 'flask', 'fernet']) {
    const index = kinds.indexOf(kind);
    if (index >= 0) return named[index].name;
  }
  return cookies.length === 1 ? cookies[0].name : undefined;
}
