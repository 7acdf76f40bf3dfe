// A Django site as its own settings describe it.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { inputProblem } from '../problem.js';
import script from './site.py';

const MARK = 'edge-session-site ';
/** Importing a large site takes a while; one that waits for a database that is not there takes for ever. */
const MILLISECONDS = 60_000;
const COOKIES = 'django.contrib.sessions.backends.signed_cookies';

/**
 * Has the site's own Python say what its settings are.
 *
 * @param {string} manage the path of its manage.py
 * @param {object} how
 * @param {string} [how.python] the Python that has the site's packages; found beside manage.py where it is not said
 * @param {NodeJS.ProcessEnv} how.env
 * @returns {Site}
 *
 * @typedef {object} Site
 * @property {string} django its version
 * @property {boolean} debug
 * @property {string} secretKey not to be shown
 * @property {string[]} secretKeyFallbacks not to be shown
 * @property {string} engine of its sessions
 * @property {string} serializer
 * @property {boolean} writesJson whether the serializer does, which alone the Worker reads
 * @property {string} cookieName
 * @property {string | null} cookieDomain
 * @property {string} cookiePath
 * @property {number} cookieAge in seconds
 * @property {string | false | null} sameSite
 * @property {string | null} staticUrl
 * @property {string | null} mediaUrl
 * @property {string[]} allowedHosts
 * @property {boolean} usesForwardedHost
 * @property {[string, string] | null} proxySslHeader
 * @property {boolean} redirectsToTls
 * @property {string | null} loginPath
 * @property {SessionTable | null} sessionTable where the backends `db` and `cached_db` keep sessions
 * @property {SessionCache | null} sessionCache where `cache` and `cached_db` do
 * @property {string} sessionFolder where `file` does
 * @property {boolean} usesTimeZones
 *
 * @typedef {object} SessionTable
 * @property {string} engine of its database
 * @property {string} name of the database
 * @property {string} path the same, where it is a file
 * @property {string} user
 * @property {string} password not to be shown
 * @property {string} host
 * @property {string} port
 * @property {Record<string, unknown>} options
 * @property {string | null} timeZone
 * @property {string} table
 * @property {[string, string, string]} columns with the key, the session, its end
 *
 * @typedef {object} SessionCache
 * @property {string} backend
 * @property {string[]} locations not to be shown
 * @property {string} prefix
 * @property {number} version
 * @property {unknown} keyFunction
 * @property {Record<string, unknown>} options
 */
export function readSite(manage, { python, env }) {
  const path = resolve(manage);
  if (!existsSync(path)) throw inputProblem(`--django: there is no ${manage}: the path of the site's manage.py is expected`);
  const program = python ?? pythonOf(dirname(path), env);
  const { error, status, stdout, stderr } = spawnSync(program, [path, 'shell', '-c', script], {
    cwd: dirname(path),
    // A site may print what it likes while it starts; what it says is read as UTF-8.
    env: { ...env, PYTHONIOENCODING: 'utf-8', PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
    timeout: MILLISECONDS,
    maxBuffer: 16 << 20,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error?.code === 'ENOENT') throw inputProblem(`there is no ${program}: name the site's Python with --python`);
  if (error?.code === 'ETIMEDOUT') throw inputProblem(`${manage} did not answer within ${MILLISECONDS / 1000} s: does it start at all? ${program} ${manage} check`);
  const line = stdout?.split('\n').find(line => line.startsWith(MARK));
  if (error || status !== 0 || !line) throw inputProblem(refusal(manage, program, stderr ?? ''));
  return JSON.parse(line.slice(MARK.length));
}

/** What keeps its sessions: the visitor's cookie, or the site itself. */
export const keepsSessionsItself = site => site.engine !== COOKIES;

/** Whether Django's own check calls the key weak, as the Worker does. */
export const isWeak = key => key.length < 50 || new Set(key).size < 5 || key.startsWith('django-insecure-');

function pythonOf(folder, env) {
  const within = home => join(home, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const homes = [env.VIRTUAL_ENV, ...['.venv', 'venv', 'env', '../.venv', '../venv'].map(name => join(folder, name))];
  return homes.filter(Boolean).map(within).find(existsSync) ?? (process.platform === 'win32' ? 'python' : 'python3');
}

function refusal(manage, program, stderr) {
  // The last line of a traceback is what went wrong; the lines before it may show values of settings.
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const cure = /No module named 'django'|import Django/.test(stderr)
    ? `${program} has no Django: name the site's Python with --python`
    : `see ${program} ${manage} check; what it needs of the environment is to be set here, too`;
  return `${manage} could not be asked${last ? ` (${last.slice(0, 200)})` : ''}: ${cure}`;
}
