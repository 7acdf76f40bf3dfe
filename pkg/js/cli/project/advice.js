// What a site's settings have to say before it can stand behind the Worker, as lines to paste.

import { isWeak } from './site.js';
import { hasView } from './worker.js';

/** Browsers of `edge-session dev` ask this one. */
const LOCAL = 'localhost';

/**
 * @param {import('./site.js').Site} site
 * @param {import('./worker.js').Plan} plan
 * @param {string} local where the site is on this machine, as an address
 * @returns {Change[]} only what is not so already
 *
 * @typedef {object} Change
 * @property {string} file where the lines go
 * @property {string} lines Python
 * @property {string} why
 */
export function changesOf(site, plan, local) {
  const changes = [];
  const settings = (lines, why) => changes.push({ file: 'settings.py', lines, why });
  const missing = hosts => hosts.filter(host => host !== undefined && !admits(site, host, plan.host === undefined));
  const browsers = missing([plan.host, LOCAL]);
  if (browsers.length > 0)
    settings(`ALLOWED_HOSTS += ${python(browsers)}`, `the hosts that browsers ask: without ${browsers.length > 1 ? 'them' : 'it'} every page is 400${browsers.includes(LOCAL) ? '; localhost is for edge-session dev' : ''}`);
  const own = hasView(plan) ? missing([...new Set([plan.origin, local].map(address => new URL(address).hostname))]).filter(host => !browsers.includes(host)) : [];
  if (own.length > 0) settings(`ALLOWED_HOSTS += ${python(own)}`, 'the hosts at which the Worker asks the site for its sessions');
  if (!site.usesForwardedHost) settings('USE_X_FORWARDED_HOST = True', 'or links in mails and redirects name the origin, and forms are refused');
  if (site.proxySslHeader?.join() !== 'HTTP_X_FORWARDED_PROTO,https')
    settings(
      'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
      site.redirectsToTls ? 'or SECURE_SSL_REDIRECT redirects every page to itself' : 'or links say http://',
    );
  if (!site.writesJson)
    settings(
      'SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"',
      `the Worker reads JSON alone; with ${site.serializer} nobody would be logged in`,
    );
  if (isWeak(site.secretKey)) settings('SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", SECRET_KEY)', 'in production a key in the environment that Django’s own check does not call weak; here the one that is there will do');
  if (hasView(plan)) {
    settings('EDGE_SESSION_STORE_KEYS = [os.environ["SESSION_ORIGIN_STORE_KEY"]]', 'the key by which the Worker asks the site for its sessions; it is in .dev.vars');
    changes.push({
      file: 'urls.py',
      lines: 'from django.urls import path\nfrom session_store import answer\n\nurlpatterns += [path("session-store/<kind>/<name>", answer)]',
      why: 'session_store.py is in the Worker’s folder: copy it beside manage.py',
    });
  }
  if (changes.some(({ lines }) => lines.includes('os.environ'))) changes.unshift({ file: 'settings.py', lines: 'import os', why: 'for what follows, if it is not there already' });
  return changes;
}

/** Whether Django takes a request for this host, by the rules of its `ALLOWED_HOSTS`; an empty list that stays so means localhost. */
function admits({ allowedHosts, debug }, host, staysEmpty) {
  if (allowedHosts.length === 0) return staysEmpty && debug && host === LOCAL;
  return allowedHosts.some(allowed => {
    const pattern = allowed.toLowerCase();
    return pattern === '*' || pattern === host || (pattern.startsWith('.') && (host.endsWith(pattern) || host === pattern.slice(1)));
  });
}

const python = list => `[${list.map(text => JSON.stringify(text)).join(', ')}]`;
