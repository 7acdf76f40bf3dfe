// One description of the Worker's settings: the schema that editors have takes what the Worker takes, and marks what it refuses;
// pages, types and the command's own table are as it says. What the Worker itself reads is tested in worker/src/settings.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import Ajv from 'ajv';
import { schema, settings, types } from '../../scripts/settings.mjs';

const root = resolve(import.meta.dirname, '../..');
const text = path => readFileSync(join(root, path), 'utf8');
const WRANGLER = 'file:///node_modules/wrangler/config-schema.json';

// Keywords for editors alone are no mistake. Both schemas lie where npm puts them.
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema({ ...JSON.parse(text('node_modules/wrangler/config-schema.json')), $id: WRANGLER });
const isGood = ajv.compile({ ...schema(), $id: 'file:///node_modules/edge-session-worker/wrangler.schema.json' });

/** Where a file with these vars is wrong. */
function wrong(vars, more = {}) {
  return isGood({ name: 'shop', main: 'index.js', vars, ...more }) ? [] : isGood.errors.map(({ instancePath }) => instancePath);
}

const variables = settings.filter(({ kind, secret }) => kind !== 'binding' && !secret);

describe('the schema of wrangler.jsonc', () => {
  test('takes every example, default, choice and end of a range, and each as a text', () => {
    for (const { name, kind, example, default: preset, allowed = [], least, most } of variables) {
      const good = [example, preset, ...allowed, ...(kind === 'number' ? [least, most] : [])].filter(value => value !== undefined);
      assert.ok(good.length > 0, name);
      for (const value of good) {
        assert.deepEqual(wrong({ [name]: value }), [], `${name}: ${JSON.stringify(value)}`);
        const asText = typeof value === 'string' ? value : JSON.stringify(value);
        assert.deepEqual(wrong({ [name]: asText }), [], `${name}: ${asText}`);
      }
    }
  });

  test('marks what the Worker refuses, at its place, in every environment', () => {
    for (const { name, kind, refused = [], allowed, least, most } of variables) {
      const ends = kind === 'number' ? [least - 1, most + 1, 1.5, '1.5', 'many', '-1'] : [];
      const others = { choice: ['redis', allowed?.[0].toUpperCase(), 1], boolean: ['yes', 1], list: [{}, 'x'], object: [[], 'x'], text: [1, {}, null], number: [true] }[kind];
      for (const value of [...refused, ...ends, ...others]) {
        const said = wrong({ [name]: value });
        assert.ok(said.some(path => path.startsWith(`/vars/${name}`)), `${name}: ${JSON.stringify(value)} is taken`);
        assert.ok(wrong({}, { env: { staging: { vars: { [name]: value } } } }).some(path => path.startsWith(`/env/staging/vars/${name}`)), name);
      }
    }
  });

  test('marks names that are none, and no names of code round the Worker', () => {
    for (const name of ['SESSION_ROUTE', 'SESSION_STORES', 'Session_Routes', 'session-routes', 'ORIGIN_URI', 'DJANGO_SETTINGS_MODULE', 'ALLOW_WEAK'])
      assert.ok(wrong({ [name]: 'x' }).includes(`/vars/${name}`) || wrong({ [name]: 'x' }).includes('/vars'), name);
    for (const name of ['API_URL', 'MY_SESSION', 'LOG_LEVEL']) assert.deepEqual(wrong({ [name]: { any: 'thing' } }), []);
  });

  test('marks a secret in a file that is none, and says where it goes', () => {
    const { vars } = schema().definitions;
    const secrets = settings.filter(({ secret }) => secret);
    assert.equal(secrets.length, 6);
    for (const { name, example } of secrets) {
      assert.ok(wrong({ [name]: example }).includes(`/vars/${name}`), name);
      assert.match(vars.properties[name].errorMessage, new RegExp(`wrangler secret put ${name}\\b`));
    }
  });

  test('is wrangler’s own schema, too', () => {
    assert.ok(wrong({}, { compatibility_dates: '2026-10-01' }).length > 0);
    assert.ok(wrong({}, { kv_namespaces: [{ bindings: 'SESSIONS' }] }).length > 0);
  });

  test('what init writes is good, for every protocol and store, and names this schema', () => {
    const folder = mkdtempSync(join(tmpdir(), 'edge-session-schema-'));
    try {
      for (const [protocol, store] of [['transcode', 'do'], ['transcode', 'kv+d1'], ['headers', 'r2'], ['rows', 'origin'], ['transcode', 'none']]) {
        const place = join(folder, `${protocol}-${store}`);
        execFileSync(process.execPath, [join(root, 'pkg/dist/cli.js'), 'init', '--host', 'shop.example', '--origin', 'https://origin.shop.example', '--protocol', protocol, '--store', store, place]);
        const config = readFileSync(join(place, 'wrangler.jsonc'), 'utf8');
        // It writes comments as lines of their own.
        const parsed = JSON.parse(config.replace(/^\s*\/\/.*$/gm, ''));
        assert.equal(parsed.$schema, 'node_modules/edge-session-worker/wrangler.schema.json');
        assert.ok(isGood(parsed), JSON.stringify(isGood.errors));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('every setting says to a reader what it is, without marks of Markdown', () => {
    const { properties } = schema().definitions.vars;
    for (const [name, { description }] of Object.entries(properties)) {
      assert.ok(description.length > 30, name);
      assert.doesNotMatch(description, /\]\(|`/, name);
    }
  });
});

test('docs/SETTINGS.md and the command’s table are up to date', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/settings.mjs'), '--check'], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
});

test('wrangler.toml names every setting', () => {
  const config = text('wrangler.toml');
  assert.deepEqual(settings.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(config)), []);
});

test('all that the command and wrangler.toml say of settings are settings', () => {
  const sources = execFileSync('git', ['ls-files', 'pkg/js', 'worker/shell', 'worker/package', 'wrangler.toml'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const names = new Set(settings.map(({ name }) => name));
  // The site's own, and the command's.
  const others = /^(SESSION_(COOKIE_(AGE|NAME|SECURE|SAMESITE|HTTPONLY)|ENGINE|SERIALIZER|SAVE_EVERY_REQUEST|EXPIRE_AT_BROWSER_CLOSE|CACHE_ALIAS|FILE_PATH)|DJANGO_SETTINGS_MODULE|DJANGO_SUPERUSER_PASSWORD)$/;
  const unknown = new Set();
  for (const path of sources.filter(path => /\.(js|md|d\.ts|toml)$/.test(path)))
    for (const [name] of text(path).matchAll(/(?<![A-Z_])(SESSION|ORIGIN|DJANGO)_[A-Z][A-Z_]*[A-Z]\b/g)) if (!names.has(name) && !others.test(name)) unknown.add(`${path}: ${name}`);
  assert.deepEqual([...unknown], []);
});

test('the types are of all of them, and take what wrangler types makes of a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-types-'));
  try {
    writeFileSync(join(folder, 'settings.ts'), types());
    const made = `import type { Environment } from './settings.js';
interface Env { ORIGIN_URL: 'https://a.example'; SESSION_STORE: 'do'; SESSION_ROUTES: { '/': 'optional' }; SESSION_IDLE_SECONDS: 900; SESSION_KEYS: string; SESSIONS_OBJECT: { idFromName(name: string): unknown }; MINE: number }
declare const env: Env;
export const environment: Environment = env;
// @ts-expect-error: a number is no origin
export const wrong: Environment = { ORIGIN_URL: 1 };
// @ts-expect-error: no such setting
export const none: Environment = { SESSION_ROUTE: '/' };
`;
    writeFileSync(join(folder, 'usage.ts'), made);
    const tsc = join(root, 'tests/package/node_modules/.bin/tsc');
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { noEmit: true, strict: true, module: 'nodenext', lib: ['es2022'], types: [] }, files: ['usage.ts'] }));
    const { status, stdout } = spawnSync(tsc, ['-p', folder], { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
    for (const { name } of settings) assert.match(types(), new RegExp(`^  ${name}\\?: `, 'm'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
