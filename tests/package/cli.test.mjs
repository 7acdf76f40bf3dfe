// The command, run as people run it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const path = relative => fileURLToPath(new URL(relative, import.meta.url));
const bin = path('../../pkg/dist/cli.js');
const library = path('../../pkg/dist/node.js');

// The worked example of docs/FORMAT.md. Its key is one that everybody knows, so nothing opens with it.
const EXAMPLE_KEY = `es1_${Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64url')}`;
const WORKED = 'AW3WUuhAQUJDREVGR0hJSktMTU5PUFFSU1RVVlcmdddYYpLPPQ7VbTrYeQovwgO_l9k0311sMjoevNdVgqE';
// Made by Django itself: tests/vectors.
const DJANGO_SECRET = 'a-secret-key-of-fifty-characters-and-a-few-more-0123456789';

let folder;
before(() => (folder = mkdtempSync(join(tmpdir(), 'edge-session-cli-'))));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command; nothing of this process's environment but what finds Node. */
function run(args, { env = {}, input = '' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { env: { PATH: process.env.PATH, ...env } });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'])
      child[name].setEncoding('utf8').on('data', text => (out[name] += text));
    child.on('error', reject);
    child.on('close', code => resolve({ code, ...out }));
    child.stdin.on('error', () => {}); // it may not be read
    child.stdin.end(input);
  });
}

/** The sources of the command, which the built one has in one file, with the module that it has. */
async function startSources() {
  const { start } = await import('../../pkg/js/core/binding.js');
  start(readFileSync(path('../../pkg/js/wasm/edge_session_bg.wasm')));
}

const json = async (...args) => {
  const result = await run(...args);
  assert.equal(result.stderr, '', args[0].join(' '));
  return { ...result, json: JSON.parse(result.stdout) };
};

const file = (name, text) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

async function sealed(data, options = {}) {
  const { createCodec, generateKey } = await import(library);
  const key = options.key ?? generateKey();
  const codec = createCodec({
    keys: key,
    cookie: { name: options.name ?? '__Host-session' },
    overflow: 'spill',
    budget: options.budget,
  });
  const at = { now: options.now ?? Date.now() };
  return { key, line: codec.seal(codec.create(data, at), at).setCookie };
}

describe('used wrongly', () => {
  test('help is an answer, nothing and nonsense are not', async () => {
    const help = await run(['--help']);
    assert.equal(help.code, 0);
    for (const word of ['init', 'dev', 'deploy', 'check', 'keygen', 'rotate', 'inspect', 'verify', 'plan', 'doctor', 'verify-release', 'exit codes'])
      assert.ok(help.stdout.includes(word), word);
    assert.equal((await run([])).code, 2);
    const nonsense = await run(['frobnicate']);
    assert.equal(nonsense.code, 2);
    assert.match(nonsense.stderr, /no command "frobnicate"/);
    assert.equal((await run(['constructor'])).code, 2);
    for (const command of ['init', 'dev', 'deploy', 'check', 'keygen', 'rotate', 'inspect', 'verify', 'plan', 'doctor', 'verify-release']) {
      const { code, stdout } = await run([command, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^usage: edge-session ${command}`));
    }
    assert.match((await run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });

  test('a wrong option names itself and not what came with it', async () => {
    const { code, stderr } = await run(['inspect', '--nmae', 'secret']);
    assert.equal(code, 2);
    assert.match(stderr, /--nmae/);
    for (const [args, what] of [
      [['inspect', '--budget', 'many', 'x'], /--budget/],
      [['inspect', 'a', 'b'], /quote/],
      [['plan', '--overflow', 'explode'], /--overflow/],
      [['rotate', '--keep', '-1'], /keep/],
    ]) {
      const result = await run(args, { input: '{}', env: { SESSION_KEYS: EXAMPLE_KEY } });
      assert.equal(result.code, 2, args.join(' '));
      assert.match(result.stderr, what);
    }
  });

  test('what cannot be read is 3, and no secret is repeated', async () => {
    const secret = 'es1_tooshortbutsecret';
    for (const [args, options] of [
      [['plan', join(folder, 'missing.json')], {}],
      [['plan'], { input: '{"secret-looking": ' }],
      [['plan'], { input: '[1]' }],
      [['verify', WORKED], {}],
      [['verify', WORKED], { env: { SESSION_KEYS: secret } }],
      [['verify', `__Host-s=${WORKED}`], { env: { SESSION_KEYS: EXAMPLE_KEY } }],
      [['rotate'], { env: { SESSION_KEYS: secret } }],
      [['rotate'], {}],
      [['inspect'], { input: ' \n' }],
      [
        ['verify', WORKED],
        { env: { DJANGO_SECRET_KEY: secret, DJANGO_SECRET_KEY_FALLBACKS: `["${secret}` } },
      ],
    ]) {
      const { code, stderr, stdout } = await run(args, options);
      assert.equal(code, 3, `${args.join(' ')}: ${stderr}`);
      assert.ok(!(stderr + stdout).includes('tooshortbutsecret'), stderr);
      assert.ok(!stderr.includes('secret-looking'), stderr);
      assert.ok(!stderr.includes('    at '), 'a stack is not for users');
    }
  });
});

describe('keys', () => {
  test('keygen makes another one each time', async () => {
    const [a, b] = await Promise.all([run(['keygen']), run(['keygen'])]);
    assert.match(a.stdout, /^es1_[\w-]{43}\n$/);
    assert.notEqual(a.stdout, b.stdout);
    const { key, id } = (await json(['keygen', '--json'])).json;
    assert.match(key, /^es1_[\w-]{43}$/);
    assert.match(id, /^[0-9a-f]{8}$/);
  });

  test('rotate: a new key reads first, then writes; the one before has an end, ended ones go', async () => {
    const { generateKey, createCodec, keyId } = await import(library);
    const [older, ended, old] = [generateKey(), generateKey(), generateKey()];
    const ring = `${old} ${older}@2999-01-31, ${ended}@2020-01-01`;
    const behind = await run(['rotate'], { env: { SESSION_KEYS: ring } });
    assert.equal(behind.code, 0);
    const keys = behind.stdout.trim().split(' ');
    assert.deepEqual([keys.length, ...keys.slice(0, 2)], [3, old, `${older}@2999-01-31`]);
    const fresh = keys[2];
    assert.match(behind.stderr, new RegExp(`${keyId(old)} writes\n`));
    assert.match(behind.stderr, new RegExp(`${keyId(fresh)} reads, and waits to write\n`));
    assert.match(behind.stderr, /is left out: it ended on 2020-01-01/);
    assert.match(behind.stderr, new RegExp(`next: deploy .*edge-session rotate --front ${keyId(fresh)}\n`));

    const { code, stdout, stderr } = await run(['rotate', '--keep', '40', '--front', keyId(fresh)], { env: { SESSION_KEYS: behind.stdout } });
    assert.equal(code, 0, stderr);
    const end = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);
    assert.equal(stdout, `${fresh} ${old}@${end} ${older}@2999-01-31\n`);
    assert.match(stderr, new RegExp(`${keyId(old)} reads until ${end}`));
    assert.ok(!(behind.stderr + stderr).includes('es1_'), 'keys go to standard output only');

    // In every order of deployments: what one ring sealed the one before and the one after open.
    const rings = [old, behind.stdout.trim(), stdout.trim()];
    for (const [from, to] of [[0, 1], [1, 0], [1, 2], [2, 1]]) {
      const [writer, reader] = [createCodec({ keys: rings[from] }), createCodec({ keys: rings[to] })];
      const line = writer.seal(writer.create({ a: 1 })).setCookie;
      assert.equal(reader.open(line.split(';')[0]).kind, 'session', `${from} to ${to}`);
    }
    const piped = await run(['rotate', '--keys-stdin'], { input: `${old}\n` });
    assert.match(piped.stdout, new RegExp(`^${old} es1_[\\w-]{43}\n$`));
    for (const [id, what] of [[keyId(fresh), 'writes already'], [keyId(old), 'does not wait to write: it reads until'], ['00000000', 'there is no key 00000000']]) {
      const refused = await run(['rotate', '--front', id], { env: { SESSION_KEYS: stdout } });
      assert.deepEqual([refused.code, refused.stdout, refused.stderr.includes(what)], [3, '', true], refused.stderr);
    }
  });

  const taking = (took, code) => [
    process.execPath,
    '-e',
    `require('fs').writeFileSync(process.argv[1], require('fs').readFileSync(0)); process.exit(${code})`,
    took,
  ];

  test('rotate with a file: what waits is noted there, and comes in front when it was deployed for long enough', async () => {
    const { generateKey, keyId } = await import(library);
    const old = generateKey();
    const [path, took] = [file('ring', `${old}\n`), join(folder, 'took')];
    const rotate = (code, ...args) => run(['rotate', '--from-file', path, ...args, '--', ...taking(took, code)]);
    const text = () => readFileSync(path, 'utf8').trim();
    const modes = () => [path, `${path}.waiting`].map(name => statSync(name).mode & 0o777);

    // It failed: nobody knows whether it was taken, so the same ring is handed over again.
    const failed = await rotate(7);
    assert.deepEqual([failed.code, failed.stdout], [7, ''], failed.stderr);
    assert.match(failed.stderr, /ended with 7\. The ring is in .*ring: the same command deploys it again\.\n$/);
    const behind = text();
    assert.match(behind, new RegExp(`^${old} es1_[\\w-]{43}$`));
    const fresh = behind.split(' ')[1];
    assert.deepEqual(modes(), [0o600, 0o600]);
    assert.deepEqual(JSON.parse(readFileSync(`${path}.waiting`, 'utf8')).deployed, undefined);
    const again = await rotate(0);
    assert.deepEqual([again.code, again.stdout, text(), readFileSync(took, 'utf8')], [0, '', behind, behind], again.stderr);
    assert.match(again.stderr, /next: the same command, from 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \(UTC\) on\n$/);

    // Too soon: nobody is told of anything.
    rmSync(took);
    const soon = await rotate(0);
    assert.deepEqual([soon.code, soon.stdout, text(), existsSync(took)], [1, '', behind, false]);
    assert.match(soon.stderr, new RegExp(`${keyId(fresh)} is not everywhere yet: it may write from 20[^;]+, or at once with --yes; nothing was changed\n$`));
    const told = await run(['rotate', '--from-file', path, '--json', '--after', '3600']);
    assert.equal(told.code, 1);
    const { step, waiting } = JSON.parse(told.stdout);
    assert.deepEqual([step, waiting.id, Date.parse(waiting.writes_from) - Date.parse(waiting.deployed)], ['none', keyId(fresh), 3_600_000]);

    // Long enough; and it fails again, once.
    const front = await rotate(7, '--after', '0');
    assert.equal(front.code, 7, front.stderr);
    const ring = text();
    assert.match(ring, new RegExp(`^${fresh} ${old}@\\d{4}-\\d\\d-\\d\\d$`));
    const done = await rotate(0);
    assert.deepEqual([done.code, text(), readFileSync(took, 'utf8'), existsSync(`${path}.waiting`)], [0, ring, ring, false], done.stderr);
    assert.match(done.stderr, /edge-session: done\n$/);

    rmSync(took);
    for (const [args, options] of [
      [['rotate', '--', ...taking(took, 0)], {}],
      [['rotate', '--from-file', join(folder, 'no-ring'), '--', ...taking(took, 0)], {}],
      [['rotate', '--', ...taking(took, 0)], { env: { SESSION_KEYS: 'es1_short' } }],
    ]) {
      const { code, stdout, stderr } = await run(args, options);
      assert.deepEqual([code, stdout, existsSync(took)], [3, '', false], stderr);
    }
    const nobody = await run(['rotate', '--from-file', path, '--', join(folder, 'no-such-command')]);
    assert.equal(nobody.code, 3);
    assert.match(nobody.stderr, /cannot be started \(ENOENT\)/);
    assert.equal((await run(['rotate', '--from-file', path, '--'])).code, 2);
    assert.equal((await run(['rotate', '--from-file', path, '--keys-stdin'])).code, 2);
    assert.equal((await run(['rotate', '--from-file', path, '--wait'])).code, 2);
  });

  test('rotate without a command: nobody noted that it was deployed, so somebody has to say it', async () => {
    const { generateKey } = await import(library);
    const path = file('by-hand', generateKey());
    const behind = await run(['rotate', '--from-file', path]);
    assert.deepEqual([behind.code, behind.stdout], [0, readFileSync(path, 'utf8')]);
    for (const args of [['--after', '0'], []]) {
      const refused = await run(['rotate', '--from-file', path, ...args]);
      assert.deepEqual([refused.code, refused.stdout, readFileSync(path, 'utf8')], [1, '', behind.stdout]);
      assert.match(refused.stderr, /nobody noted that it was deployed: deploy it first, or say --yes if it was/);
    }
    const front = await run(['rotate', '--from-file', path, '--yes']);
    assert.equal(front.code, 0, front.stderr);
    assert.deepEqual(front.stdout.trim().split(' ').map(key => key.split('@')[0]), behind.stdout.trim().split(' ').reverse());
    // The next one is another rotation, whatever became of the note.
    writeFileSync(`${path}.waiting`, JSON.stringify({ id: '00000000', since: '2026-01-01T00:00:00.000Z' }));
    const next = await run(['rotate', '--from-file', path]);
    assert.deepEqual([next.code, next.stdout.trim().split(' ').length], [0, 3], next.stderr);
    writeFileSync(`${path}.waiting`, '{');
    const broken = await run(['rotate', '--from-file', path]);
    assert.deepEqual([broken.code, broken.stdout, readFileSync(path, 'utf8')], [3, '', next.stdout], broken.stderr);
  });

  test('rotate --wait takes both steps, and goes on where it was stopped', async () => {
    const { generateKey } = await import(library);
    const old = generateKey();
    const path = file('both', old);
    const rings = join(folder, 'rings');
    // Each with the time of its deployment.
    const deploy = [process.execPath, '-e', `require('fs').appendFileSync(process.argv[1], Date.now() + ' ' + require('fs').readFileSync(0) + '\\n')`, rings];
    const args = ['rotate', '--from-file', path, '--wait', '--after', '2', '--', ...deploy];
    const deployed = () => (existsSync(rings) ? readFileSync(rings, 'utf8').trim().split('\n') : []);

    const child = spawn(process.execPath, [bin, ...args], { env: { PATH: process.env.PATH } });
    let said = '';
    child.stderr.setEncoding('utf8');
    for await (const text of child.stderr) {
      said += text;
      if (/writes from .*; whoever stops this goes on with the same command\n/.test(said)) child.kill('SIGKILL');
    }
    assert.equal(deployed().length, 1, said);
    const { code, stdout, stderr } = await run(args);
    assert.deepEqual([code, stdout, existsSync(`${path}.waiting`)], [0, '', false], stderr);
    const [[at, ...behind], [then, ...front]] = deployed().map(line => line.split(' '));
    assert.ok(then - at >= 1_900, `${then - at} ms`);
    assert.deepEqual([behind[0], front.map(key => key.split('@')[0])], [old, [behind[1], old]]);
    assert.equal(readFileSync(path, 'utf8').trim(), front.join(' '));
  });

  test('rotate with a file of secrets, as deploy makes one: of it only the ring changes', async () => {
    const { generateKey } = await import(library);
    const [old, token] = [generateKey(), 'a-token-that-is-nobodys-business-here'];
    const path = file('production.keys.json', JSON.stringify({ SESSION_KEYS: old, SESSION_API_TOKEN: token }));
    const rotated = await run(['rotate', '--from-file', path]);
    assert.deepEqual([rotated.code, rotated.stdout], [0, ''], rotated.stderr);
    assert.match(rotated.stderr, /next: edge-session deploy; then, 600 seconds later or more, the same command\n$/);
    const { SESSION_KEYS: ring, ...others } = JSON.parse(readFileSync(path, 'utf8'));
    assert.match(ring, new RegExp(`^${old} es1_[\\w-]{43}$`));
    assert.deepEqual(others, { SESSION_API_TOKEN: token });
    assert.equal(statSync(path).mode & 0o777, 0o600);

    const without = await run(['rotate', '--from-file', file('no-ring.json', `{"SESSION_API_TOKEN": "${token}"}`)]);
    assert.deepEqual([without.code, without.stdout], [3, ''], without.stderr);
    assert.match(without.stderr, /there is no ring in/);
    for (const [name, text] of [['broken.json', `{"SESSION_KEYS": "${old}"`], ['.dev.vars', `SESSION_KEYS="${old}"\n`]]) {
      const broken = await run(['rotate', '--from-file', file(name, text)]);
      assert.deepEqual([broken.code, broken.stdout, broken.stderr.includes(old), readFileSync(join(folder, name), 'utf8')], [3, '', false, text], broken.stderr);
    }
  });

  test('a day that the calendar has not is none', async () => {
    const { generateKey } = await import(library);
    for (const day of ['2027-02-30', '2027-13-01', '2027-00-10', '2027-04-31', '27-01-01', '']) {
      const ring = `${generateKey()} ${generateKey()}@${day}`;
      const { code, stdout } = await run(['rotate'], { env: { SESSION_KEYS: ring } });
      assert.deepEqual([code, stdout], [3, ''], day);
    }
  });

  test('a key of Django’s or Flask’s has blanks and commas, however it is given', async () => {
    const { django, flask } = await import(library);
    const key = 'correct horse, battery staple R~XHH!jmN]LWX/,?RT - forty bytes or more';
    for (const cookie of [
      `sessionid=${django.dumps({ u: 1 }, key)}`,
      `session=${flask.dumps({ u: 1 }, key)}`,
    ]) {
      for (const [args, options] of [
        [['verify', cookie], { env: { DJANGO_SECRET_KEY: key } }],
        [['verify', '--keys-stdin', cookie], { input: key }],
        [['verify', '--keys-stdin', cookie], { input: `${key}\n` }],
        [['verify', '--keys-stdin', cookie], { input: `another, older key that has forty bytes or more\r\n${key}\r\n` }],
        [['verify', '--key', key, cookie], {}],
      ]) {
        const { code, stdout, stderr } = await run(args, options);
        assert.deepEqual([code, /^Valid\./.test(stdout)], [0, true], `${args.join(' ')}: ${stdout}${stderr}`);
      }
    }
  });

  test('what stands round a key is named', async () => {
    const { generateKey } = await import(library);
    const key = generateKey();
    for (const [ring, what] of [
      [`"${key}"`, 'a quote'],
      [`["${key}"]`, 'a quote'],
      [`[${key}]`, 'a bracket'],
      [`SESSION_KEYS=${key}`, "a variable's name"],
      [`\u200b${key}`, 'a character that is not shown'],
    ]) {
      const { code, stdout, stderr } = await run(['rotate'], { env: { SESSION_KEYS: ring } });
      assert.deepEqual([code, stdout, stderr.includes(`there is ${what}`)], [3, '', true], stderr);
      assert.ok(!stderr.includes(key), 'a key is never repeated');
    }
  });

  test('a ring that is full says so', async () => {
    const { generateKey } = await import(library);
    const full = Array.from({ length: 9 }, generateKey).join(' ');
    const { code, stderr } = await run(['rotate'], { env: { SESSION_KEYS: full } });
    assert.equal(code, 3);
    assert.match(stderr, /8 fallbacks/);
  });

  test('a key as an argument works, with a warning', async () => {
    const { line, key } = await sealed({ a: 1 });
    const { code, stderr } = await run(['verify', '--key', key, line]);
    assert.equal(code, 0);
    assert.match(stderr, /can be read by others/);
    assert.ok(!stderr.includes(key));
  });

  test('standard input cannot be two things', async () => {
    const { code, stderr } = await run(['verify', '--keys-stdin', '-'], { input: EXAMPLE_KEY });
    assert.equal(code, 2);
    assert.match(stderr, /cannot be keys and cookie at once/);
  });
});

describe('inspect and verify', () => {
  test('without a key: what everybody can see', async () => {
    const { code, json: seen } = await json(['inspect', '--json', WORKED]);
    assert.equal(code, 0);
    assert.equal(seen.format, 'sealed');
    assert.equal(seen.keyId, '6dd652e8');
    assert.equal(seen.verified, false);
    assert.equal(seen.session, undefined);
  });

  test('with the key: age, ends, keys with their bytes', async () => {
    const now = Date.now();
    const { line, key } = await sealed(
      { user: 'ada', cart: Array(40).fill('teapot') },
      { now: now - 3_600_000 },
    );
    const { json: seen } = await json(['inspect', '--json'], { env: { SESSION_KEYS: key }, input: line });
    assert.equal(seen.verdict.state, 'good');
    assert.equal(seen.name, '__Host-session');
    assert.equal(JSON.parse(seen.session).user, 'ada');
    assert.equal(seen.life.issued, Math.floor((now - 3_600_000) / 1000) * 1000);
    assert.equal(seen.life.idleEnd - seen.life.issued, 14 * 86_400_000);
    assert.equal(seen.life.absoluteEnd - seen.life.created, 30 * 86_400_000);
    const pair = line.split(';')[0];
    assert.equal(seen.cookieBytes, pair.length - 1);
    const { keys, envelopeBytes, cookieBytes } = seen.size;
    assert.deepEqual(
      keys.map(({ key }) => key),
      ['user', 'cart'],
    );
    assert.equal(
      keys.reduce((sum, { characters }) => sum + characters, envelopeBytes),
      cookieBytes,
    );
    const text = await run(['inspect'], { env: { SESSION_KEYS: key }, input: line });
    assert.match(text.stdout, /Valid\. Verified with the key [0-9a-f]{8}\./);
    assert.match(text.stdout, /1 hour ago/);
    assert.match(text.stdout, /"user": "ada"/);
    assert.ok(!text.stdout.includes('\u001b'), 'no colours where nobody sees them');
  });

  test('a cookie whose other keys lie in a store: what it has itself, and that there is more', async () => {
    const data = { user: 'ada', big: 12345, notes: Array.from({ length: 400 }, (_, index) => index * 7919) };
    const { line, key } = await sealed(data, { budget: 300 });
    const { code, json: seen } = await json(['inspect', '--json', line], { env: { SESSION_KEYS: key } });
    assert.deepEqual([code, seen.verdict.state, seen.session], [0, 'good', '{"user":"ada","big":12345}']);
    assert.equal(seen.record.revision, 1);
    const { keys, envelopeBytes, cookieBytes } = seen.size;
    assert.equal(
      keys.reduce((sum, { characters }) => sum + characters, envelopeBytes),
      cookieBytes,
    );
    assert.ok(envelopeBytes > 89 + 36, 'the ticket is no key');
    const text = await run(['inspect', line], { env: { SESSION_KEYS: key } });
    assert.match(text.stdout, /more keys lie in a store/);
  });

  test('a cookie that has ended is shown, and refused', async () => {
    const { generateKey } = await import(library);
    const { line, key } = await sealed({ a: 1 }, { now: Date.now() - 20 * 86_400_000 });
    const { code, json: seen } = await json(['inspect', '--json', line], { env: { SESSION_KEYS: key } });
    assert.equal(code, 1);
    assert.equal(seen.verdict.state, 'warning');
    assert.equal(seen.refusal, 'expired');
    assert.equal(seen.session, '{"a":1}');
    const verified = await json(['verify', '--json', line], { env: { SESSION_KEYS: key } });
    assert.equal(verified.code, 1);
    assert.deepEqual([verified.json.valid, verified.json.reason], [false, 'expired']);
    const ahead = await sealed({ b: 2 }, { now: Date.now() + 86_400_000 });
    const future = await json(['inspect', '--json', ahead.line], { env: { SESSION_KEYS: ahead.key } });
    assert.deepEqual(
      [future.code, future.json.refusal, future.json.session],
      [1, 'from_the_future', '{"b":2}'],
    );
    const retired = await json(['inspect', '--json', ahead.line], {
      env: { SESSION_KEYS: `${generateKey()} ${ahead.key}@2020-01-01` },
    });
    assert.deepEqual(
      [retired.code, retired.json.refusal, retired.json.session],
      [1, 'retired_key', '{"b":2}'],
    );
  });

  test('wrong name, wrong audience, wrong key, altered: refused, with what was tried', async () => {
    const { line, key } = await sealed({ a: 1 });
    const pair = line.split(';')[0];
    const value = pair.split('=')[1];
    const altered = pair.slice(0, -3) + (pair.at(-3) === 'A' ? 'B' : 'A') + pair.slice(-2);
    for (const [cookie, options, reason] of [
      [pair, ['--name', 'other'], 'absent'],
      [`other=${value}`, [], 'forged'],
      [pair, ['--audience', 'staging'], 'forged'],
      [altered, [], 'forged'],
      [`__Host-s=${WORKED}`, [], 'unknown_key'],
    ]) {
      const { code, json: answer } = await json(['verify', '--json', ...options, cookie], {
        env: { SESSION_KEYS: key },
      });
      assert.equal(code, 1);
      assert.deepEqual([answer.valid, answer.reason], [false, reason], cookie.slice(0, 20));
    }
    const bare = await json(['verify', '--json', value], { env: { SESSION_KEYS: key } });
    assert.equal(bare.json.valid, true, 'a bare value is tried under the usual names');
  });

  test('Django’s cookies: readable without a key, verified with it', async () => {
    const { django } = await import(library);
    const cookie = `sessionid=${django.dumps({ _auth_user_id: '1', big: 12345678901234567 }, DJANGO_SECRET)}`;
    const open = await json(['inspect', '--json', cookie]);
    assert.equal(open.json.format, 'django');
    assert.equal(open.json.verified, false);
    assert.equal(JSON.parse(open.json.session)._auth_user_id, '1');
    const verified = await json(['inspect', '--json', cookie], { env: { DJANGO_SECRET_KEY: DJANGO_SECRET } });
    assert.equal(verified.json.verdict.state, 'good');
    const other = await json(['verify', '--json', cookie], {
      env: { DJANGO_SECRET_KEY: `${DJANGO_SECRET}x` },
    });
    assert.deepEqual([other.json.valid, other.json.reason], [false, 'forged']);
    const rotated = {
      DJANGO_SECRET_KEY: `${DJANGO_SECRET}x`,
      DJANGO_SECRET_KEY_FALLBACKS: JSON.stringify([DJANGO_SECRET]),
    };
    assert.equal((await json(['verify', '--json', cookie], { env: rotated })).json.keyPosition, 1);
  });

  test('what is in a cookie cannot steer the terminal, nor hide, and JSON stays the same JSON', async () => {
    const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
    const data = { '\u001b[31mkey\u202e\u009b2J': '\u001b]0;title\u0007 \u200b\u2066\u{e0041}\ufeff\u2028' };
    const { line, key } = await sealed(data);
    const path = file('steers.json', JSON.stringify(data));
    for (const args of [['inspect', line], ['plan', path], ['doctor', `\u009b2J=\u202e; a\u200b=b`]]) {
      for (const json of [[], ['--json']]) {
        const { stdout } = await run([...args, ...json], { env: { SESSION_KEYS: key } });
        assert.ok(!unseen.test(stdout.replaceAll('\n', '')), JSON.stringify(stdout));
      }
    }
    const { json: seen } = await json(['inspect', '--json', line], { env: { SESSION_KEYS: key } });
    assert.deepEqual(JSON.parse(seen.session), data);
    const { stderr } = await run(['plan', 'no\u009b2J\u202esuch']);
    assert.ok(!unseen.test(stderr.replaceAll('\n', '')), JSON.stringify(stderr));
  });

  test('of several cookies of the name the command chooses as the codec does', async () => {
    const one = await sealed({ user: 1 });
    const two = await sealed({ user: 2 }, { key: one.key });
    const [a, b] = [one.line, two.line].map(line => line.split(';')[0]);
    const old = (await sealed({ user: 3 }, { key: one.key, now: Date.now() - 20 * 86_400_000 })).line.split(';')[0];
    const { createCodec } = await import(library);
    const codec = createCodec({ keys: one.key });
    const cut = Array.from({ length: 5 }, (_, index) => `${a.slice(0, -1 - index)}`);
    for (const header of [
      `__Host-session=AAAA; ${a}`,
      `${a}; __Host-session=AAAA`,
      `${a}; ${b}`,
      `${a}; ${a}`,
      `${old}; ${a}`,
      `${a}; ${cut.slice(0, 3).join('; ')}`,
      `${a}; ${cut.slice(0, 4).join('; ')}`,
      cut.join('; '),
      old,
      `theme=dark; ${a}`,
    ]) {
      const { kind, reason } = codec.open(header);
      const { code, json: answer } = await json(['verify', '--json', header], { env: { SESSION_KEYS: one.key } });
      assert.deepEqual([answer.valid, code], [kind === 'session', kind === 'session' ? 0 : 1], header);
      if (kind === 'conflict' || reason === 'too_many_copies') assert.equal(answer.reason, reason ?? kind);
    }
  });

  test('what people paste: jars, tables, heads, commands', async () => {
    const { line, key } = await sealed({ u: 1 });
    const pair = line.split(';')[0];
    const value = pair.slice('__Host-session='.length);
    const forms = {
      'curl -c': `# Netscape HTTP Cookie File\n\n#HttpOnly_localhost\tFALSE\t/\tTRUE\t1900000000\t__Host-session\t${value}\n`,
      'wget': `example.com\tFALSE\t/\tFALSE\t0\ttheme\tdark\nexample.com\tFALSE\t/\tTRUE\t0\t__Host-session\t${value}\n`,
      'curl -v, asked': `*   Trying 127.0.0.1:80...\n> GET / HTTP/1.1\n> Host: a.example\n> Cookie: ${pair}\n> Accept: */*\n> \n< HTTP/1.1 200 OK\n< \n{ [5 bytes data]`,
      'a line of it': `> Cookie: ${pair}`,
      'curl -v, answered': `< HTTP/2 200\r\n< set-cookie: ${line}\r\n< vary: Cookie\r\n<\r\n* Connection left intact`,
      'its line': `< set-cookie: ${line}`,
      'curl -i': `HTTP/2 200 \r\nset-cookie: ${line}\r\nvary: Cookie\r\n\r\nset-cookie: no=body\nbody: a=b; c=d`,
      'curl -iL': `HTTP/1.1 302 Found\r\nLocation: /\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: ${line}\r\n\r\nbody`,
      'a raw request': `GET / HTTP/1.1\r\nCookie: ${pair}\r\nAccept: */*\r\n\r\n`,
      'with a body': `POST /a HTTP/1.1\r\nHost: a.example\r\nCookie: theme=dark; ${pair}\r\n\r\na=b&cookie: c=d`,
      'header fields': `Host: a.example\nUser-Agent: Mozilla/5.0 (X11; Linux)\nCookie: ${pair}\nDNT: 1`,
      'HTTP/2 in Chromium': `:authority: a.example\n:method: GET\ncookie: ${pair}\nuser-agent: x`,
      'a row of the tools': `__Host-session\t${value}\tlocalhost\t/\tSession\t105\t✓\t✓\tLax\t\t\tMedium\n`,
      'rows with a heading': `Name\tValue\tDomain\ntheme\tdark\tlocalhost\n__Host-session\t${value}\tlocalhost`,
      'an export': JSON.stringify([{ name: 'theme', value: 'dark' }, { name: '__Host-session', value, secure: true }]),
      'copied as curl': `curl 'https://a.example/' \\\n  -H 'accept: */*' \\\n  -H 'Cookie: theme=dark; ${pair}' --compressed`,
      'curl -b': `curl "https://a.example/" -b "${pair}"`,
      'a header': `Cookie: ${pair}`,
      'a line': `Set-Cookie: ${line}`,
      'a broken value': `Cookie: __Host-session=${value.slice(0, 40)}\n${value.slice(40)}`,
      'a value': value,
    };
    for (const [form, input] of Object.entries(forms)) {
      const { code, stdout, stderr } = await run(['verify'], { input, env: { SESSION_KEYS: key } });
      assert.deepEqual([code, /^Valid\./.test(stdout)], [0, true], `${form}: ${stdout}${stderr}`);
    }
    for (const form of ['curl -i', 'curl -v, answered', 'its line']) {
      const { json: answer } = await json(['doctor', '--json'], { input: forms[form] });
      assert.deepEqual([answer.kind, answer.findings.map(({ code }) => code)], ['set-cookie', []], form);
    }
  });

  test('colours by request only, and never with NO_COLOR', async () => {
    assert.ok((await run(['inspect', WORKED], { env: { FORCE_COLOR: '1' } })).stdout.includes('\u001b[36m'));
    assert.ok(
      !(await run(['inspect', WORKED], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stdout.includes(
        '\u001b',
      ),
    );
  });
});

describe('plan', () => {
  const session = {
    user: 'ada',
    cart: 'c'.repeat(80),
    notes: Array.from({ length: 400 }, (_, index) => index * 7919),
  };

  test('what fits, what spills, and bars', async () => {
    const rules = file(
      'rules.json',
      '[{"key": "user", "priority": "critical"}, {"key": "notes", "priority": "optional", "max_bytes": 500}]',
    );
    const path = file('session.json', JSON.stringify(session));
    const { code, json: size } = await json(['plan', '--json', '--rules', rules, path]);
    assert.equal(code, 0);
    assert.deepEqual(
      size.keys.map(({ key, placement }) => `${key} ${placement}`),
      ['user cookie', 'cart cookie', 'notes spilled'],
    );
    assert.equal(size.keys[2].reason, 'too_large');
    assert.equal(size.keys[0].priority, 'critical');
    const text = await run(['plan', '--rules', rules, path]);
    assert.match(text.stdout, /of 4093 bytes/);
    assert.match(text.stdout, /[█▏▎▍▌▋▊▉]/);
    assert.match(text.stdout, /spilled: too large/);
  });

  test('what would be dropped, or not fit at all, is exit code 1', async () => {
    const dropped = await json(['plan', '--json', '--budget', '300', '--overflow', 'drop'], {
      input: JSON.stringify(session),
    });
    assert.equal(dropped.code, 1);
    assert.equal(dropped.json.fits, false);
    assert.ok(dropped.json.keys.some(({ placement }) => placement === 'dropped'));
    const refused = await json(['plan', '--json', '--budget', '300', '--overflow', 'refuse'], {
      input: JSON.stringify(session),
    });
    assert.equal(refused.code, 1);
    assert.equal(refused.json.error, 'does_not_fit');
  });

  test('a log-in session of Django’s: what each key takes can be believed', async () => {
    const login = {
      _auth_user_id: '1',
      _auth_user_backend: 'django.contrib.auth.backends.ModelBackend',
      _auth_user_hash: '5f2b8c0de1a94376b2c8d7e6f5a4b3c29d8e7f6a5b4c3d2e1f0a9b8c7d6e5f41',
    };
    const path = file('login.json', JSON.stringify(login));
    for (const face of ['worker', 'package']) {
      const { json: size } = await json(['plan', '--json', '--for', face, path]);
      const taken = Object.fromEntries(size.keys.map(({ key, characters }) => [key, characters]));
      // 64 random digits of four bits each cannot take less than their bits.
      assert.ok(taken._auth_user_hash >= 43, JSON.stringify(taken));
      assert.ok(taken._auth_user_backend < taken._auth_user_hash, JSON.stringify(taken));
      const sum = Object.values(taken).reduce((sum, characters) => sum + characters, size.envelopeBytes);
      assert.equal(sum, size.cookieBytes);
    }
    const { json: worker } = await json(['plan', '--json', path]);
    assert.equal(worker.keys[0].priority, 'critical', 'the defaults are the Worker’s: the session is Django’s');
    assert.equal((await json(['plan', '--json', '--for', 'package', path])).json.keys[0].priority, 'normal');
    const ours = file('ours.json', '{"user": 1}');
    assert.equal((await json(['plan', '--json', ours])).json.keys[0].priority, 'normal');
    const named = await json(['plan', '--json', ours], {
      env: { SESSION_COOKIE: '__Host-sessionid', SESSION_USER_KEY: 'user' },
    });
    assert.equal(named.json.keys[0].priority, 'critical');
    assert.equal((await run(['plan', '--for', 'nobody', ours])).code, 2);
  });

  test('shares are monotone in what a key adds, and sum to the cookie', async () => {
    const { sizeOf } = await import('../../pkg/js/inspect/size.js');
    const { sizeConfig } = await import('../../pkg/js/inspect/settings.js');
    await startSources();
    // A generator with a seed: what fails, fails again.
    let state = 20_261_130;
    const draw = below => (state = (state * 48_271) % 0x7fff_ffff) % below;
    const text = (length, letters) => Array.from({ length }, () => letters[draw(letters.length)]).join('');
    const LETTERS = ['a', 'ab', '0123456789abcdef', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'];
    const config = sizeConfig({}, 'package');
    const sizes = data => {
      const { cookieBytes, envelopeBytes, keys } = sizeOf(config, data, { now: 0 });
      const sum = keys.reduce((sum, { characters }) => sum + characters, envelopeBytes);
      assert.equal(sum, cookieBytes, JSON.stringify(data));
      assert.ok(keys.every(({ characters }) => characters >= 0), JSON.stringify(data));
      return new Map(keys.map(({ key, characters }) => [key, characters]));
    };
    for (let round = 0; round < 300; round++) {
      const data = {};
      for (let index = draw(6) + 1; index > 0; index--) {
        data[`key${draw(20)}`] = text(draw(200), LETTERS[draw(LETTERS.length)]);
      }
      const keys = Object.keys(data);
      const key = keys[draw(keys.length)];
      const before = sizes(data).get(key);
      // What is random cannot be compressed: so many more bits are in it, and so much more it takes.
      const more = 40 + draw(200);
      const after = sizes({ ...data, [key]: data[key] + text(more, LETTERS[3]) }).get(key);
      assert.ok(after - before >= more * 0.75, `${JSON.stringify(data)} ${key} ${before} ${after} ${more}`);
    }
    // Of two with the same in them neither is taken for the copy, and a third does not pay for them.
    const same = text(1000, LETTERS[3]);
    const shares = sizes({ one: same, two: same, three: text(20, LETTERS[3]) });
    assert.ok(Math.abs(shares.get('one') - shares.get('two')) < 20, JSON.stringify([...shares]));
    assert.ok(shares.get('three') < 60, JSON.stringify([...shares]));
  });

  test('a wrong rule is named', async () => {
    const { code, stderr } = await run(['plan'], {
      input: '{}',
      env: { SESSION_RULES: '[{"key": "a", "priority": "urgent"}]' },
    });
    assert.equal(code, 3);
    assert.match(stderr, /priority/);
  });
});

describe('doctor', () => {
  const codes = async (text, options = []) => {
    const { code, json: answer } = await json(['doctor', '--json', ...options], { input: text });
    assert.ok(
      answer.findings.every(({ message }) => message),
      JSON.stringify(answer.findings),
    );
    return { code, codes: answer.findings.map(({ code }) => code), findings: answer.findings };
  };

  test('a good header has no finding', async () => {
    assert.deepEqual(await codes(`Cookie: theme=dark; __Host-session=${WORKED}`), {
      code: 0,
      codes: [],
      findings: [],
    });
    const text = await run(['doctor', `__Host-session=${WORKED}`]);
    assert.match(text.stdout, /Nothing is wrong/);
  });

  test('double encoding, whatever it was', async () => {
    const { django } = await import(library);
    const signed = django.dumps({ a: 1 }, DJANGO_SECRET);
    for (const [value, how] of [
      [`"${WORKED}"`, /quotes/],
      [encodeURIComponent(signed), /percent-encoding\./],
      [encodeURIComponent(encodeURIComponent(signed)), /percent-encoding 2 times/],
      [Buffer.from(WORKED).toString('base64'), /base64/],
      [encodeURIComponent(`"${signed}"`), /percent-encoding, then quotes/],
    ]) {
      const { code, findings } = await codes(`__Host-session=${value}`);
      const found = findings.find(({ code }) => code === 'double-encoding');
      assert.equal(code, 1);
      assert.match(found.message, how);
      assert.ok(!JSON.stringify(findings).includes(WORKED), 'no finding repeats a value');
    }
  });

  test('duplicates, look-alikes, prefixes', async () => {
    const other = WORKED.replace(/.$/, 'A');
    const twice = await codes(`__Host-session=${WORKED}; __Host-session=${other}`);
    assert.equal(twice.findings.find(({ code }) => code === 'duplicate').severity, 'error');
    const same = await codes(`__Host-session=${WORKED}; a=1; a=1`);
    assert.equal(same.findings.find(({ code }) => code === 'duplicate').severity, 'note');
    for (const planted of [
      '__HOST-session=x',
      '%5F_Host-session=x',
      '\u2000__Host-session=x',
      'a=b,__Host-session=x',
    ]) {
      assert.ok((await codes(`${planted}; __Host-session=${WORKED}`)).codes.includes('look-alike'), planted);
    }
    assert.ok((await codes(`$Version=1; __Host-session=${WORKED}`)).codes.includes('legacy-switch'));
    assert.ok((await codes('__host-session=x')).codes.includes('prefix-case'));
    assert.ok((await codes(`Host-session=${WORKED}`)).codes.includes('prefix-spelling'));
    assert.ok((await codes(`session=${WORKED}`)).codes.includes('prefix-missing'));
  });

  test('the cookie of a device is named, and taken for no session', async () => {
    const both = await codes(`sid-device=${WORKED}; sid=${WORKED}`);
    assert.deepEqual(both.findings.find(({ code }) => code === 'device').cookie, 'sid-device');
    assert.ok(both.findings.every(({ code, cookie }) => code !== 'prefix-missing' || cookie === 'sid'));
    assert.ok(!(await codes('theme-device=dark')).codes.includes('device'));
  });

  test('header fields by which sessions are bound to devices are named, and what they were called before', async () => {
    const { generateKey, createSessions, memoryStore } = await import(library);
    const keys = generateKey();
    const sessions = createSessions({ keys, store: memoryStore(), device: { mode: 'bound', userKey: 'user' } });
    const session = (await sessions.load(null)).set('user', 'ada');
    const { headers } = await sessions.commit(session, new Response());
    const offer = headers.get('secure-session-registration');
    const head = `HTTP/1.1 200 OK\nSecure-Session-Registration: ${offer}\nSet-Cookie: ${headers.getSetCookie()[0]}\n`;
    const found = await codes(head);
    assert.equal(found.code, 0);
    assert.match(found.findings.find(({ code }) => code === 'device-field').message, /asks the browser for a key/);
    assert.ok(!found.codes.includes('no-session'));
    assert.deepEqual((await codes('Sec-Secure-Session-Id: "abc"')).codes, ['device-field']);
    assert.deepEqual((await codes('Secure-Session-Challenge: abc')).code, 1);
    const former = await codes(`< Sec-Session-Registration: ${offer}`);
    assert.deepEqual([former.code, ...former.codes], [1, 'device-field-former']);
    assert.match(former.findings[0].advice, /Secure-Session-Registration/);
    // What is in the token, with the key; and without it nothing.
    const looked = input => run(['inspect', '--json', '-'], { input, env: { SESSION_KEYS: keys } });
    const { stdout } = await looked(`Secure-Session-Registration: ${offer}`);
    assert.match(JSON.parse(stdout).verdict.text, /^No session: a challenge for the session [\w-]{32}, asked/);
    const challenge = offer.match(/challenge="([^"]+)"/)[1];
    assert.match(JSON.parse((await looked(challenge)).stdout).verdict.text, /^No session: a challenge/);
  });

  test('limits, to the byte', async () => {
    const name = 'x';
    for (const [bytes, code] of [
      [3276, undefined],
      [3277, 'near-limit'],
      [4093, 'near-limit'],
      [4094, 'over-safari-limit'],
      [4096, 'over-safari-limit'],
      [4097, 'over-limit'],
    ]) {
      const found = (await codes(`${name}=${'v'.repeat(bytes - 1)}`, ['--name', 'other'])).codes;
      assert.deepEqual(
        found.filter(code => code.endsWith('limit')),
        code ? [code] : [],
        String(bytes),
      );
    }
    const long = Array.from({ length: 60 }, (_, index) => `c${index}=${'v'.repeat(150)}`).join('; ');
    const found = await codes(long);
    assert.ok(found.codes.includes('header-long') && found.codes.includes('many-cookies'));
    const huge = await codes(`a=${'v'.repeat(140_000)}; __HOST-session=1; __Host-session=${WORKED}`);
    assert.ok(huge.codes.includes('header-long'));
    const countless = await codes('a=1;'.repeat(900_000));
    assert.match(
      countless.findings.find(({ code }) => code === 'many-cookies').message,
      /900000 .* first 1000 /,
    );
    const tooMuch = await run(['doctor'], { input: 'a'.repeat(5 << 20) });
    assert.deepEqual([tooMuch.code, tooMuch.stdout], [3, '']);
  });

  test('Set-Cookie lines that browsers refuse', async () => {
    const good = `Set-Cookie: __Host-session=${WORKED}; Path=/; Max-Age=1209600; Secure; HttpOnly; SameSite=Lax`;
    assert.deepEqual((await codes(good)).codes, []);
    for (const [line, code] of [
      [good.replace(' Secure;', ''), 'refused'],
      [good.replace('Path=/', 'Path=/shop'), 'refused'],
      [`${good}; Domain=shop.example`, 'refused'],
      [good.replace('HttpOnly; ', ''), 'not-http-only'],
      [good.replace('; SameSite=Lax', ''), 'same-site'],
      [good.replace('1209600', '0'), 'removal'],
      [good.replace('1209600', '99999999'), 'life-cut'],
      [`${good}; Sekure`, 'attribute-unknown'],
    ]) {
      assert.ok((await codes(line)).codes.includes(code), `${code}: ${line}`);
    }
  });

  test('lines that something joined', async () => {
    const good = 'Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax';
    const joined = await codes(`Set-Cookie: __Host-session=${WORKED}; ${good}, csrftoken=abc; Path=/; Max-Age=100`);
    assert.equal(joined.code, 1);
    assert.deepEqual(joined.codes, ['joined-lines']);
    const dated = `Set-Cookie: __Host-session=${WORKED}; Expires=Wed, 21 Oct 2099 07:28:00 GMT; ${good}`;
    assert.deepEqual((await codes(dated)).codes, []);
    assert.deepEqual((await codes(`${dated}, a=b; Path=/`)).codes, ['joined-lines']);
    for (const header of [`theme=dark, __Host-session=${WORKED}`, `theme=dark,  __Host-session=${WORKED}; a=b`]) {
      const { code, findings } = await codes(`Cookie: ${header}`);
      assert.deepEqual([code, findings[0].code, findings[0].cookie], [1, 'joined-lines', '__Host-session'], header);
    }
  });

  test('nothing of ours in it is said, and is no error', async () => {
    for (const header of ['csrftoken=abc', 'a=1; b=2', 'theme=dark; csrftoken=Ab0123456789'])
      assert.deepEqual(await codes(`Cookie: ${header}`).then(({ code, codes }) => [code, codes]), [0, ['no-session']], header);
    assert.equal((await codes('Cookie: session=abc')).code, 1, 'it is called one');
    assert.equal((await codes(`Cookie: auth=${WORKED.slice(0, 40)}`)).code, 1, 'it begins like one');
  });

  test('attributes as browsers read them', async () => {
    const line = (attributes, rest = 'Path=/; Secure; HttpOnly; SameSite=Lax') =>
      codes(`Set-Cookie: __Host-session=${WORKED}; ${attributes}; ${rest}`);
    for (const attributes of ['Max-Age=', 'Max-Age=1e3', 'Max-Age=3600.5', 'Max-Age=+5', 'Max-Age="60"', 'Expires=soon']) {
      const { code, codes } = await line(attributes);
      assert.deepEqual([code, codes], [0, ['attribute-unreadable']], attributes);
    }
    for (const attributes of [
      'Max-Age=0',
      'Max-Age=-1',
      'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
      'Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0',
    ])
      assert.ok((await line(attributes)).codes.includes('removal'), attributes);
    assert.ok(!(await line('Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60')).codes.includes('removal'));
    const domain = domain =>
      codes(`Set-Cookie: session=${WORKED}; Domain=${domain}; Path=/; Secure; HttpOnly; SameSite=Lax`);
    for (const refused of ['https://example.com', 'localhost:3000', '127.0.0.1:8000', 'com', 'co.uk', 'a b.example', 'a..b']) {
      const { code, codes } = await domain(refused);
      assert.deepEqual([code, codes[0]], [1, 'refused'], refused);
    }
    for (const taken of ['example.com', '.example.com', '127.0.0.1']) assert.equal((await domain(taken)).code, 0, taken);
    const path = await codes(`Set-Cookie: session=${WORKED}; Path=app; Secure; HttpOnly; SameSite=Lax`);
    assert.ok(path.codes.includes('path-relative'));
  });

  test('what is no session of ours', async () => {
    assert.ok((await codes('__Host-session=Fe26.2*1*abc')).codes.includes('foreign'));
    const cut = await codes(`__Host-session=${WORKED.slice(0, 40)}`);
    assert.match(cut.findings.find(({ code }) => code === 'unreadable').advice, /missing/);
    assert.ok((await codes(`${WORKED.slice(0, 40)}\n${WORKED.slice(40)}`)).codes.includes('line-break'));
  });
});
