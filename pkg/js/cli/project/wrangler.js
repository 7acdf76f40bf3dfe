// The wrangler of a Worker's folder.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inputProblem } from '../problem.js';

const CONFIGS = ['wrangler.jsonc', 'wrangler.json', 'wrangler.toml'];
/** That of wrangler 4. */
const OLDEST_NODE = 22;

/**
 * @param {string} folder
 * @returns {Wrangler}
 *
 * @typedef {ReturnType<typeof wranglerOf>} Wrangler
 */
export function wranglerOf(folder) {
  const home = resolve(folder);
  const config = CONFIGS.map(name => join(home, name)).find(existsSync);
  if (!config) throw inputProblem(`there is no wrangler.jsonc in ${home}: edge-session init makes one`);
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE)
    throw inputProblem(`wrangler needs Node ${OLDEST_NODE} or newer, and this is ${process.versions.node}: https://nodejs.org`);
  const found = createRequire(config);
  const description = located(found, home);
  const { bin } = JSON.parse(readFileSync(description, 'utf8'));
  const program = join(dirname(description), bin.wrangler);

  // Nothing is sent home.
  const environment = { WRANGLER_SEND_METRICS: 'false', WRANGLER_SEND_ERROR_REPORTS: 'false', ...process.env };
  return {
    folder: home,
    environment,
    /** What its own reader makes of the settings, for one environment. */
    async config(environment) {
      const { unstable_readConfig: read } = await import(pathToFileURL(found.resolve('wrangler')).href);
      try {
        return read({ config, env: environment }, { hideWarnings: true });
      } catch (error) {
        throw inputProblem(`${config}: ${error.message.trim().split('\n')[0]}`);
      }
    },
    start(args, options = {}) {
      return spawn(process.execPath, [program, ...args], { cwd: home, env: environment, ...options });
    },
    /** Runs it to its end, with this terminal; throws if it fails. */
    async run(args) {
      const child = this.start(args, { stdio: 'inherit' });
      const code = await new Promise((done, fail) => child.on('error', fail).on('close', done));
      if (code !== 0) throw inputProblem(`wrangler ${args[0]} ended with ${code}`, code || 1);
    },
  };
}

function located(found, home) {
  try {
    return found.resolve('wrangler/package.json');
  } catch {
    throw inputProblem(`wrangler is not installed in ${home}: npm install`);
  }
}
