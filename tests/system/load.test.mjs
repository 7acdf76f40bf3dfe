// KV is out for a while under a steady load. scripts/load.sh runs it for longer, and shows the times.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steadyLoad } from './load.mjs';

const SECONDS = 5;

for (const [store, spilled] of [
  ['kv+d1', '200'],
  ['kv', '503'],
]) {
  test(`F35: ${store}: without KV, sessions in cookies notice nothing, the others get ${spilled}`, async () => {
    const { before, outage, after, probes, recovered, memory } = await steadyLoad({ seconds: SECONDS, rate: 60, store });
    for (const { inCookie } of [before, outage, after]) assert.deepEqual(Object.keys(inCookie.statuses), ['200']);
    assert.deepEqual(Object.keys(before.spilled.statuses), ['200']);
    assert.deepEqual(Object.keys(outage.spilled.statuses), [spilled]);
    assert.deepEqual(Object.keys(after.spilled.statuses), ['200'], 'well again, and nothing was restarted');
    assert.ok(outage.inCookie.count > 150 && outage.spilled.count > 40, JSON.stringify(outage));
    // The requests that were under way when it broke, with their second tries; then at most one a second.
    assert.ok(probes <= 40 + 2 * SECONDS, `${probes} calls`);
    assert.ok(recovered < 15_000, `${recovered} ms`);
    // It may grow once, by little, for what only failures need.
    const [first, last] = [memory.worker[0], memory.worker.at(-1)];
    assert.ok(first > 0 && last - first <= 512 * 1024, memory.worker.join());
  });
}
