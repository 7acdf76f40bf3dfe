// One request over HTTP, as it is on the wire.

import { Agent, request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** `{ status, headers, bytes }`; rejects if no answer came. */
export async function send(url, { method = 'GET', headers = {}, body, timeout = 15_000 } = {}) {
  const response = await new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent, timeout }, resolve);
    request.on('error', reject).on('timeout', () => request.destroy(new Error('no answer')));
    stateLength(request, body);
    request.end(body);
  });
  return { status: response.statusCode, headers: response.headers, bytes: await buffer(response) };
}

/** Node says of a DELETE's body neither its length nor that it is chunked: whoever gets it takes it for the next request. */
export function stateLength(request, body) {
  if (request.method === 'DELETE' && body !== undefined) request.setHeader('content-length', Buffer.byteLength(body));
}
