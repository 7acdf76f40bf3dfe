// Carries out histories and judges them: main.mjs [count or hours, as 300 or 2h] [seed] [--store d1] [--protocol headers]
// [--size spilled] [--kind calm] [--at-once 2] [--shrink seconds]

import { parseArgs } from 'node:util';
import { judge } from './judge.mjs';
import { planOf } from './plan.mjs';
import { described, printed } from './print.mjs';
import { shrink } from './shrink.mjs';

const wanted = ['store', 'protocol', 'size', 'kind'];
const { values, positionals } = parseArgs({
  options: {
    ...Object.fromEntries(wanted.map(name => [name, { type: 'string' }])),
    'at-once': { type: 'string', default: '2' },
    shrink: { type: 'string', default: '120' },
  },
  allowPositionals: true,
});
const [amount = '100', first = String(Date.now() % 1_000_000_000)] = positionals;
const hours = /^([0-9.]+)h$/.exec(amount)?.[1];
const until = hours ? Date.now() + Number(hours) * 3_600_000 : Infinity;
const count = hours ? Infinity : Number(amount);
const settled = Object.fromEntries(wanted.filter(name => values[name]).map(name => [name, values[name]]));
if (!(count > 0) || !Number.isInteger(Number(first))) throw new Error('how many, or hours as 2h; then a seed');

let seed = Number(first);
const end = seed + count;
const [sums, found] = [{}, []];
async function judgeOneByOne() {
  while (seed < end && Date.now() < until) {
    const plan = planOf(seed++, settled);
    const judged = await judge(plan);
    for (const [name, number] of Object.entries(judged.counts)) sums[name] = (sums[name] ?? 0) + number;
    const broken = judged.violations.map(({ rule, says }) => `${rule}: ${says}`);
    console.log(`${plan.seed}: ${described(plan)}: ${broken.length ? `VIOLATES ${broken.join('; ')}` : 'ok'}`);
    if (judged.violations.length) found.push(judged);
  }
}
await Promise.all(Array.from({ length: Number(values['at-once']) }, judgeOneByOne));
console.log(JSON.stringify(sums));
for (const { history, violations } of found) {
  const shortest = Number(values.shrink) ? await shrink(history, violations[0], Number(values.shrink) * 1000) : { history, violation: violations[0] };
  console.log(`\n${printed(shortest.history, shortest.violation)}`);
}
console.log(`${sums.histories ?? 0} histories, ${found.length} with violations`);
process.exit(found.length ? 1 : 0);
