// What a request costs in the Worker, beside a Worker that only forwards and one with iron-session.
//
//   run.mjs [rounds] [requests a round]      default 5 and 4000
//
// Three Workers in three workerd processes and one origin. The figure is the processor time of the Worker's process a
// request, the least of the rounds: whatever else the machine does only ever adds. What a Worker adds is less the time of
// the one that forwards. Ratios of one run are the result, times are the scale.

import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { configure, processorTime, startProgram, startWorker } from './runtime.mjs';
import { SIZES, sessions } from './sessions.mjs';

const root = resolve(import.meta.dirname, '../..');
const [rounds = 5, requests = 4000] = process.argv.slice(2).map(Number);
const STARTS = 12;
const aims = { none: 1.1, read: 0.65, write: 0.9, forged: 0.5, start: 12, module: 380_000 };

const secret = `bench-${randomBytes(40).toString('base64url')}`;
const password = randomBytes(32).toString('hex');
const peers = `${root}/pkg/bench/node_modules`;
const scratch = mkdtempSync(join(tmpdir(), 'edge-session-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

function ask(port, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, headers, agent }, response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', part => (body += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    request.on('error', reject);
  });
}

async function answered(port, path, headers) {
  const answer = await ask(port, path, headers);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body.slice(0, 300)}`);
  return answer;
}

/** Asks until it listens. */
async function firstAnswer(port) {
  for (let patience = 10_000; ; patience--) {
    try {
      return await answered(port, '/read');
    } catch (error) {
      if (patience === 0 || !['ECONNREFUSED', 'ECONNRESET'].includes(error.code)) throw error;
      await new Promise(resolve => setTimeout(resolve, 1));
    }
  }
}

// The origin and the Workers.

const origin = startProgram(process.execPath, [join(import.meta.dirname, 'origin.mjs'), secret]);
const originPort = Number(await origin.firstLine());
const ORIGIN_URL = `http://127.0.0.1:${originPort}`;

async function bundled(name) {
  const folder = join(scratch, name);
  await build({
    entryPoints: [join(import.meta.dirname, `workers/${name}.mjs`)],
    outfile: join(folder, 'index.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*'],
    nodePaths: [peers],
    logLevel: 'error',
  });
  return folder;
}

function built() {
  const folder = join(scratch, 'edge-session');
  cpSync(`${root}/worker/build`, folder, { recursive: true });
  return folder;
}

const variables = {
  ORIGIN_URL,
  SESSION_KEYS: `es1_${randomBytes(32).toString('base64url')}`,
  DJANGO_SECRET_KEY: secret,
  SESSION_STORE: 'none',
  SESSION_REVOCATION: 'none',
};
const configured = {
  pass: await configure(await bundled('pass'), { ORIGIN_URL }),
  iron: await configure(await bundled('iron-session'), { ORIGIN_URL, PASSWORD: password }),
  own: await configure(built(), variables),
};
const names = Object.keys(configured);

// From start to first answer, before anything else runs.

const starts = Object.fromEntries(names.map(name => [name, Infinity]));
for (let round = 0; round < STARTS; round++) {
  for (const name of names) {
    const before = performance.now();
    const worker = startWorker(configured[name]);
    await firstAnswer(worker.port);
    starts[name] = Math.min(starts[name], performance.now() - before);
    await worker.stop();
  }
}

const workers = Object.fromEntries(names.map(name => [name, startWorker(configured[name])]));
for (const name of names) await firstAnswer(workers[name].port);

// Each visitor's cookie, as each Worker gives it.

const { sealData } = await import(createRequire(`${peers}/`).resolve('iron-session'));
const django = JSON.parse((await answered(originPort, '/cookies')).body);

/** The cookie that the Worker makes of one of Django's. */
async function sealed(cookie) {
  const { headers } = await answered(workers.own.port, '/read', { cookie: `sessionid=${cookie}` });
  const line = headers['set-cookie']?.find(line => /^__Host-sessionid=[^;]/.test(line));
  if (line === undefined) throw new Error(`no sealed cookie: ${JSON.stringify(headers)}`);
  return line.split(';')[0];
}

/** One character of it is another one. */
function forged(cookie) {
  const at = Math.floor(cookie.length * 0.75);
  return cookie.slice(0, at) + (cookie[at] === 'A' ? 'B' : 'A') + cookie.slice(at + 1);
}

const cookies = { iron: {}, own: {} };
for (const size of SIZES) {
  const seal = async json => `__Host-sessionid=${await sealData(JSON.parse(json), { password, ttl: 14 * 24 * 3600 })}`;
  cookies.iron[size] = await Promise.all(sessions(size).map(seal));
  cookies.own[size] = await Promise.all(django[size].map(sealed));
}
for (const all of Object.values(cookies)) all.forged = all.m.map(forged);
cookies.pass = cookies.own;

// Each does what it is measured for.

for (const [name, told] of [
  ['pass', 'no'],
  ['iron', 'yes'],
  ['own', 'yes'],
]) {
  for (const [cookie, expected] of [
    ['forged', 'no'],
    ...SIZES.map(size => [size, told]),
  ]) {
    const { body } = await answered(workers[name].port, '/told', { cookie: cookies[name][cookie][1] });
    if (body !== expected) throw new Error(`${name}: the origin was told of a session of ${cookie}: ${body}`);
  }
  const { headers } = await answered(workers[name].port, path(name, 's', 'write'), { cookie: cookies[name].s[1] });
  const isSealed = /^__Host-sessionid=[^;]/.test(headers['set-cookie']);
  if (isSealed !== (told === 'yes')) throw new Error(`${name}: ${headers['set-cookie']}`);
}

// The rounds.

const REQUESTS = [
  ['none', 'read'],
  ...SIZES.flatMap(size => [
    [size, 'read'],
    [size, 'write'],
  ]),
  ['forged', 'read'],
];

function path(name, cookie, kind) {
  if (kind === 'read') return '/read';
  return `/write/${cookie}${name === 'iron' ? '?json' : ''}`;
}

/** Microseconds a request, eight at a time. */
async function batch(name, cookie, kind, count) {
  const { pid, port } = workers[name];
  const all = cookies[name][cookie] ?? [undefined];
  let left = count;
  const before = processorTime(pid);
  const client = async () => {
    while (left-- > 0) {
      const own = all[left % all.length];
      await answered(port, path(name, cookie, kind), own === undefined ? {} : { cookie: `csrftoken=abc; theme=dark; ${own}` });
    }
  };
  await Promise.all(Array.from({ length: agent.maxSockets }, client));
  return (processorTime(pid) - before) / count;
}

const least = {};
for (let round = -1; round < rounds; round++) {
  for (const [cookie, kind] of REQUESTS) {
    for (const name of names) {
      // The engine compiles in the first one.
      const time = await batch(name, cookie, kind, round < 0 ? 1500 : requests);
      const key = `${cookie} ${kind} ${name}`;
      if (round >= 0) least[key] = Math.min(least[key] ?? Infinity, time);
    }
  }
}

// What came out.

const verdict = (figure, aim) => `<= ${aim} ${figure <= aim ? 'met' : 'missed'}`;

console.log('| cookie | request | forwards us | iron-session us | edge-session us | iron-session adds | edge-session adds | ratio | aim |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
for (const [cookie, kind] of REQUESTS) {
  const [pass, iron, own] = names.map(name => least[`${cookie} ${kind} ${name}`]);
  const times = [pass, iron, own, iron - pass, own - pass].map(time => time.toFixed(0)).join(' | ');
  // Without a cookie iron-session adds nothing to compare with: what counts is the whole.
  const ratio = cookie === 'none' ? own / pass : (own - pass) / (iron - pass);
  console.log(`| ${cookie} | ${kind} | ${times} | ${ratio.toFixed(2)} | ${verdict(ratio, aims[cookie] ?? aims[kind])} |`);
}

console.log('\n| start to first answer | ms | above the one that forwards | aim |\n| --- | --- | --- | --- |');
for (const [name, label] of [
  ['pass', 'forwards'],
  ['iron', 'iron-session'],
  ['own', 'edge-session'],
]) {
  const above = starts[name] - starts.pass;
  console.log(`| ${label} | ${starts[name].toFixed(1)} | ${above.toFixed(1)} | ${name === 'own' ? verdict(above, aims.start) : ''} |`);
}

console.log('\n| size | bytes | gzip -9 | aim |\n| --- | --- | --- | --- |');
for (const [label, extension, aim] of [
  ['the module', '.wasm', aims.module],
  ['the JavaScript', '.js'],
]) {
  const files = readdirSync(configured.own.folder).filter(name => name.endsWith(extension));
  const bytes = files.map(name => readFileSync(join(configured.own.folder, name)));
  const size = bytes.reduce((sum, file) => sum + file.length, 0);
  const gzip = bytes.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
  console.log(`| ${label} | ${size} | ${gzip} | ${aim === undefined ? '' : verdict(gzip, aim)} |`);
}
process.exit(0);
