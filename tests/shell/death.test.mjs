// What is left when an instance of the module dies: the next call has another one, and whoever waits is told.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { shellWith } from './shell.mjs';

const panic = () => {
  throw new WebAssembly.RuntimeError('unreachable');
};
const asking = { inbound: () => 'A200\n\nhere' };
const request = headers => new Request('https://shop.example/', { headers });

test('a panic, no stack and no memory are its end; any other error is not', async () => {
  const shell = await shellWith(asking);
  assert.throws(() => shell.ask(() => { throw new Error('no end'); }), /no end/);
  assert.equal(shell.ask(() => 1), 1);
  assert.equal(shell.state.resets, 0);
  for (const [index, end] of [panic, () => { throw new RangeError('Maximum call stack size exceeded'); }].entries()) {
    assert.throws(() => shell.ask(end));
    assert.equal(shell.ask(() => 2), 2);
    assert.equal(shell.state.resets, index + 1);
  }
});

test('whoever waits in the dead instance is told, and nobody else', async () => {
  const shell = await shellWith(asking);
  const never = shell.ask(() => new Promise(() => {}));
  const told = assert.rejects(never, /the module has ended/);
  assert.equal(await shell.ask(async () => 'in time'), 'in time');
  assert.throws(() => shell.ask(panic));
  await told;
  assert.equal(await shell.ask(async () => 'after it'), 'after it');
});

test('what leaves the module in a task of its own is its end, too', async () => {
  const shell = await shellWith(asking);
  const never = assert.rejects(shell.ask(() => new Promise(() => {})), /has ended/);
  for (const listener of shell.state.listeners) listener({ error: new Error('somebody else’s') });
  assert.equal(shell.generation(), 0);
  for (const listener of shell.state.listeners) listener({ error: new WebAssembly.RuntimeError('unreachable') });
  await never;
  assert.equal(shell.generation(), 1);
});

test('of those who wait the oldest are forgotten, so that no more than a thousand are kept', async () => {
  const shell = await shellWith(asking);
  let told = 0;
  const waiting = Array.from({ length: 1100 }, () => shell.ask(() => new Promise(() => {})).catch(() => told++));
  assert.throws(() => shell.ask(panic));
  await Promise.all(waiting.slice(100));
  assert.equal(told, 1000);
});

test('a Durable Object has a new part after it', async () => {
  const made = [];
  class SessionShard {
    constructor(state, env) {
      made.push([state, env]);
      this.number = made.length;
    }
    fetch(request) {
      return `${request} by ${this.number}`;
    }
    alarm() {
      return panic();
    }
  }
  const shell = await shellWith({ ...asking, SessionShard });
  const shard = new shell.SessionShard('state', 'env');
  assert.equal(shard.fetch('a'), 'a by 1');
  assert.throws(() => shard.alarm());
  assert.equal(shard.fetch('b'), 'b by 2');
  assert.deepEqual(made, [['state', 'env'], ['state', 'env']]);
});

test('whatever happens to a request, its answer is ours, for nobody to keep', async () => {
  let inbound = panic;
  const shell = await shellWith({ inbound: () => inbound(), scheduled: () => Promise.resolve('swept') });
  const logged = mock.method(console, 'error', () => {});
  for (const broken of [panic, async () => panic(), () => { throw new Error('secret?'); }]) {
    inbound = broken;
    const response = await shell.default.fetch(request({ 'cf-ray': '8f1-FRA{}"' }), {}, {});
    assert.equal(response.status, 500);
    assert.equal(response.headers.get('x-request-id'), '8f1-FRA');
    assert.equal(response.headers.get('cache-control'), 'private, no-store');
    assert.doesNotMatch(await response.text(), /unreachable|secret/);
  }
  const { event, request: id } = JSON.parse(logged.mock.calls[0].arguments[0]);
  assert.deepEqual([event, id], ['request-failed', '8f1-FRA']);
  logged.mock.restore();
  inbound = () => 'A200\n\nhere';
  assert.equal(await (await shell.default.fetch(request(), {}, {})).text(), 'here');
  assert.equal(await shell.default.scheduled({}, {}, {}), 'swept');
});
