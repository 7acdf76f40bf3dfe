// What ops/ has for Prometheus and Grafana, with Debian's Prometheus and the real Worker.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, startProgram } from '../../worker/bench/runtime.mjs';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';

const path = relative => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const run = promisify(execFile);
const promtool = (...words) =>
  run('promtool', words, { cwd: path('.') }).catch(error => {
    if (error.code === 'ENOENT') throw new Error('promtool is missing: apt-get install prometheus, or make setup as root');
    throw error;
  });
const rules = readFileSync(path('ops/prometheus/alerts.yml'), 'utf8');
const alarms = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);

describe('alarms', () => {
  test('are rules that Prometheus takes, and each fires on its fault', async () => {
    await promtool('check', 'rules', 'ops/prometheus/alerts.yml');
    await promtool('check', 'config', '--syntax-only', 'ops/prometheus/prometheus.yml');
    const { stdout } = await promtool('test', 'rules', 'tests/ops/alerts.yml');
    assert.match(stdout, /SUCCESS/);
    const faults = readFileSync(path('tests/ops/alerts.yml'), 'utf8');
    for (const name of alarms) assert.ok(faults.includes(`alertname="${name}"`), name);
  });

  test('of the native server are rules, too, and each fires on its fault', async () => {
    await promtool('check', 'rules', 'ops/prometheus/server.yml');
    assert.match((await promtool('test', 'rules', 'tests/ops/server.yml')).stdout, /SUCCESS/);
  });

  test('that do not fire are noticed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'edge-session-alerts-'));
    const faults = readFileSync(path('tests/ops/alerts.yml'), 'utf8');
    writeFileSync(join(folder, 'faults.yml'), faults.replace('../../ops/prometheus/alerts.yml', 'alerts.yml'));
    for (const name of [alarms[0], alarms.at(-1)]) {
      const [before, rest] = rules.split(`- alert: ${name}\n`);
      const [own, ...others] = rest.split('      - alert: ');
      const never = own.replace(/^ +for: .*\n/m, '').replace(/^( +)labels:/m, '$1for: 1000d\n$1labels:');
      writeFileSync(join(folder, 'alerts.yml'), [`${before}- alert: ${name}\n${never}`, ...others].join('      - alert: '));
      await promtool('check', 'rules', join(folder, 'alerts.yml'));
      await assert.rejects(promtool('test', 'rules', join(folder, 'faults.yml')), name);
    }
    rmSync(folder, { recursive: true });
  });

  test('have a runbook each', () => {
    const watch = readFileSync(path('docs/WATCH.md'), 'utf8');
    for (const name of alarms) {
      assert.ok(watch.includes(`### ${name}\n`), name);
      assert.ok(rules.includes(`runbook: docs/WATCH.md#${name.toLowerCase()}\n`), name);
    }
  });
});

describe('a Prometheus that scrapes the Worker', () => {
  const token = randomBytes(24).toString('base64url');
  const bearer = { authorization: `Bearer ${token}` };
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-prometheus-'));
  // A site that sets a session which is none.
  const site = createServer((request, response) => {
    if (request.url === '/set') response.setHeader('set-cookie', 'sessionid=none:none:none; Path=/');
    response.end('a page');
  });
  let edge, prometheus, address;

  before(async () => {
    await once(site.listen(0, '127.0.0.1'), 'listening');
    edge = await startEdge({
      ORIGIN_URL: `http://127.0.0.1:${site.address().port}`,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: newDjangoSecret(),
      SESSION_API_TOKEN: token,
      SESSION_STORE: 'kv+do',
      SESSION_TOUCH_SECONDS: '1',
    });
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `global: { evaluation_interval: 1s }
rule_files: ['${path('ops/prometheus/alerts.yml')}']
scrape_configs:
  - job_name: edge-session
    metrics_path: /_session/metrics
    scrape_interval: 1s
    authorization: { credentials: ${token} }
    static_configs: [{ targets: ['${new URL(edge.url).host}'] }]
`,
    );
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    prometheus = startProgram('prometheus', [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error']).child;
  });
  after(async () => {
    prometheus?.kill('SIGKILL');
    await edge?.stop();
    site.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function query(expression) {
    const response = await fetch(`${address}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { status, data, error } = await response.json();
    assert.equal(status, 'success', error);
    return data.result;
  }

  /** Visits of all kinds. */
  async function visits() {
    const body = JSON.stringify({ _auth_user_id: '1', big: randomBytes(6000).toString('hex'), small: 1 });
    const headers = { ...bearer, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const { setCookies } = await send(`${edge.url}/_session`, { method: 'PATCH', headers, body });
    const cookie = setCookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    assert.notEqual(cookie, '');
    await sleep(1100);
    for (const path of ['/', '/set']) await send(edge.url + path, { headers: { cookie } });
    await send(edge.url, { headers: { cookie: '__Host-sessionid=forged' } });
  }

  test('has data for every panel of the dashboard', async () => {
    const { panels } = JSON.parse(readFileSync(path('ops/grafana/edge-session.json'), 'utf8'));
    const expressions = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr.replaceAll('$job', '.*').replace(/\[(5|15)m\]/g, '[1m]')]));
    let missing = expressions;
    // A rate has to see a series twice, with something between.
    for (let n = 0; n < 15 && missing.length > 0; n++) {
      await visits();
      await sleep(2000);
      const found = await Promise.all(missing.map(([, expression]) => query(expression)));
      missing = missing.filter((_, n) => found[n].length === 0);
    }
    assert.deepEqual(missing, []);
    const [{ value }] = await query('session_isolates');
    assert.equal(value[1], '1');
    const [{ value: up }] = await query('up');
    assert.equal(up[1], '1');
  });

  test('evaluates every alarm, and the one about sessions that cannot be read fires by what the Worker counts', async () => {
    let firing = [];
    for (let n = 0; n < 15 && firing.length === 0; n++) {
      await visits();
      await sleep(1000);
      firing = await query('ALERTS{alertname="SessionOriginCookiesRefused",alertstate="firing"}');
    }
    assert.equal(firing.length, 1);
    assert.ok(['malformed', 'forged'].includes(firing[0].metric.result), firing[0].metric.result);
    const { data } = await (await fetch(`${address}/api/v1/rules?type=alert`)).json();
    const rules = data.groups.flatMap(({ rules }) => rules);
    assert.deepEqual(rules.map(({ name }) => name).toSorted(), alarms.toSorted());
    assert.deepEqual(rules.filter(({ health }) => health !== 'ok'), []);
  });
});
