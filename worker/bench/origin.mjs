// The site behind all three Workers, in a process of its own.
//   origin.mjs <Django's SECRET_KEY>      says its port when it listens
//
//   /read                  a page
//   /write/<size>          the same page, and one of 64 sessions: as Django's signed cookie
//   /write/<size>?json     the same session as JSON in a header, for a Worker that seals it itself
//   /told                  yes, if the request came with a session in either form
//   /cookies               Django's cookies, 64 of each size

import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { deflateSync } from 'node:zlib';
import { SIZES, sessions } from './sessions.mjs';

const [secret] = process.argv.slice(2);
const salt = 'django.contrib.sessions.backends.signed_cookies';
const key = createHash('sha256').update(`${salt}signer${secret}`).digest();

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const base62 = number => (number === 0 ? '' : base62(Math.floor(number / 62)) + DIGITS[number % 62]);

/** What Django's signed_cookies backend makes of a session. */
function django(json) {
  const text = `.${deflateSync(json).toString('base64url')}:${base62(Math.floor(Date.now() / 1000))}`;
  return `${text}:${createHmac('sha256', key).update(text).digest('base64url')}`;
}

const page = '<p>a page of the site</p>'.repeat(40);
const answers = Object.fromEntries(
  SIZES.map(size => [size, sessions(size).map(json => ({ cookie: django(json), json: Buffer.from(json).toString('base64') }))]),
);

let written = 0;
const server = createServer(({ url, headers: told }, response) => {
  if (url === '/cookies') {
    const cookies = Object.entries(answers).map(([size, all]) => [size, all.map(({ cookie }) => cookie)]);
    response.end(JSON.stringify(Object.fromEntries(cookies)));
    return;
  }
  if (url === '/told') {
    const json = Buffer.from(told['x-session'] ?? '', 'base64').toString();
    response.end(/(^|; )sessionid=/.test(told.cookie) || /visitor/.test(json) ? 'yes' : 'no');
    return;
  }
  const headers = { 'content-type': 'text/html', 'content-length': page.length, vary: 'Cookie' };
  const [, size, json] = /^\/write\/(\w)(\?json)?$/.exec(url) ?? [];
  if (size !== undefined) {
    const answer = answers[size][written++ % answers[size].length];
    if (json) headers['session-json'] = answer.json;
    else headers['set-cookie'] = `sessionid=${answer.cookie}; Path=/; HttpOnly; SameSite=Lax`;
  }
  response.writeHead(200, headers);
  response.end(page);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
