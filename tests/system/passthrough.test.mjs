// Everything that is not the session goes through as if the Worker were not there.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { WebSocket, WebSocketServer } from 'ws';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret, startSite } from './site.mjs';
import { send, Visitor } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
const keys = newSessionKey();
let site, edge;

before(async () => {
  site = await startSite({ secret });
  edge = await startEdge({ ORIGIN_URL: site.url, SESSION_KEYS: keys, DJANGO_SECRET_KEY: secret });
});

after(async () => {
  await edge?.stop();
  await site?.stop();
});

const both = async (path, options) => [
  await send(edge.url + path, options),
  await send(site.url + path, options),
];

async function loggedIn() {
  const visitor = new Visitor(edge);
  await visitor.logIn();
  return visitor;
}

describe('responses', () => {
  test('status codes and bodies', async () => {
    for (const code of [
      200, 201, 204, 206, 400, 401, 403, 404, 405, 409, 410, 418, 422, 429, 451, 500, 502, 503, 504,
    ]) {
      const [through, direct] = await both(`/status/${code}`);
      assert.equal(through.status, code);
      assert.equal(through.body, direct.body);
      assert.equal(through.headers['x-answered-by'], 'django');
    }
  });

  test("a site's error page, and the session after it", async () => {
    const visitor = await loggedIn();
    const response = await visitor.get('/crash');
    assert.equal(response.status, 500);
    assert.match(response.body, /this page always fails/);
    assert.deepEqual(response.setCookies, []);
    assert.equal((await visitor.get('/save-and-fail')).status, 500);
    const { user, keys } = await visitor.whoami();
    assert.equal(user, 'ada');
    assert.ok(!keys.includes('lost'));
  });

  test('many Set-Cookie headers, each as it was, in their order', async () => {
    const [through, direct] = await both('/many-cookies');
    const lines = ({ setCookies }) => setCookies.map(({ line }) => line.replace(/expires=[^;]*/i, 'expires'));
    assert.equal(through.setCookies.length, 4);
    assert.deepEqual(lines(through), lines(direct));
  });

  test('redirects are not followed, and stay what they are if they do not name the site itself', async () => {
    for (const path of ['/redirect', '/redirect/away']) {
      const [through, direct] = await both(path);
      assert.equal(through.status, 302);
      assert.equal(through.headers.location, direct.headers.location);
    }
  });

  test('HEAD has no body', async () => {
    const visitor = await loggedIn();
    const response = await send(`${edge.url}/`, {
      method: 'HEAD',
      headers: { cookie: `${COOKIE}=${visitor.cookies.get(COOKIE)}` },
    });
    assert.equal(response.status, 200);
    assert.equal(response.body, '');
    assert.match(response.headers['content-type'], /text\/html/);
  });

  test('304', async () => {
    const visitor = await loggedIn();
    const first = await visitor.get('/static/app.css');
    const again = await visitor.get('/static/app.css', {
      'if-modified-since': first.headers['last-modified'],
    });
    assert.equal(again.status, 304);
    assert.equal(again.body, '');
    assert.deepEqual(again.setCookies, []);
  });

  test('a slow body arrives piece by piece', async () => {
    const response = await new Promise((resolve, reject) => {
      httpRequest(`${edge.url}/stream`, resolve).on('error', reject).end();
    });
    const times = [];
    let text = '';
    for await (const chunk of response) {
      times.push(Date.now());
      text += chunk;
    }
    assert.equal(text, 'line 1\nline 2\nline 3\nline 4\nline 5\n');
    assert.ok(times.at(-1) - times[0] > 600, `first and last piece are ${times.at(-1) - times[0]} ms apart`);
  });
});

describe('caching', () => {
  const assertPrivate = response => {
    assert.equal(response.headers['cache-control'], 'private, no-store');
    const vary = response.headers.vary.toLowerCase().split(/\s*,\s*/);
    assert.equal(vary.filter(name => name === 'cookie').length, 1, response.headers.vary);
  };

  test('a response that sets the session is private, whatever the site says', async () => {
    const visitor = new Visitor(edge);
    const response = await visitor.get('/save-and-cache');
    assert.ok(response.setCookies.some(({ name }) => name === COOKIE));
    assertPrivate(response);
  });

  test('so is one made with the session, and one that takes it away', async () => {
    const visitor = await loggedIn();
    for (const path of ['/whoami', '/']) assertPrivate(await visitor.get(path));
    assertPrivate(await visitor.post('/logout/'));
    assertPrivate(await send(`${edge.url}/plain`, { headers: { cookie: `${COOKIE}=AAAA` } }));
  });

  test('a public file stays public, with a session and without', async () => {
    const visitor = await loggedIn();
    for (const response of [await visitor.get('/static/app.css'), await send(`${edge.url}/static/app.css`)]) {
      assert.match(response.headers['cache-control'], /public/);
      assert.match(response.headers['cache-control'], /max-age=600/);
      assert.deepEqual(response.setCookies, []);
    }
  });

  test('a page that did not use the session is left as it is, with a session and without', async () => {
    const visitor = await loggedIn();
    for (const path of ['/plain', '/status/404']) {
      const direct = await send(site.url + path);
      for (const through of [await send(edge.url + path), await visitor.get(path)]) {
        assert.equal(through.headers['cache-control'], direct.headers['cache-control']);
        assert.equal(through.headers.vary, direct.headers.vary);
      }
    }
  });
});

describe('requests', () => {
  test('method, path and query are as they were', async () => {
    for (const path of ['/whoami?a=1&a=2&b=%20%2F%3F&c=ä&empty=', '/whoami?', '/whoami?//x/../y']) {
      const sent = encodeURI(decodeURI(path));
      const [through, direct] = await both(sent);
      assert.equal(through.json().path, direct.json().path);
    }
  });

  test('bodies, also large and binary ones', async () => {
    for (const size of [0, 1, 1000, 300_000, 3_000_000]) {
      const body = randomBytes(size).toString('base64url');
      const headers = { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) };
      const response = await send(`${edge.url}/echo`, { method: 'POST', headers, body });
      assert.equal(response.status, 200);
      assert.equal(digest(response.body), digest(body), `${size} bytes`);
    }
  });

  test('other cookies, byte for byte', async () => {
    for (const cookie of ['theme=dark; a="x y"; b=c=d; e=', 'a=1; a=2', 'lonely; x=1']) {
      assert.equal((await send(`${edge.url}/whoami`, { headers: { cookie } })).json().cookie, cookie);
    }
  });
});

describe('a site of another kind', () => {
  let origin, other, seen;

  // What Django's own server cannot do: WebSockets, long headers, compressed and chunked bodies.
  before(async () => {
    origin = createServer({ maxHeaderSize: 1 << 20 }, async (request, response) => {
      seen = { headers: request.headers };
      if (request.url === '/gzip') {
        response.setHeader('content-encoding', 'gzip').end(gzipSync('compressed '.repeat(1000)));
      } else if (request.url === '/early') {
        // Answers while the request's body is still coming.
        response.flushHeaders();
        for await (const chunk of request) response.write(chunk);
        response.end();
      } else {
        response.end('fine');
      }
    });
    const sockets = new WebSocketServer({ server: origin });
    sockets.on('connection', (socket, request) => {
      socket.send(request.headers.cookie ?? 'no cookie');
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    await new Promise(resolve => origin.listen(0, '127.0.0.1', resolve));
    other = await startEdge({
      ORIGIN_URL: `http://127.0.0.1:${origin.address().port}`,
      SESSION_KEYS: keys,
      DJANGO_SECRET_KEY: secret,
    });
  });

  after(async () => {
    await other?.stop();
    origin?.closeAllConnections();
    origin?.close();
  });

  const cookieOf = visitor => `${COOKIE}=${visitor.cookies.get(COOKIE)}`;

  test('WebSocket: the session is translated, messages go both ways', async () => {
    const visitor = await loggedIn();
    for (const [cookie, expected] of [
      [`theme=dark; ${cookieOf(visitor)}`, /^theme=dark; sessionid=[^;]+$|^sessionid=[^;]+; theme=dark$/],
      [`theme=dark; ${COOKIE}=forged; sessionid=forged`, /^theme=dark$/],
    ]) {
      const socket = new WebSocket(`${other.url.replace('http', 'ws')}/chat`, { headers: { cookie } });
      const messages = [];
      socket.on('message', (data, isBinary) => messages.push(isBinary ? data : data.toString()));
      await once(socket, 'open');
      socket.send('hello');
      socket.send(Buffer.from([0, 1, 255]));
      for (let n = 0; messages.length < 3 && n < 100; n++) await sleep(20);
      assert.match(messages[0], expected);
      assert.equal(messages[1], 'hello');
      assert.deepEqual([...messages[2]], [0, 1, 255]);
      socket.close();
      await once(socket, 'close');
    }
  });

  test('a Cookie header of 128 KB, ten thousand cookies, a value of 16 KB: a normal answer', async () => {
    const visitor = await loggedIn();
    const ours = cookieOf(visitor);
    const many = Array.from({ length: 10_000 }, (_, n) => `c${n}=${n}`).join('; ');
    const fill = length => `x=${'y'.repeat(length)}`;
    for (const [what, cookie] of Object.entries({
      'ten thousand cookies': `${many.slice(0, 60_000)}; ${ours}; ${many.slice(60_000, 115_000)}`,
      'ten thousand short ones': `${'a=1; '.repeat(10_000)}${ours}`,
      '128 KB of semicolons': ';'.repeat(120_000) + ours,
      'nearly 128 KB in one': `${ours}; ${fill(120_000)}`,
      // Once each of them was a separator behind which all the others were walked: 15 s.
      '120 KB of blanks in one': `${ours}; a=b${' '.repeat(120_000)}c`,
      'what separates, and what is skipped': `${ours}; a=b${',%80s%80e'.repeat(13_000)}`,
      'ours of 16 KB': `${COOKIE}=${'A'.repeat(16_384)}`,
      'ours of 100 KB': `${COOKIE}=${'A'.repeat(100_000)}`,
      'ours five thousand times': `${COOKIE}=AAAA; `.repeat(5000) + ours,
    })) {
      const started = Date.now();
      const response = await send(`${other.url}/`, { headers: { cookie } });
      assert.equal(response.status, 200, what);
      assert.ok(Date.now() - started < 2000, `${what}: ${Date.now() - started} ms`);
      const sessions = (seen.headers.cookie ?? '').split('; ').filter(pair => pair.startsWith('sessionid='));
      assert.ok(sessions.length <= 1, what);
      assert.ok(!(seen.headers.cookie ?? '').includes(COOKIE), what);
    }
  });

  test('a compressed body', async () => {
    const response = await new Promise((resolve, reject) => {
      const headers = { 'accept-encoding': 'gzip' };
      httpRequest(`${other.url}/gzip`, { headers }, resolve).on('error', reject).end();
    });
    const content = Buffer.concat(await response.toArray());
    const plain = response.headers['content-encoding'] === 'gzip' ? gunzipSync(content) : content;
    assert.equal(plain.toString(), 'compressed '.repeat(1000));
  });

  test("a request's body goes on before it is complete", async () => {
    const pieces = [];
    const request = httpRequest(`${other.url}/early`, { method: 'POST' });
    const answered = once(request, 'response').then(async ([response]) => {
      for await (const piece of response) pieces.push(piece.toString());
    });
    request.write('one ');
    for (let n = 0; pieces.length === 0 && n < 100; n++) await sleep(20);
    assert.equal(pieces.join(''), 'one ');
    request.end('two');
    await answered;
    assert.equal(pieces.join(''), 'one two');
  });
});

test('a site that is down: 502, and cookies are left alone', async () => {
  const visitor = await loggedIn();
  const closed = createServer();
  await new Promise(resolve => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address();
  await new Promise(resolve => closed.close(resolve));
  const down = await startEdge({
    ORIGIN_URL: `http://127.0.0.1:${port}`,
    SESSION_KEYS: keys,
    DJANGO_SECRET_KEY: secret,
  });
  try {
    const signed = `${COOKIE}=${visitor.cookies.get(COOKIE)}`;
    for (const cookie of ['', signed]) {
      const response = await send(`${down.url}/`, { headers: { cookie } });
      assert.equal(response.status, 502);
      assert.deepEqual(response.setCookies, []);
      assert.match(response.headers['cache-control'], /no-store/);
    }
    assert.equal((await send(`${down.url}/_session/health`)).status, 200);
  } finally {
    await down.stop();
  }
  assert.equal((await visitor.whoami()).user, 'ada');
});

const digest = text => createHash('sha256').update(text).digest('hex');
