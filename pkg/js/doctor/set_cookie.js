// Findings about a Set-Cookie line: what browsers will refuse, and what is weaker than it could be.

import { octetsOf } from '../inspect/pasted.js';
import { prefixOf } from './name.js';

/** RFC 6265bis 5.6: a longer attribute value is ignored. */
const MOST_ATTRIBUTE_OCTETS = 1024;
/** RFC 6265bis 5.5: browsers cut a longer life. */
const MOST_SECONDS = 400 * 86_400;
const KNOWN = [
  'path',
  'domain',
  'expires',
  'max-age',
  'secure',
  'httponly',
  'samesite',
  'partitioned',
  'priority',
];

/**
 * @param {import('../inspect/pasted.js').PastedCookie} cookie with attributes
 * @param {boolean} isOurs
 * @returns {Generator<import('../doctor.js').Finding>}
 */
export function* setCookieFindings(cookie, isOurs) {
  const attributes = new Map();
  const about = (code, severity, message, advice) => ({
    code,
    severity,
    cookie: cookie.name,
    message,
    advice,
  });
  for (const { name, value = '' } of cookie.attributes) {
    const key = name.toLowerCase();
    if (!KNOWN.includes(key))
      yield about('attribute-unknown', 'note', `Browsers ignore the attribute ${name}.`);
    else if (attributes.has(key))
      yield about('attribute-twice', 'note', `${name} is there twice; the last one counts.`);
    if (octetsOf(value) > MOST_ATTRIBUTE_OCTETS) {
      yield about(
        'attribute-long',
        'error',
        `${name} has more than ${MOST_ATTRIBUTE_OCTETS} octets and is ignored.`,
      );
    } else attributes.set(key, value);
  }
  yield* refusals(cookie.name, attributes, about);
  if (isOurs) yield* weaknesses(attributes, about);
  const maxAge = attributes.has('max-age') ? Number(attributes.get('max-age')) : undefined;
  if (maxAge > MOST_SECONDS) yield about('life-cut', 'note', 'Browsers keep no cookie longer than 400 days.');
  if (maxAge <= 0) yield about('removal', 'note', 'This line removes the cookie.');
}

// What makes a browser drop the whole line.
function* refusals(name, attributes, about) {
  const secure = attributes.has('secure');
  const prefix = prefixOf(name);
  const refused = (what, advice) =>
    about('refused', 'error', `Browsers refuse this cookie: ${what}.`, advice);
  if (prefix && !secure) yield refused(`${prefix} needs Secure`);
  if (prefix?.includes('Http-') && !attributes.has('httponly')) yield refused(`${prefix} needs HttpOnly`);
  if (prefix?.startsWith('__Host-')) {
    if (attributes.get('path') !== '/') yield refused(`${prefix} needs Path=/`);
    if (attributes.get('domain')) yield refused(`${prefix} forbids Domain`);
  }
  if (attributes.get('samesite')?.toLowerCase() === 'none' && !secure)
    yield refused('SameSite=None needs Secure');
  if (attributes.has('partitioned') && !secure) yield refused('Partitioned needs Secure');
  if (name === '') yield refused('a session cookie needs a name');
}

function* weaknesses(attributes, about) {
  if (!attributes.has('secure')) {
    yield about('not-secure', 'warning', 'Without Secure it also goes over unencrypted connections.');
  }
  if (!attributes.has('httponly')) {
    yield about(
      'not-http-only',
      'warning',
      'Without HttpOnly scripts of the page, and those injected into it, can read it.',
    );
  }
  const sameSite = attributes.get('samesite')?.toLowerCase();
  if (!['lax', 'strict', 'none'].includes(sameSite)) {
    yield about(
      'same-site',
      'warning',
      'SameSite is not said, or not a value of it; browsers disagree about what that means.',
      'Say Lax.',
    );
  }
  if (attributes.get('domain')) {
    yield about(
      'domain',
      'note',
      `Every host below ${attributes.get('domain')} gets this cookie and can replace it.`,
    );
  }
}
