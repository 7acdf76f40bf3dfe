// An origin that speaks headers, on node:http, with docs/examples/verify_session.mjs.

import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { sessionPatch, sessionVerifier } from '../../../docs/examples/verify_session.mjs';

const verify = sessionVerifier([process.env.SESSION_ORIGIN_KEY]);

const server = createServer({ maxHeaderSize: 128 * 1024 }, async (request, response) => {
  const body = await text(request);
  const reply = (status, content) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(content));
  };
  let told;
  try {
    told = verify(request.method, request.url, request.headers);
  } catch (refused) {
    return reply(403, { refused: refused.message });
  }
  if (request.url.startsWith('/patch')) response.setHeader('session-patch', sessionPatch(JSON.parse(body)));
  if (request.url.startsWith('/raw-patch')) response.setHeader('session-patch', body);
  if (request.url.startsWith('/foreign')) {
    response.setHeader('set-cookie', [
      '__Host-sessionid=planted; Path=/; Secure',
      'theme=dark; Path=/',
    ]);
  }
  const { cookie = null } = request.headers;
  reply(200, { issued: null, created: null, ...told, cookie, headers: request.headers });
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
