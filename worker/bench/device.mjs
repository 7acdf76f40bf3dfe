// What it costs a request that its session is bound to a device: processor time of the built Worker, with SESSION_DEVICE
// "bound" and the device's cookie, beside the same Worker and session without. In turn, against one origin and one store.
//
//   device.mjs [rounds] [requests a round]      default 9 and 3000
//
// The ratio is the median of those of the rounds: each has both, next to each other.

import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sessionStore } from '../../docs/examples/session_store.mjs';
import { binding, start } from '../../pkg/js/core/binding.js';
import { createCodec } from '../../pkg/js/core/codec.js';
import { readConfig } from '../../pkg/js/core/config.js';
import { internals } from '../../pkg/js/core/session.js';
import { challengeIn, newDeviceKey } from '../../tests/package/device-key.mjs';
import { configure, processorTime, startProgram, startWorker } from './runtime.mjs';

const root = resolve(import.meta.dirname, '../..');
const [rounds = 9, requests = 3000] = process.argv.slice(2).map(Number);
const SIZES = ['s', 'm', 'l'];
/** As many of each size are bound. */
const VISITORS = 16;
const AIM = 1.1;
const COOKIE = '__Host-sessionid';

start(readFileSync(`${root}/pkg/js/wasm/edge_session_bg.wasm`));
const secret = `bench-${randomBytes(40).toString('base64url')}`;
const keys = `es1_${randomBytes(32).toString('base64url')}`;
const storeKey = `es1_${randomBytes(32).toString('base64url')}`;
const scratch = mkdtempSync(join(tmpdir(), 'edge-session-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

function ask(port, path, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = send({ host: '127.0.0.1', port, path, method, headers, agent }, response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', part => (body += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    request.on('error', reject);
    request.end();
  });
}

const origin = startProgram(process.execPath, [join(import.meta.dirname, 'origin.mjs'), secret]);
const originPort = Number(await origin.firstLine());
let reads = 0;
const store = sessionStore(':memory:', [storeKey]).on('request', ({ method }) => (reads += method === 'GET' ? 1 : 0));
await new Promise(resolve => store.listen(0, '127.0.0.1', resolve));

const variables = {
  ORIGIN_URL: `http://127.0.0.1:${originPort}`,
  SESSION_KEYS: keys,
  DJANGO_SECRET_KEY: secret,
  SESSION_STORE: 'origin',
  SESSION_ORIGIN_STORE_URL: `http://127.0.0.1:${store.address().port}`,
  SESSION_ORIGIN_STORE_KEY: storeKey,
};
const workers = {};
for (const [name, settings] of Object.entries({ off: {}, bound: { SESSION_DEVICE: 'bound', SESSION_DEVICE_SECONDS: '3600' } })) {
  const folder = join(scratch, name);
  cpSync(`${root}/worker/build`, folder, { recursive: true });
  workers[name] = startWorker(await configure(folder, { ...variables, ...settings }));
  while (!(await ask(workers[name].port, '/read').catch(() => false))) await new Promise(resolve => setTimeout(resolve, 20));
}

// Each visitor's cookies: the session's, and of those that are bound the device's, as after its first refresh.

const codec = createCodec({ keys, cookie: { name: COOKIE }, identify: true });
const texts = readConfig({ keys, cookie: { name: COOKIE } });
const device = new (binding().Device)(texts.config, texts.keys, 3600);

async function visitor(port, django) {
  const page = await ask(port, '/read', { headers: { cookie: `sessionid=${django}` } });
  const line = page.headers['set-cookie']?.find(line => line.startsWith(`${COOKIE}=`));
  if (line === undefined) throw new Error(`no sealed cookie: ${JSON.stringify(page.headers)}`);
  return line.split(';')[0];
}

async function bindDevice(port, session) {
  const opened = codec.open(session);
  if (opened.kind !== 'session') throw new Error(`${opened.kind} ${opened.reason}`);
  const [name] = codec.deviceNames(internals.state(opened.session)).split(' ');
  const key = await newDeviceKey();
  const proof = await key.proof(device.challenge(name, Date.now()), true);
  const registered = await ask(port, '/_session/device/register', { method: 'POST', headers: { cookie: session, 'secure-session-response': proof } });
  if (registered.status !== 200) throw new Error(`register: ${registered.status} ${registered.body}`);
  const first = registered.headers['set-cookie'][0].split(';')[0];
  await ask(port, '/read', { headers: { cookie: `${session}; ${first}` } });
  const headers = { cookie: `${session}; ${first}`, 'sec-secure-session-id': JSON.parse(registered.body).session_identifier };
  const asked = await ask(port, '/_session/device/refresh', { method: 'POST', headers });
  const signed = await key.proof(challengeIn(asked.headers['secure-session-challenge']));
  const shown = await ask(port, '/_session/device/refresh', { method: 'POST', headers: { ...headers, 'secure-session-response': signed } });
  if (shown.status !== 200) throw new Error(`refresh: ${shown.status} ${shown.body}`);
  return `${session}; ${shown.headers['set-cookie'][0].split(';')[0]}`;
}

const django = JSON.parse((await ask(originPort, '/cookies')).body);
const cookies = { off: {}, bound: {} };
for (const size of SIZES) {
  cookies.off[size] = await Promise.all(django[size].slice(0, VISITORS).map(cookie => visitor(workers.off.port, cookie)));
  const sessions = await Promise.all(django[size].slice(0, VISITORS).map(cookie => visitor(workers.bound.port, cookie)));
  cookies.bound[size] = [];
  for (const session of sessions) cookies.bound[size].push(await bindDevice(workers.bound.port, session));
  for (const name of ['off', 'bound']) {
    const { body } = await ask(workers[name].port, '/told', { headers: { cookie: cookies[name][size][0] } });
    if (body !== 'yes') throw new Error(`${name} ${size}: the origin is told of no session`);
  }
  // That it is bound: without its device it is nobody's.
  const [session] = cookies.bound[size][0].split('; ');
  const { body } = await ask(workers.bound.port, '/told', { headers: { cookie: session } });
  if (body !== 'no') throw new Error(`${size} is not bound`);
}

/** Microseconds a request, eight at a time, and the store's reads. */
async function batch(name, size, count) {
  const { pid, port } = workers[name];
  const all = cookies[name][size];
  let left = count;
  const before = processorTime(pid);
  const readsBefore = reads;
  const client = async () => {
    while (left-- > 0) {
      const { status } = await ask(port, '/read', { headers: { cookie: `csrftoken=abc; theme=dark; ${all[left % all.length]}` } });
      if (status !== 200) throw new Error(`${name}: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: agent.maxSockets }, client));
  return { time: (processorTime(pid) - before) / count, reads: reads - readsBefore };
}

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const times = Object.fromEntries(SIZES.map(size => [size, { off: [], bound: [], ratios: [], reads: { off: 0, bound: 0 } }]));
for (let round = -1; round < rounds; round++) {
  for (const size of SIZES) {
    const of = {};
    const order = round % 2 ? ['off', 'bound'] : ['bound', 'off'];
    for (const name of order) of[name] = await batch(name, size, round < 0 ? 1500 : requests);
    // The engine compiles in the first one.
    if (round < 0) continue;
    for (const name of order) {
      times[size][name].push(of[name].time);
      times[size].reads[name] += of[name].reads;
    }
    times[size].ratios.push(of.bound.time / of.off.time);
  }
}

console.log('| cookie | off us | bound us | ratio | aim | store reads: off | bound |');
console.log('| --- | --- | --- | --- | --- | --- | --- |');
for (const size of SIZES) {
  const { off, bound, ratios, reads } = times[size];
  const ratio = median(ratios);
  console.log(`| ${size} | ${median(off).toFixed(0)} | ${median(bound).toFixed(0)} | ${ratio.toFixed(3)} | <= ${AIM} ${ratio <= AIM ? 'met' : 'missed'} | ${reads.off} | ${reads.bound} |`);
}
process.exit(0);
