// The request to the origin, a real one: what it gets, when it is asked again, and what it hears of a visitor who has gone.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { shellWith } from './shell.mjs';

let server, url, answer, asked, again;
let decided, exchange, shell;
before(async () => {
  server = createServer((request, response) => {
    asked.push({ method: request.method, url: request.url, headers: request.headers });
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
  shell = await shellWith({
    inbound: (...given) => decided(...given),
    outboundPlain: () => '',
    unansweredPlain: (head, status, reason) => `A502\n=content-type: text/plain\n\n${status} ${reason}`,
    originAskedAgain: isAnswered => again.push(isAnswered),
  });
});
after(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  asked = [];
  again = [];
  exchange = undefined;
  answer = (request, response) => response.end('the page');
  decided = () => `F\n${url}/page\n-x-gone`;
});

const request = (init = {}, path = '/') => new Request(`https://shop.example${path}`, init);
const respond = (...given) => shell.respond(request(...given), {}, {});
/** The first connection, and only that, is closed without a word. */
function closesFirst() {
  answer = ({ socket }, response) => (asked.length === 1 ? socket.destroy() : response.end('the page'));
}

describe('what was decided is done', () => {
  test('an answer of ours asks nobody', async () => {
    decided = () => 'A401\n=content-type: text/plain\n+set-cookie: a=1\n+set-cookie: b=2\n\nplease\n\nlog in';
    const response = await respond();
    assert.deepEqual([response.status, response.headers.get('content-type'), await response.text()], [401, 'text/plain', 'please\n\nlog in']);
    assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.equal(asked.length, 0);
    decided = () => 'A204\n\n';
    assert.equal((await respond()).body, null);
  });

  test('also where the module had to wait for it', async () => {
    decided = async () => `F\n${url}/later`;
    assert.equal(await (await respond()).text(), 'the page');
    assert.equal(asked[0].url, '/later');
  });

  test('the origin gets the fields as they were edited, method and body', async () => {
    let body = '';
    answer = (request, response) => request.on('data', part => (body += part)).on('end', () => response.end());
    decided = () => `F\n${url}/page\n-x-gone\n=cookie: sessionid=1\n+x-more: 2`;
    await respond({ method: 'PUT', body: 'what was sent', headers: { 'x-gone': '1', 'x-stays': '3', cookie: 'secret' } });
    const [{ method, headers }] = asked;
    assert.deepEqual([method, headers['x-gone'], headers['x-stays'], headers.cookie, headers['x-more'], body], ['PUT', undefined, '3', 'sessionid=1', '2', 'what was sent']);
  });

  test('a redirect is the browser’s', async () => {
    answer = (request, response) => response.writeHead(302, { location: '/login/' }).end();
    const response = await respond();
    assert.deepEqual([response.status, response.headers.get('location'), asked.length], [302, '/login/', 1]);
  });

  test('its answer goes on with other fields, and its body', async () => {
    answer = (request, response) => response.writeHead(201, { 'x-session': 'secret', 'x-stays': '1' }).end('the page');
    exchange = { outbound: said => `E\n-x-session\n+set-cookie: said=${said.split('\n')[0]}` };
    exchange.takeDecision = () => `F\n${url}/page`;
    decided = () => exchange;
    const response = await respond();
    assert.deepEqual([response.status, response.headers.get('x-session'), response.headers.get('x-stays'), response.headers.get('set-cookie')], [201, null, '1', 'said=201']);
    assert.equal(await response.text(), 'the page');
  });

  test('an origin that cannot be reached is an answer of ours', async () => {
    decided = () => 'F\nhttp://127.0.0.1:1/';
    const response = await respond();
    assert.equal(response.status, 502);
    assert.match(await response.text(), /^0 ./);
  });
});

describe('a connection that the origin has closed for want of use', () => {
  test('is asked again where the module says that it can be, once, and noted', async () => {
    closesFirst();
    decided = () => `Fr\n${url}/page`;
    assert.equal(await (await respond()).text(), 'the page');
    assert.deepEqual([asked.length, again], [2, [true]]);
    asked = [];
    answer = ({ socket }) => socket.destroy();
    assert.equal((await respond()).status, 502);
    assert.deepEqual([asked.length, again], [2, [true, false]]);
  });

  test('is not where it does not', async () => {
    closesFirst();
    assert.equal((await respond()).status, 502);
    assert.deepEqual([asked.length, again], [1, []]);
  });
});

describe('a visitor who has gone', { timeout: 20_000 }, () => {
  test('is not waited for: the origin hears of it, and is not asked again', async () => {
    const gone = new AbortController();
    decided = () => `Fr\n${url}/page`;
    const closed = new Promise(done => {
      answer = ({ socket }) => socket.on('close', done);
    });
    const responded = respond({ signal: gone.signal });
    while (asked.length === 0) await sleep(5);
    gone.abort();
    assert.equal((await responded).status, 502);
    await closed;
    await sleep(50);
    assert.deepEqual([asked.length, again], [1, []]);
  });

  test('while the page is on its way: the origin hears of it, too', async () => {
    const gone = new AbortController();
    const closed = new Promise(done => {
      answer = ({ socket }, response) => {
        socket.on('close', done);
        response.write('a part of');
      };
    });
    const response = await respond({ signal: gone.signal });
    const reader = response.body.getReader();
    await reader.read();
    gone.abort();
    await assert.rejects(reader.read());
    await closed;
  });

  test('before anything was asked: nobody is', async () => {
    const response = await respond({ signal: AbortSignal.abort() });
    assert.equal(response.status, 502);
    assert.equal(asked.length, 0);
  });
});
