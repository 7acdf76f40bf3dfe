// The settings of a Worker before a site: wrangler.jsonc, with its reasons.

import { keepsSessionsItself } from './site.js';
import { WORKER_SETTINGS } from './worker_settings.js';

const DAY = 86_400_000;
const DEFAULT_AGE = WORKER_SETTINGS.SESSION_IDLE_SECONDS.default;
const DEFAULT_ABSOLUTE = WORKER_SETTINGS.SESSION_ABSOLUTE_SECONDS.default;
/** Not before 2024-11-11: since then a Worker can fetch past the platform's cache. */
const COMPATIBILITY_DATE = '2026-10-01';

/**
 * @param {Plan} plan
 * @param {number} now
 * @returns {string}
 *
 * @typedef {object} Plan
 * @property {string} name of the Worker
 * @property {string} origin where the site is
 * @property {string} [host] that browsers ask; without one the Worker has an address of workers.dev
 * @property {string} [zone] of Cloudflare's that the host is in, for a route
 * @property {'transcode' | 'rows' | 'headers'} protocol
 * @property {string} store
 * @property {Record<string, string | number | string[]>} [django] where the native server finds the site's own sessions
 * @property {import('./site.js').Site} [site]
 */
export function configText(plan, now) {
  const text = value => JSON.stringify(value);
  const routes = routesOf(plan);
  const variables = variablesOf(plan, now);
  const lines = (settings, indent) => settings.map(([name, value, why]) => `${why.map(line => `${indent}// ${line}\n`).join('')}${indent}${text(name)}: ${text(value)}`).join(',\n');
  // Stores by name are of one environment alone.
  const bindings = (indent, name) => bindingsOf(plan, name).map(line => `${indent}${line},\n`).join('');
  const staging = variables
    .filter(([name]) => name !== 'SESSION_AUDIENCE')
    .map(([name, value]) => [name, value, name === 'ORIGIN_URL' ? ['The site of staging, if there is one of its own.'] : []]);
  return `// Made by edge-session init. Settings that are not here have their defaults: an editor shows them, docs/SETTINGS.md too.
{
  "$schema": "node_modules/edge-session-worker/wrangler.schema.json",
  "name": ${text(plan.name)},
  "main": "index.js",
  "compatibility_date": "${COMPATIBILITY_DATE}",
  "send_metrics": false,
  "observability": { "enabled": true },

${routes.why.map(line => `  // ${line}\n`).join('')}${routes.lines.map(line => `  ${line},\n`).join('')}
${bindings('  ', plan.name)}
  // Numbers for SQL, besides /_session/metrics (docs/WATCH.md#analytics-engine). The first data point makes the dataset.
  // "analytics_engine_datasets": [{ "binding": "SESSIONS_ANALYTICS", "dataset": ${text(plan.name.replaceAll('-', '_'))} }],

  "vars": {
${lines(variables, '    ')}
  },

  // A Worker of its own beside it: edge-session deploy --env staging. wrangler hands down neither bindings nor vars.
  "env": {
    "staging": {
      "workers_dev": true,
${plan.host === undefined ? '' : '      // Not those of production, which it would take over.\n      "routes": [],\n'}${bindings('      ', `${plan.name}-staging`)}      "vars": {
        // Bound into every cookie, so that none of staging counts in production.
        "SESSION_AUDIENCE": "staging",
${lines(staging, '        ')}
      }
    }
  }
}
`;
}

/** `[name, value, lines of comment]` of each variable. */
function variablesOf(plan, now) {
  const { origin, protocol, store, site } = plan;
  const variables = [['ORIGIN_URL', origin, ['Where the site really is: a host name that the public DNS knows. .dev.vars has the one of this machine.']]];
  const add = (name, value, ...why) => variables.push([name, value, why]);
  if (protocol !== 'transcode') add('SESSION_PROTOCOL', protocol, protocol === 'rows' ? 'The site keeps its sessions itself.' : 'The site speaks x-session and session-patch.');
  add('SESSION_STORE', store, ...(STORES[store] ?? []));
  if (store.includes('origin')) add('SESSION_ORIGIN_STORE_URL', `${origin}/session-store`, hasView(plan) ? 'Where session_store.py answers in the site.' : 'Where edge-session-server answers, with TLS.');
  const files = [site?.staticUrl ?? '/static/', site ? site.mediaUrl : '/media/'].filter(isPrefix);
  add(
    'SESSION_ROUTES',
    Object.fromEntries([['/', 'optional'], ...files.map(prefix => [prefix, 'public'])]),
    'Nobody needs a session for files. Take out what not everybody may see.',
  );
  if (site) {
    const { cookieName, cookieDomain, cookiePath, cookieAge, sameSite } = site;
    if (cookieName !== 'sessionid') add('ORIGIN_COOKIE', cookieName, 'The site’s SESSION_COOKIE_NAME, _DOMAIN and _PATH.');
    if (cookieDomain) add('ORIGIN_COOKIE_DOMAIN', cookieDomain);
    if (cookiePath !== '/') add('ORIGIN_COOKIE_PATH', cookiePath);
    if (/^(strict|none)$/i.test(sameSite || 'lax')) add('SESSION_SAME_SITE', sameSite.toLowerCase());
    if (cookieAge !== DEFAULT_AGE) add('SESSION_IDLE_SECONDS', String(cookieAge), 'The site’s SESSION_COOKIE_AGE.');
    if (cookieAge > DEFAULT_ABSOLUTE) add('SESSION_ABSOLUTE_SECONDS', String(cookieAge));
  }
  if (protocol === 'transcode') {
    const age = (site?.cookieAge ?? DEFAULT_AGE) * 1000;
    add(
      'SESSION_ACCEPT',
      [{ envelope: 'sealed' }, { envelope: 'django', issued_before: day(now + DAY), until: day(now + age + 2 * DAY) }],
      'Visitors who hold a plain Django cookie move over, if it was signed up to the day of the deployment: set issued_before to the day',
      'after it, and until to Django’s SESSION_COOKIE_AGE after that. Whoever finds a plain cookie later has nothing of it.',
    );
  }
  return variables;
}

const STORES = {
  do: ['What does not fit a cookie goes into a Durable Object: seen at once everywhere, nothing to create.'],
  kv: ['What does not fit a cookie goes into Workers KV: seen within a minute elsewhere. The first deployment makes the namespace.'],
  d1: ['What does not fit a cookie goes into D1. The first deployment makes the database, and its tables.'],
  none: ['What does not fit a cookie is not saved, and a log out does not reach copies of the cookie.'],
};

function bindingsOf({ store }, name) {
  const lines = [];
  const uses = kind => store.split('+').includes(kind);
  if (uses('kv')) lines.push('"kv_namespaces": [{ "binding": "SESSIONS" }]');
  if (uses('d1'))
    lines.push(`"d1_databases": [{ "binding": "SESSIONS_DB", "database_name": "${name}", "migrations_dir": "node_modules/edge-session-worker/migrations" }]`);
  if (uses('r2')) lines.push(`"r2_buckets": [{ "binding": "SESSIONS_BUCKET", "bucket_name": "${name}" }]`);
  if (uses('do'))
    lines.push(
      '"durable_objects": { "bindings": [{ "name": "SESSIONS_OBJECT", "class_name": "SessionShard" }] }',
      '"migrations": [{ "tag": "v1", "new_sqlite_classes": ["SessionShard"] }]',
    );
  if (uses('d1') || uses('r2')) lines.push('"triggers": { "crons": ["*/5 * * * *"] }');
  return lines;
}

// A route leads past itself to the site's own address; a custom domain is the Worker's alone.
function routesOf({ host, zone, origin }) {
  if (host === undefined) return { why: ['No host of your own yet: name.account.workers.dev. Later "routes" with your host, and "workers_dev": false.'], lines: ['"workers_dev": true'] };
  const own = ['"workers_dev": false', '"preview_urls": false'];
  if (new URL(origin).hostname === host || zone !== undefined)
    return {
      why: ['Before the site, on the host that it has. The zone is the domain in your Cloudflare account; the host’s DNS record has to be proxied.'],
      lines: [`"routes": [{ "pattern": ${JSON.stringify(`${host}/*`)}, "zone_name": ${JSON.stringify(zone ?? zoneOf(host))} }]`, ...own],
    };
  return {
    why: ['The host is the Worker’s own: Cloudflare makes the DNS record and the certificate. A record that is there already has to go first.'],
    lines: [`"routes": [{ "pattern": ${JSON.stringify(host)}, "custom_domain": true }]`, ...own],
  };
}

/** The last two parts of a host, which is the zone of most. */
const zoneOf = host => host.split('.').slice(-2).join('.');

const isPrefix = path => typeof path === 'string' && /^\/.+/.test(path) && !path.startsWith('//');

/** The day of the calendar, in UTC. */
export const day = milliseconds => new Date(milliseconds).toISOString().slice(0, 10);

/** How a site's sessions are taken over, as its settings tell. */
export const protocolOf = site => (site !== undefined && keepsSessionsItself(site) ? 'rows' : 'transcode');

/** Whether a view in the site answers for its sessions. */
export const hasView = ({ protocol, store, django }) => protocol === 'rows' && store === 'origin' && django === undefined;

/** Whether a native server answers: for records, or for the sessions that the site keeps. */
export const hasServer = plan => plan.store.includes('origin') && !hasView(plan);

/** Whether the Worker needs the site's SECRET_KEY: for its cookies, or for the rows that it keeps. */
export const verifiesDjango = ({ protocol }) => protocol !== 'headers';
