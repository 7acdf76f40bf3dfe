// What is published says where it comes from, from one place; as long as that is not known nothing is made ready.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { parse } from 'yaml';
import { billOf, described, notesOf, problemOf } from '../../scripts/release.mjs';

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
    'CHANGELOG.md': '# Changelog\n\n## 0.1.0 - unreleased\n\n- Something.\n\n## 0.0.9\n\n- Else.\n',
    'pkg/dist/codec.wasm': 'a module',
    'pkg/secret.txt': '',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const release = (folder, ...options) => spawnSync(process.execPath, [join(root, 'scripts/release.mjs'), ...options, folder], { encoding: 'utf8' });

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
  const tarball = join(folder, 'target/publish/one-0.1.0.tgz');
  const packed = path => spawnSync('tar', ['-xOf', tarball, `package/${path}`], { encoding: 'utf8' });
  const description = JSON.parse(packed('package.json').stdout);
  assert.deepEqual(description, described({ name: 'one', version: '0.1.0', files: ['dist'] }, ADDRESS, 'pkg'));
  assert.equal(description.repository.url, `git+${ADDRESS}.git`);
  assert.equal(description.bugs.url, `${ADDRESS}/issues`);
  assert.equal(packed('dist/a.js').status, 0);
  assert.notEqual(packed('secret.txt').status, 0);
  assert.equal(existsSync(join(folder, 'target/publish-staged')), false);
});

test('a package that is not built is refused', () => {
  const folder = tree(ADDRESS);
  writeFileSync(join(folder, 'pkg/package.json'), '{ "name": "one", "version": "0.1.0", "files": ["dist"], "exports": { ".": { "default": "./dist/b.js" } } }');
  const { status, stderr } = release(folder);
  assert.deepEqual([status, stderr], [1, 'release: pkg/package.json names dist/b.js, which is not built\n']);
  assert.equal(existsSync(join(folder, 'target/publish')), false);
});

test('sums of everything, which are the same whenever it is made; notes; what it is made of', () => {
  const folder = tree(ADDRESS);
  const made = path => readFileSync(join(folder, 'target/publish', path), 'utf8');
  assert.equal(release(folder).status, 0);
  const sums = made('SHA256SUMS');
  assert.deepEqual(sums.match(/\S+$/gm), ['NOTES.md', 'edge-session.wasm', 'one-0.1.0.crate', 'one-0.1.0.tgz', 'sbom.cdx.json', 'two-0.1.0.crate']);
  assert.equal(made('edge-session.wasm'), 'a module');
  assert.equal(spawnSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: join(folder, 'target/publish') }).status, 0);
  assert.equal(release(folder).status, 0);
  assert.equal(made('SHA256SUMS'), sums);
  assert.equal(made('NOTES.md'), '- Something.\n');
  const { bomFormat, components } = JSON.parse(made('sbom.cdx.json'));
  assert.deepEqual([bomFormat, components.map(({ purl }) => purl)], ['CycloneDX', ['pkg:cargo/one@0.1.0', 'pkg:cargo/two@0.1.0']]);
  writeFileSync(join(folder, 'CHANGELOG.md'), '# Changelog\n');
  assert.match(release(folder).stderr, /CHANGELOG\.md says nothing of 0\.1\.0/);
});

test('a crate that does not build from what is packed is refused', () => {
  const folder = tree(ADDRESS);
  writeFileSync(join(folder, 'one/src/lib.rs'), 'const TEXT: &str = include_str!("../../CHANGELOG.md");');
  const { status, stderr } = release(folder);
  assert.equal(status, 1);
  assert.match(stderr, /crates cannot be packed:.*CHANGELOG\.md/s);
  assert.equal(existsSync(join(folder, 'target/publish')), false);
});

test('a tag, and a package, of another version are refused', () => {
  const folder = tree(ADDRESS);
  assert.deepEqual([release(folder, '--tag=v0.2.0').status, release(folder, '--tag=v0.2.0').stderr], [1, 'release: the tag v0.2.0 is not that of version 0.1.0 in Cargo.toml, v0.1.0\n']);
  assert.equal(release(folder, '--tag=v0.1.0').status, 0);
  writeFileSync(join(folder, 'pkg/package.json'), '{ "name": "one", "version": "0.1.1", "files": ["dist"] }');
  assert.match(release(folder).stderr, /pkg\/package\.json is of version 0\.1\.1, Cargo\.toml of 0\.1\.0/);
});

describe('what was downloaded', () => {
  const verify = (...args) => spawnSync(process.execPath, [join(root, 'pkg/dist/cli.js'), 'verify-release', ...args], { encoding: 'utf8' });
  let folder;
  const made = () => {
    folder = tree(ADDRESS);
    assert.equal(release(folder).status, 0);
    return join(folder, 'target/publish');
  };
  const states = place => Object.fromEntries(JSON.parse(verify('--json', place).stdout).files.filter(({ state }) => state !== 'good').map(({ name, state }) => [name, state]));

  test('is as the release’s sums say', () => {
    const { status, stdout, stderr } = verify(made());
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^All 6 files are as \S+SHA256SUMS lists them\.$/m);
  });

  test('what is changed, missing, not listed, or no file is named, each', () => {
    const place = made();
    appendFileSync(join(place, 'one-0.1.0.tgz'), '\0');
    rmSync(join(place, 'one-0.1.0.crate'));
    writeFileSync(join(place, 'install.sh'), '');
    mkdirSync(join(place, 'more'));
    renameSync(join(place, 'NOTES.md'), join(folder, 'NOTES.md'));
    symlinkSync(join(folder, 'NOTES.md'), join(place, 'NOTES.md'));
    assert.deepEqual(states(place), { 'NOTES.md': 'changed', 'one-0.1.0.crate': 'missing', 'one-0.1.0.tgz': 'changed', 'install.sh': 'not listed', more: 'not listed' });
    const { status, stdout } = verify(place);
    assert.equal(status, 1);
    assert.match(stdout, /^changed +NOTES\.md: it is a link$/m);
    assert.match(stdout, /5 of 8 are not as .*: use none of them/);
  });

  test('sums from elsewhere count, not those that came with the files', () => {
    const place = made();
    const elsewhere = join(folder, 'sums');
    writeFileSync(elsewhere, readFileSync(join(place, 'SHA256SUMS')));
    appendFileSync(join(place, 'one-0.1.0.tgz'), '\0');
    const { stdout } = spawnSync('sha256sum', ['one-0.1.0.tgz'], { cwd: place, encoding: 'utf8' });
    writeFileSync(join(place, 'SHA256SUMS'), readFileSync(elsewhere, 'utf8').replace(/^.*one-0\.1\.0\.tgz\n/m, stdout));
    assert.equal(verify(place).status, 0);
    assert.equal(verify('--sums', elsewhere, place).status, 1);
  });

  test('what cannot be judged is one line and its code', () => {
    const place = made();
    const sums = text => writeFileSync(join(place, 'SHA256SUMS'), text);
    for (const [args, code, said] of [
      [[], 2, /one folder is expected/],
      [[place, place], 2, /one folder is expected/],
      [['--sum', 'x', place], 2, /--sum/],
      [[join(place, 'nowhere')], 3, /cannot read the folder/],
      [['--sums', join(place, 'nowhere'), place], 3, /cannot read \S+nowhere/],
    ]) {
      const { status, stderr, stdout } = verify(...args);
      assert.deepEqual([status, stdout], [code, ''], stderr);
      assert.match(stderr, /^edge-session: [^\n]+\n$/);
      assert.match(stderr, said);
    }
    const line = `${'0'.repeat(64)}  a\n`;
    for (const text of ['', 'x', `${'0'.repeat(63)}  a\n`, `${'0'.repeat(64)}  ../a\n`, `${'0'.repeat(64)}  ..\n`, line + line]) {
      sums(text);
      const { status, stderr } = verify(place);
      assert.equal(status, 3, text);
      assert.match(stderr, /^edge-session: \S+SHA256SUMS, line [12]: [^\n]+\n$/);
    }
  });
});

describe('the workflow', () => {
  const text = readFileSync(join(root, '.github/workflows/release.yml'), 'utf8');
  const workflow = parse(text, { strict: true, uniqueKeys: true });
  const steps = Object.values(workflow.jobs).flatMap(job => job.steps);

  test('runs for a tag of a version, and no two at once', () => {
    assert.deepEqual(workflow.on, { push: { tags: ['v*'] } });
    assert.equal(workflow.concurrency['cancel-in-progress'], false);
  });

  test('nobody has rights but the job that publishes, which waits for the tests and for somebody', () => {
    assert.deepEqual(workflow.permissions, {});
    const { build, publish } = workflow.jobs;
    assert.deepEqual(build.permissions, { contents: 'read' });
    assert.deepEqual(publish.permissions, { contents: 'write', 'id-token': 'write', attestations: 'write' });
    assert.deepEqual([publish.needs, publish.environment], ['build', 'release']);
    assert.doesNotMatch(text, /secrets\./, 'trusted publishing wants no token that is kept');
    for (const job of Object.values(workflow.jobs)) {
      assert.ok(job['timeout-minutes'] > 0 && /^ubuntu-\d+\.\d+$/.test(job['runs-on']));
      const checkout = job.steps.find(({ uses }) => uses?.startsWith('actions/checkout@'));
      assert.equal(checkout.with['persist-credentials'], false);
    }
  });

  test('every action is of one version, and every step is one or the other', () => {
    for (const { uses, run, name } of steps) {
      assert.ok((uses === undefined) !== (run === undefined), name);
      if (uses) assert.match(uses, /^[\w-]+\/[\w-]+@(v\d+|[0-9a-f]{40})$/);
    }
  });

  test('what it runs is here, can be started, and is shell', () => {
    const runs = steps.flatMap(({ run }) => run ?? []);
    const named = runs.join('\n').match(/(?:scripts|pkg\/dist)\/[\w.-]+/g);
    assert.deepEqual([...new Set(named)].sort(), ['pkg/dist/cli.js', 'scripts/build-package.sh', 'scripts/build-worker-package.mjs', 'scripts/publish.sh', 'scripts/release.mjs']);
    for (const path of named) accessSync(join(root, path), path.endsWith('.sh') ? constants.X_OK : constants.R_OK);
    for (const run of runs) {
      assert.equal(spawnSync('bash', ['-n'], { input: run }).status, 0, run);
      // What somebody else could name is given by the environment, and not written into a command.
      assert.doesNotMatch(run, /\$\{\{/);
    }
  });
});

describe('publish.sh', () => {
  const publish = (...args) => spawnSync('bash', [join(root, 'scripts/publish.sh'), ...args], { encoding: 'utf8' });
  function ready() {
    const folder = tree(ADDRESS);
    assert.equal(release(folder).status, 0);
    const place = join(folder, 'target/publish');
    for (const crate of ['session-codec', 'session-store']) writeFileSync(join(place, `${crate}-0.1.0.crate`), '');
    const { stdout } = spawnSync('sh', ['-c', 'sha256sum *[!S]'], { cwd: place });
    writeFileSync(join(place, 'SHA256SUMS'), stdout);
    return place;
  }

  test('says what it would do: with provenance, the codec before the store', () => {
    const { status, stdout, stderr } = publish('--dry-run', ready());
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^would run: npm publish \S+one-0\.1\.0\.tgz --provenance --access public\nwould run: cargo publish --locked -p session-codec\nwould run: cargo publish --locked -p session-store\n$/);
  });

  test('publishes nothing that was changed, and nothing where nothing is ready', () => {
    const place = ready();
    appendFileSync(join(place, 'one-0.1.0.tgz'), '\0');
    const changed = publish('--dry-run', place);
    assert.notEqual(changed.status, 0);
    assert.match(changed.stderr, /nothing was published/);
    assert.doesNotMatch(changed.stdout, /would run/);
    assert.match(publish('--dry-run', join(place, 'nowhere')).stderr, /release\.mjs makes everything ready/);
    assert.match(publish('--please').stderr, /--dry-run or nothing/);
  });
});

test('what is listed is what ships: no crate of tests or of builds', () => {
  const metadata = JSON.parse(spawnSync('cargo', ['metadata', '--format-version', '1', '--offline'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 }).stdout);
  const names = billOf(metadata, '0.1.0').components.map(({ name }) => name);
  for (const name of ['session-codec', 'session-store', 'chacha20poly1305', 'session-worker', 'worker', 'wasm-bindgen']) assert.ok(names.includes(name), name);
  for (const name of ['proptest', 'criterion', 'session-tests']) assert.ok(!names.includes(name), name);
});

test('notes are those of one version', () => {
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  assert.match(notesOf(changelog, '0.1.0'), /^The first release\.\n/);
  assert.equal(notesOf(changelog, '9.9.9'), undefined);
});

test('this tree has it in one place', () => {
  const description = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  for (const field of ['repository', 'homepage', 'bugs']) assert.equal(description[field], undefined, `${field} comes from Cargo.toml`);
  const { status, stderr } = release(root);
  // Either it is known, and everything is made ready, or nothing is.
  if (status !== 0) assert.match(stderr, /address of the repository: it is not known/);
});
