// HTTP as it is on the wire, from both sides: what Node's own client and server would tidy or refuse.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * An origin of raw TCP. `answer(request)` gives the bytes of an answer, or null to close the connection without one; a
 * request is `{ head, line, method, path, body, socket, number }`, where `number` counts the requests of its connection.
 * `{ url, seen, stop() }`, `seen` being all requests.
 */
export async function startRawOrigin(answer = () => plain('fine')) {
  const seen = [];
  const sockets = new Set();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let number = 0;
    let waiting = '';
    socket.on('data', async data => {
      waiting += data.toString('latin1');
      for (let end; (end = waiting.indexOf('\r\n\r\n')) >= 0; ) {
        const head = waiting.slice(0, end);
        const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
        if (waiting.length < end + 4 + length) return;
        const body = waiting.slice(end + 4, end + 4 + length);
        waiting = waiting.slice(end + 4 + length);
        const [line] = head.split('\r\n');
        const [method, path] = line.split(' ');
        const request = { head, line, method, path, body, socket, number: number++ };
        seen.push(request);
        const bytes = await answer(request);
        if (bytes === null) socket.destroy();
        else socket.write(Buffer.from(bytes, 'latin1'));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise(resolve => server.close(resolve));
    },
  };
}

/** The bytes of an answer of 200. */
export const plain = (body, headers = []) =>
  ['HTTP/1.1 200 OK', ...headers, `Content-Length: ${Buffer.byteLength(body, 'latin1')}`, '', body].join('\r\n');

/** The values that a request or an answer has under a name. */
export const valuesOf = (head, name) =>
  head
    .split('\r\n')
    .slice(1)
    .map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
    .filter(([other]) => other === name)
    .map(([, value]) => value);

/** One request with these header lines, as they are: `{ status, head, body, values(name) }`. */
export async function sendRaw(url, { method = 'GET', path = '/', lines = [], body = '' } = {}) {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  const length = body ? [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`] : [];
  const head = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...length, ...lines];
  socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
  const pieces = [];
  for await (const piece of socket) pieces.push(piece);
  const text = Buffer.concat(pieces).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const answer = { status: Number(text.split(' ')[1]), head: text.slice(0, end), body: text.slice(end + 4) };
  return { ...answer, values: name => valuesOf(answer.head, name) };
}
