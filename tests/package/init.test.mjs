// edge-session init: the folder of a Worker, from flags, from questions, and from a site's own settings.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, describe, test } from 'node:test';
import { parseEnv } from 'node:util';
import { unstable_readConfig as readConfig } from 'wrangler';
import { programs } from '../system/servers.mjs';

const root = resolve(import.meta.dirname, '../..');
const bin = join(root, 'pkg/dist/cli.js');
const python = join(programs('tests/django_site/requirements.txt'), 'python');
const DJANGO_KEY = 'a `key" of $HOME #and more, of fifty characters or so \\n 0123456789';
const SITE = ['--host', 'shop.example', '--origin', 'https://origin.shop.example'];

const folders = [];
after(() => folders.forEach(folder => rmSync(folder, { recursive: true, force: true })));
function folder(files = {}) {
  const made = mkdtempSync(join(tmpdir(), 'edge-session-init-'));
  folders.push(made);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text);
  return made;
}

/** Runs the command where nobody can be asked. */
async function init(cwd, args, env = {}, node = []) {
  const child = spawn(process.execPath, [...node, bin, 'init', ...args], { cwd, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', text => (out[name] += text));
  const code = await new Promise(done => child.on('close', done));
  return { code, ...out };
}
const text = (...path) => readFileSync(join(...path), 'utf8');
const config = (place, env) => readConfig({ config: join(place, 'wrangler.jsonc'), env }, { hideWarnings: true });

/** A project of Django's with these lines in its settings. */
function site(lines) {
  return folder({
    'manage.py': text(root, 'tests/django_site/manage.py').replace('shop.settings', 'site_settings'),
    'site_settings.py': `SECRET_KEY = ${JSON.stringify(DJANGO_KEY)}\nINSTALLED_APPS = ["django.contrib.sessions"]\nDATABASES = {}\nprint("a site may print")\n${lines}\n`,
  });
}

test('for Analytics Engine nothing is to be done but to take the comment away', async () => {
  const place = folder();
  await init(place, ['worker', ...SITE], { DJANGO_SECRET_KEY: DJANGO_KEY });
  const file = join(place, 'worker/wrangler.jsonc');
  assert.deepEqual(config(join(place, 'worker')).analytics_engine_datasets, []);
  writeFileSync(file, text(file).replace('// "analytics_engine_datasets"', '"analytics_engine_datasets"'));
  const [{ binding, dataset }] = config(join(place, 'worker')).analytics_engine_datasets;
  assert.equal(binding, 'SESSIONS_ANALYTICS');
  assert.match(dataset, /^[a-z]\w*$/);
});

test('from flags: what wrangler reads, and one line of code', async () => {
  const place = folder();
  const { code, stdout, stderr } = await init(place, ['worker', ...SITE], { DJANGO_SECRET_KEY: DJANGO_KEY });
  assert.deepEqual([code, stderr], [0, '']);
  const made = join(place, 'worker');
  assert.deepEqual(readdirSync(made).sort(), ['.dev.vars', '.gitignore', 'index.js', 'package.json', 'wrangler.jsonc']);
  assert.equal(text(made, 'index.js'), "export { default, SessionShard } from 'edge-session-worker';\n");
  const { vars, routes, durable_objects: objects } = config(made);
  assert.deepEqual(routes, [{ pattern: 'shop.example', custom_domain: true }]);
  assert.equal(objects.bindings[0].class_name, 'SessionShard');
  assert.equal(vars.ORIGIN_URL, 'https://origin.shop.example');
  assert.deepEqual(vars.SESSION_ROUTES, { '/': 'optional', '/static/': 'public', '/media/': 'public' });
  const [sealed, django] = vars.SESSION_ACCEPT;
  assert.deepEqual([sealed.envelope, django.envelope], ['sealed', 'django']);
  // Two weeks, and the day of the deployment is counted whole.
  assert.equal(Date.parse(django.until) - Date.parse(django.issued_before), 15 * 86_400_000);
  assert.ok(Date.parse(django.issued_before) > Date.now() && Date.parse(django.issued_before) <= Date.now() + 86_400_000);
  assert.equal(config(made, 'staging').vars.SESSION_AUDIENCE, 'staging');
  assert.equal(config(made, 'staging').durable_objects.bindings.length, 1);
  assert.deepEqual(config(made, 'staging').routes, [], 'it does not take over those of production');
  const secrets = parseEnv(text(made, '.dev.vars'));
  assert.match(secrets.SESSION_KEYS, /^es1_[\w-]{43}$/);
  assert.equal(secrets.DJANGO_SECRET_KEY, DJANGO_KEY);
  assert.equal(secrets.ORIGIN_URL, 'http://127.0.0.1:8000');
  assert.equal(statSync(join(made, '.dev.vars')).mode & 0o777, 0o600);
  for (const secret of [secrets.SESSION_KEYS, secrets.SESSION_API_TOKEN, DJANGO_KEY]) assert.ok(!stdout.includes(secret));
  const { dependencies, devDependencies, type } = JSON.parse(text(made, 'package.json'));
  assert.deepEqual([Object.keys(dependencies), Object.keys(devDependencies), type], [['edge-session-worker'], ['edge-session', 'wrangler'], 'module']);
});

test('with a server of its own: both sides have one key', async () => {
  const place = folder();
  const { code, stdout } = await init(place, ['worker', ...SITE, '--store', 'kv+origin']);
  assert.equal(code, 0, stdout);
  const made = join(place, 'worker');
  const secrets = parseEnv(text(made, '.dev.vars'));
  assert.equal(secrets.SESSION_ORIGIN_STORE_URL, 'http://127.0.0.1:8790/session-store');
  const server = text(made, 'server.toml');
  assert.ok(server.includes(`keys = ["${secrets.SESSION_ORIGIN_STORE_KEY}"]`));
  assert.match(server, /^listen = "127\.0\.0\.1:8790"$/m);
  assert.equal(statSync(join(made, 'server.toml')).mode & 0o777, 0o600);
  assert.match(text(made, '.gitignore'), /^server\.toml$/m);
  assert.match(stdout, /edge-session-server --settings server\.toml serve/);
  assert.ok(!stdout.includes(secrets.SESSION_ORIGIN_STORE_KEY));
  // Again: the key that is there stays.
  assert.equal((await init(place, ['worker', ...SITE, '--store', 'kv+origin', '--force'])).code, 0);
  assert.equal(text(made, 'server.toml'), server);
});

test('a route where the host is the site’s own, or a zone is named; an address of workers.dev without a host', async () => {
  const place = folder();
  await init(place, ['a', '--host', 'www.shop.example', '--origin', 'https://www.shop.example']);
  assert.deepEqual(config(join(place, 'a')).routes, [{ pattern: 'www.shop.example/*', zone_name: 'shop.example' }]);
  await init(place, ['b', '--host', 'www.shop.co.uk', '--origin', 'https://origin.shop.co.uk', '--zone', 'shop.co.uk']);
  assert.deepEqual(config(join(place, 'b')).routes, [{ pattern: 'www.shop.co.uk/*', zone_name: 'shop.co.uk' }]);
  await init(place, ['c', '--origin', 'https://origin.shop.example']);
  assert.equal(config(join(place, 'c')).workers_dev, true);
});

for (const [store, has] of Object.entries({ kv: ['kv_namespaces'], d1: ['d1_databases'], r2: ['r2_buckets'], 'kv+d1': ['kv_namespaces', 'd1_databases'], none: [] })) {
  test(`bindings of ${store}, in both environments`, async () => {
    const place = folder();
    assert.equal((await init(place, [...SITE, '--store', store])).code, 0);
    const [production, staging] = [undefined, 'staging'].map(environment => config(place, environment));
    for (const name of ['d1_databases', 'r2_buckets'])
      for (const [index, binding] of production[name].entries()) assert.notDeepEqual(staging[name][index], binding, 'each has a store of its own');
    for (const read of [production, staging]) {
      assert.equal(read.vars.SESSION_STORE, store);
      assert.deepEqual(['kv_namespaces', 'd1_databases', 'r2_buckets'].filter(kind => read[kind].length > 0), has);
    }
  });
}

describe('from the site itself', () => {
  test('cookies, ages, prefixes and hosts are its own, and what has to change is said', async () => {
    const place = site(`
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_SERIALIZER = "site_settings.Pickle"
SESSION_COOKIE_NAME = "sid"
SESSION_COOKIE_AGE = 60 * 86400
SESSION_COOKIE_SAMESITE = "Strict"
STATIC_URL = "assets/"
MEDIA_URL = "https://cdn.example/"
ALLOWED_HOSTS = ["shop.example"]
SECRET_KEY_FALLBACKS = ["another key, of fifty characters or so 0123456789 abc"]
class Pickle:
    def dumps(self, value):
        import pickle
        return pickle.dumps(value)
`);
    const { code, stdout, stderr } = await init(place, ['edge', '--django', 'manage.py', '--python', python, '--origin', 'https://origin.shop.example']);
    assert.deepEqual([code, stderr], [0, '']);
    const { vars, routes } = config(join(place, 'edge'));
    assert.deepEqual(routes, [{ pattern: 'shop.example', custom_domain: true }]);
    assert.deepEqual(vars.SESSION_ROUTES, { '/': 'optional', '/assets/': 'public' });
    assert.deepEqual([vars.ORIGIN_COOKIE, vars.SESSION_SAME_SITE, vars.SESSION_IDLE_SECONDS, vars.SESSION_ABSOLUTE_SECONDS], ['sid', 'strict', '5184000', '5184000']);
    assert.equal(Date.parse(vars.SESSION_ACCEPT[1].until) - Date.parse(vars.SESSION_ACCEPT[1].issued_before), 61 * 86_400_000);
    const secrets = parseEnv(text(place, 'edge/.dev.vars'));
    assert.equal(secrets.DJANGO_SECRET_KEY, DJANGO_KEY);
    assert.deepEqual(JSON.parse(secrets.DJANGO_SECRET_KEY_FALLBACKS), ['another key, of fifty characters or so 0123456789 abc']);
    assert.equal(secrets.ALLOW_WEAK_DJANGO_SECRET, undefined);
    for (const line of ['ALLOWED_HOSTS += ["localhost"]', 'USE_X_FORWARDED_HOST = True', 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")', 'SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"'])
      assert.ok(stdout.includes(line), line);
    assert.ok(!stdout.includes(DJANGO_KEY) && !stdout.includes('another key'));
  });

  test('one that is as it has to be needs no change', async () => {
    const place = site(`
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
ALLOWED_HOSTS = [".shop.example", "localhost"]
USE_X_FORWARDED_HOST = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
`);
    const { stdout } = await init(place, ['edge', '--django', 'manage.py', '--python', python, ...SITE]);
    assert.match(stdout, /need no change/);
  });

  test('one with its sessions in the database keeps them: rows, and the file that answers for them', async () => {
    const place = site('DEBUG = True');
    const { stdout } = await init(place, ['edge', '--django', 'manage.py', '--python', python, ...SITE]);
    const { vars } = config(join(place, 'edge'));
    assert.deepEqual([vars.SESSION_PROTOCOL, vars.SESSION_STORE, vars.SESSION_ORIGIN_STORE_URL], ['rows', 'origin', 'https://origin.shop.example/session-store']);
    const secrets = parseEnv(text(place, 'edge/.dev.vars'));
    assert.equal(secrets.SESSION_ORIGIN_STORE_URL, 'http://127.0.0.1:8000/session-store');
    assert.match(secrets.SESSION_ORIGIN_STORE_KEY, /^es1_/);
    assert.equal(secrets.DJANGO_SECRET_KEY, DJANGO_KEY, 'by it the Worker verifies the rows');
    assert.equal(text(place, 'edge/session_store.py'), text(root, 'docs/examples/session_store.py'));
    assert.match(stdout, /Into the site’s urls\.py:\n.*\n.*\n.*from session_store import answer/);
    assert.match(stdout, /ALLOWED_HOSTS \+= \["shop\.example", "localhost"\]/);
  });

  const DATABASE = 'DATABASES = {"default": {"ENGINE": "django.db.backends.';
  const CACHE = 'CACHES = {"default": {"BACKEND": "django.core.cache.backends.';
  const ENGINE = name => `SESSION_ENGINE = "django.contrib.sessions.backends.${name}"`;
  for (const [what, lines, django] of [
    ['SQLite', `${DATABASE}sqlite3", "NAME": "shop.sqlite3"}}`, place => [`sessions = "sqlite:${place}/shop.sqlite3"`]],
    [
      'cached_db',
      `${ENGINE('cached_db')}\n${DATABASE}sqlite3", "NAME": "/a/shop.sqlite3"}}\n${CACHE}redis.RedisCache", "LOCATION": "redis://cache:6379", "KEY_PREFIX": "shop", "OPTIONS": {"db": 3}}}`,
      () => ['sessions = "sqlite:/a/shop.sqlite3"', 'cached_in = "redis://cache:6379/3"', 'key_prefix = "shop"'],
    ],
    [
      'cache',
      `${ENGINE('cache')}\n${CACHE}memcached.PyMemcacheCache", "LOCATION": "127.0.0.1:11211", "VERSION": 2}}\nSECRET_KEY_FALLBACKS = ["older"]`,
      () => ['sessions = "memcached://127.0.0.1:11211"', 'version = 2', `secret_keys = ${JSON.stringify([DJANGO_KEY, 'older'])}`],
    ],
    ['file', `${ENGINE('file')}\nSESSION_FILE_PATH = "kept"\nSESSION_COOKIE_NAME = "sid"\nSESSION_COOKIE_AGE = 99`, place => [`sessions = "file:${place}/kept"`, 'cookie_name = "sid"', 'cookie_age = 99']],
    [
      'a table of its own, in a database of its own',
      `INSTALLED_APPS += ["own"]\nSESSION_ENGINE = "own.store"\nDATABASE_ROUTERS = ["own.Router"]\nDATABASES = {"default": {}, "kept": {"ENGINE": "django.db.backends.sqlite3", "NAME": "kept"}}`,
      place => [`sessions = "sqlite:${place}/kept"`, 'table = "visit"', 'key_column = "k"'],
    ],
  ]) {
    test(`the native server, where it is asked for, is told where the sessions are: ${what}`, async () => {
      const place = site(lines);
      mkdirSync(join(place, 'own'));
      writeFileSync(join(place, 'own/__init__.py'), 'class Router:\n    def db_for_write(self, model, **hints):\n        return "kept"\n');
      writeFileSync(
        join(place, 'own/models.py'),
        'from django.contrib.sessions.base_session import AbstractBaseSession\nfrom django.db import models\n' +
          'class Visit(AbstractBaseSession):\n    session_key = models.CharField(primary_key=True, max_length=40, db_column="k")\n    class Meta:\n        db_table = "visit"\n',
      );
      writeFileSync(
        join(place, 'own/store.py'),
        'from django.contrib.sessions.backends.db import SessionStore as Store\nclass SessionStore(Store):\n    @classmethod\n    def get_model_class(cls):\n        from own.models import Visit\n        return Visit\n',
      );
      const { code, stdout, stderr } = await init(place, ['edge', '--django', 'manage.py', '--python', python, ...SITE, '--store', 'origin']);
      assert.deepEqual([code, stderr], [0, '']);
      const [, told] = text(place, 'edge/server.toml').split('[django]\n');
      assert.deepEqual(told.trim().split('\n'), django(realpathSync(place)), stdout);
      assert.equal(statSync(join(place, 'edge/server.toml')).mode & 0o777, 0o600);
      assert.match(text(place, 'edge/.gitignore'), /^server\.toml$/m);
      const secrets = parseEnv(text(place, 'edge/.dev.vars'));
      assert.equal(secrets.SESSION_ORIGIN_STORE_URL, 'http://127.0.0.1:8790/session-store');
      assert.ok(text(place, 'edge/server.toml').includes(`keys = ["${secrets.SESSION_ORIGIN_STORE_KEY}"]`));
      assert.ok(!existsSync(join(place, 'edge/session_store.py')) && !/urls\.py|EDGE_SESSION_STORE_KEYS/.test(stdout), stdout);
      assert.match(stdout, /edge-session-server --settings server\.toml serve/);
      assert.ok(!stdout.includes(DJANGO_KEY));
      assert.equal(config(join(place, 'edge')).vars.SESSION_PROTOCOL, 'rows');
    });
  }

  test('addresses of databases say what Django’s settings do', async () => {
    const { sessionPlace } = await import('../../pkg/js/cli/project/session_place.js');
    const table = { user: '', password: '', host: '', port: '', options: {}, table: 'django_session', columns: ['session_key', 'session_data', 'expire_date'] };
    const at = (engine, said) =>
      sessionPlace({ engine: 'django.contrib.sessions.backends.db', writesJson: true, usesTimeZones: true, sessionTable: { ...table, engine: `django.db.backends.${engine}`, name: 'shop', ...said } });
    const ada = { user: 'ada', password: 'l@ve/l:ce?', host: 'db.example' };
    for (const [engine, said, address] of [
      ['postgresql', { ...ada, port: '5433', options: { sslmode: 'verify-full', sslrootcert: '/etc/ca.pem' } }, 'postgres://ada:l%40ve%2Fl%3Ace%3F@db.example:5433/shop?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem'],
      ['postgresql', {}, 'postgres://localhost/shop?host=%2Fvar%2Frun%2Fpostgresql'],
      ['postgresql', { host: '/run/pg', port: '5433', name: 'my shop' }, 'postgres://localhost/my%20shop?host=%2Frun%2Fpg&port=5433'],
      ['mysql', { ...ada, host: 'localhost', password: '' }, 'mysql://ada@127.0.0.1/shop'],
      ['mysql', { host: '::1', port: '3307', options: { ssl_mode: 'VERIFY_CA', ssl: { ca: '/ca.pem' } } }, 'mysql://[::1]:3307/shop?ssl-mode=VERIFY_CA&ssl-ca=%2Fca.pem'],
      ['mysql', { host: '/run/mysqld/mysqld.sock' }, 'mysql://127.0.0.1/shop?socket=%2Frun%2Fmysqld%2Fmysqld.sock'],
    ])
      assert.equal(at(engine, said).settings?.sessions, address, engine);
    for (const [engine, said, why] of [
      ['postgresql', { options: { options: '-c search_path=shop' } }, /options, service or passfile/],
      ['mysql', { options: { read_default_file: '/etc/my.cnf' } }, /read_default_file/],
      ['mysql', { timeZone: 'Europe/Berlin' }, /not in UTC/],
      ['oracle', {}, /django\.db\.backends\.oracle/],
    ])
      assert.match(at(engine, said).why, why, engine);
  });

  for (const [why, lines] of [
    ['its cache is django.core.cache.backends.locmem.LocMemCache', ENGINE('cache')],
    ['its cache has a KEY_FUNCTION', `${ENGINE('cache')}\n${CACHE}redis.RedisCache", "LOCATION": "redis://a", "KEY_FUNCTION": "own.key"}}`],
    ['its cache is several Memcached', `${ENGINE('cache')}\n${CACHE}memcached.PyMemcacheCache", "LOCATION": ["a:1", "b:1"]}}`],
    ['its database is in memory', `${DATABASE}sqlite3", "NAME": ":memory:"}}`],
    ['the times in its database are not in UTC', `${DATABASE}sqlite3", "NAME": "a"}}\nUSE_TZ = False`],
    ['SESSION_ENGINE is somewhere.else', 'SESSION_ENGINE = "somewhere.else"'],
  ])
    test(`where it cannot ask, a view does, and it is said why: ${why}`, async () => {
      const place = site(lines);
      const { code, stdout } = await init(place, ['edge', '--django', 'manage.py', '--python', python, ...SITE, '--store', 'origin']);
      assert.equal(code, 0);
      assert.ok(stdout.includes(`since ${why}`), stdout);
      assert.ok(existsSync(join(place, 'edge/session_store.py')) && !existsSync(join(place, 'edge/server.toml')));
    });

  test('a site that cannot be asked is one line that says what to do', async () => {
    const broken = site('raise RuntimeError("no database")');
    for (const [args, said] of [
      [['--django', 'nowhere/manage.py'], /there is no nowhere\/manage\.py/],
      [['--django', 'manage.py', '--python', 'no-such-python'], /there is no no-such-python: name the site's Python with --python/],
      [['--django', 'manage.py', '--python', python], /RuntimeError: no database.*manage\.py check/],
    ]) {
      const { code, stdout, stderr } = await init(broken, ['edge', ...args, ...SITE]);
      assert.deepEqual([code, stdout], [3, '']);
      assert.match(stderr, said);
      assert.equal(stderr.trim().split('\n').length, 1);
      assert.ok(!stderr.includes(DJANGO_KEY) && !existsSync(join(broken, 'edge')));
    }
  });
});

describe('what is there', () => {
  test('stays, and then nothing is written', async () => {
    const place = folder({ 'index.js': 'mine' });
    const { code, stderr } = await init(place, SITE);
    assert.equal(code, 3);
    assert.match(stderr, /index\.js is there and is not replaced; nothing was written\. --force/);
    assert.deepEqual(readdirSync(place), ['index.js']);
    assert.equal((await init(place, [...SITE, '--force'])).code, 0);
    assert.match(text(place, 'index.js'), /edge-session-worker/);
  });

  test('a second time there is nothing to write', async () => {
    const place = folder();
    await init(place, SITE);
    const before = text(place, '.dev.vars');
    const { code, stdout } = await init(place, SITE);
    assert.deepEqual([code, stdout.split('\n')[0]], [0, 'Everything is there already.']);
    assert.equal(text(place, '.dev.vars'), before);
  });

  test('keys stay whatever is said, and other files are added to', async () => {
    const key = `es1_${'A'.repeat(43)}`;
    const place = folder({
      '.dev.vars': `# mine\nSESSION_KEYS=${key}`,
      '.gitignore': 'out',
      'package.json': '{ "name": "shop", "type": "commonjs", "scripts": { "dev": "mine" }, "devDependencies": { "wrangler": "4.100.0" } }',
    });
    assert.equal((await init(place, [...SITE, '--force'])).code, 0);
    assert.ok(text(place, '.dev.vars').startsWith(`# mine\nSESSION_KEYS=${key}\nSESSION_API_TOKEN=`));
    assert.equal(text(place, '.dev.vars').match(/SESSION_KEYS/g).length, 1);
    assert.match(text(place, '.gitignore'), /^out\nnode_modules\/\n/);
    const { name, type, scripts, devDependencies } = JSON.parse(text(place, 'package.json'));
    assert.deepEqual([name, type, scripts.dev, devDependencies.wrangler], ['shop', 'commonjs', 'mine', '4.100.0']);
    assert.equal(scripts.check, 'edge-session check');
  });

  test('what is no file, or no JSON, ends it before anything is written', async () => {
    const place = folder({ 'package.json': '{ not' });
    const { code, stderr } = await init(place, SITE);
    assert.equal(code, 3);
    assert.match(stderr, /package\.json is not JSON/);
    assert.deepEqual(readdirSync(place), ['package.json']);
    const other = folder();
    mkdirSync(join(other, 'index.js'));
    assert.match((await init(other, [...SITE, '--force'])).stderr, /cannot read index\.js \(EISDIR\); nothing was written/);
    assert.deepEqual(readdirSync(other), ['index.js']);
    const file = folder({ file: '' });
    assert.match((await init(file, ['file/worker', ...SITE])).stderr, /cannot write to .*ENOTDIR.*; nothing was changed/);
  });
});

describe('used wrongly', () => {
  for (const [args, said] of [
    [[], /really is, .* and nobody can be asked here: give --origin/],
    [['--yes'], /--origin is to be said/],
    [['--origin', 'shop.example'], /--origin: an address of scheme/],
    [['--origin', 'https://shop.example/path'], /--origin: an address of scheme/],
    [[...SITE, '--host', 'https://shop.example'], /--host: a host name is expected/],
    [[...SITE, '--store', 'redis'], /--store: one of none, kv/],
    [[...SITE, '--protocol', 'magic'], /--protocol: one of/],
    [[...SITE, '--protocol', 'rows', '--store', 'kv'], /--store: with rows/],
    [[...SITE, '--name', 'Shop!'], /--name: up to 54/],
    [[...SITE, 'a', 'b'], /one folder is expected/],
    [[...SITE, '--orign', 'x'], /--orign.*edge-session init --help lists the options/],
  ]) {
    test(args.join(' ') || 'no flags', async () => {
      const place = folder();
      const { code, stdout, stderr } = await init(place, args);
      assert.deepEqual([code, stdout, stderr.trim().split('\n').length], [2, '', 1]);
      assert.match(stderr, said);
      assert.deepEqual(readdirSync(place), []);
    });
  }

  test('an old Node is one line', async () => {
    const { code, stderr } = await init(folder(), SITE, {}, ['--import', `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'18.20.0'})`]);
    assert.deepEqual([code, stderr], [2, 'edge-session: Node 18.20.0 is too old, 20 or newer is needed: https://nodejs.org\n']);
  });
});

test('questions: an empty line takes the default, and a wrong answer is asked again', async () => {
  const { dialogue } = await import('../../pkg/js/cli/dialogue.js');
  const { usageProblem } = await import('../../pkg/js/cli/problem.js');
  const from = Object.assign(new PassThrough(), { isTTY: true });
  const to = new PassThrough();
  let shown = '';
  to.setEncoding('utf8').on('data', part => {
    shown += part;
    if (/: $/.test(part)) from.write(`${answers.shift()}\n`);
  });
  const answers = ['', 'green', 'red', 'yes', ''];
  const asked = dialogue(from, to);
  const read = given => {
    if (!['red', 'blue'].includes(given)) throw usageProblem('red or blue is expected');
    return given;
  };
  assert.equal(await asked.ask('Colour', { preset: 'blue', option: '--colour', read }), 'blue');
  assert.equal(await asked.ask('Colour', { preset: 'blue', option: '--colour', read }), 'red');
  assert.match(shown, /Colour \[blue\]: .*red or blue is expected/s);
  assert.equal(await asked.agreed('Replace it?'), true);
  assert.equal(await asked.agreed('Replace it?'), false);
});
