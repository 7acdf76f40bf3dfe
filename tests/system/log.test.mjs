// The log: one line a minute and kind, with the id of its request; a line for each request if that is wanted; traces.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';

const token = randomBytes(24).toString('base64url');
const forged = { cookie: '__Host-sessionid=AAAA' };
const got = [];
const site = createServer((request, response) => {
  got.push(request.headers);
  response.end('a page');
});
let edge;

before(async () => {
  await once(site.listen(0, '127.0.0.1'), 'listening');
  edge = await startEdge(
    {
      ORIGIN_URL: `http://127.0.0.1:${site.address().port}`,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: newDjangoSecret(),
      SESSION_API_TOKEN: token,
      SESSION_ROUTES: '{"/": "optional", "/account/": "required"}',
    },
    { entry: new URL('./log-lines.mjs', import.meta.url) },
  );
});
after(async () => {
  await edge?.stop();
  site.close();
});

const lines = async () => (await send(`${edge.url}/__log`)).json().filter(line => line.startsWith('{')).map(line => JSON.parse(line));

test('forty cookies that do not verify are one line, and all of them are counted', async () => {
  await lines();
  for (let n = 0; n < 40; n++) await send(`${edge.url}/`, { headers: { ...forged, 'x-request-id': `visit-${n}` } });
  const written = await lines();
  assert.deepEqual(written, [{ event: 'session-rejected', reason: 'unknown_version', request: 'visit-0' }]);
  const { body } = await send(`${edge.url}/_session/metrics`, { headers: { authorization: `Bearer ${token}` } });
  assert.match(body, /session_rejected_total\{reason="unknown_version"\} 40\n/);
});

test('requests that are under way at once keep their ids apart, and our answers have them', async () => {
  await edge.restart({ ORIGIN_URL: 'http://127.0.0.1:1' });
  await lines();
  const ids = Array.from({ length: 20 }, (_, n) => `at-once-${n}`);
  const answers = await Promise.all(ids.map(id => send(`${edge.url}/`, { headers: { 'x-request-id': id } })));
  answers.forEach(({ status, headers }, n) => {
    assert.equal(status, 502);
    assert.equal(headers['x-request-id'], ids[n]);
  });
  const written = await lines();
  assert.equal(written.length, 1, JSON.stringify(written));
  assert.ok(ids.includes(written[0].request));
  await edge.restart();
});

test('an id that is none of ours has nothing in it that a log or a header could take for more', async () => {
  const { headers } = await send(`${edge.url}/account/`, { headers: { 'x-request-id': 'a"b\\c {}<x>' } });
  assert.equal(headers['x-request-id'], 'abcx');
});

test('SESSION_LOG = requests: a line for each, and nothing personal in it', async () => {
  await edge.restart({ SESSION_LOG: 'requests' });
  await lines();
  const body = '{"name":"Ada Lovelace"';
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': body.length };
  const { setCookies } = await send(`${edge.url}/_session`, { method: 'PATCH', headers, body });
  assert.deepEqual(setCookies, [], 'no JSON, no session');
  await send(`${edge.url}/?name=Ada`);
  await send(`${edge.url}/account/`, { headers: { 'user-agent': 'Ada' } });
  await send(`${edge.url}/`, { headers: forged });
  const written = (await lines()).filter(({ event }) => event === 'request');
  const seen = written.map(({ answered, status, route, session }) => [answered, status, route, session]);
  assert.deepEqual(seen, [
    ['page', 400, undefined, undefined],
    ['origin', 200, 'optional', 'none'],
    ['here', 401, undefined, undefined],
    ['origin', 200, 'optional', 'refused'],
  ]);
  assert.ok(written.every(line => typeof line.store_calls === 'number' && typeof line.store_millis === 'number'));
  assert.doesNotMatch(JSON.stringify(written), /Ada/);
});

test('what was left out is told when its minute is over', async () => {
  await edge.restart();
  for (let n = 0; n < 3; n++) await send(`${edge.url}/`, { headers: forged });
  await sleep(61_000);
  await send(`${edge.url}/`);
  await sleep(11_000);
  const written = await lines();
  assert.deepEqual(
    written.map(({ event, left_out, kind }) => [event, left_out, kind]),
    [
      ['session-rejected', undefined, undefined],
      ['session-rejected', 2, 'unknown_version'],
    ],
  );
});

test('traces go on as they came, and are begun where that is wanted', async () => {
  const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=1,b=2' };
  got.length = 0;
  await send(`${edge.url}/`, { headers: trace });
  await send(`${edge.url}/`);
  assert.deepEqual([got[0].traceparent, got[0].tracestate, got[1].traceparent], [trace.traceparent, trace.tracestate, undefined]);
  await edge.restart({ SESSION_TRACE: 'begin' });
  got.length = 0;
  await send(`${edge.url}/`, { headers: trace });
  for (let n = 0; n < 2; n++) await send(`${edge.url}/`);
  assert.equal(got[0].traceparent, trace.traceparent);
  for (const { traceparent } of got.slice(1)) assert.match(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.notEqual(got[1].traceparent, got[2].traceparent);
});
