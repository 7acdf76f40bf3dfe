// The sessions of the benchmark: the codec's payloads, each for 64 visitors.

import { readFileSync } from 'node:fs';

export const SIZES = ['s', 'm', 'l'];
const VISITORS = 64;

/** 64 texts of JSON, which differ in a number that only they have. */
export function sessions(size) {
  const json = readFileSync(new URL(`../../codec/benches/payloads/${size}.json`, import.meta.url), 'utf8').trim();
  return Array.from({ length: VISITORS }, (_, visitor) => json.replace('{', `{"visitor":${visitor},`));
}
