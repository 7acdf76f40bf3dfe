// A fresh project as its own starter makes it, with what is packed installed into it as users would.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { output, serving, visits } from '../process.mjs';
import { key } from '../readme.mjs';

const source = resolve(import.meta.dirname, '../../../pkg');
const quiet = { NEXT_TELEMETRY_DISABLED: '1', ASTRO_TELEMETRY_DISABLED: '1', YARN_ENABLE_TELEMETRY: '0', npm_config_audit: 'false', npm_config_fund: 'false', npm_config_update_notifier: 'false', npm_config_yes: 'true' };
const env = { ...process.env, ...quiet, SESSION_KEYS: key, NODE_OPTIONS: '', FORCE_COLOR: '0', CI: '1' };
// How these tests came to be started is none of the starters' business.
for (const name of Object.keys(env)) if (/^npm_(package|lifecycle)/.test(name) || name === 'npm_execpath') delete env[name];

let home;
let tarball;

/** Outside of the tree, and gone at the end. */
function workplace() {
  if (home === undefined) {
    home = mkdtempSync(join(tmpdir(), 'edge-session-matrix-'));
    process.on('exit', () => rmSync(home, { recursive: true, force: true }));
    const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', home], { cwd: source }));
    tarball = join(home, filename);
  }
  return home;
}

export class Project {
  constructor(folder) {
    this.folder = folder;
    this.tarball = tarball;
  }

  /** What a starter makes: `npx <package> <name> <options>`. */
  static async started(name, starter, ...options) {
    await output('npx', ['-y', starter, name, ...options], { cwd: workplace(), env });
    return new Project(join(home, name));
  }

  /** `npm init -y`, which is the starter of tools that have none. */
  static async empty(name) {
    const project = new Project(join(workplace(), name));
    mkdirSync(project.folder);
    await project.run('npm init -y');
    project.tarball = tarball;
    return project;
  }

  install(...packages) {
    return this.run('npm', 'install', ...packages, tarball);
  }

  write(path, text) {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(path) {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** Fields of package.json. */
  describe(fields) {
    this.write('package.json', JSON.stringify({ ...JSON.parse(this.read('package.json')), ...fields }, undefined, 2));
  }

  /** A line of words, or the words. */
  run(...words) {
    const [command, ...args] = words.length === 1 ? words[0].split(' ') : words;
    return output(command, args, { cwd: this.folder, env });
  }

  /** Two visits to a path of a server that a command starts. */
  visited(line, port, path = '/', settings = {}) {
    return this.serving(line, port, () => visits(`http://127.0.0.1:${port}${path}`), settings);
  }

  serving(line, port, work, settings = {}) {
    const [command, ...args] = line.split(' ');
    return serving(command, args, { cwd: this.folder, env: { ...env, ...settings } }, `http://127.0.0.1:${port}/`, work);
  }

  /** What was made, where nothing else of the project is. */
  elsewhere(path) {
    const folder = mkdtempSync(join(home, 'elsewhere-'));
    cpSync(join(this.folder, path), folder, { recursive: true });
    const moved = new Project(folder);
    return moved;
  }
}
