// Spans in the traces of the platform: what the module does has its own, with what it asks of stores in them, and the site's
// trace is a part of the platform's. Seen by a tail, as the platform's collector sees them.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSessionKey } from './edge.mjs';
import { startIsolates } from './isolates.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';

// Whole numbers are BigInts there. A request ends when what it left for after its answer is done, ten seconds later.
const TAIL = `const whole = (name, value) => (typeof value === 'bigint' ? Number(value) : value);
export default {
  tailStream(onset, env) {
    const events = [onset];
    return event => {
      events.push(event);
      if (event.event.type === 'outcome') return env.COLLECTOR.fetch('http://collector/', { method: 'POST', body: JSON.stringify(events, whole) });
    };
  },
};`;

const token = randomBytes(24).toString('base64url');
const asked = [];
const site = createServer((request, response) => {
  asked.push(request.headers);
  response.end('a page');
});
const requests = [];
const collector = createServer(async (request, response) => {
  requests.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
  response.end();
});
let isolates;

before(async () => {
  for (const server of [site, collector]) await once(server.listen(0, '127.0.0.1'), 'listening');
  isolates = await startIsolates(
    1,
    {
      ORIGIN_URL: `http://127.0.0.1:${site.address().port}`,
      SESSION_KEYS: newSessionKey(),
      DJANGO_SECRET_KEY: newDjangoSecret(),
      SESSION_API_TOKEN: token,
      SESSION_STORE: 'do',
      SESSION_METRICS: 'isolate',
      SESSION_TRACE: 'begin',
      SESSION_ROUTES: '{"/": "optional", "/account/": "required"}',
    },
    {
      tails: ['tail'],
      services: [
        `(name = "tail", worker = (modules = [(name = "tail.js", esModule = ${JSON.stringify(TAIL)})], compatibilityDate = "2026-10-01", compatibilityFlags = ["streaming_tail_worker"], bindings = [(name = "COLLECTOR", service = "collector")]))`,
        `(name = "collector", external = (address = "127.0.0.1:${collector.address().port}", http = ()))`,
      ],
    },
  );
});
after(() => {
  isolates?.stop();
  for (const server of [site, collector]) {
    server.close();
    server.closeAllConnections();
  }
});

/** The spans of one request: `{ root, spans: [{ name, id, parent, attributes }] }`. */
async function traced(path, headers = {}) {
  requests.length = 0;
  const { status } = await send(`${isolates.urls[0]}${path}`, { headers });
  const isIt = ([{ event }]) => event.type === 'onset' && event.info?.url?.endsWith(path);
  for (let patience = 0; patience < 300 && !requests.some(isIt); patience++) await sleep(50);
  const events = requests.find(isIt);
  assert.ok(events, 'a trace');
  const [onset] = events;
  const spans = events.filter(({ event }) => event.type === 'spanOpen').map(({ event, spanContext }) => ({ name: event.name, id: event.spanId, parent: spanContext.spanId, attributes: {} }));
  const ended = events.filter(({ event }) => event.type === 'spanClose').length;
  assert.equal(ended, spans.length, 'every span ends');
  const root = { id: onset.event.spanId, trace: onset.spanContext.traceId, attributes: {} };
  for (const { event, spanContext } of events.filter(({ event }) => event.type === 'attributes'))
    for (const { name, value } of event.info) ([...spans, root].find(({ id }) => id === spanContext.spanId) ?? root).attributes[name] = value;
  return { status, root, spans };
}

/** A session of a user whose data needs the store. */
async function loggedIn() {
  const body = JSON.stringify({ _auth_user_id: '1', big: randomBytes(6000).toString('hex') });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const { setCookies } = await send(`${isolates.urls[0]}/_session`, { method: 'PATCH', headers, body });
  return setCookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

test('a page has its steps, with what they ask of the store in them', async () => {
  const { status, root, spans } = await traced('/page', { cookie: await loggedIn() });
  assert.equal(status, 200);
  const [inbound, outbound] = ['session inbound', 'session outbound'].map(name => spans.find(span => span.name === name));
  assert.ok(inbound && outbound, JSON.stringify(spans));
  assert.deepEqual([inbound.parent, outbound.parent], [root.id, root.id]);
  assert.equal(root.attributes['session.answered'], 'origin');
  const inside = spans.filter(({ parent }) => parent === inbound.id).map(({ name }) => name);
  assert.ok(inside.some(name => /durable_object/.test(name)), JSON.stringify(spans));
});

test('what is answered here has no step outbound, and says so', async () => {
  const { status, root, spans } = await traced('/account/', {});
  assert.equal(status, 401);
  assert.deepEqual(spans.map(({ name }) => name), ['session inbound']);
  assert.equal(root.attributes['session.answered'], 'here');
});

test("the site's trace is the platform's, unless the visitor brought one", async () => {
  asked.length = 0;
  const { root } = await traced('/traced');
  assert.equal(asked[0].traceparent, `00-${root.trace}-${root.id}-01`);
  const own = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await traced('/brought', { traceparent: own });
  assert.equal(asked[1].traceparent, own);
});
