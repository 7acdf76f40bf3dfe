// Findings about a cookie's value.

import { limits } from '../core/limits.js';
import { duration } from '../inspect/ago.js';
import { unwrapped, wrapping } from '../inspect/unwrapped.js';

/** What browsers keep of name and value together, and where older Safaris drop a cookie. */
const MAX_BYTES = 4096;
const SAFARI_BYTES = 4093;
const SKEW_SECONDS = 300;

/**
 * @param {import('../inspect/pasted.js').PastedCookie} cookie
 * @param {{ isOurs: boolean, bytes: number, now: number, idleSeconds: number }} about `bytes` of name and value, `now` in milliseconds
 * @returns {import('../doctor.js').Finding[]}
 */
export function valueFindings(cookie, about) {
  const found = [...lengthFindings(cookie, about), ...characterFindings(cookie)];
  const { envelope, layers } = unwrapped(cookie.value);
  if (layers.length > 0) found.push(encodedTwice(cookie, layers));
  if (about.isOurs && cookie.value !== '') found.push(...envelopeFindings(cookie, envelope, about));
  return found.map(finding => ({ ...finding, cookie: cookie.name }));
}

function* lengthFindings({ value }, { isOurs, bytes }) {
  const advice = isOurs
    ? 'Spill keys into a store, or give them priorities: `edge-session plan` shows which are large.'
    : undefined;
  if (bytes > MAX_BYTES) {
    yield {
      code: 'over-limit',
      severity: 'error',
      message: `Name and value have ${bytes} bytes; browsers drop a cookie above ${MAX_BYTES} without a word.`,
      advice,
    };
    if (isOurs && value.length > limits().valueBytes) {
      yield {
        code: 'over-cap',
        severity: 'error',
        message: `Values above ${limits().valueBytes} bytes are refused unread.`,
      };
    }
  } else if (bytes > SAFARI_BYTES) {
    yield {
      code: 'over-safari-limit',
      severity: 'warning',
      message: `Name and value have ${bytes} bytes; older Safaris drop a cookie above ${SAFARI_BYTES}.`,
      advice,
    };
  } else if (bytes * 5 >= MAX_BYTES * 4) {
    yield {
      code: 'near-limit',
      severity: isOurs ? 'warning' : 'note',
      message: `Name and value have ${bytes} of ${MAX_BYTES} bytes: ${Math.floor((bytes * 100) / MAX_BYTES)} %.`,
      advice,
    };
  }
}

function* characterFindings({ value }) {
  const odd = /[^\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/.exec(value.replace(/^"(.*)"$/s, '$1'));
  if (!odd) return;
  const code = odd[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
  yield {
    code: 'value-character',
    severity: 'note',
    message: `The value has a character that cookie values may not have (U+${code}); servers disagree about it.`,
  };
}

function encodedTwice({ attributes }, layers) {
  return {
    code: 'double-encoding',
    severity: 'error',
    message: `There is a session in it, but wrapped in ${wrapping(layers)}. Values are never decoded, so it is refused.`,
    advice: attributes
      ? 'Write the value into Set-Cookie as it is: no encodeURIComponent, no quotes.'
      : 'Something between Set-Cookie and here encoded it: a client library, a proxy, a script writing document.cookie.',
  };
}

function* envelopeFindings({ value }, envelope, { now, idleSeconds }) {
  const kind = envelope.envelope;
  if (kind === 'stranger') {
    yield {
      code: 'foreign',
      severity: 'error',
      message: `This is no session of ours; it looks like ${envelope.guess}.`,
    };
    return;
  }
  if (kind === 'unknown') {
    yield unreadable(value, envelope.problem);
    return;
  }
  if (kind === 'django' || kind === 'flask') {
    yield {
      code: 'readable',
      severity: 'note',
      message: `It is signed, as ${kind === 'django' ? 'Django' : 'Flask'} does, and not encrypted: whoever holds it can read the session.`,
    };
  }
  if (envelope.issuedAt > now + SKEW_SECONDS * 1000) {
    yield {
      code: 'from-the-future',
      severity: 'warning',
      message: 'It was issued later than now: a clock is wrong.',
    };
  } else if (envelope.issuedAt + idleSeconds * 1000 < now) {
    yield {
      code: 'expired',
      severity: 'warning',
      message: `It was issued more than ${duration(idleSeconds)} ago.`,
    };
  }
}

const PROBLEMS = {
  too_long: 'It is longer than any session cookie is read.',
  malformed: 'This is no envelope of a session.',
  unknown_version: 'It looks like a sealed session of a version that this release does not know.',
  too_large: 'What is in it is larger than one cookie may hold.',
  corrupt_body: 'It has the form of a signed session, but what is signed is not one.',
};

/** Whether a value could be the beginning of an envelope. */
export const isBegun = value =>
  /^A[Q-f][\w-]{18,}$/.test(value) || /^\.?[\w-]{16,}(:\w*)?(:[\w-]*)?$/.test(value);

function unreadable(value, problem) {
  return {
    code: 'unreadable',
    severity: 'error',
    message: PROBLEMS[problem],
    advice:
      problem === 'malformed' && isBegun(value)
        ? 'Are parts missing? It may have been cut when it was copied, or by a limit of length.'
        : undefined,
  };
}
