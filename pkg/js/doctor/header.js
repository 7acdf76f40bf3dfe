// Findings about a Cookie header as a whole.

import { limits } from '../core/limits.js';
import { readCookies } from '../index.js';

// What servers on the way take, with their settings as they come.
const LENGTHS = () => [
  [limits().headerBytes, 'error', 'the Workers runtime (128 KB for all headers)'],
  [16_384, 'error', 'Node.js (16 KB for all headers: --max-http-header-size)'],
  [
    8190,
    'error',
    'gunicorn (8190: --limit-request-field_size) and nginx (8 KB a line: large_client_header_buffers)',
  ],
  [4096, 'warning', 'uWSGI (4 KB for all headers: buffer-size)'],
];

/** Browsers hold 180 cookies a site and then throw away down to 150; the specification promises 50. */
const COOKIES = [
  [150, 'warning', 'Chromium and Firefox throw the oldest away when a site has 180'],
  [50, 'note', 'browsers need not keep more than 50 for one host (RFC 6265bis 6.1)'],
];

/**
 * @param {object} pasted from `readPasted`, with the cookies that are looked at
 * @param {number} count of all cookies
 * @param {string | undefined} ours
 * @returns {Generator<import('../doctor.js').Finding>}
 */
export function* headerFindings(pasted, count, ours) {
  if (pasted.cookies.length === 0) {
    yield { code: 'empty', severity: 'warning', message: 'There is no cookie in this.' };
  }
  if (pasted.broken) {
    yield {
      code: 'line-break',
      severity: 'warning',
      message: 'A value went over a line’s end; the lines were joined.',
      advice: 'Copied from a terminal? Make sure that nothing is missing.',
    };
  }
  if (pasted.cookies.length > 0 && ours === undefined && pasted.kind !== 'value') {
    yield {
      code: 'no-session',
      severity: 'warning',
      message: 'There is no session cookie in this: no usual name, and no value in an envelope that we know.',
      advice: 'If yours has another name, say which: --name NAME.',
    };
  }
  if (pasted.kind !== 'cookie') return;
  yield* lengthFindings(pasted);
  yield* countFindings(count, pasted.cookies.length);
  yield* duplicateFindings(pasted.cookies, ours);
  yield* lookAlikeFindings(pasted.cookies, ours);
}

function* lengthFindings({ bytes }) {
  const limit = LENGTHS().find(([most]) => bytes > most);
  if (!limit) return;
  const [most, severity, who] = limit;
  yield {
    code: 'header-long',
    severity,
    message: `The Cookie header has ${bytes} bytes; more than ${most} are refused by ${who}.`,
    advice: 'Remove cookies, give them a narrower Path, or raise the limit.',
  };
}

function* countFindings(count, looked) {
  const limit = COOKIES.find(([most]) => count > most);
  if (!limit) return;
  const [, severity, why] = limit;
  const rest = count > looked ? ` Only the first ${looked} were looked at.` : '';
  yield { code: 'many-cookies', severity, message: `There are ${count} cookies: ${why}.${rest}` };
}

function* duplicateFindings(cookies, ours) {
  const values = new Map();
  for (const { name, value } of cookies) {
    if (!name) continue;
    if (!values.has(name)) values.set(name, []);
    values.get(name).push(value);
  }
  for (const [name, all] of values) {
    if (all.length < 2) continue;
    const different = new Set(all).size;
    const isOurs = name === ours;
    yield {
      code: 'duplicate',
      severity: isOurs && different > 1 ? 'error' : different > 1 ? 'warning' : 'note',
      cookie: name,
      message: `It was sent ${all.length} times, with ${different === 1 ? 'one value' : `${different} different values`}.`,
      advice: isOurs
        ? different > limits().copies
          ? `More than ${limits().copies} different values are not looked at at all: there is no session.`
          : 'If two of them verify, nobody can say whose request it is, and both are refused. ' +
            'The others come from another Path or Domain: remove them there (SESSION_COOKIE_CLEAR).'
        : 'Which one a server takes is up to its parser. They come from different Paths or Domains.',
    };
  }
}

function* lookAlikeFindings(cookies, ours) {
  for (const { name, chunk } of cookies) {
    if (/^\$version\b/i.test(chunk)) {
      yield {
        code: 'legacy-switch',
        severity: 'error',
        cookie: name,
        message:
          '$Version switches Java servers to RFC 2965, where a quoted value may swallow the cookies after it.',
        advice: 'No browser sends it. The Worker does not hand it on.',
      };
    } else if (ours !== undefined && name !== ours && isBehindComma(chunk, ours)) {
      yield {
        code: 'joined-lines',
        severity: 'error',
        cookie: ours,
        message: `It is hidden behind a comma: something on the way joined two Cookie lines with ",", and so there is no session.`,
        advice: 'Cookie lines are joined with "; " (RFC 9113 8.2.3). Mend the proxy that joins them.',
      };
    } else if (ours !== undefined && name !== ours && isLookAlike(chunk, ours)) {
      yield {
        code: 'look-alike',
        severity: 'error',
        cookie: name || chunk.split('=')[0] || '(nameless)',
        message: `Some servers read this as ${ours}: they ignore case, decode names, trim blanks or split at commas.`,
        advice: 'It may have been planted by another host of the domain. The Worker does not hand it on.',
      };
    } else if (name === '') {
      yield {
        code: 'nameless',
        severity: 'note',
        message: 'There is a cookie without a name; servers disagree about what it means.',
      };
    }
  }
}

/**
 * Whether some server's parser could take a cookie for another one.
 *
 * @param {string} chunk the cookie; a longer one than a header may be is refused unread, a finding of its own
 * @param {string} name of the other one
 */
export const isLookAlike = (chunk, name) =>
  chunk.length <= limits().headerBytes &&
  isCookieName(name) &&
  readCookies(chunk, { name }).some(({ relation }) => relation === 'look_alike');

// What is pasted may be called anything.
const isCookieName = name => /^[!#$%&'*+\-.^_`|~\w]{1,255}$/.test(name);

// `a=b, ours=c`, where a name could begin at the comma: with white space behind it, as whoever joins lines puts it.
const isBehindComma = (chunk, name) =>
  chunk.split(/,[ \t]+/).some((part, index) => index > 0 && part.startsWith(`${name}=`));
