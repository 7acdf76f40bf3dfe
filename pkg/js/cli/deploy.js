// edge-session deploy

import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateKey, keyId } from '../index.js';
import { words } from '../inspect/keys.js';
import { asker } from './ask.js';
import { checked, reported } from './check.js';
import { placeOf } from './check/place.js';
import { textOf } from './input.js';
import { inputProblem, usageProblem } from './problem.js';
import { writeTogether } from './project/files.js';
import { ringInFile } from './project/kept_ring.js';
import { ringFrom } from './project/ring.js';
import { readSecrets } from './project/secrets_file.js';
import { isWeak, readSite } from './project/site.js';
import { noteDeployed } from './project/waiting_key.js';
import { day, verifiesDjango } from './project/worker.js';
import { EXAMPLE_MARK, WORKER_SETTINGS } from './project/worker_settings.js';
import { wranglerOf } from './project/wrangler.js';

export const summary = 'wrangler deploy, with keys that are kept, and a check';

export const help = `usage: edge-session deploy [options] [<folder>] [-- wrangler's own options]

Deploys the Worker of a folder with wrangler, its secrets with it, and checks it from outside. Secrets come from a file
that you keep, because Cloudflare shows none again: without it there is no rotating. If it is not there it is made, with
new keys, readable by you alone. wrangler has to be logged in: npx wrangler login, or CLOUDFLARE_API_TOKEN.

  --keys FILE    the secrets as JSON, default production.keys.json, or that of --env, in the folder; put it where you
                 keep secrets, and never under version control
  --django PATH  the site's manage.py, for a new file: DJANGO_SECRET_KEY as the site has it; or in the environment
  --python PATH  the Python that has the site's packages
  --env NAME     an environment of wrangler.jsonc: staging
  --url URL      where to check it, if wrangler.jsonc names no host
  --dry-run      does everything but deploy
  --yes          deploys although visitors would be logged out who hold a plain cookie, or get one under a new key that
                 the version before does not know

exit code: 0 deployed, and the check is good; 1 it is deployed, and something does not work; 2 used wrongly; 3 the
secrets are not complete, or a file cannot be read; that of wrangler if it failed
`;

export const options = {
  keys: { type: 'string' },
  django: { type: 'string' },
  python: { type: 'string' },
  env: { type: 'string' },
  url: { type: 'string' },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
};

/** What stands behind -- is wrangler's. */
export const startsCommand = true;

/** How long a deployment may take to be seen. */
const MILLISECONDS = 60_000;
const DAY = 86_400_000;

export async function run({ values, positionals, command, env, now, terminal, report }) {
  if (positionals.length > 1) throw usageProblem(`one folder is expected, there are ${positionals.length} arguments`);
  const wrangler = wranglerOf(positionals[0] ?? '.');
  const config = await wrangler.config(values.env);
  const { vars } = config;
  refuseSecrets(vars);
  refuseLocal(vars);
  const file = resolve(values.keys ?? join(wrangler.folder, `${values.env ?? 'production'}.keys.json`));
  refuseExamples(vars, 'wrangler.jsonc');
  const secrets = secretsOf(file, { vars, values, env, report });
  const url = values.url === undefined ? addressOf(config) : new URL(values.url);
  if (!values.yes) {
    const health = url && (await healthOf(url));
    refuseLateMove(vars, health, now);
    refuseUnknownKey(secrets, health, url);
  }

  // An empty name is the one without a name, which wrangler wants said where there are others.
  const environment = ['--env', values.env ?? ''];
  const databases = config.d1_databases.map(({ binding, database_id: id }) => ({ binding, isNew: id === undefined }));
  const migrate = ({ binding }) => wrangler.run(['d1', 'migrations', 'apply', binding, '--remote', ...environment]);
  if (values['dry-run']) {
    await wrangler.run(['deploy', '--dry-run', '--secrets-file', file, ...environment, ...command]);
    return { text: `Nothing was deployed. The secrets would be those of ${file}: ${Object.keys(secrets).join(', ')}.`, json: { deployed: false, keys: file, secrets: Object.keys(secrets) } };
  }
  // Tables first, so that no version finds them missing; a database that the deployment makes gets them right after.
  for (const database of databases.filter(({ isNew }) => !isNew)) await migrate(database);
  await wrangler.run(['deploy', '--secrets-file', file, ...environment, ...command]);
  const waiting = noteDeployed(ringInFile(file));
  if (waiting) report(`${waiting.id} reads now, and waits to write: edge-session rotate --from-file ${file} goes on with it`);
  for (const database of databases.filter(({ isNew }) => isNew)) await migrate(database);

  if (url === undefined) return { text: 'Deployed. wrangler.jsonc names no host: npx edge-session check https://… with the address that wrangler said.', json: { deployed: true, keys: file } };
  const findings = await checkedSoon(url, vars, secrets);
  const isGood = !findings.some(({ state }) => state === 'bad');
  return { text: reported(findings, url, terminal), json: { deployed: true, keys: file, address: url.origin, good: isGood, findings }, isGood };
}

/** What stands in a file under version control is no secret any more, and takes the place of the one that is. */
function refuseSecrets(vars) {
  const name = Object.keys(vars).find(name => WORKER_SETTINGS[name]?.secret);
  if (name !== undefined) throw inputProblem(`${name} is among the vars of wrangler.jsonc, and it is a secret: take it out there, and make a new one, as others may have read it`);
}

/** The Worker would refuse them, and forward nothing. */
function refuseExamples(settings, place) {
  const name = Object.keys(settings).find(name => WORKER_SETTINGS[name]?.own && String(settings[name]).includes(EXAMPLE_MARK));
  if (name !== undefined) throw inputProblem(`${name} of ${place} is an example's value, which everybody knows: put your own there`);
}

function refuseLocal({ ORIGIN_URL: origin }) {
  let host;
  try {
    ({ hostname: host } = new URL(origin));
  } catch {
    throw inputProblem('ORIGIN_URL of wrangler.jsonc is no address: https://origin.shop.example is expected, where the site really is');
  }
  if (/^(localhost|127\.|10\.|192\.168\.|\[)/.test(host)) throw inputProblem(`ORIGIN_URL of wrangler.jsonc is ${origin}, which Cloudflare does not reach: it has to be a host name that the public DNS knows`);
}

/** The secrets of the file; it is made or completed first, as far as what is missing can be made. */
function secretsOf(file, { vars, values, env, report }) {
  const there = existsSync(file) ? readSecrets(textOf(file, 'the keys'), file) : undefined;
  const secrets = { ...there };
  const protocol = vars.SESSION_PROTOCOL ?? 'transcode';
  secrets.SESSION_KEYS ??= generateKey();
  secrets.SESSION_API_TOKEN ??= randomBytes(32).toString('base64url');
  if (protocol === 'headers') secrets.SESSION_ORIGIN_KEY ??= generateKey();
  if (/origin/.test(vars.SESSION_STORE ?? '')) secrets.SESSION_ORIGIN_STORE_KEY ??= generateKey();
  if (verifiesDjango({ protocol })) Object.assign(secrets, djangoSecrets(secrets, values, env));
  for (const key of words(secrets.SESSION_KEYS)) {
    try {
      keyId(key.split('@', 1)[0]);
    } catch (error) {
      throw inputProblem(`SESSION_KEYS of ${file}: ${error.message}`);
    }
  }
  refuseExamples(secrets, file);
  if (JSON.stringify(secrets) !== JSON.stringify(there)) {
    writeTogether(dirname(file), [{ name: basename(file), text: `${JSON.stringify(secrets, undefined, 2)}\n`, mode: 0o600 }]);
    report(`${there === undefined ? 'made' : 'completed'} ${file}: keep it, because Cloudflare shows no secret again`);
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) report(`others can read ${file}: chmod 600`);
  if (verifiesDjango({ protocol }) && !secrets.DJANGO_SECRET_KEY) throw inputProblem(`DJANGO_SECRET_KEY is missing in ${file}: give the site's SECRET_KEY there, or --django with the path of its manage.py`);
  if (secrets.DJANGO_SECRET_KEY && isWeak(secrets.DJANGO_SECRET_KEY)) throw inputProblem(`DJANGO_SECRET_KEY of ${file} is one that Django's own check calls weak, and whoever guesses it can be anybody: give the site a new SECRET_KEY first`);
  return secrets;
}

function djangoSecrets(secrets, { django, python }, env) {
  if (secrets.DJANGO_SECRET_KEY) return {};
  if (django === undefined) return env.DJANGO_SECRET_KEY ? { DJANGO_SECRET_KEY: env.DJANGO_SECRET_KEY } : {};
  const { secretKey, secretKeyFallbacks } = readSite(django, { python, env });
  return { DJANGO_SECRET_KEY: secretKey, ...(secretKeyFallbacks.length > 0 && { DJANGO_SECRET_KEY_FALLBACKS: JSON.stringify(secretKeyFallbacks) }) };
}

// The first deployment is when visitors move over: who got a plain cookie after the day that is set would not.
function refuseLateMove({ SESSION_ACCEPT: accept }, health, now) {
  const accepted = typeof accept === 'string' ? JSON.parse(accept) : (accept ?? []);
  const late = accepted.find(({ envelope, issued_before: before }) => envelope === 'django' && before !== undefined && Date.parse(before) <= now);
  if (!late || health?.version !== undefined) return;
  throw inputProblem(
    `SESSION_ACCEPT takes plain cookies that were signed before ${late.issued_before}: who logged in since would be logged out. Set issued_before to ${day(now + DAY)} in wrangler.jsonc, and until as much later; or deploy with --yes`,
  );
}

const healthOf = async url => (await asker()(new URL('/_session/health', url)).catch(() => undefined))?.json;

// While a deployment spreads both versions answer, and the one before takes cookies under a key that it does not know for forged.
function refuseUnknownKey({ SESSION_KEYS: ring }, health, url) {
  const [first] = ringFrom(words(ring));
  if (!Array.isArray(health?.keys) || health.keys.length === 0 || health.keys.some(({ id }) => id === first.id)) return;
  throw inputProblem(
    `key ${first.id} would write, and what is deployed at ${url.host} does not know it: whoever gets a cookie under it and is answered by that version next is logged out. Let edge-session rotate put it behind first; or, for a key in the place of one that leaked, deploy with --yes`,
  );
}

/** The first host that its routes name. */
function addressOf({ routes = [], route }) {
  const [pattern] = [...(route ? [route] : []), ...routes].map(given => (typeof given === 'string' ? given : given.pattern));
  const host = pattern?.replace(/^https?:\/\//, '').split('/')[0];
  return host && !host.includes('*') ? new URL(`https://${host}`) : undefined;
}

/** Certificates and routes of a first deployment take a while to be everywhere. */
async function checkedSoon(url, { ORIGIN_URL: origin }, { SESSION_API_TOKEN: token }) {
  const deadline = Date.now() + MILLISECONDS;
  while ((await healthOf(url))?.version === undefined && Date.now() < deadline) await sleep(1000);
  return checked(placeOf({ url, ask: asker(), page: '/', token, origin: new URL(origin), login: {} }));
}
