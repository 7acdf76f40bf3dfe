// Findings about a Set-Cookie line: what browsers will refuse, and what is weaker than it could be.

import { createCodec, EdgeSessionError, generateKey, readSetCookie } from '../index.js';
import { bytesOf } from '../inspect/pasted.js';
import { prefixOf } from './name.js';

/** RFC 6265bis 5.6: a longer attribute value is ignored. */
const MAX_ATTRIBUTE_BYTES = 1024;
/** RFC 6265bis 5.5: browsers cut a longer life. */
const MAX_SECONDS = 400 * 86_400;
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
 * @param {number} now milliseconds since 1970
 * @returns {Generator<import('../doctor.js').Finding>}
 */
export function* setCookieFindings(cookie, isOurs, now) {
  const about = (code, severity, message, advice) => ({
    code,
    severity,
    cookie: cookie.name,
    message,
    advice,
  });
  if (cookie.isJoined) {
    yield about(
      'joined-lines',
      'error',
      'It stands behind another cookie, with a comma between: two Set-Cookie lines were joined, and browsers see one cookie.',
      'Set-Cookie lines cannot be joined (RFC 9110 5.3). Append each alone; read them with headers.getSetCookie().',
    );
  }
  const read = readLine(cookie.line);
  if (read === undefined) {
    if (cookie.name === '') yield about('refused', 'error', 'Browsers refuse this cookie: a session cookie needs a name.');
    else yield about('refused', 'error', 'Browsers refuse this cookie: there is a control character in the line, or it is too long.');
    return;
  }
  yield* attributeFindings(cookie.attributes, read, about);
  yield* refusals(cookie.name, read, cookie.attributes, about);
  if (isOurs) yield* weaknesses(read, about);
  if (read.maxAge > MAX_SECONDS) yield about('life-cut', 'note', 'Browsers keep no cookie longer than 400 days.');
  if (isRemoval(read, now)) yield about('removal', 'note', 'This line removes the cookie.');
}

// What the codec does not read, no browser does.
function readLine(line) {
  try {
    return readSetCookie(line);
  } catch (error) {
    if (error instanceof EdgeSessionError) return undefined;
    throw error;
  }
}

// Max-Age counts where it can be read; else the date does.
const isRemoval = ({ maxAge, expires }, now) =>
  maxAge === undefined ? Date.parse(expires ?? '') <= now : maxAge <= 0;

function* attributeFindings(attributes, read, about) {
  const seen = new Set();
  for (const { name, value = '' } of attributes) {
    const key = name.toLowerCase();
    if (!KNOWN.includes(key))
      yield about('attribute-unknown', 'note', `Browsers ignore the attribute ${name}.`);
    else if (seen.has(key)) yield about('attribute-twice', 'note', `${name} is there twice; the last one counts.`);
    seen.add(key);
    if (bytesOf(value) > MAX_ATTRIBUTE_BYTES) {
      yield about('attribute-long', 'error', `${name} has more than ${MAX_ATTRIBUTE_BYTES} bytes and is ignored.`);
    } else if (key === 'max-age' && !/^-?\d+$/.test(value)) {
      const instead = read.expires === undefined ? ', and the cookie ends with the browser' : '';
      yield about(
        'attribute-unreadable',
        'warning',
        `Browsers ignore a Max-Age that is not whole seconds in digits${read.maxAge === undefined ? instead : ''}.`,
        'Write it as Max-Age=3600.',
      );
    } else if (key === 'expires' && Number.isNaN(Date.parse(value))) {
      yield about('attribute-unreadable', 'warning', 'Browsers cannot read this date of Expires and ignore it.');
    } else if (key === 'path' && !value.startsWith('/')) {
      yield about(
        'path-relative',
        'warning',
        'A Path that does not begin with / is ignored: browsers take the folder of the page that sets the cookie.',
        'Say Path=/.',
      );
    }
  }
}

// What makes a browser drop the whole line.
function* refusals(name, read, attributes, about) {
  const prefix = prefixOf(name);
  const refused = (what, advice) =>
    about('refused', 'error', `Browsers refuse this cookie: ${what}.`, advice);
  if (prefix && !read.secure) yield refused(`${prefix} needs Secure`);
  if (prefix?.includes('Http-') && !read.httpOnly) yield refused(`${prefix} needs HttpOnly`);
  if (prefix?.startsWith('__Host-')) {
    // Said, not only in force: the page's folder may happen to be /.
    const isRoot = attributes.some(({ name, value }) => name.toLowerCase() === 'path' && value === '/');
    if (read.path !== '/' || !isRoot) yield refused(`${prefix} needs Path=/`);
    if (read.domain !== undefined) yield refused(`${prefix} forbids Domain`);
  }
  if (read.sameSite === 'None' && !read.secure) yield refused('SameSite=None needs Secure');
  if (read.partitioned && !read.secure) yield refused('Partitioned needs Secure');
  if (read.domain !== undefined) yield* domainRefusals(read.domain, refused, about);
}

/** Below these, hosts belong to different people in most countries; the whole list of such suffixes is browsers' own. */
const SECOND_LEVEL = /^(ac|co|com|edu|gob|gov|gouv|ne|net|nom|or|org)\.[a-z]{2}$/i;

function* domainRefusals(domain, refused, about) {
  if (/^\d+(\.\d+){3}$/.test(domain)) {
    yield about('domain-address', 'warning', `Only the address ${domain} itself gets a cookie with this Domain.`, 'Leave Domain out.');
  } else if (!isHostName(domain)) {
    yield refused(
      'its Domain is not a host name',
      'Only a name, as example.com: no scheme, no port, no path. Or leave it out, and only this host gets the cookie.',
    );
  } else if (!domain.includes('.') || SECOND_LEVEL.test(domain)) {
    yield refused(
      `below ${domain} hosts belong to different people (unless ${domain} itself sets it)`,
      'Name your own domain, as example.com.',
    );
  } else {
    yield about('domain', 'note', `Every host below ${domain} gets this cookie and can replace it.`);
  }
}

// As the codec judges the Domain of a cookie that it is to write.
function isHostName(domain) {
  try {
    createCodec({ keys: generateKey(), cookie: { name: 'a', domain } });
    return true;
  } catch (error) {
    if (error instanceof EdgeSessionError) return false;
    throw error;
  }
}

function* weaknesses({ secure, httpOnly, sameSite }, about) {
  if (!secure) {
    yield about('not-secure', 'warning', 'Without Secure it also goes over unencrypted connections.');
  }
  if (!httpOnly) {
    yield about(
      'not-http-only',
      'warning',
      'Without HttpOnly scripts of the page, and those injected into it, can read it.',
    );
  }
  if (sameSite === undefined) {
    yield about(
      'same-site',
      'warning',
      'SameSite is not said, or not a value of it; browsers disagree about what that means.',
      'Say Lax.',
    );
  }
}
