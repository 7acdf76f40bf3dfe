// Stands in front of an HTTP server and takes it away: what it passes on it does not look at.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from './visitor.mjs';

/**
 * A server in front of `target`: `{ url, set(mode), stop() }`. Modes: ok, down (the connection is closed), after (it is
 * done, and the connection is closed), slow (an answer after two seconds).
 */
export async function startSwitchboard(target) {
  let mode = 'ok';
  const server = createServer(async (request, response) => {
    if (mode === 'down') return request.socket.destroy();
    if (mode === 'slow') await sleep(2000);
    const chunks = await Array.fromAsync(request);
    const answer = await send(target + request.url, {
      method: request.method,
      headers: { ...request.headers, host: new URL(target).host },
      body: Buffer.concat(chunks),
    });
    if (mode === 'after') return request.socket.destroy();
    response.writeHead(answer.status, answer.headers).end(answer.bytes);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    set: chosen => (mode = chosen),
    stop() {
      server.closeAllConnections();
      return new Promise(resolve => server.close(resolve));
    },
  };
}
