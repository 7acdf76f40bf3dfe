// npm run bench: times of all peers, interleaved in one process, and the ratios to edge-session.
//
//   node run.mjs [rounds]      default 15
//
// What counts is the processor's time, all threads of the process taken together. Ratios are the result, the median of
// all rounds', since a slow moment of the machine is slow for all of them; times, the least that was seen, are the scale.

import { readFileSync } from 'node:fs';
import { deepStrictEqual } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { password, peers, seconds } from './peers.mjs';

const rounds = Number(process.argv[2] ?? 15);
// Rounds in which the engine still compiles.
const WARM_UP = 2;
const milliseconds = 60; // a batch: long enough for the clock, short enough to be interleaved
const aims = {
  // The package may take 1.25 and 1.15 times as long.
  'bare pipeline': { s: 1 / 1.25, m: 1 / 1.15 },
  'iron-session': { s: 15, m: 8, l: 8, x: 3 },
  'jose JWE A256GCM': { m: 2.5 },
};
const payloads = Object.fromEntries(
  ['s', 'm', 'l', 'x'].map(name => [
    name,
    JSON.parse(readFileSync(new URL(`../../codec/benches/payloads/${name}.json`, import.meta.url), 'utf8')),
  ]),
);

const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** Microseconds a call, over about so many milliseconds. */
async function batch(work) {
  let calls = 0;
  let passed = 0;
  const started = processorTime();
  while (passed < milliseconds * 1000) {
    for (let n = 0; n < 100; n++) {
      const result = work();
      if (typeof result?.then === 'function') await result;
    }
    calls += 100;
    passed = processorTime() - started;
  }
  return passed / calls;
}

const median = numbers => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const shuffled = items => items.map(item => [Math.random(), item]).sort(([a], [b]) => a - b).map(([, item]) => item);

const best = {};
for (const [size, data] of Object.entries(payloads)) {
  const cases = [];
  for (const peer of peers) {
    const sealed = await peer.seal(data);
    const cookie = peer.prepare?.(sealed) ?? sealed;
    const opened = await peer.open(cookie);
    for (const key of Object.keys(data)) deepStrictEqual(opened[key], data[key], `${peer.name}: ${key}`);
    const at = (best[`${size} ${peer.name}`] = { length: peer.length?.(cookie) ?? cookie.length, seal: Infinity, open: Infinity, rounds: [] });
    cases.push({ peer, cookie, at });
  }
  for (let round = -WARM_UP; round < rounds; round++) {
    // In an order of its own, since whoever comes next collects the garbage of the one before.
    for (const { peer, cookie, at } of shuffled(cases)) {
      const seal = await batch(() => peer.seal(data));
      const open = await batch(() => peer.open(cookie));
      if (round < 0) continue;
      at.seal = Math.min(at.seal, seal);
      at.open = Math.min(at.open, open);
      at.rounds.push(seal + open);
    }
  }
}

console.log('| session | peer | seal us | open us | seal + open, times edge-session | aim | characters |');
console.log('| --- | --- | --- | --- | --- | --- | --- |');
for (const size of Object.keys(payloads)) {
  const own = best[`${size} edge-session`];
  for (const { name } of peers) {
    const { seal, open, length, rounds } = best[`${size} ${name}`];
    const ratio = median(rounds.map((time, round) => time / own.rounds[round]));
    const aim = aims[name]?.[size];
    const verdict = aim === undefined ? '' : `>= ${Number(aim.toFixed(2))} ${ratio >= aim ? 'met' : 'missed'}`;
    console.log(`| ${size} | ${name} | ${seal.toFixed(1)} | ${open.toFixed(1)} | ${ratio.toFixed(2)} | ${verdict} | ${length} |`);
  }
}

// Start: a process of its own each time, from before the import to after the first seal and open.
const measured = code => `const before = process.cpuUsage(); ${code}
  const { user, system } = process.cpuUsage(before); console.log(user + system);`;
const ours = JSON.stringify(new URL('../dist/node.js', import.meta.url).href);
const OWN = 'edge-session, import to first seal and open';
const IRON = 'iron-session, import to first seal and open';
const starts = {
  [OWN]: measured(`const { createCodec, generateKey } = await import(${ours});
    const codec = createCodec({ keys: generateKey() });
    codec.open(codec.seal(codec.create({ a: 1 })).setCookie.split(';')[0]).session.get('a');`),
  'iron-session, import alone': measured(`await import('iron-session');`),
  [IRON]: measured(`const { sealData, unsealData } = await import('iron-session');
    const options = { password: '${password}', ttl: ${seconds} };
    await unsealData(await sealData({ a: 1 }, options), options);`),
};
const times = Object.fromEntries(Object.keys(starts).map(name => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, code] of shuffled(Object.entries(starts))) {
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: import.meta.dirname, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    times[name].push(Number(run.stdout) / 1000);
  }
}
console.log("\n| start | ms | times iron-session's, to first seal and open | aim |\n| --- | --- | --- | --- |");
for (const [name, own] of Object.entries(times)) {
  const ratio = median(own.map((time, round) => time / times[IRON][round]));
  const verdict = name === OWN ? `<= 1 ${ratio <= 1 ? 'met' : 'missed'}` : '';
  console.log(`| ${name} | ${Math.min(...own).toFixed(1)} | ${ratio.toFixed(2)} | ${verdict} |`);
}

const compressed = path => gzipSync(readFileSync(new URL(path, import.meta.url)), { level: 9 }).length;
console.log('\n| size, gzip -9 | bytes | aim |\n| --- | --- | --- |');
for (const [name, path, aim] of [
  ['the module', '../dist/codec.wasm', 135_000],
  ["the bare pipeline's module", '../../target/yardstick/yardstick_bg.wasm'],
  ['the script with the module in it', '../dist/inline.js'],
]) {
  const size = compressed(path);
  console.log(`| ${name} | ${size} | ${aim === undefined ? '' : `<= ${aim} ${size <= aim ? 'met' : 'missed'}`} |`);
}
