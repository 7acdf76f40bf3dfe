// The site behind the edge, in both protocols: it shows the session that it was told of and changes it as the body says.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { sessionPatch, sessionVerifier } from '../../docs/examples/verify_session.mjs';
import * as django from './django-cookie.mjs';

const GONE = 'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/';

/**
 * GET shows the session; POST applies a merge patch to it, `null` logs out; `?wait=` is how many milliseconds that takes.
 * `{ url, stop() }`
 */
export async function startSite({ protocol, djangoSecret, originKey }) {
  const verify = sessionVerifier([originKey]);
  const told = request => {
    if (protocol === 'headers') return verify(request.method, request.url, request.headers).session;
    const cookie = /(?:^|;\s*)sessionid=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
    return cookie ? django.read(djangoSecret, cookie) : null;
  };
  const change = (session, patch, response) => {
    if (protocol === 'headers') return response.setHeader('session-patch', sessionPatch(patch));
    if (patch === null) return response.setHeader('set-cookie', GONE);
    const after = Object.entries({ ...session, ...patch }).filter(([, value]) => value !== null);
    const cookie = django.write(djangoSecret, Object.fromEntries(after));
    return response.setHeader('set-cookie', `sessionid=${cookie}; Max-Age=1209600; Path=/; HttpOnly`);
  };
  // A connection is kept for longer than any history takes: one that is closed as a request comes is a 502, of which nothing is to be learnt.
  const server = createServer({ maxHeaderSize: 256 * 1024, keepAliveTimeout: 300_000 }, async (request, response) => {
    try {
      const body = await text(request);
      const session = told(request);
      await sleep(Number(new URL(request.url, 'http://site').searchParams.get('wait')));
      if (request.method === 'POST') change(session, JSON.parse(body), response);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ session }));
    } catch (error) {
      response.writeHead(500).end(String(error.stack));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
