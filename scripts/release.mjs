// Makes what is published ready in target/publish: every npm package as its tarball, with the address of the repository in
// it, every crate as its .crate, built from what is in it, the Worker's module, what everything is made of (sbom.cdx.json,
// CycloneDX), what has changed (NOTES.md), and the sums of them all (SHA256SUMS). Publishes nothing; it says what would.
//
//   node scripts/release.mjs [--tag=v0.1.0] [folder]   with a tag, which has to be the version's
//
// The address stands in one place, `repository` of [workspace.package] in Cargo.toml. Crates take it from there, and
// npm packages are given it here, with the pages that follow from it. As long as it is not known nothing is made ready,
// and nothing is invented in its place.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Folders of npm packages that are published, those of them that there are. */
const PACKAGES = ['pkg', 'worker/package', 'server/package'];

/** Modules within them that are published for themselves, too, and under which name. */
const MODULES = new Map([
  ['pkg/dist/codec.wasm', 'edge-session.wasm'],
  ['worker/package/dist/index_bg.wasm', 'edge-session-worker.wasm'],
]);

/** Crates that are published within npm packages. */
const WITHIN = ['session-package', 'session-worker'];

/** What is wrong with it as the address of a repository; `undefined` for a good one. */
export function problemOf(address) {
  if (address === undefined || address === null || address === '') return 'it is not known';
  let url;
  try {
    url = new URL(address);
  } catch {
    return 'it is no address';
  }
  if (url.protocol !== 'https:') return 'it does not begin with https://';
  if (url.search || url.hash || url.username) return 'it has more than a host and a path';
  if (/(^|\.)(example|invalid|test|localhost)(\.(com|org|net))?$/.test(url.hostname) || !url.hostname.includes('.')) return 'its host is a placeholder';
  if (url.pathname.split('/').filter(Boolean).length < 2) return 'it names no repository';
  return undefined;
}

/** The description of an npm package as it is published. */
export function described(description, address, folder) {
  const home = address.replace(/\/$|\.git$/g, '');
  return {
    ...description,
    repository: { type: 'git', url: `git+${home}.git`, directory: folder },
    homepage: `${home}/tree/main/${folder}#readme`,
    bugs: { url: `${home}/issues` },
    publishConfig: { access: 'public', provenance: true },
  };
}

/** Every crate that is published, by name, and the address it says. */
function crates(root) {
  const told = execFileSync('cargo', ['metadata', '--no-deps', '--format-version', '1'], { cwd: root, maxBuffer: 1 << 26 });
  const published = JSON.parse(told).packages.filter(({ publish }) => publish === null);
  return published.map(({ name, version, repository }) => ({ name, version, address: repository ?? '' }));
}

function release(root, tag) {
  const found = crates(root);
  const [{ address }] = found;
  const other = found.find(crate => crate.address !== address);
  if (other) return `${other.name} says another repository than ${found[0].name}: \`repository.workspace = true\` is missing in one of them`;
  const problem = problemOf(address);
  if (problem) return `the address of the repository: ${problem}. It is \`repository\` of [workspace.package] in Cargo.toml; nothing was made ready`;

  const [{ version }] = found;
  if (tag !== undefined && tag !== `v${version}`) return `the tag ${tag} is not that of version ${version} in Cargo.toml, v${version}`;
  const notes = notesOf(existsSync(join(root, 'CHANGELOG.md')) ? readFileSync(join(root, 'CHANGELOG.md'), 'utf8') : '', version);
  if (notes === undefined) return `CHANGELOG.md says nothing of ${version}`;

  const target = join(root, 'target/publish');
  const staging = join(root, 'target/publish-staged');
  for (const folder of [target, staging]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const tarballs = [];
  for (const folder of PACKAGES.filter(folder => existsSync(join(root, folder, 'package.json')))) {
    const source = join(root, folder);
    const [{ files }] = npmPack(['--dry-run'], source);
    const description = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
    const missing = namedFiles(description).find(name => !files.some(({ path }) => path === name));
    if (missing) return `${folder}/package.json names ${missing}, which is not built`;
    if (description.version !== version) return `${folder}/package.json is of version ${description.version}, Cargo.toml of ${version}`;
    const staged = join(staging, folder.replaceAll('/', '-'));
    for (const { path } of files) {
      mkdirSync(dirname(join(staged, path)), { recursive: true });
      cpSync(join(source, path), join(staged, path));
    }
    writeFileSync(join(staged, 'package.json'), `${JSON.stringify(described(description, address, folder), undefined, 2)}\n`);
    const [{ filename }] = npmPack(['--pack-destination', target], staged);
    tarballs.push(join(target, filename));
    for (const { path } of files.filter(({ path }) => MODULES.has(`${folder}/${path}`))) cpSync(join(source, path), join(target, MODULES.get(`${folder}/${path}`)));
  }
  const unpacked = packCrates(root, found, join(root, 'target'), target);
  if (unpacked) return unpacked;
  const write = (name, text) => writeFileSync(join(target, name), text);
  write('NOTES.md', notes);
  write('sbom.cdx.json', `${JSON.stringify(billOf(metadata(root), version), undefined, 2)}\n`);
  write('SHA256SUMS', readdirSync(target).sort().map(name => `${sha256(join(target, name))}  ${name}\n`).join(''));
  const ready = [...tarballs.map(path => `npm publish ${path}`), ...found.map(({ name }) => `cargo publish -p ${name}`)];
  process.stdout.write(`Ready. What publishes it, in this order:\n${ready.map(line => `  ${line}\n`).join('')}What was published is what is here: npx edge-session verify-release ${target}\n`);
  return undefined;
}

/** Packs the crates, and builds each from what was packed; what is wrong, if anything is. */
function packCrates(root, found, build, target) {
  const names = found.flatMap(({ name }) => ['-p', name]);
  const { status, stderr, error } = spawnSync('cargo', ['package', ...(existsSync(join(root, 'Cargo.lock')) ? ['--locked'] : []), ...names], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26, env: { ...process.env, CARGO_TARGET_DIR: build } });
  if (error) return `cargo cannot be started (${error.code})`;
  if (status !== 0) return `the crates cannot be packed:\n${stderr.trim().split('\n').slice(-20).join('\n')}`;
  for (const { name, version } of found) cpSync(join(build, 'package', `${name}-${version}.crate`), join(target, `${name}-${version}.crate`));
  return undefined;
}

// npm gives every file in a tarball the same time, so that the same files are the same tarball.
const npmPack = (options, cwd) => JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', ...options], { cwd, stdio: ['ignore', 'pipe', 'ignore'] }));

const sha256 = path => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Files that a description promises: entries, commands, types. Patterns name none. */
function namedFiles({ exports: entries = {}, bin = {}, main, types }) {
  const named = [];
  const walk = value => (typeof value === 'string' ? named.push(value) : Object.values(value ?? {}).forEach(walk));
  [entries, bin, main, types].forEach(walk);
  return named.map(path => path.replace(/^\.\//, '')).filter(path => !path.includes('*') && path !== 'package.json');
}

/** What the changelog says of a version, without its heading. */
export function notesOf(changelog, version) {
  const [, text] = new RegExp(`^## ${version.replaceAll('.', '\\.')}\\b[^\\n]*\\n(.*?)(?=^## |$(?![\\s\\S]))`, 'ms').exec(changelog) ?? [];
  return text?.trim() ? `${text.trim()}\n` : undefined;
}

/** Every crate that is built into what is published, as CycloneDX 1.6 lists components; the npm packages have no others. */
export function billOf({ packages, workspace_members: members, resolve: { nodes } }, version) {
  const byId = new Map(nodes.map(node => [node.id, node]));
  const published = packages.filter(({ id, name, publish }) => members.includes(id) && (publish === null || WITHIN.includes(name))).map(({ id }) => id);
  const shipped = new Set();
  const walk = id => {
    if (shipped.has(id)) return;
    shipped.add(id);
    // What only tests or builds use is in nothing that anybody runs.
    for (const { pkg, dep_kinds: kinds } of byId.get(id).deps) if (kinds.some(({ kind }) => kind === null)) walk(pkg);
  };
  published.forEach(walk);
  const components = packages
    .filter(({ id }) => shipped.has(id))
    .map(({ name, version, license }) => ({ type: 'library', name, version, purl: `pkg:cargo/${name}@${version}`, ...(license && { licenses: [{ expression: license.replaceAll('/', ' OR ') }] }) }))
    .sort((a, b) => (a.purl < b.purl ? -1 : 1));
  return { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, metadata: { component: { type: 'application', name: 'edge-session', version } }, components };
}

const metadata = root => JSON.parse(execFileSync('cargo', ['metadata', '--format-version', '1'], { cwd: root, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] }));

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({ options: { tag: { type: 'string' } }, allowPositionals: true });
  const root = resolve(positionals[0] ?? resolve(import.meta.dirname, '..'));
  const refusal = release(root, values.tag);
  rmSync(join(root, 'target/publish-staged'), { recursive: true, force: true });
  if (refusal !== undefined) {
    rmSync(join(root, 'target/publish'), { recursive: true, force: true });
    process.stderr.write(`release: ${refusal}\n`);
    process.exitCode = 1;
  }
}
