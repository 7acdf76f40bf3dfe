// edge-session check: a deployment that is right is green, and each that is wrong in one way is named, with its cure.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { command } from './command.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { project } from './packages.mjs';
import { programs, startServer } from './servers.mjs';
import { newDjangoSecret } from './site.mjs';

const root = resolve(import.meta.dirname, '../..');
const bin = programs('tests/servers/requirements.txt');
const secret = newDjangoSecret();
const token = 'a-token-for-the-checks-of-these-tests';
const database = join(mkdtempSync(join(tmpdir(), 'edge-session-check-')), 'db.sqlite3');
const environment = { PYTHONPATH: join(root, 'tests/django_site'), DJANGO_SETTINGS_MODULE: 'site_settings', DJANGO_DATABASE: database };
const LONG_HEADERS = 'gunicorn -b 127.0.0.1:8000 --limit-request-field_size 1048576 shop.wsgi';

/** As docs/DJANGO.md wants it, and every page says its own address. */
const SETTINGS = `from shop.settings import *
DEBUG = False
ALLOWED_HOSTS = ["localhost"]
USE_X_FORWARDED_HOST = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
MIDDLEWARE += ["site_settings.own_address"]
def own_address(get_response):
    def answer(request):
        response = get_response(request)
        if request.path == "/" and not response.streaming:
            response.content += ('<link rel="canonical" href="%s">' % request.build_absolute_uri("/")).encode()
            response.headers.pop("Content-Length", None)
        return response
    return answer
class Pickle:
    def dumps(self, value):
        import pickle
        return pickle.dumps(value)
    def loads(self, text):
        import pickle
        return pickle.loads(text)
`;
const ELSEWHERE = `MIDDLEWARE += ["site_settings.elsewhere"]
def elsewhere(get_response):
    from django.http import HttpResponseRedirect
    return lambda request: HttpResponseRedirect("https://www.shop.example/") if request.path == "/" else get_response(request)
`;
const SETTINGS_OF_WORKER = {
  SESSION_KEYS: newSessionKey(),
  DJANGO_SECRET_KEY: secret,
  SESSION_API_TOKEN: token,
  SESSION_STORE: 'do',
  SESSION_ROUTES: '{"/": "optional", "/static/": "public"}',
  SESSION_ACCEPT: `[{"envelope": "sealed"}, {"envelope": "django", "issued_before": "2026-01-01", "until": "${new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10)}"}]`,
};

let here, site, edge;
before(async () => {
  here = project(['edge-session']);
  const options = { cwd: join(root, 'tests/django_site'), env: { ...process.env, ...environment, DJANGO_SETTINGS_MODULE: 'shop.settings', DJANGO_SECRET_KEY: secret, DJANGO_SUPERUSER_PASSWORD: 'lovelace', PYTHONDONTWRITEBYTECODE: '1' } };
  const manage = (...args) => promisify(execFile)(join(bin, 'python'), ['manage.py', ...args], options);
  await manage('migrate', '--verbosity', '0');
  await manage('createsuperuser', '--noinput', '--username', 'ada', '--email', 'ada@shop.example');
  site = await start('');
  edge = await startEdge({ ...SETTINGS_OF_WORKER, ORIGIN_URL: site.url });
});
after(async () => {
  await edge?.stop();
  await site?.stop();
  here?.remove();
  rmSync(database, { force: true });
});

const start = (lines, how = LONG_HEADERS) => startServer(how, { secret, bin, environment, files: { 'site_settings.py': SETTINGS + lines }, refuses: true });
const localhost = address => address.replace('127.0.0.1', 'localhost');

/** Everything that is given, and what the check makes of it. */
async function check(address, { args = [], env = {} } = {}) {
  const all = ['check', address, '--json', '--login', '/login/', '--username', 'ada', ...args];
  const { code, stdout, stderr } = await command(here.folder, all, { env: { SESSION_API_TOKEN: token, EDGE_SESSION_PASSWORD: 'lovelace', ...env } });
  assert.equal(stderr, '', stderr);
  assert.ok(!stdout.includes(token) && !stdout.includes(secret));
  return { code, findings: JSON.parse(stdout).findings };
}

test('one that is right is green, and all of it was looked at', async () => {
  const { code, findings } = await check(localhost(edge.url), { args: ['--origin', site.url] });
  assert.deepEqual(findings.filter(({ state }) => state !== 'good').map(({ check, state }) => [check, state]), [['origin', 'skipped']]);
  assert.equal(code, 0);
  const looked = findings.map(({ check }) => check);
  for (const name of ['settings', 'version', 'tls', 'page', 'addresses', 'debug', 'forged', 'oversized', 'forms', 'log-in', 'caches', 'log-out', 'revocation', 'clock']) assert.ok(looked.includes(name), name);
  assert.deepEqual(findings.filter(({ check }) => check === 'sessions').map(({ message }) => message.split(' ', 2).join(' ')), ['8 KB', '16 KB', '30 KB']);
});

/** What a proxy before the Worker makes of its answers. */
const proxied = change => async work => {
  const server = createServer((incoming, outgoing) => {
    const { hostname, port } = new URL(edge.url);
    const outward = request({ hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers, maxHeaderSize: 1 << 20 }, answer => {
      const chunks = [];
      answer.on('data', chunk => chunks.push(chunk)).on('end', () => {
        const { headers, body } = change({ path: incoming.url, cookie: incoming.headers.cookie, headers: answer.headers, body: Buffer.concat(chunks).toString() });
        delete headers['transfer-encoding'];
        outgoing.writeHead(answer.statusCode, { ...headers, 'content-length': Buffer.byteLength(body) });
        outgoing.end(body);
      });
    });
    incoming.pipe(outward);
  }).listen(0, '127.0.0.1');
  await new Promise(done => server.on('listening', done));
  try {
    await work(`http://localhost:${server.address().port}`);
  } finally {
    server.close();
  }
};

// Each is the right one but for one thing.
const SEEDS = {
  'a wrong setting': { worker: { SESSION_IDLE_SECONDS: 'soon' }, named: ['settings', 'bad', /SESSION_IDLE_SECONDS/, /wrangler\.jsonc/] },
  'a missing secret': { worker: { SESSION_KEYS: undefined }, named: ['settings', 'bad', /SESSION_KEYS/, /secret/] },
  'a misspelt setting': { worker: { SESSION_ROUTE: '{}' }, named: ['settings', 'warning', /SESSION_ROUTE\b/] },
  'plain cookies without an end': { worker: { SESSION_ACCEPT: '[{"envelope": "sealed"}, {"envelope": "django"}]' }, named: ['settings', 'warning', /SESSION_ACCEPT.*without an end/] },
  'another SECRET_KEY': { worker: { DJANGO_SECRET_KEY: newDjangoSecret() }, named: ['log-in', 'bad', /no session reached the browser.*forged/, /DJANGO_SECRET_KEY has to be/] },
  'another token': { env: { SESSION_API_TOKEN: `${token}-another` }, named: ['token', 'bad', /another SESSION_API_TOKEN/, /secret put SESSION_API_TOKEN/] },
  'no store': { worker: { SESSION_STORE: 'none' }, named: ['store', 'bad', /8 KB is not saved/, /SESSION_STORE/], also: ['revocation', 'bad', /copies of a cookie stay good/, /SESSION_REVOCATION/] },
  'D1 without its tables': {
    worker: { SESSION_STORE: 'd1' },
    break: async () => {
      const database = await edge.database();
      for (const table of ['session_record', 'session_head']) await database.prepare(`DROP TABLE ${table}`).run();
    },
    named: ['store', 'bad', /not for its tables/, /d1 migrations apply/],
  },
  'a store of the site’s that is not there': { worker: { SESSION_STORE: 'origin', SESSION_ORIGIN_STORE_URL: 'http://127.0.0.1:1/session-store', SESSION_ORIGIN_STORE_KEY: newSessionKey() }, named: ['store', 'bad', /could not be kept in origin/, /SESSION_ORIGIN_STORE_URL/] },
  'pages without a session': { worker: { SESSION_ROUTES: '{"/": "public", "/login/": "optional"}' }, named: ['forged', 'warning', /looks at no session at \//, /SESSION_ROUTES/] },
  'revocation only where a session is required': { worker: { SESSION_REVOCATION: 'required' }, named: ['revocation', 'warning', /shows pages for 14 days/, /always/] },
  'a site that is not there': { worker: { ORIGIN_URL: 'http://127.0.0.1:1' }, named: ['page', 'bad', /502/, /ORIGIN_URL/] },
  'a Worker that asks itself': { itself: true, named: ['page', 'bad', /508/, /ORIGIN_URL/] },
  'a server for short headers': { how: 'gunicorn -b 127.0.0.1:8000 shop.wsgi', named: ['sessions', 'bad', /8 KB the page is 431 instead of 200/, /--limit-request-field_size 1048576/] },
  'a server for headers of 16 KB': { how: LONG_HEADERS.replace('1048576', '14000'), named: ['sessions', 'bad', /16 KB the page is 431 instead of 200/, /--limit-request-field_size 1048576/] },
  'no USE_X_FORWARDED_HOST': { site: 'USE_X_FORWARDED_HOST = False\nALLOWED_HOSTS = ["*"]', named: ['addresses', 'bad', /address of the origin/, /USE_X_FORWARDED_HOST/], also: ['forms', 'bad', /refuses a form/, /USE_X_FORWARDED_HOST/] },
  'no ALLOWED_HOSTS': { site: 'ALLOWED_HOSTS = ["shop.example"]', named: ['page', 'bad', /400/, /ALLOWED_HOSTS/] },
  'SECURE_SSL_REDIRECT without SECURE_PROXY_SSL_HEADER': { site: 'SECURE_PROXY_SSL_HEADER = None\nSECURE_SSL_REDIRECT = True', named: ['page', 'bad', /redirects more than 5 times/, /SECURE_PROXY_SSL_HEADER/] },
  'another host in redirects': { site: ELSEWHERE, named: ['addresses', 'bad', /redirects to https:\/\/www\.shop\.example/, /PREPEND_WWW/] },
  'DEBUG': { site: 'DEBUG = True', named: ['debug', 'warning', /DEBUG = True/, /DEBUG = False/] },
  'a serializer that is not JSON': { site: 'SESSION_SERIALIZER = "site_settings.Pickle"', named: ['log-in', 'bad', /no session reached the browser/, /SESSION_SERIALIZER/] },
  'another engine': { site: 'SESSION_ENGINE = "django.contrib.sessions.backends.db"', named: ['log-in', 'bad', /no session reached the browser/, /SESSION_ENGINE/] },
  'no TLS': { address: () => edge.url, site: 'ALLOWED_HOSTS = ["*"]', named: ['tls', 'bad', /without TLS/, /Always Use HTTPS/], also: ['origin', 'bad', /past the Worker http:\/\/127\.0\.0\.1:\d+ answers 200/, /Tunnel/] },
  'an address that leads past the Worker': { address: () => localhost(site.url), named: ['worker', 'bad', /is not the Worker/, /routes/] },
  'a Worker of another version': { proxy: proxied(({ path, headers, body }) => ({ headers, body: path === '/_session/health' ? body.replace(/"version":"[^"]+"/, '"version":"0.0.1"') : body })), named: ['version', 'warning', /the Worker is 0\.0\.1/, /npm update/] },
  'a cache before it that keeps pages': { proxy: proxied(({ path, cookie, headers, body }) => ({ headers: { ...headers, ...(path === '/' && cookie && { age: '12', 'cf-cache-status': 'HIT' }) }, body })), named: ['caches', 'bad', /a cache before the Worker answers \//, /cache rule/] },
  'something before it that rewrites Cache-Control': { proxy: proxied(({ headers, body }) => ({ headers: { ...headers, 'cache-control': 'max-age=14400' }, body })), named: ['caches', 'bad', /rewrites Cache-Control/, /Browser Cache TTL/] },
  'a clock that is wrong': { proxy: proxied(({ headers, body }) => ({ headers: { ...headers, date: new Date(Date.now() - 600_000).toUTCString() }, body })), named: ['clock', 'bad', /\b(599|60\d) s behind/, /time server/] },
};

for (const [what, seed] of Object.entries(SEEDS)) {
  test(what, async () => {
    const own = seed.site === undefined && seed.how === undefined ? undefined : await start(seed.site ?? '', seed.how);
    const changes = { ...seed.worker, ...(own && { ORIGIN_URL: own.url }), ...(seed.itself && { ORIGIN_URL: edge.url }) };
    const isChanged = Object.keys(changes).length > 0;
    if (isChanged) await edge.restart(changes, seed.itself ? { port: new URL(edge.url).port } : {});
    try {
      await seed.break?.();
      await (seed.proxy ?? (work => work(seed.address?.() ?? localhost(edge.url))))(async address => {
        const { code, findings } = await check(address, { env: seed.env, args: ['--origin', (own ?? site).url] });
        for (const [name, state, message, cure] of [seed.named, seed.also].filter(Boolean)) {
          const found = findings.find(finding => finding.check === name && finding.state === state && message.test(finding.message));
          assert.ok(found, `${name} ${state} ${message}\n${JSON.stringify(findings, undefined, 1)}`);
          if (cure) assert.match(found.cure, cure);
          assert.equal(code, findings.some(finding => finding.state === 'bad') ? 1 : 0);
        }
      });
    } finally {
      if (isChanged) await edge.restart({}, { port: 0 });
      await own?.stop();
    }
  });
}

test('without a token and a user it says what was not seen; as text, what is wrong comes first', async () => {
  const { code, stdout } = await command(here.folder, ['check', localhost(edge.url)], { env: { SESSION_API_TOKEN: '' } });
  assert.equal(code, 0);
  assert.match(stdout, /^skipped +addresses.*\n +say where the site really is with --origin/m);
  assert.match(stdout, /^skipped +sessions .*\n.*--keys/m);
  assert.match(stdout, /checks are good\.\n$/);
});

test('nobody there, or used wrongly: one line, and an exit code', async () => {
  for (const [args, code, said] of [
    [['http://localhost:1'], 3, /nothing listens at localhost:1\. Is http:\/\/localhost:1 the address, and is it deployed\?/],
    [['https://no-such-host.invalid'], 3, /there is no host no-such-host\.invalid, or no network/],
    [[localhost(edge.url).replace('http:', 'https:')], 3, /does not speak TLS: http:\/\/ is meant\?/],
    [[], 2, /one address is expected/],
    [['shop.example'], 2, /the address: scheme and host are expected/],
    [['https://shop.example', '--page', 'x'], 2, /--page: a path/],
    [['https://shop.example', '--username', 'ada'], 2, /EDGE_SESSION_PASSWORD/],
    [['https://shop.example', '--keys', 'nowhere'], 3, /cannot read nowhere/],
    [['https://shop.example', '--ca', 'nowhere'], 3, /--ca: cannot read nowhere/],
  ]) {
    const done = await command(here.folder, ['check', ...args]);
    assert.deepEqual([done.code, done.stdout, done.stderr.trim().split('\n').length], [code, '', 1], done.stderr);
    assert.match(done.stderr, said);
  }
});
