// npm run bench: times of all peers, interleaved in one process, and the ratios to edge-session.
//
//   node run.mjs [rounds]      default 15
//
// Of each peer the least time counts: other work on a machine only ever adds. Ratios are the result, times the scale.

import { readFileSync } from 'node:fs';
import { deepStrictEqual } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { peers } from './peers.mjs';

const rounds = Number(process.argv[2] ?? 15);
const milliseconds = 60; // a batch: long enough for the clock, short enough to be interleaved
const aims = { 'iron-session': { s: 15, m: 8, l: 8, x: 3 }, 'jose JWE A256GCM': { m: 2.5 } };
const payloads = Object.fromEntries(
  ['s', 'm', 'l', 'x'].map(name => [
    name,
    JSON.parse(readFileSync(new URL(`../../codec/benches/payloads/${name}.json`, import.meta.url), 'utf8')),
  ]),
);

/** Nanoseconds a call, over about so many milliseconds. */
async function batch(work) {
  let calls = 0;
  const started = process.hrtime.bigint();
  const end = started + BigInt(milliseconds) * 1_000_000n;
  let now = started;
  while (now < end) {
    for (let n = 0; n < 20; n++) {
      const result = work();
      if (typeof result?.then === 'function') await result;
    }
    calls += 20;
    now = process.hrtime.bigint();
  }
  return Number(now - started) / calls;
}

const best = {};
for (const [size, data] of Object.entries(payloads)) {
  const cases = [];
  for (const peer of peers) {
    const sealed = await peer.seal(data);
    const cookie = peer.prepare?.(sealed) ?? sealed;
    const opened = await peer.open(cookie);
    for (const key of Object.keys(data)) deepStrictEqual(opened[key], data[key], `${peer.name}: ${key}`);
    const at = (best[`${size} ${peer.name}`] = { length: peer.length?.(cookie) ?? cookie.length, seal: Infinity, open: Infinity });
    cases.push({ peer, cookie, at });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { peer, cookie, at } of cases) {
      at.seal = Math.min(at.seal, await batch(() => peer.seal(data)));
      at.open = Math.min(at.open, await batch(() => peer.open(cookie)));
    }
  }
}

console.log('| session | peer | seal us | open us | seal + open, times edge-session | aim | characters |');
console.log('| --- | --- | --- | --- | --- | --- | --- |');
for (const size of Object.keys(payloads)) {
  const own = best[`${size} edge-session`];
  for (const { name } of peers) {
    const { seal, open, length } = best[`${size} ${name}`];
    const ratio = (seal + open) / (own.seal + own.open);
    const aim = aims[name]?.[size];
    const verdict = aim === undefined ? '' : `>= ${aim} ${ratio >= aim ? 'met' : 'missed'}`;
    const micros = nanos => (nanos / 1000).toFixed(1);
    console.log(`| ${size} | ${name} | ${micros(seal)} | ${micros(open)} | ${ratio.toFixed(2)} | ${verdict} | ${length} |`);
  }
}

// Start: a process of its own each time, import to first seal and open, less what an empty process takes.
const script = {
  nothing: '',
  'edge-session': `const { createCodec, generateKey } = await import(${JSON.stringify(new URL('../dist/node.js', import.meta.url).href)});
    const codec = createCodec({ keys: generateKey() });
    codec.open(codec.seal(codec.create({ a: 1 })).setCookie.split(';')[0]).session.get('a');`,
  'import of iron-session': `await import('iron-session');`,
};
const least = Object.fromEntries(Object.keys(script).map(name => [name, Infinity]));
for (let round = 0; round < rounds; round++) {
  for (const [name, code] of Object.entries(script)) {
    const started = process.hrtime.bigint();
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: import.meta.dirname });
    if (status !== 0) throw new Error(String(stderr));
    least[name] = Math.min(least[name], Number(process.hrtime.bigint() - started) / 1e6);
  }
}
const start = name => least[name] - least.nothing;
console.log(`\nimport to first seal and open: ${start('edge-session').toFixed(1)} ms; import of iron-session alone: ${start('import of iron-session').toFixed(1)} ms`);
