// The types against the code, member by member: nothing is declared that is not there, and nothing is there that is not
// declared. What TypeScript makes of the declarations is in types/ and project/usage.ts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import * as api from '../../pkg/dist/node.js';
import { createSessionStorage } from '../../pkg/dist/react-router.js';
import { nextSession } from '../../pkg/dist/next.js';

const root = new URL('../../', import.meta.url);
const description = JSON.parse(readFileSync(new URL('pkg/package.json', root), 'utf8'));
const SECRET = 'k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus';

const parsed = new Map();
function declarations(name) {
  if (!parsed.has(name)) {
    const path = fileURLToPath(new URL(`pkg/dist/${name}.d.ts`, root));
    parsed.set(name, ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true));
  }
  return parsed.get(name);
}

const isExported = node => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** Functions, constants and classes that a file of declarations exports, also from another one. */
function valuesOf(name) {
  const values = new Map();
  for (const node of declarations(name).statements) {
    if (ts.isExportDeclaration(node) && node.exportClause === undefined)
      for (const [key, value] of valuesOf(node.moduleSpecifier.text.replace(/^\.\/|\.js$/g, ''))) values.set(key, value);
    if (!isExported(node)) continue;
    if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) values.set(node.name.text, node);
    if (ts.isVariableStatement(node)) for (const { name, type } of node.declarationList.declarations) values.set(name.text, type);
  }
  return values;
}

function find(file, name) {
  return declarations(file).statements.find(node => node.name?.text === name) ?? assert.fail(`${file}.d.ts has no ${name}`);
}

const nameOf = ({ name }) => (ts.isComputedPropertyName(name) ? name.getText() : name.text);
/** Members by name, those of what it extends in the same file as well. */
function members(file, name) {
  const node = find(file, name);
  const inherited = (node.heritageClauses ?? []).flatMap(({ types }) => types).map(({ expression }) => expression.getText());
  const own = new Map((node.members ?? node.type.members).filter(({ name }) => name).map(member => [nameOf(member), member]));
  // What a framework declares is not in this file.
  const here = inherited.filter(base => declarations(file).statements.some(node => node.name?.text === base));
  for (const base of here) for (const [key, member] of members(file, base)) own.set(key, member);
  return own;
}

const texts = type => (ts.isUnionTypeNode(type) ? type.types : [type]).map(({ literal }) => literal.text);
const sorted = names => [...names].sort();

/** What there is of an object, its class and what it extends, but for what every object has. */
function found(object) {
  const names = new Set();
  for (let at = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) names.add(typeof key === 'symbol' ? `[${key.description}]` : key);
  }
  for (const name of ['constructor', '[edge-session.adapter]', ...Object.getOwnPropertyNames(Object.prototype)]) names.delete(name);
  return names;
}

const sessions = api.createSessions({ keys: api.generateKey(), overflow: 'spill', budget: 400 });
const { codec } = sessions;
const session = codec.create({ a: 1, noise: Array.from({ length: 500 }, (_, n) => (n * 7919) % 104729) });
const commit = codec.seal(session);

describe('entries', () => {
  for (const [path, target] of Object.entries(description.exports)) {
    const types = target.import?.types ?? target.node?.import?.types;
    if (types === undefined || path.includes('*')) continue;
    test(`${path} exports what is declared`, async () => {
      const code = target.import?.default ?? target.node.import.default;
      const module = await import(new URL(`pkg/${code}`, root));
      const declared = valuesOf(types.match(/([\w-]+)\.d\.ts$/)[1]);
      assert.deepEqual(sorted(Object.keys(module)), sorted(declared.keys()));
      for (const [name, node] of declared) {
        const isClass = ts.isClassDeclaration(node);
        assert.equal(typeof module[name], ts.isFunctionDeclaration(node) || isClass ? 'function' : 'object', name);
        if (ts.isFunctionDeclaration(node)) assertArity(name, module[name], node);
      }
    });
  }
});

/** As many parameters as are declared; those that may be left out may have a default, which is not counted. */
function assertArity(name, code, { parameters }) {
  if (code.length === 0 && /^(async )?\(?\.\.\./.test(String(code))) return;
  const required = parameters.filter(({ questionToken, dotDotDotToken }) => !questionToken && !dotDotDotToken).length;
  assert.ok(code.length >= Math.min(required, parameters.length) || required === code.length, `${name} takes ${code.length}, ${required} are declared`);
  assert.ok(code.length <= parameters.length, `${name} takes ${code.length}, at most ${parameters.length} are declared`);
}

describe('objects', () => {
  for (const [file, name, object] of [
    ['index', 'Session', session],
    ['index', 'Codec', codec],
    ['index', 'Sessions', sessions],
    ['index', 'Commit', commit],
    ['index', 'Ending', codec.end()],
    ['index', 'Report', commit.report],
    ['index', 'KeyReport', commit.report.keys[0]],
    ['index', 'Ticket', codec.open(commit.setCookie.split(';')[0]).session.ticket],
    ['index', 'RequestCookie', api.readCookies('a=b')[0]],
    ['index', 'SessionStore', api.memoryStore()],
    ['next', 'NextSession', nextSession(sessions, { cookies: async () => ({}), connection: async () => {} })],
  ]) {
    test(`${name} has what is declared`, () => {
      const declared = members(file, name);
      const names = new Set([...declared.keys()]);
      const there = found(object);
      for (const hidden of HIDDEN[name] ?? []) there.delete(hidden);
      assert.deepEqual(sorted(there), sorted(names));
      for (const [key, member] of declared) {
        // A store of somebody's own takes as many as it needs.
        if (!ts.isMethodSignature(member) || name === 'SessionStore') continue;
        const code = key.startsWith('[') ? object[Symbol.iterator] : object[key];
        assert.equal(typeof code, 'function', key);
        if (!key.startsWith('[')) assertArity(`${name}.${key}`, code, member);
      }
    });
  }

  test('React Router’s storage has what is declared, and what React Router declares', () => {
    const storage = found(createSessionStorage(sessions));
    for (const name of members('react-router', 'SessionStorage').keys()) assert.ok(storage.delete(name), name);
    assert.deepEqual(sorted(storage), ['destroySession', 'getSession']);
  });

  test('an error has what is declared', () => {
    for (const code of ['store_unavailable', 'invalid_session']) {
      const error = new api.EdgeSessionError(code, 'x', { issues: [] });
      const declared = new Set(members('index', 'EdgeSessionError').keys());
      const own = Object.keys(error).filter(name => !declared.has(name));
      assert.deepEqual(own, []);
    }
  });
});

/** What the package's own parts need of each other, and nobody else. */
const HIDDEN = { Codec: ['deviceNames', 'isLike'] };

describe('settings', () => {
  const base = { keys: api.generateKey() };
  for (const [name, given, ...types] of [
    ['config', unknown => ({ ...base, ...unknown }), 'SessionsConfig'],
    ['cookie', unknown => ({ ...base, cookie: unknown }), 'CookieOptions'],
    ['formerCookie', unknown => ({ ...base, formerCookie: unknown }), 'FormerCookie'],
    ['device', unknown => ({ ...base, device: unknown }), 'DeviceOptions'],
    ['rules[0]', unknown => ({ ...base, rules: [unknown] }), 'KeyRule'],
    ['accept[0]', unknown => ({ ...base, accept: [unknown] }), 'Acceptance'],
  ]) {
    test(`${name} takes what is declared`, () => {
      const known = knownTo(() => api.createSessions(given({ nobodyKnows: 1 })));
      assert.deepEqual(sorted(known), sorted(types.flatMap(type => [...members('index', type).keys()])));
    });
  }

  for (const [name, given] of [
    ['django', unknown => ({ ...base, django: { secretKeys: SECRET, ...unknown } })],
    ['flask', unknown => ({ ...base, flask: { secretKeys: SECRET, ...unknown } })],
    ['limits', unknown => ({ ...base, limits: unknown })],
    ['dictionaries', unknown => ({ ...base, dictionaries: [unknown] })],
  ]) {
    test(`${name} takes what is declared`, () => {
      let { type } = members('index', 'CodecConfig').get(name);
      if (name === 'dictionaries') type = type.type.elementType;
      const known = knownTo(() => api.createSessions(given({ nobodyKnows: 1 })));
      assert.deepEqual(sorted(known), sorted(type.members.map(nameOf)));
    });
  }

  test('options take what is declared', async () => {
    assert.deepEqual(sorted(knownTo(() => codec.open('', { nobodyKnows: 1 }))), sorted(members('index', 'At').keys()));
    const saving = await sessions.save(session, { nobodyKnows: 1 }).catch(error => error);
    assert.deepEqual(sorted(knownTo(() => assert.fail(saving))), sorted(members('index', 'SaveOptions').keys()));
  });
});

/** The names that the refusal of an unknown one gives. */
function knownTo(call) {
  try {
    call();
  } catch (error) {
    const [, names] = (error.actual ?? error).message.match(/nobodyKnows is unknown; .*?(?:has|there is) (.*)$/) ?? assert.fail(error.message);
    return names.split(', ');
  }
  return assert.fail('taken');
}

describe('words', () => {
  const labels = path => [...readFileSync(new URL(path, root), 'utf8').matchAll(/=> "([a-z_]+)"/g)].map(([, label]) => label);

  test('reasons are those of the codec, and the schema’s', () => {
    assert.deepEqual(sorted([...labels('codec/src/error/reason.rs'), 'invalid_session']), sorted(texts(find('index', 'Reason').type)));
  });

  test('codes of errors are those of the code', () => {
    const declared = new Set(texts(find('index', 'ErrorCode').type));
    const written = new Set(labels('codec/src/error/seal_error.rs'));
    for (const path of ['core/session', 'core/sessions', 'core/codec', 'core/config', 'core/binding', 'core/store/http', 'core/device/presence']) {
      const source = readFileSync(new URL(`pkg/js/${path}.js`, root), 'utf8');
      for (const [, code] of source.matchAll(/new EdgeSessionError\(\s*'([a-z_]+)'/g)) written.add(code);
    }
    for (const path of ['failure', 'inspection', 'settings']) {
      const source = readFileSync(new URL(`pkg/src/${path}.rs`, root), 'utf8');
      for (const [, code] of source.matchAll(/failure\(\s*"([a-z_]+)"/g)) written.add(code);
    }
    assert.deepEqual(sorted(written), sorted(declared));
  });
});
