// Sites as bytes on a TCP connection: what no HTTP library would send, or let through as it came.

import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { createServer as createHttpServer } from 'node:http';

/**
 * A site that answers each request without a body by what `answer(path, head)` gives: header lines, or
 * `{ status, lines, body }`. Text is Latin-1 both ways. `{ url, heads, stop() }`, heads as they came.
 */
export async function startWireSite(answer) {
  const heads = [];
  const sockets = new Set();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', data => {
      text += data.toString('latin1');
      for (let end; (end = text.indexOf('\r\n\r\n')) >= 0; text = text.slice(end + 4)) {
        const head = text.slice(0, end);
        heads.push(head);
        const [method, path] = head.split(' ');
        const given = answer(path, head);
        const { status = '200 OK', lines = [], body = 'fine' } = Array.isArray(given) ? { lines: given } : given;
        const hasBody = method !== 'HEAD' && !/^(204|304)/.test(status);
        const length = /^(204|304)/.test(status) ? [] : [`Content-Length: ${body.length}`];
        socket.write(Buffer.from([`HTTP/1.1 ${status}`, ...length, ...lines, '', hasBody ? body : ''].join('\r\n'), 'latin1'));
      }
    });
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    heads,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** One request of these header lines; the whole answer, as Latin-1. */
export function askWire(edge, path, lines = [], method = 'GET') {
  return new Promise((resolve, reject) => {
    const { port, host } = new URL(edge.url);
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('error', reject).on('data', data => (text += data.toString('latin1'))).on('close', () => resolve(text));
    socket.write(Buffer.from([`${method} ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...lines, '', ''].join('\r\n'), 'latin1'));
  });
}

/** All values of a header in a head or an answer. */
export const valuesOf = (text, name) =>
  text
    .split('\r\n\r\n')[0]
    .split('\r\n')
    .filter(line => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map(line => line.slice(name.length + 1).trim());

const signed = (salt, secret, session) => {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let time = '';
  for (let seconds = Math.floor(Date.now() / 1000); seconds > 0; seconds = Math.floor(seconds / 62)) time = digits[seconds % 62] + time;
  const text = `${Buffer.from(JSON.stringify(session)).toString('base64url')}:${time}`;
  const key = createHash('sha256').update(`${salt}signer${secret}`).digest();
  return `${text}:${createHmac('sha256', key).update(text).digest('base64url')}`;
};

/** Django's own signed session cookie. */
export const djangoCookie = (secret, session) => signed('django.contrib.sessions.backends.signed_cookies', secret, session);

/** What Django keeps of a session in its table. */
export const djangoRow = (secret, session) => signed('django.contrib.sessions.SessionStore', secret, session);

/** Django's sessions behind docs/ORIGIN-STORE.md, by key: `{ url, rows, requests, stop() }`. */
export async function startRows(storeKey, secret, sessions) {
  const mac = Buffer.from(hkdfSync('sha256', Buffer.from(storeKey.slice(4), 'base64url'), 'edge-session/v1', 'origin-mac', 32));
  const rows = new Map(Object.entries(sessions).map(([key, session]) => [key, djangoRow(secret, session)]));
  const requests = [];
  const server = createHttpServer((request, response) => {
    requests.push(request);
    const key = request.url.split('/').at(-1);
    const data = rows.get(key);
    let [status, body] = data === undefined ? [404, ''] : [200, JSON.stringify({ data, expires: Math.floor(Date.now() / 1000) + 3600 })];
    if (request.method === 'DELETE') [status, body] = [rows.delete(key) ? 204 : 404, ''];
    const proof = createHmac('sha256', mac).update(`edge-session-store/1 answer\n${request.headers['x-store-mac']}\n${status}\n${body}`).digest('base64url');
    response.writeHead(status, { 'x-store-mac': proof }).end(body);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/store`,
    rows,
    requests,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
