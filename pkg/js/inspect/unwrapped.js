// What somebody on the way put round a cookie value.

import { fromBase64url } from './base64url.js';
import { readEnvelope } from './envelope.js';

/** Layers looked through: more than anybody has seen. */
const MOST_LAYERS = 4;

const WRAPPINGS = [
  // As a nameless cookie in Python's http.cookies: quotes, and octal escapes for what is special.
  ['quotes', value => /^"(.*)"$/s.exec(value)?.[1].replace(/\\(\d{3})/g, octal).replace(/\\(.)/g, '$1')],
  ['percent', value => (/%[0-9a-f]{2}/i.test(value) ? percentDecoded(value) : undefined)],
  ['octal', value => (/\\\d{3}/.test(value) ? value.replace(/\\(\d{3})/g, octal) : undefined)],
  ['standard base64', value => (/[+/=]/.test(value) ? urlSafe(value) : undefined)],
  ['base64', value => textOf(fromBase64url(value))],
];

/**
 * The envelope inside `value`, through encodings that were put round it by mistake.
 *
 * @param {string} value
 * @returns {Promise<{ value: string, layers: string[], envelope: import('./envelope.js').Envelope }>} `layers` from the
 *   outside in: `quotes`, `percent`, `octal`, `standard base64`, `base64`. Without any, or where no envelope is inside,
 *   value and envelope are those of what was given.
 */
export async function unwrapped(value) {
  const outer = await readEnvelope(value);
  if (outer.kind !== 'unknown' || outer.guess) return { value, layers: [], envelope: outer };
  const layers = [];
  for (let inner = value; layers.length < MOST_LAYERS; ) {
    const [name, next] = peeled(inner) ?? [];
    if (next === undefined) break;
    layers.push(name);
    inner = next;
    const envelope = await readEnvelope(inner);
    if (envelope.kind !== 'unknown') return { value: inner, layers: layers.filter(isLayer), envelope };
  }
  return { value, layers: [], envelope: outer };
}

function peeled(value) {
  for (const [name, peel] of WRAPPINGS) {
    const inner = peel(value);
    if (inner !== undefined && inner !== value) return [name, inner];
  }
  return undefined;
}

// Padding of what is base64 anyway is no layer of its own.
const isLayer = (layer, index, layers) => layer !== 'standard base64' || layers[index + 1] !== 'base64';

const octal = (_, digits) => String.fromCharCode(Number.parseInt(digits, 8));

function percentDecoded(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

function urlSafe(value) {
  const text = value.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return fromBase64url(text) && text;
}

// Only ASCII: what is in there would be a cookie value.
function textOf(octets) {
  if (!octets?.length || octets.some(octet => octet < 0x20 || octet > 0x7e)) return undefined;
  return new TextDecoder().decode(octets);
}
