// What somebody on the way put round a cookie value.

import { fromBase64url } from './base64url.js';
import { isKnown, readEnvelope } from './envelope.js';

/** Layers looked through: more than anybody has seen. */
const MAX_LAYERS = 4;

const WRAPPINGS = [
  // As Python's http.cookies writes what is special: in quotes, with octal escapes.
  [
    'quotes',
    value =>
      /^"(.*)"$/s
        .exec(value)?.[1]
        .replace(/\\(\d{3})/g, octal)
        .replace(/\\(.)/g, '$1'),
  ],
  ['percent-encoding', value => (/%[0-9a-f]{2}/i.test(value) ? percentDecoded(value) : undefined)],
  ['octal escapes', value => (/\\\d{3}/.test(value) ? value.replace(/\\(\d{3})/g, octal) : undefined)],
  ['standard base64', value => (/[+/=]/.test(value) ? urlSafe(value) : undefined)],
  ['base64', value => textOf(fromBase64url(value))],
];

/**
 * The envelope inside `value`, through encodings that were put round it by mistake.
 *
 * @param {string} value
 * @returns {{ value: string, layers: string[], envelope: ReturnType<typeof readEnvelope> }} `layers` from the outside in:
 *   `quotes`, `percent-encoding`, `octal escapes`, `standard base64`, `base64`. Without any, or where no envelope is
 *   inside, value and envelope are those of what was given.
 */
export function unwrapped(value) {
  const outer = readEnvelope(value);
  const plain = { value, layers: [], envelope: outer };
  if (outer.envelope !== 'unknown') return plain;
  const layers = [];
  for (let inner = value; layers.length < MAX_LAYERS;) {
    const [name, next] = peeled(inner) ?? [];
    if (next === undefined) return plain;
    layers.push(name);
    inner = next;
    const envelope = readEnvelope(inner);
    if (isKnown(envelope)) return { value: inner, layers: layers.filter(isLayer), envelope };
  }
  return plain;
}

/** `percent-encoding 2 times, then quotes`, from the outside in. */
export function wrapping(layers) {
  const runs = [];
  for (const layer of layers) {
    if (runs.at(-1)?.layer === layer) runs.at(-1).times++;
    else runs.push({ layer, times: 1 });
  }
  return runs.map(({ layer, times }) => layer + (times > 1 ? ` ${times} times` : '')).join(', then ');
}

// Padding of what is base64 anyway is no layer of its own.
const isLayer = (layer, index, layers) => layer !== 'standard base64' || layers[index + 1] !== 'base64';

function peeled(value) {
  for (const [name, peel] of WRAPPINGS) {
    const inner = peel(value);
    if (inner !== undefined && inner !== value) return [name, inner];
  }
  return undefined;
}

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
function textOf(bytes) {
  if (!bytes?.length || bytes.some(byte => byte < 0x20 || byte > 0x7e)) return undefined;
  return new TextDecoder().decode(bytes);
}
