// Test runners and package managers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocks, nodeVisits, visited } from '../readme.mjs';
import { Project } from './starter.mjs';

/** The README's piece without requests, inside a test that has imported it. */
const assertions = `${blocks.get('codec').replace("import { createCodec } from 'edge-session';", '')}
  expect(setCookie.startsWith('__Host-session=')).toBe(true);
  expect(codec.open(setCookie.split(';')[0]).session.toJSON()).toEqual({ user: 42, theme: 'dark' });`;

test('Jest, with Node and with jsdom', async () => {
  const project = await Project.empty('jest');
  await project.install('jest', 'jest-environment-jsdom');
  for (const environment of ['node', 'jsdom']) {
    const required = "const { createCodec } = require('edge-session');";
    project.write(`${environment}.test.js`, `/** @jest-environment ${environment} */\n${required}\ntest('works', () => {\n${assertions}\n});\n`);
    assert.match(await project.run(`npx jest ${environment}`), /1 passed/);
  }
});

test('Vitest, with Node, jsdom and happy-dom', async () => {
  const project = await Project.empty('vitest');
  await project.install('vitest', 'jsdom', 'happy-dom');
  const imported = "import { expect, test } from 'vitest';\nimport { createCodec } from 'edge-session';";
  project.write('works.test.mjs', `${imported}\ntest('works', () => {\n${assertions}\n});\n`);
  for (const environment of ['node', 'jsdom', 'happy-dom'])
    assert.match(await project.run(`npx vitest run --environment ${environment}`), /1 passed/, environment);
});

test('Yarn with Plug and Play: ES modules, CommonJS and the command', async () => {
  const project = await Project.empty('yarn');
  await project.run('npm install @yarnpkg/cli-dist');
  const yarn = (...words) => inside.run('node', `${project.folder}/node_modules/@yarnpkg/cli-dist/bin/yarn.js`, ...words);
  const inside = await Project.empty('yarn-pnp');
  inside.write('.yarnrc.yml', 'nodeLinker: pnp\nenableGlobalCache: false\nenableTelemetry: false\n');
  inside.write('yarn.lock', '');
  inside.write('package.json', '{ "name": "visits", "private": true }');
  await yarn('add', `edge-session@file:${project.tarball}`);
  inside.write('main.mjs', nodeVisits);
  inside.write('main.cjs', nodeVisits.replaceAll(/^import (.*) from (.*);$/gm, 'const $1 = require($2);'));
  assert.equal((await yarn('node', 'main.mjs')).split('\n').at(-1), visited);
  assert.equal((await yarn('node', 'main.cjs')).split('\n').at(-1), visited);
  assert.match(await yarn('edge-session', 'keygen'), /^es1_[\w-]{43}$/m);
});

test('pnpm: ES modules, CommonJS and the command', async () => {
  const project = await Project.empty('pnpm');
  project.write('package.json', '{ "name": "visits", "private": true }');
  const pnpm = (...words) => project.run('npx', '-y', 'pnpm@12', ...words);
  await pnpm('add', project.tarball);
  project.write('main.mjs', nodeVisits);
  project.write('main.cjs', nodeVisits.replaceAll(/^import (.*) from (.*);$/gm, 'const $1 = require($2);'));
  assert.equal(await project.run('node main.mjs'), visited);
  assert.equal(await project.run('node main.cjs'), visited);
  assert.match(await pnpm('exec', 'edge-session', 'keygen'), /^es1_[\w-]{43}$/m);
});
