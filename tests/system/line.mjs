// A session that changes by way of the API, for tests of what becomes of its older cookies.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { send } from './visitor.mjs';

const COOKIE = '__Host-sessionid';
export const token = randomBytes(24).toString('base64url');
export const bearer = { authorization: `Bearer ${token}` };

export const pair = ({ name, value }) => `${name}=${value}`;
export const named = (response, name) => response.setCookies.filter(cookie => cookie.name === name);

/** A change of the session of `cookie`, none for a new one: the cookie after it. */
export async function change(edge, cookie, changes) {
  const body = JSON.stringify(changes);
  const headers = { ...bearer, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  if (cookie) headers.cookie = cookie;
  const response = await send(`${edge.url}/_session`, { method: 'PATCH', headers, body });
  assert.equal(response.status, 200, response.body);
  return pair(named(response, COOKIE)[0]);
}

export const look = (edge, cookie) => send(`${edge.url}/_session`, { headers: { ...bearer, cookie } });

/** Too much for a cookie. */
export const pad = () => randomBytes(4000).toString('hex');
export const user = { _auth_user_id: '1' };

/** A session that was changed so often: the cookie of each state. */
export async function line(edge, changes) {
  const cookies = [await change(edge, undefined, { ...user, pad: pad(), n: 0 })];
  for (let n = 1; n <= changes; n++) cookies.push(await change(edge, cookies.at(-1), { n }));
  return cookies;
}
