// What the shell reads of requests and answers, and what it writes.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { shellWith } from './shell.mjs';

let shell;
before(async () => {
  shell = await shellWith({});
});

test('lines take fields away, replace them and add more', () => {
  const headers = new Headers([['cookie', 'a=1'], ['vary', 'Accept'], ['x-gone', '1']]);
  shell.edit(headers, ['-x-gone', '-never-there', '=cookie: b=2; c="x: y"', '+vary: Cookie', '', '+set-cookie: a=1', '+set-cookie: b=2', '=empty: ']);
  assert.deepEqual([...headers], [['cookie', 'b=2; c="x: y"'], ['empty', ''], ['set-cookie', 'a=1'], ['set-cookie', 'b=2'], ['vary', 'Accept, Cookie']]);
});

test('a request is one text: method, address, names, whether it has a body, and fields, NUL where one is absent', () => {
  const plain = new Request('https://shop.example:8443/a%2Fb?c=d', { headers: { cookie: 'a=1', 'x-own': 'y' } });
  assert.equal(shell.requestHead(plain), 'GET\nhttps\nshop.example:8443\n/a%2Fb\n?c=d\ncookie,x-own\n0\na=1\n\0');
  const posted = new Request('http://shop.example/', { method: 'POST', body: 'x', headers: { accept: '' } });
  assert.match(shell.requestHead(posted), /^POST\nhttp\nshop\.example\n\/\n\n[^\n]*\n1\n\0\n$/);
  assert.equal(shell.requestHead({ method: 'GET', url: 'no address', headers: new Headers() }), '');
});

test('an answer is one text, each Set-Cookie a line', () => {
  assert.equal(shell.responseHead(new Response(null, { status: 201, headers: { vary: 'Cookie' } })), '201\nvary\n\0\nCookie');
  const headers = new Headers([['set-cookie', 'a=1, x'], ['set-cookie', 'b=2']]);
  assert.equal(shell.responseHead({ status: 200, headers }).split('\n').slice(-2).join('|'), 'a=1, x|b=2');
});

test('ordinary is what says nothing of sessions', () => {
  const is = headers => shell.isOrdinary(new Response('', { headers }));
  assert.equal(is({}), true);
  assert.equal(is({ vary: 'Accept-Encoding' }), true);
  for (const headers of [{ 'x-session': '' }, { 'Session-Patch': '{}' }, { vary: 'Accept, X-Session-Class' }]) assert.equal(is(headers), false, JSON.stringify(headers));
});
