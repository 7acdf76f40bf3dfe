// Numbers of all isolates: exact to the request, whoever is asked, and nobody waits for them.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, startEdge } from './edge.mjs';
import { startIsolates, startObjects } from './isolates.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';

const token = randomBytes(24).toString('base64url');
const bearer = { authorization: `Bearer ${token}` };
const site = createServer((request, response) => response.end('a page'));
const settings = () => ({
  ORIGIN_URL: `http://127.0.0.1:${site.address().port}`,
  SESSION_KEYS: newSessionKey(),
  DJANGO_SECRET_KEY: newDjangoSecret(),
  SESSION_API_TOKEN: token,
  SESSION_STORE: 'do',
});

/** What workerd hands data points to; each one's texts come as bytes. */
const analyticsEngine = points =>
  createServer(async (request, response) => {
    const point = JSON.parse(Buffer.concat(await request.toArray()).toString());
    points.push(Object.fromEntries(Object.entries(point).map(([column, value]) => [column, Array.isArray(value) ? Buffer.from(value).toString() : value])));
    response.end();
  });

/** Longer than what an isolate keeps to itself. */
const HANDED_ON = 10_500;

before(() => once(site.listen(0, '127.0.0.1'), 'listening'));
after(() => site.close());

async function scraped(url) {
  const { status, headers, body } = await send(`${url}/_session/metrics`, { headers: bearer });
  assert.equal(status, 200, body);
  assert.match(headers['content-type'], /^application\/openmetrics-text; version=1\.0\.0/);
  assert.ok(body.endsWith('# EOF\n'));
  const samples = body.split('\n').filter(line => line && !line.startsWith('#')).map(line => line.split(/ (?=[^ ]+$)/));
  const series = new Map(samples.map(([name, value]) => [name, Number(value)]));
  assert.equal(series.size, samples.length, 'each series once');
  return series;
}

const requests = series => series.get('session_requests_total{answered="origin"}') ?? 0;

/** `each` requests to each address, a few at a time. */
async function load(urls, each, headers = {}) {
  const slowest = { millis: 0 };
  await Promise.all(
    urls.flatMap(url =>
      Array.from({ length: 4 }, async (_, lane) => {
        for (let n = lane; n < each; n += 4) {
          const began = performance.now();
          const { status } = await send(`${url}/`, { headers });
          assert.equal(status, 200);
          slowest.millis = Math.max(slowest.millis, performance.now() - began);
        }
      }),
    ),
  );
  return slowest.millis;
}

describe('three isolates', () => {
  let isolates;
  before(async () => {
    isolates = await startIsolates(3, settings());
  });
  after(() => isolates?.stop());

  test('their sum is what was asked, to the request, whichever is scraped', async () => {
    let sent = 0;
    // More than a thousand, and less.
    for (const each of [1203, 7, 301]) {
      await load(isolates.urls, each, { cookie: '__Host-sessionid=forged' });
      sent += 3 * each;
      await sleep(HANDED_ON);
      for (const url of isolates.urls) {
        const series = await scraped(url);
        assert.equal(requests(series), sent);
        assert.equal(series.get('session_rejected_total{reason="malformed"}'), sent);
        assert.equal(series.get('session_isolates'), 3);
        assert.ok(series.get('session_handover_age_seconds') <= 11);
      }
    }
  });

  test('the last hour is shown minute by minute', async () => {
    const { status, body } = await send(`${isolates.urls[2]}/_session/metrics?hour`, { headers: bearer });
    assert.equal(status, 200, body);
    const { minutes } = JSON.parse(body);
    assert.ok(minutes.length >= 1 && minutes.length <= 3, body);
    const began = minutes.map(({ minute }) => Date.parse(minute));
    assert.ok(began.every((minute, n) => minute % 60_000 === 0 && (n === 0 || minute > began[n - 1])));
    assert.ok(Date.now() - began.at(-1) < 90_000);
    const all = await scraped(isolates.urls[2]);
    const sum = name => minutes.reduce((sum, { counted }) => sum + (counted[name] ?? 0), 0);
    for (const name of ['session_requests_total{answered="origin"}', 'session_rejected_total{reason="malformed"}']) assert.equal(sum(name), all.get(name), name);
    assert.equal((await send(`${isolates.urls[2]}/_session/metrics?hour`)).status, 403);
  });

  test('what an isolate is asked for has its own numbers in it at once', async () => {
    const before = requests(await scraped(isolates.urls[1]));
    await load([isolates.urls[1]], 5);
    assert.equal(requests(await scraped(isolates.urls[1])), before + 5);
  });
});

describe('two processes with two isolates each, and the object in a third', () => {
  let objects;
  const processes = [];
  const points = [];
  const sink = analyticsEngine(points);
  let urls;
  before(async () => {
    await once(sink.listen(0, '127.0.0.1'), 'listening');
    const services = [`(name = "sink", external = (address = "127.0.0.1:${sink.address().port}", http = ()))`];
    const further = ['(name = "SESSIONS_ANALYTICS", analyticsEngine = "sink")'];
    objects = await startObjects();
    const shared = settings();
    for (let n = 0; n < 2; n++) processes.push(await startIsolates(2, shared, { objects: objects.url, services, further }));
    urls = processes.flatMap(({ urls }) => urls);
  });
  after(() => {
    for (const { stop } of processes) stop();
    objects?.stop();
    sink.close();
    sink.closeAllConnections();
  });
  let sent = 0;

  async function sums() {
    // Who is scraped hands on; the last one sees all.
    let series;
    for (const url of urls) series = await scraped(url);
    return series;
  }

  test('their sum is what was asked, to the request', async () => {
    for (const each of [1100, 13]) {
      await load(urls, each, { cookie: '__Host-sessionid=forged' });
      sent += 4 * each;
      await sleep(HANDED_ON);
      const series = await scraped(urls[3]);
      assert.equal(requests(series), sent);
      assert.equal(series.get('session_isolates'), 4);
    }
  });

  test('data points of Analytics Engine have the same sums, one for each batch and series', async () => {
    const of = (name, value) => points.filter(({ blob1, blob2 }) => blob1 === name && blob2 === value);
    const sum = (name, value) => of(name, value).reduce((sum, { double1 }) => sum + double1, 0);
    assert.equal(sum('session_requests_total', 'origin'), sent);
    assert.equal(sum('session_rejected_total', 'malformed'), sent);
    // Four isolates, each after a thousand requests and after ten seconds.
    assert.ok(of('session_requests_total', 'origin').length <= 16, `${of('session_requests_total', 'origin').length}`);
    assert.ok(points.every(({ blob1, index1 }) => index1 === blob1));
  });

  test('an object that hangs is waited for by nobody, and what was counted comes when it goes on', async () => {
    sent = requests(await sums());
    objects.pause();
    const slowest = await load(urls, 1500);
    objects.resume();
    sent += 4 * 1500;
    assert.ok(slowest < 1500, `${slowest} ms`);
    for (let n = 0; n < 20 && requests(await sums()) !== sent; n++) await sleep(500);
    assert.equal(requests(await sums()), sent);
  });

  test('with an object that was lost with all that it had, numbers begin anew', async () => {
    await objects.lose();
    const slowest = await load(urls, 50);
    assert.ok(slowest < 1500, `${slowest} ms`);
    await sums();
    const began = requests(await sums());
    assert.ok(began >= 4 * 50 && began < sent, `${began}`);
    await load(urls, 50);
    assert.equal(requests(await sums()), began + 4 * 50);
  });
});

describe('the object that sums fails', () => {
  let edge;
  before(async () => {
    edge = await startEdge({ ...settings(), SESSION_STORE: 'kv' }, { faulty: true });
  });
  after(() => edge?.stop());
  const fault = modes => send(`${edge.url}/__store?${new URLSearchParams(modes)}`);

  for (const mode of ['slow', 'down', 'after']) {
    test(`${mode}: nobody waits, and what was counted is counted once when it is well again`, async () => {
      await fault({ do: 'ok' });
      const before = requests(await scraped(edge.url));
      await fault({ do: mode });
      const slowest = await load([edge.url], 2100);
      assert.ok(slowest < 1500, `${slowest} ms`);
      const { status } = await send(`${edge.url}/_session/metrics`, { headers: bearer });
      // Who scrapes waits for as long as the slow object takes: either may be first.
      assert.ok(status === 503 || (mode === 'slow' && status === 200), `${status}`);
      await fault({ do: 'ok' });
      for (let n = 0; n < 20; n++) {
        if (requests(await scraped(edge.url)) === before + 2100) break;
        await sleep(1000);
      }
      assert.equal(requests(await scraped(edge.url)), before + 2100);
    });
  }
});

describe('without an object', () => {
  let edge;
  before(async () => {
    edge = await startEdge({ ...settings(), SESSION_STORE: 'none', SESSION_REVOCATION: 'none' }, { store: false });
  });
  after(() => edge?.stop());

  test('nobody keeps the numbers of minutes', async () => {
    const { status, body } = await send(`${edge.url}/_session/metrics?hour`, { headers: bearer });
    assert.deepEqual([status, JSON.parse(body).error], [501, 'no_sums']);
  });

  test('data points are of what was counted since the ones before', async () => {
    const points = [];
    const sink = analyticsEngine(points);
    await once(sink.listen(0, '127.0.0.1'), 'listening');
    const isolates = await startIsolates(1, { ...settings(), SESSION_STORE: 'none', SESSION_REVOCATION: 'none' }, {
      objects: false,
      services: [`(name = "sink", external = (address = "127.0.0.1:${sink.address().port}", http = ()))`],
      further: ['(name = "SESSIONS_ANALYTICS", analyticsEngine = "sink")'],
    });
    const counted = () => points.filter(({ blob1, blob2 }) => blob1 === 'session_requests_total' && blob2 === 'origin').map(({ double1 }) => double1);
    try {
      await load(isolates.urls, 1010);
      await sleep(HANDED_ON);
      await load(isolates.urls, 5);
      await sleep(HANDED_ON);
      assert.equal(counted().reduce((sum, count) => sum + count, 0), 1015, `${counted()}`);
      const [shown] = [...(await scraped(isolates.urls[0]))].filter(([name]) => name.startsWith('session_requests_total{answered="origin"'));
      assert.equal(shown[1], 1015);
    } finally {
      isolates.stop();
      sink.close();
      sink.closeAllConnections();
    }
  });

  test('numbers are one isolate\'s, and say so', async () => {
    await load([edge.url], 3);
    const series = await scraped(edge.url);
    const [name] = [...series.keys()].filter(name => name.startsWith('session_requests_total{answered="origin"'));
    assert.match(name, /,isolate="[0-9a-f]{16}"\}$/);
    assert.equal(series.get(name), 3);
    const { body } = await send(`${edge.url}/_session/health`);
    assert.equal(JSON.parse(body).metrics, 'isolate');
  });
});
