// A site that does not know that it stands behind somebody sends browsers to its own address. They are to stay at the Worker's.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';

const secret = newDjangoSecret();
const protocols = {
  transcode: { DJANGO_SECRET_KEY: secret },
  rows: { DJANGO_SECRET_KEY: secret, SESSION_STORE: 'd1' },
  headers: { SESSION_ORIGIN_KEY: newSessionKey() },
};
let origin, own, answer;

before(async () => {
  origin = createServer((request, response) => {
    const [status, headers] = answer;
    response.writeHead(status, headers).end();
  });
  await new Promise(resolve => origin.listen(0, '127.0.0.1', resolve));
  own = `127.0.0.1:${origin.address().port}`;
});
after(() => {
  origin?.closeAllConnections();
  origin?.close();
});

for (const [protocol, settings] of Object.entries(protocols)) {
  describe(protocol, () => {
    let edge;
    before(async () => {
      edge = await startEdge({
        // As people write it: the runtime tells the site 127.0.0.1.
        ORIGIN_URL: `http://${own.replace('127.0.0.1', '127.1')}/`,
        SESSION_PROTOCOL: protocol,
        SESSION_KEYS: newSessionKey(),
        SESSION_ROUTES: '{"/": "optional", "/static/": "public", "/class/": "class"}',
        ...settings,
      });
    });
    after(() => edge?.stop());

    test('the own address becomes the one that the visitor asked, whatever the status and the route', async () => {
      for (const status of [200, 201, 301, 302, 303, 304, 307, 308, 401, 404, 500, 503]) {
        for (const path of ['/', '/static/a', '/class/a']) {
          answer = [status, { location: `http://${own}/a/?b=1&c=%20#d`, 'content-location': `HTTP://${own}/e` }];
          const { headers } = await send(edge.url + path);
          assert.equal(headers.location, `${edge.url}/a/?b=1&c=%20#d`, `${status} ${path}`);
          assert.equal(headers['content-location'], `${edge.url}/e`, `${status} ${path}`);
        }
      }
    });

    test('so it does in the other headers that browsers follow', async () => {
      answer = [
        200,
        { refresh: `5; url='http://${own}/a'`, link: [`<http://${own}/b>; rel=preload`, `<//${own}/c>; rel="next"`] },
      ];
      const { headers } = await send(edge.url);
      assert.equal(headers.refresh, `5; url='${edge.url}/a'`);
      assert.equal(headers.link, `<${edge.url}/b>; rel=preload, <${edge.url.slice(5)}/c>; rel="next"`);
    });

    test('a site that redirects every page to itself by https is told of, and leads nobody past', async () => {
      for (const path of ['/a/?b=1', '/static/a']) {
        answer = [301, { location: `https://${own}${path}` }];
        const refused = await send(edge.url + path);
        assert.equal(refused.status, 502);
        assert.equal(refused.headers.location, undefined);
        assert.match(refused.body, /SECURE_PROXY_SSL_HEADER/);
      }
    });

    test('everything else stays as it is', async () => {
      const port = origin.address().port;
      for (const location of [
        '/a//b/../c?d=http://127.0.0.1:1/',
        'a',
        `http://${own}.evil.example/`,
        `http://${own}@evil.example/`,
        `http://127.0.0.1.evil.example:${port}/`,
        `http://127.0.0.1.:${port}/`,
        `http://localhost:${port}/`,
        `https://${own}/away`,
        `http://127.0.0.1/`,
        `http://${own}0/`,
        `https://example.org/?next=http://${own}/`,
        'https://example.org/away?a=1&b=%20#there',
      ]) {
        answer = [302, { location, 'content-location': location, 'x-address': `http://${own}/` }];
        const { headers } = await send(edge.url);
        assert.equal(headers.location, location);
        assert.equal(headers['content-location'], location);
        assert.equal(headers['x-address'], `http://${own}/`);
      }
    });
  });
}
