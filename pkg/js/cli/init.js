// edge-session init

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { generateKey } from '../index.js';
import { inputProblem, usageProblem } from './problem.js';
import { changesOf } from './project/advice.js';
import { writeTogether } from './project/files.js';
import { sessionPlace } from './project/session_place.js';
import { isWeak, readSite } from './project/site.js';
import { storeOfDjango } from './project/site_store.js';
import { readVariables, variableLine } from './project/variables_file.js';
import { configText, hasServer, hasView, protocolOf, verifiesDjango } from './project/worker.js';
import { WORKER_SETTINGS } from './project/worker_settings.js';
import { version } from './version.js';

export const summary = 'the folder of a Worker before your site';

export const help = `usage: edge-session init [options] [<folder>]

Makes what a Worker before a site needs: wrangler.jsonc, index.js (one line), package.json, .gitignore, and .dev.vars
with new keys for this machine, which are not shown. Asks for what is not given. Files that are there are never
replaced without a question; keys that are there stay.

  --django PATH        the site's manage.py: engine, cookies, ages, static files, hosts and proxy settings are read from
                       the site itself, and what of them has to change is said
  --python PATH        the Python that has the site's packages; looked for beside manage.py
  --origin URL         where the site really is, https://origin.shop.example
  --host NAME          that browsers ask, shop.example; none: an address of workers.dev
  --zone NAME          of Cloudflare's, for a route; without it a host other than the site's own is a custom domain
  --local URL          where the site is on this machine, default http://127.0.0.1:8000
  --protocol NAME      transcode (Django's signed cookies), rows (Django keeps its sessions itself), headers (any other)
  --store NAME         do (default), kv, d1, r2, origin, kv+do, kv+d1, kv+r2, kv+origin, none. Said with rows, origin is the
                       native server (docs/SERVER.md), if it can read the site's sessions where they are; else, as when
                       nothing is said, a view in the site
  --name NAME          of the Worker, default edge-session
  --yes                takes the defaults instead of asking, as it does where nobody can be asked
  --force              replaces files that are there, but no keys

exit code: 0 done; 2 used wrongly; 3 the site or a file cannot be read
`;

export const options = {
  django: { type: 'string' },
  python: { type: 'string' },
  origin: { type: 'string' },
  host: { type: 'string' },
  zone: { type: 'string' },
  local: { type: 'string' },
  protocol: { type: 'string' },
  store: { type: 'string' },
  name: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  force: { type: 'boolean' },
};

const PROTOCOLS = WORKER_SETTINGS.SESSION_PROTOCOL.allowed;
const STORES = WORKER_SETTINGS.SESSION_STORE.allowed;
/** Its oldest version whose `dev` knows what ours says. */
const WRANGLER = '^4.156.0';
const LOCAL = 'http://127.0.0.1:8000';
/** Where the native server listens unless it is told otherwise. */
const SERVER = 'http://127.0.0.1:8790';

export async function run({ values, positionals, env, now, dialogue, terminal }) {
  if (positionals.length > 1) throw usageProblem(`one folder is expected, there are ${positionals.length} arguments`);
  const folder = resolve(positionals[0] ?? '.');
  const site = values.django === undefined ? undefined : readSite(values.django, { python: values.python, env });
  const plan = { ...(await planOf(values, site, dialogue)), site };
  const place = plan.protocol === 'rows' && values.store === 'origin' && site ? sessionPlace(site) : {};
  plan.django = place.settings;
  const local = values.local === undefined ? LOCAL : url(values.local, '--local');
  const files = filesOf(plan, { folder, local, env, now });
  const chosen = await withoutReplaced(files, folder, values, dialogue);
  writeTogether(folder, chosen);

  const changes = site ? changesOf(site, plan, local) : [];
  const missing = verifiesDjango(plan) && !readVariables(read(join(folder, '.dev.vars'))).DJANGO_SECRET_KEY;
  return {
    text: [
      ...chosen.map(({ name, what }) => `${terminal.green('wrote')}  ${name.padEnd(16)} ${what}`),
      ...(chosen.length === 0 ? [terminal.green('Everything is there already.')] : []),
      '',
      ...(place.why ? [`The native server cannot read the site’s sessions, since ${place.why}: a view in the site does.`, ''] : []),
      ...changeLines(changes, site, terminal),
      ...nextLines(plan, { folder, local, missing }),
    ].join('\n'),
    json: {
      folder,
      wrote: chosen.map(({ name }) => name),
      name: plan.name,
      origin: plan.origin,
      host: plan.host,
      protocol: plan.protocol,
      store: plan.store,
      changes,
      ...(missing && { missing: ['DJANGO_SECRET_KEY'] }),
    },
  };
}

async function planOf(values, site, dialogue) {
  const given = async (option, question, preset, read) => {
    const value = values[option];
    if (value !== undefined) return read(value);
    if (preset !== undefined && (values.yes || !dialogue.isPossible)) return read(preset);
    if (values.yes) throw usageProblem(`--${option} is to be said: it has no default`);
    return dialogue.ask(question, { preset, option: `--${option}`, read });
  };
  const host = await given('host', 'Host that browsers ask, as shop.example; - for none yet', hostOf(site) ?? '-', text => (text === '-' || text === '' ? undefined : hostName(text)));
  const origin = await given('origin', 'Where the site really is, as https://origin.shop.example', host && `https://${host}`, text => url(text, '--origin'));
  const protocol = await given('protocol', `How the site speaks of sessions: ${PROTOCOLS.join(', ')}`, protocolOf(site), oneOf(PROTOCOLS, '--protocol'));
  const store = await given('store', 'What keeps what no cookie holds: do, kv, d1, …', protocol === 'rows' ? 'origin' : 'do', oneOf(STORES, '--store'));
  if (protocol === 'rows' && !['origin', 'd1'].includes(store)) throw usageProblem('--store: with rows it is origin, or d1 for a site whose database is D1');
  const name = values.name === undefined ? 'edge-session' : workerName(values.name);
  const zone = values.zone === undefined ? undefined : hostName(values.zone, '--zone');
  return { name, origin, host, zone, protocol, store };
}

// Only one name without a pattern in it is the host that browsers ask.
function hostOf(site) {
  const named = (site?.allowedHosts ?? []).filter(host => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(host) && /[a-z]/i.test(host));
  return named.length === 1 ? named[0] : undefined;
}

function filesOf(plan, { folder, local, env, now }) {
  const kept = name => (existsSync(join(folder, name)) ? read(join(folder, name)) : undefined);
  const files = [
    { name: 'wrangler.jsonc', text: configText(plan, now), what: 'the settings' },
    { name: 'index.js', text: `export { default, SessionShard } from 'edge-session-worker';\n`, what: 'the Worker' },
    { name: '.dev.vars', text: secretsText(kept('.dev.vars') ?? '', plan, { local, env }), mode: 0o600, adds: true, what: 'keys for this machine' },
    { name: '.gitignore', text: withLines(kept('.gitignore') ?? '', ['node_modules/', '.wrangler/', '.dev.vars*', '*.keys.json*', ...(hasServer(plan) ? ['server.toml', 'sessions.sqlite3*'] : [])]), adds: true, what: 'no keys under version control' },
    { name: 'package.json', text: packageText(kept('package.json'), plan), adds: true, what: 'what npm install brings' },
  ];
  if (hasServer(plan)) files.push({ name: 'server.toml', text: serverText(plan, files), mode: 0o600, what: 'for edge-session-server on this machine, with the same key' });
  if (hasView(plan)) files.push({ name: 'session_store.py', text: storeOfDjango, what: 'to copy beside manage.py' });
  return files.filter(({ name, text }) => text !== kept(name));
}

/** The other side of the store: its key is the Worker's. */
function serverText({ django }, files) {
  const { SESSION_ORIGIN_STORE_KEY: key } = readVariables(files.find(({ name }) => name === '.dev.vars').text);
  return `# edge-session-server --settings server.toml serve
# A deployed Worker has a key of its own, which edge-session deploy keeps in *.keys.json: the server there gets that one.
keys = ${JSON.stringify(key.split(/\s+/))}

# Where records are kept: sqlite:, file:, postgres:, mysql:, redis: or memcached:.
store = "sqlite:sessions.sqlite3"
# The network wants TLS: tls_certificate and tls_key, or a proxy that has it.
listen = ${JSON.stringify(new URL(SERVER).host)}
${django === undefined ? '' : djangoText(django)}`;
}

/** Where the site keeps its sessions; the names and passwords are the site's own. */
const djangoText = django => `
# The site's own sessions, where it keeps them: docs/ROWS.md. A user of the database's own with SELECT, UPDATE and DELETE on this table is enough.
[django]
${Object.entries(django).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`).join('')}`;

// What adds to a file leaves in it what it has; any other is there or is not.
async function withoutReplaced(files, folder, values, dialogue) {
  const chosen = [];
  for (const file of files) {
    if (file.adds || values.force || !existsSync(join(folder, file.name))) chosen.push(file);
    else if (await dialogue.agreed(`${file.name} is there. Replace it?`)) chosen.push(file);
    else if (!dialogue.isPossible) throw inputProblem(`${join(folder, file.name)} is there and is not replaced; nothing was written. --force replaces it, or name another folder`);
  }
  return chosen;
}

/** What is there stays, comments and all; what is missing comes behind it. */
function secretsText(before, plan, { local, env }) {
  const { protocol, store, site } = plan;
  const there = readVariables(before);
  const django = verifiesDjango(plan) ? (site?.secretKey ?? env.DJANGO_SECRET_KEY) : undefined;
  const fallbacks = verifiesDjango(plan) ? (site?.secretKeyFallbacks ?? []) : [];
  const wanted = {
    SESSION_KEYS: generateKey(),
    SESSION_API_TOKEN: randomBytes(32).toString('base64url'),
    ...(protocol === 'headers' && { SESSION_ORIGIN_KEY: generateKey() }),
    ...(store.includes('origin') && { SESSION_ORIGIN_STORE_KEY: generateKey(), SESSION_ORIGIN_STORE_URL: `${hasServer(plan) ? SERVER : local}/session-store` }),
    ...(django && { DJANGO_SECRET_KEY: django }),
    ...(fallbacks.length > 0 && { DJANGO_SECRET_KEY_FALLBACKS: JSON.stringify(fallbacks) }),
    ...(django && [django, ...fallbacks].some(isWeak) && { ALLOW_WEAK_DJANGO_SECRET: 'true' }),
    ORIGIN_URL: local,
  };
  const head = before === '' ? '# For wrangler dev on this machine. A deployed Worker gets keys of its own: edge-session deploy.\n' : before.replace(/\n?$/, '\n');
  return head + Object.entries(wanted).filter(([name]) => there[name] === undefined).map(([name, value]) => `${variableLine(name, value)}\n`).join('');
}

function packageText(before, { name }) {
  let description;
  try {
    description = before === undefined ? { name, private: true } : JSON.parse(before);
  } catch {
    throw inputProblem('package.json is not JSON; nothing was written');
  }
  const own = `^${version()}`;
  const added = (there, wanted) => ({ ...wanted, ...there });
  const has = dependency => [description.dependencies, description.devDependencies].some(list => list?.[dependency] !== undefined);
  const missing = wanted => Object.fromEntries(Object.entries(wanted).filter(([dependency]) => !has(dependency)));
  const changed = {
    ...description,
    type: description.type ?? 'module',
    scripts: added(description.scripts, { dev: 'edge-session dev', deploy: 'edge-session deploy', check: 'edge-session check' }),
    dependencies: added(description.dependencies, missing({ 'edge-session-worker': own })),
    devDependencies: added(description.devDependencies, missing({ 'edge-session': own, wrangler: WRANGLER })),
  };
  return `${JSON.stringify(changed, undefined, 2)}\n`;
}

function withLines(text, lines) {
  const there = text.split(/\r?\n/);
  const missing = lines.filter(line => !there.includes(line));
  return missing.length === 0 ? text : `${text}${text && !text.endsWith('\n') ? '\n' : ''}${missing.join('\n')}\n`;
}

function changeLines(changes, site, terminal) {
  if (site === undefined) return ['The site’s settings were not read (--django): docs/DJANGO.md has what they need.', ''];
  if (changes.length === 0) return [terminal.green('The site’s settings need no change.'), ''];
  const files = [...new Set(changes.map(({ file }) => file))];
  return files.flatMap(file => [
    terminal.bold(`Into the site’s ${file}:`),
    ...changes.filter(change => change.file === file).flatMap(({ lines, why }) => [terminal.dim(`    # ${why}`), ...lines.split('\n').map(line => (line ? `    ${line}` : ''))]),
    '',
  ]);
}

function nextLines(plan, { folder, local, missing }) {
  const place = relative('.', folder);
  const { protocol } = plan;
  return [
    'Next:',
    ...(missing ? ['  put DJANGO_SECRET_KEY=… into .dev.vars, the SECRET_KEY of the site'] : []),
    ...(hasView(plan)
      ? [`  start the site with the key in its environment: export SESSION_ORIGIN_STORE_KEY=$(sed -n 's/^SESSION_ORIGIN_STORE_KEY=//p' ${join(folder, '.dev.vars')})`]
      : []),
    ...(place ? [`  cd ${place}`] : []),
    '  npm install',
    ...(hasServer(plan) ? [`  edge-session-server --settings server.toml serve      ${protocol === 'rows' ? 'reads the site’s sessions' : 'keeps what no cookie holds'}: docs/SERVER.md`] : []),
    `  npx edge-session dev      with the site running at ${local}`,
    ...(protocol === 'rows' ? [] : ['  The site’s server has to take long headers: gunicorn with --limit-request-field_size 1048576; others: docs/DJANGO.md']),
  ];
}

function url(text, option) {
  let read;
  try {
    read = new URL(text);
  } catch {
    // Said below.
  }
  if (!read || !/^https?:$/.test(read.protocol) || read.pathname !== '/' || read.search || read.username)
    throw usageProblem(`${option}: an address of scheme, host and port is expected, as https://origin.shop.example`);
  return read.origin;
}

function hostName(text, option = '--host') {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/i.test(text)) throw usageProblem(`${option}: a host name is expected, as shop.example`);
  return text.toLowerCase();
}

function workerName(text) {
  if (!/^[a-z0-9][a-z0-9-]{0,53}$/.test(text)) throw usageProblem('--name: up to 54 of a-z, 0-9 and - are expected');
  return text;
}

const oneOf = (allowed, option) => text => {
  if (!allowed.includes(text)) throw usageProblem(`${option}: one of ${allowed.join(', ')} is expected`);
  return text;
};

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw inputProblem(`cannot read ${basename(path)} (${error.code}); nothing was written`);
  }
}
