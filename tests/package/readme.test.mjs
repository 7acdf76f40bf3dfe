// The README's own code, each piece as it stands there.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { install } from './packed.mjs';
import { blocks, key, text } from './readme.mjs';

const run = promisify(execFile);
const DJANGO = 'k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus';

let project;
before(() => {
  project = install();
  for (const name of ['hono', 'react-router']) {
    symlinkSync(resolve(import.meta.dirname, '../../node_modules', name), join(project.folder, 'node_modules', name));
  }
});
after(() => project?.remove());

/** Runs a block, then `rest` in the same module, and gives what that logs. */
const block = (name, rest, head = '') => ran(name, `${head}\n${blocks.get(name)}\n${rest}`);

async function ran(name, code) {
  const path = join(project.folder, `readme-${name}.mjs`);
  writeFileSync(path, code);
  const env = { ...process.env, SESSION_KEYS: key, DJANGO_SECRET_KEY: DJANGO, NODE_OPTIONS: '' };
  const { stdout } = await run(process.execPath, [path], { cwd: project.folder, env });
  return stdout.trim();
}

const visits = (first, second) => `
  const one = await ${first};
  const cookie = one.headers.getSetCookie()[0].split(';')[0];
  const two = await ${second};
  console.log(await one.text(), await two.text(), one.headers.get('cache-control'));`;

test('every block of JavaScript is run by a test', () => {
  assert.deepEqual([...blocks.keys()].sort(), [
    'browser', 'codec', 'device', 'express', 'fetch', 'hono', 'jar', 'migrate', 'next', 'next-use', 'node', 'router', 'slim', 'worker', 'wrapper',
  ]);
  assert.equal(text.match(/^```js/gm).length, blocks.size);
});

test('Node', async () => {
  const rest = `server.listen(0, '127.0.0.1', async () => {
    const url = 'http://127.0.0.1:' + server.address().port;
    ${visits('fetch(url)', 'fetch(url, { headers: { cookie } })')}
    server.close(); });`;
  assert.equal(await block('node', rest), 'visit 1 visit 2 private, no-store');
});

test('device', async () => {
  const rest = `server.listen(0, '127.0.0.1', async () => {
    const url = 'http://127.0.0.1:' + server.address().port;
    const answer = await fetch(url + '/login');
    console.log(await answer.text(), answer.headers.get('secure-session-registration').slice(0, 45));
    server.close(); });`;
  assert.equal(await block('device', rest), 'offered\ngood wherever it is copied (ES256);path="/_session/device/register";chal');
});

for (const name of ['worker', 'fetch', 'wrapper']) {
  test(`the handler of ${name}`, async () => {
    // An export has to be reached: by another module, which is the one that runs.
    writeFileSync(join(project.folder, 'handler.mjs'), blocks.get(name));
    const code = `import handler from './handler.mjs';
      const env = { SESSION_KEYS: process.env.SESSION_KEYS, SESSIONS: { get() {}, put() {}, delete() {} } };
      const ask = headers => handler.fetch(new Request('https://x/', { headers }), env);
      ${visits('ask({})', 'ask({ cookie })')}`;
    assert.equal(await ran(name, code), 'visit 1 visit 2 private, no-store');
  });
}

test('browser', async () => {
  const lines = blocks.get('browser').match(/^(\w.*); \/\/ (.*)$/gm).map(line => line.split('; // '));
  const rest = lines.map(([code]) => `console.log(${code});`).join('\n');
  const found = (await block('browser', rest)).split('\n');
  assert.deepEqual(found, ['{"a":1}', lines[1][1].split(' ')[0]]);
});

test('slim', async () => {
  const head = `import { readFileSync } from 'node:fs';
    globalThis.fetch = async () => new Response(readFileSync('node_modules/edge-session/dist/codec.wasm'));`;
  assert.equal(await block('slim', "console.log(createCodec({ keys: process.env.SESSION_KEYS }).cookieName)", head), '__Host-session');
});

test('codec', async () => {
  const found = await block('codec', 'console.log(JSON.stringify([storeOps, report.keys.length, setCookie.slice(0, 15)]))');
  assert.equal(found, '[[],2,"__Host-session="]');
});

test('migrate', async () => {
  const rest = `import { django } from 'edge-session';
    const now = Date.parse('2027-02-01'); // before the end that the README gives
    const text = django.dumps({ a: 1 }, process.env.DJANGO_SECRET_KEY, { now });
    const { session } = codec.open('sessionid=' + text, { now });
    console.log(session.get('a'), session.needsReissue, codec.seal(session).setCookie.slice(0, 15));`;
  assert.equal(await block('migrate', rest), '1 true __Host-session=');
});

test('hono', async () => {
  writeFileSync(join(project.folder, 'handler.mjs'), blocks.get('hono'));
  const code = `import app from './handler.mjs';
    const env = { SESSION_KEYS: process.env.SESSION_KEYS, SESSIONS: { get() {}, put() {}, delete() {} } };
    const posted = await app.request('/cart/cup', { method: 'POST' }, env);
    const cookie = posted.headers.getSetCookie()[0].split(';')[0];
    const read = await app.request('/cart/', { headers: { cookie } }, env);
    console.log(await read.text(), read.headers.get('cache-control'), read.headers.get('vary'));`;
  assert.equal(await ran('hono', code), '["cup"] private, no-store Cookie');
});

test('router', async () => {
  const rest = `const answer = await action({ request: new Request('https://x/', { method: 'POST' }) });
    const session = await getSession(answer.headers.getSetCookie()[0].split(';')[0]);
    console.log(answer.headers.get('cache-control'), session.get('message'), session.has('message'));`;
  assert.equal(await block('router', rest), 'private, no-store Saved. false');
});

test('next, without Next: cookies() of a request', async () => {
  const folder = join(project.folder, 'node_modules/next');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "name": "next", "exports": { "./headers": "./headers.js", "./server": "./server.js" }, "type": "module" }');
  writeFileSync(join(folder, 'server.js'), 'export const connection = async () => {};');
  writeFileSync(join(folder, 'headers.js'), 'export const cookies = async () => globalThis.jar;');
  writeFileSync(join(project.folder, 'session.js'), blocks.get('next'));
  const rest = `
    const kept = new Map();
    globalThis.jar = { get: name => kept.has(name) ? { name, value: kept.get(name) } : undefined, set: (name, value) => void kept.set(name, value) };
    await visit();
    await visit();
    const cookie = [...kept].map(pair => pair.join('=')).join('; ');
    const answer = await GET(new Request('https://x/', { headers: { cookie } }), { params: Promise.resolve({}) });
    const passed = await proxy(new Request('https://x/', { headers: { cookie } }));
    console.log(await Page(), await answer.text(), answer.headers.get('cache-control'), passed.headers.get('x-middleware-next'));`;
  assert.equal(await block('next-use', rest), 'visit 2 {"visits":3} private, no-store 1');
});

test('express', async () => {
  symlinkSync(resolve(import.meta.dirname, 'node_modules/express'), join(project.folder, 'node_modules/express'));
  const rest = `const server = app.listen(0, '127.0.0.1', async () => {
    const url = 'http://127.0.0.1:' + server.address().port;
    ${visits('fetch(url)', 'fetch(url, { headers: { cookie } })')}
    server.close(); });`;
  assert.equal(await block('express', rest), 'visit 1 visit 2 private, no-store');
});

test('jar', async () => {
  const folder = join(project.folder, 'node_modules/h3');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "name": "h3", "exports": "./index.js", "type": "module" }');
  writeFileSync(join(folder, 'index.js'), 'export const getCookie = (event, name) => event[name];\nexport const setCookie = (event, name, value) => void (event[name] = value);');
  assert.equal(await block('jar', 'const event = {}; console.log(await count(event), await count(event));'), '1 2');
});
