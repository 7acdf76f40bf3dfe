// What is wrong, or will be, with a Cookie header or a Set-Cookie line. Shared by the command and the page.

import { headerFindings, isLookAlike } from './doctor/header.js';
import { nameFindings } from './doctor/name.js';
import { setCookieFindings } from './doctor/set_cookie.js';
import { isBegun, valueFindings } from './doctor/value.js';
import { limits } from './core/limits.js';
import { fieldFinding } from './inspect/device.js';
import { readEnvelope } from './inspect/envelope.js';
import { OUR_NAMES } from './inspect/face.js';
import { bytesOf } from './inspect/pasted.js';
import { unwrapped } from './inspect/unwrapped.js';

/** A browser holds 180 cookies of a site: what comes behind so many is counted and not looked at. */
const MAX_COOKIES = 1000;

/**
 * Every finding about what was pasted, gravest first. No finding has a cookie's value in it.
 *
 * @param {ReturnType<typeof import('./inspect/pasted.js').readPasted>} pasted
 * @param {object} about
 * @param {string} [about.name] our cookie; found out where it is not said
 * @param {number} about.now milliseconds since 1970
 * @param {number} [about.idleSeconds] after which a cookie is refused; the codec's default
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
export function diagnose(pasted, { name, now, idleSeconds = limits().idleSeconds }) {
  const ours = name ?? ourName(pasted.cookies);
  const looked = pasted.cookies.slice(0, MAX_COOKIES);
  const fields = pasted.deviceFields.map(fieldFinding);
  // Fields that were pasted for themselves are no header without a session.
  const isAboutFields = fields.length > 0 && looked.length === 0;
  const findings = [...fields, ...(isAboutFields ? [] : headerFindings({ ...pasted, cookies: looked }, pasted.cookies.length, ours))];
  for (const cookie of looked) {
    const isOurs = cookie.name === undefined || cookie.name === ours;
    const bytes = bytesOf(cookie.name ?? '') + bytesOf(cookie.value);
    findings.push(...nameFindings(cookie, isOurs));
    if (isOfDevice(cookie)) findings.push(deviceFinding(cookie));
    findings.push(...valueFindings(cookie, { isOurs, bytes, now, idleSeconds }));
    if (cookie.attributes) findings.push(...setCookieFindings(cookie, isOurs, now));
  }
  const rank = { error: 0, warning: 1, note: 2 };
  findings.sort((a, b) => rank[a.severity] - rank[b.severity]);
  return { name: ours, findings };
}

/** What the Worker sets beside a session that is bound to a device; the codec's own cookies may have any name. */
const isOfDevice = ({ name, value }) => /.-device$/.test(name ?? '') && readEnvelope(value).envelope === 'sealed';

const deviceFinding = ({ name }) => ({
  code: 'device',
  severity: 'note',
  cookie: name,
  message: 'It shows, for some minutes, that the device of a session was there (SESSION_DEVICE): it is no session, and opens as none.',
});

/**
 * The name of the session cookie among `cookies`: one of the usual names, that of the first value in an envelope
 * that we know, a usual one that some servers would read out of another cookie, or that of the only one there is if it is
 * called a session or begins like one.
 *
 * @param {import('./inspect/pasted.js').PastedCookie[]} cookies
 * @returns {string | undefined} `undefined`: none of them is a session cookie
 */
export function ourName(cookies) {
  const usual = OUR_NAMES.find(name => cookies.some(cookie => cookie.name === name));
  if (usual) return usual;
  const looked = cookies.slice(0, MAX_COOKIES);
  const named = looked.filter(cookie => cookie.name && !isOfDevice(cookie));
  const kinds = named.map(({ value }) => unwrapped(value).envelope.envelope);
  for (const kind of ['sealed', 'django', 'flask', 'fernet']) {
    const index = kinds.indexOf(kind);
    if (index >= 0) return named[index].name;
  }
  const hidden = OUR_NAMES.find(name => looked.some(({ chunk }) => isLookAlike(chunk, name)));
  if (hidden) return hidden;
  const [only] = cookies;
  const isOne = cookies.length === 1 && only.name && (/sess/i.test(only.name) || isBegun(only.value));
  return isOne ? only.name : undefined;
}
