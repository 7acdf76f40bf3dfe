// What is in the package: files, entry points for every kind of importer, types, size.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { install, tool } from './packed.mjs';

const run = promisify(execFile);
let project;
before(() => {
  project = install();
});
after(() => project?.remove());

/** Runs a checker; what it says is in the failure. */
async function passes(command, ...options) {
  try {
    return await run(command, options, { cwd: project.folder });
  } catch (error) {
    throw new Error(`${command} ${options.join(' ')}\n${error.stdout}\n${error.stderr}`);
  }
}

test('publint finds nothing', () => passes(tool('publint'), 'run', project.tarball, '--strict'));

test('attw finds nothing', () => passes(tool('attw'), project.tarball, '--format', 'ascii', '--no-emoji'));

test('tsc takes a typed usage and refuses wrong ones', () => passes(tool('tsc'), '-p', 'tsconfig.json'));

test('nothing is packed that is not for users, and nothing is missing', () => {
  for (const path of project.files) assert.match(path, /^dist\/|^(package\.json|README\.md|LICENSE[\w-]*)$/, path);
  const { exports: entries, bin } = JSON.parse(readFileSync(join(project.folder, 'node_modules/edge-session/package.json')));
  for (const [path] of JSON.stringify([entries, bin]).matchAll(/\bdist\/[^"*]+(?=")/g)) assert.ok(project.files.includes(path), path);
  // With the ending that bundlers of edge runtimes want, it is the same file.
  const resolved = createRequire(join(project.folder, 'x.js')).resolve;
  assert.equal(resolved('edge-session/codec.wasm?module'), resolved('edge-session/codec.wasm'));
  for (const path of ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE']) assert.ok(project.files.includes(path), path);
  assert.ok(!project.files.some(path => /fresh/.test(path)));
});

test('the module is there twice, as a file and in one script', () => {
  const dist = path => readFileSync(join(project.folder, 'node_modules/edge-session', path));
  const [begin] = dist('dist/codec.wasm').toString('base64').match(/^.{1000}/);
  const scripts = project.files.filter(path => /js$/.test(path) && dist(path).includes(begin));
  assert.deepEqual(scripts, ['dist/inline.js']);
});

test('there are no dependencies', () => {
  const description = JSON.parse(readFileSync(join(project.folder, 'node_modules/edge-session/package.json')));
  for (const kind of ['dependencies', 'optionalDependencies']) assert.equal(description[kind], undefined);
  // The frameworks of the adapters: a range, and nobody has to have them.
  for (const name of Object.keys(description.peerDependencies ?? {}))
    assert.equal(description.peerDependenciesMeta[name].optional, true, name);
  assert.equal(description.scripts, undefined, 'nothing runs when it is installed');
});

test('the module and the JavaScript are no larger than they were', () => {
  const bytes = path => gzipSync(readFileSync(join(project.folder, 'node_modules/edge-session/dist', path)), { level: 9 }).length;
  const module = bytes('codec.wasm');
  assert.ok(module <= MODULE_BYTES, `the module has ${module} bytes in gzip`);
});

/** In gzip. docs/BENCHMARKS.md says what it is made of; a change that needs more says so here. */
const MODULE_BYTES = 160_200;
