// What is published says where it comes from, from one place; as long as that is not known nothing is made ready.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { described, problemOf } from '../../scripts/release.mjs';

const root = resolve(import.meta.dirname, '../..');
const ADDRESS = 'https://code.sessions.dev/somebody/edge-session';

const folders = [];
after(() => folders.forEach(folder => rmSync(folder, { recursive: true, force: true })));

/** A tree with one crate and one npm package. */
function tree(address, { own = 'repository.workspace = true' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-release-'));
  folders.push(folder);
  const files = {
    'Cargo.toml': `[workspace]\nresolver = "3"\nmembers = ["one", "two"]\n[workspace.package]\nrepository = "${address}"\n`,
    'one/Cargo.toml': '[package]\nname = "one"\nversion = "0.1.0"\nedition = "2024"\nrepository.workspace = true\n',
    'one/src/lib.rs': '',
    'two/Cargo.toml': `[package]\nname = "two"\nversion = "0.1.0"\nedition = "2024"\n${own}\n`,
    'two/src/lib.rs': '',
    'pkg/package.json': '{ "name": "one", "version": "0.1.0", "files": ["dist"] }',
    'pkg/dist/a.js': '',
    'pkg/secret.txt': '',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const release = folder => spawnSync(process.execPath, [join(root, 'scripts/release.mjs'), folder], { encoding: 'utf8' });

test('an address that is not known, or a placeholder, is refused, and nothing is made ready', () => {
  for (const address of ['', 'edge-session', 'http://code.sessions.dev/a/b', 'https://example.com/a/b', 'https://git.example/a/b', 'https://localhost/a/b', 'https://code.sessions.dev/', 'https://code.sessions.dev/a/b?c']) {
    assert.notEqual(problemOf(address), undefined, address);
  }
  for (const address of ['', 'https://example.com/a/b']) {
    const folder = tree(address);
    const { status, stderr, stdout } = release(folder);
    assert.equal(status, 1);
    assert.match(stderr, /address of the repository/);
    assert.equal(stdout, '');
    assert.equal(existsSync(join(folder, 'target/publish')), false);
  }
  assert.equal(problemOf(ADDRESS), undefined);
});

test('a crate with an address of its own, or without one, is refused', () => {
  for (const own of ['', `repository = "${ADDRESS}2"`]) {
    const { status, stderr } = release(tree(ADDRESS, { own }));
    assert.equal(status, 1);
    assert.match(stderr, /two says another repository/);
  }
});

test('a known one is in every npm package, with the pages that follow from it', () => {
  const folder = tree(ADDRESS);
  const { status, stdout, stderr } = release(folder);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /npm publish .*\n.*cargo publish -p one\n.*cargo publish -p two/);
  const staged = join(folder, 'target/publish/pkg');
  const description = JSON.parse(readFileSync(join(staged, 'package.json'), 'utf8'));
  assert.deepEqual(description, described({ name: 'one', version: '0.1.0', files: ['dist'] }, ADDRESS, 'pkg'));
  assert.equal(description.repository.url, `git+${ADDRESS}.git`);
  assert.equal(description.bugs.url, `${ADDRESS}/issues`);
  assert.ok(existsSync(join(staged, 'dist/a.js')));
  assert.equal(existsSync(join(staged, 'secret.txt')), false);
});

test('this tree has it in one place', () => {
  const description = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  for (const field of ['repository', 'homepage', 'bugs']) assert.equal(description[field], undefined, `${field} comes from Cargo.toml`);
  const { status, stderr } = release(root);
  // Either it is known, and everything is made ready, or nothing is.
  if (status !== 0) assert.match(stderr, /address of the repository: it is not known/);
});
