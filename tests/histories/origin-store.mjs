// The origin store of the examples, behind a proxy that fails as it is told.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { sessionStore } from '../../docs/examples/session_store.mjs';
import { send } from './send.mjs';
import { troubled } from './trouble.mjs';

/**
 * `trouble` is what happens to its calls (trouble.mjs), `calls` what was asked: `{ what, start, end }`;
 * `kill(milliseconds)` ends its process, as it were, and starts another on the same file.
 */
export async function startOriginStore(file, key) {
  let server;
  let port = 0;
  const start = async () => {
    server = sessionStore(file, [key]).listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = server.address().port;
  };
  await start();
  const store = { trouble: null, calls: [] };
  const proxy = createServer(async (request, response) => {
    try {
      const body = await buffer(request);
      const what = `origin ${request.method} ${request.url.split('/').at(-2)}`;
      const made = { what, start: Date.now() };
      store.calls.push(made);
      const headers = { ...request.headers, host: 'store' };
      const ask = () => send(`http://127.0.0.1:${port}${request.url}`, { method: request.method, headers, body });
      const answer = await troubled(store.trouble, what, ask).finally(() => (made.end = Date.now()));
      response.writeHead(answer.status, answer.headers).end(answer.bytes);
    } catch {
      request.socket.destroy();
    }
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return Object.assign(store, {
    url: `http://127.0.0.1:${proxy.address().port}/store`,
    async kill(milliseconds) {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      await sleep(milliseconds);
      await start();
    },
    stop() {
      for (const each of [proxy, server]) {
        each.closeAllConnections();
        each.close();
      }
    },
  });
}
