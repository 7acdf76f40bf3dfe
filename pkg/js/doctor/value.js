// Findings about a cookie's value.

import { unwrapped } from '../inspect/unwrapped.js';

/** What browsers keep of name and value together, and where older Safaris drop a cookie. */
const MOST_OCTETS = 4096;
const SAFARI_OCTETS = 4093;
/** Four times what browsers keep: longer values are refused unread. */
const MOST_READ_OCTETS = 16 << 10;
const SKEW_SECONDS = 300;

/**
 * @param {import('../inspect/pasted.js').PastedCookie} cookie
 * @param {{ isOurs: boolean, octets: number, now: number, idleSeconds: number }} about `octets` of name and value
 * @returns {Promise<import('../doctor.js').Finding[]>}
 */
export async function valueFindings(cookie, about) {
  const found = [...lengthFindings(cookie, about), ...characterFindings(cookie)];
  const { envelope, layers } = await unwrapped(cookie.value);
  if (layers.length > 0) found.push(encodedTwice(cookie, layers));
  if (about.isOurs && cookie.value !== '') found.push(...envelopeFindings(cookie, envelope, about));
  return found.map(finding => ({ ...finding, cookie: cookie.name }));
}

function* lengthFindings({ value }, { isOurs, octets }) {
  const advice = isOurs
    ? 'Spill keys into a store, or give them priorities: `edge-session plan` shows which are large.'
    : undefined;
  if (octets > MOST_OCTETS) {
    yield {
      code: 'over-limit',
      severity: 'error',
      message: `Name and value have ${octets} octets; browsers drop a cookie above ${MOST_OCTETS} without a word.`,
      advice,
    };
    if (isOurs && value.length > MOST_READ_OCTETS) {
      yield { code: 'over-cap', severity: 'error', message: `Values above ${MOST_READ_OCTETS} octets are refused unread.` };
    }
  } else if (octets > SAFARI_OCTETS) {
    yield {
      code: 'over-safari-limit',
      severity: 'warning',
      message: `Name and value have ${octets} octets; older Safaris drop a cookie above ${SAFARI_OCTETS}.`,
      advice,
    };
  } else if (octets * 5 >= MOST_OCTETS * 4) {
    yield {
      code: 'near-limit',
      severity: isOurs ? 'warning' : 'note',
      message: `Name and value have ${octets} of ${MOST_OCTETS} octets: ${Math.floor((octets * 100) / MOST_OCTETS)} %.`,
      advice,
    };
  }
}

function* characterFindings({ value }) {
  // eslint-disable-next-line no-control-regex
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

/** `percent-encoding, then quotes`, from the outside in. */
export function wrapping(layers) {
  const names = { percent: 'percent-encoding', octal: 'octal escapes' };
  const runs = [];
  for (const layer of layers) {
    if (runs.at(-1)?.layer === layer) runs.at(-1).times++;
    else runs.push({ layer, times: 1 });
  }
  return runs.map(({ layer, times }) => (names[layer] ?? layer) + (times > 1 ? ` ${times} times` : '')).join(', then ');
}

function* envelopeFindings({ value }, envelope, { now, idleSeconds }) {
  if (envelope.kind === 'unknown') {
    yield envelope.guess
      ? { code: 'foreign', severity: 'error', message: `This is no session of ours but looks like one of ${envelope.guess}.` }
      : unreadable(value);
    return;
  }
  if (envelope.kind === 'sealed' && !envelope.isCanonical) {
    yield { code: 'not-canonical', severity: 'error', message: 'The base64url is not the canonical spelling: refused.' };
  }
  if (envelope.kind === 'django' || envelope.kind === 'flask') {
    yield {
      code: 'readable',
      severity: 'note',
      message: `It is signed, as ${envelope.kind === 'django' ? 'Django' : 'Flask'} does, and not encrypted: whoever holds it can read the session.`,
    };
  }
  if (envelope.issued > now + SKEW_SECONDS) {
    yield { code: 'from-the-future', severity: 'warning', message: 'It was issued later than now: a clock is wrong.' };
  } else if (envelope.issued + idleSeconds < now) {
    yield { code: 'expired', severity: 'warning', message: `It was issued more than ${Math.floor(idleSeconds / 86_400)} days ago.` };
  }
}

function unreadable(value) {
  const cut = /^A[Q-f][\w-]*$/.test(value) || /^\.?[\w-]+(:\w*)?(:[\w-]*)?$/.test(value);
  return {
    code: 'unreadable',
    severity: 'error',
    message: 'This is no envelope of a session.',
    advice: cut && value.length > 20 ? 'Parts are missing: was it cut off when it was copied, or by a length limit?' : undefined,
  };
}
