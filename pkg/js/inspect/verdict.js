// One sentence on a cookie, and how good it is.

import { reasonText } from './reason.js';
import { wrapping } from './unwrapped.js';

/**
 * @param {object} look what is known so far, see `look` in inspect.js
 * @param {import('./settings.js').Settings} settings
 * @returns {Verdict}
 *
 * @typedef {{ state: 'good' | 'note' | 'warning' | 'error', text: string }} Verdict `note`: it cannot be told without a key
 */
export function verdictOf({ envelope, layers, tried }, settings) {
  if (tried.kind === 'conflict')
    return error('Refused: two different cookies of this name verify, and nobody can say whose request it is.');
  if (tried.reason === 'too_many_copies') return error(`Refused: ${reasonText(tried.reason)}.`);
  if (envelope.envelope === 'stranger')
    return error(`This is no session of ours; it looks like ${envelope.guess}.`);
  if (envelope.envelope === 'unknown')
    return error(`This is no session cookie: ${reasonText(envelope.problem)}.`);
  switch (tried.kind) {
    case 'no-key':
      return { state: layers.length > 0 ? 'error' : 'note', text: withoutKey(envelope) + undone(layers) };
    case 'misconfigured':
      return error(`It cannot be opened with these settings: ${tried.message}`);
    case 'rejected':
      return error(`Refused: ${reasonText(tried.reason)}${hint(tried, envelope, settings)}.`);
    case 'session':
      if (layers.length > 0) return error(`Authentic, but refused as it is.${undone(layers)}`);
      if (tried.refusal)
        return { state: 'warning', text: `Authentic, but refused: ${reasonText(tried.refusal)}.` };
      return { state: 'good', text: `Valid. ${verifiedWith(tried.session)}` };
  }
}

const error = text => ({ state: 'error', text });

function withoutKey(envelope) {
  switch (envelope.envelope) {
    case 'sealed':
      return `Sealed under the key ${envelope.keyId}. Without that key nothing can be seen inside.`;
    case 'fernet':
      return 'A Fernet token. This tool opens none.';
    default:
      return 'Signed, not encrypted: everybody can read it. Without the key nobody can tell whether it is authentic.';
  }
}

const undone = layers =>
  layers.length > 0 ? ` It is wrapped in ${wrapping(layers)}; values are never decoded.` : '';

function hint({ reason, name }, { keyId }, { name: given, audience = 'default', sessionKeys }) {
  if (reason === 'unknown_key')
    return ` (${keyId}; ${sessionKeys.length === 1 ? 'one was' : `${sessionKeys.length} were`} given)`;
  if (reason === 'forged' && keyId) return ` (tried: name ${given ?? name}, audience ${audience})`;
  return '';
}

function verifiedWith({ keyPosition, keyId }) {
  const key = keyId ? `the key ${keyId}` : 'the key';
  return keyPosition === 0
    ? `Verified with ${key}.`
    : `Verified with ${key}, a fallback: it will be issued anew.`;
}
