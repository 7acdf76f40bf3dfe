// Makes what is published ready in target/publish: every npm package and every crate, with the address of the
// repository in it. Publishes nothing; it says what would.
//
//   node scripts/release.mjs
//
// The address stands in one place, `repository` of [workspace.package] in Cargo.toml. Crates take it from there, and
// npm packages are given it here, with the pages that follow from it. As long as it is not known nothing is made ready,
// and nothing is invented in its place.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders of npm packages that are published, those of them that there are. */
const PACKAGES = ['pkg', 'worker/package', 'server/package'];

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
  return published.map(({ name, repository }) => ({ name, address: repository ?? '' }));
}

function release(root) {
  const found = crates(root);
  const [{ address }] = found;
  const other = found.find(crate => crate.address !== address);
  if (other) return `${other.name} says another repository than ${found[0].name}: \`repository.workspace = true\` is missing in one of them`;
  const problem = problemOf(address);
  if (problem) return `the address of the repository: ${problem}. It is \`repository\` of [workspace.package] in Cargo.toml; nothing was made ready`;

  const target = join(root, 'target/publish');
  rmSync(target, { recursive: true, force: true });
  const ready = [];
  for (const folder of PACKAGES.filter(folder => existsSync(join(root, folder, 'package.json')))) {
    const source = join(root, folder);
    const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: source, stdio: ['ignore', 'pipe', 'ignore'] }));
    const staged = join(target, folder.replaceAll('/', '-'));
    for (const { path } of files) {
      mkdirSync(dirname(join(staged, path)), { recursive: true });
      cpSync(join(source, path), join(staged, path));
    }
    const description = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
    writeFileSync(join(staged, 'package.json'), `${JSON.stringify(described(description, address, folder), undefined, 2)}\n`);
    ready.push(`npm publish ${staged}`);
  }
  for (const { name } of found) ready.push(`cargo publish -p ${name}`);
  process.stdout.write(`Ready. What publishes it, in this order:\n${ready.map(line => `  ${line}\n`).join('')}`);
  return undefined;
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const refusal = release(resolve(process.argv[2] ?? resolve(import.meta.dirname, '..')));
  if (refusal !== undefined) {
    process.stderr.write(`release: ${refusal}\n`);
    process.exitCode = 1;
  }
}
