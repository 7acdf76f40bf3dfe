// A visitor of the site: requests as they are on the wire, and a cookie jar that can be looked into.

import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { stateLength } from '../histories/send.mjs';

/**
 * One request, nothing followed or decoded: `{ status, headers, setCookies, bytes, body, json() }`.
 * Header values are written as Latin-1, so bytes above 0x7F can be sent.
 * The head goes out at once and the body after `beforeBody()`, if that is given.
 */
export async function send(url, { method = 'GET', headers = {}, body, beforeBody } = {}) {
  const response = await new Promise((resolve, reject) => {
    // The path as it is given: new URL() would tidy it.
    const { hostname, port, origin } = new URL(url);
    const request = httpRequest(
      { hostname, port, path: url.slice(origin.length) || '/', method, headers },
      resolve,
    );
    request.on('error', reject);
    stateLength(request, body);
    if (!beforeBody) return request.end(body);
    request.flushHeaders();
    beforeBody().then(() => request.end(body), reject);
  });
  const bytes = await buffer(response);
  const content = bytes.toString();
  return {
    status: response.statusCode,
    headers: response.headers,
    setCookies: (response.headers['set-cookie'] ?? []).map(parseSetCookie),
    bytes,
    body: content,
    json: () => JSON.parse(content),
  };
}

/** `{ line, name, value, attributes }`, attributes by lower-case name; a flag is true. */
export function parseSetCookie(line) {
  const [pair, ...rest] = line.split(/;\s*/);
  const split = text => {
    const at = text.indexOf('=');
    return at < 0 ? [text, true] : [text.slice(0, at), text.slice(at + 1)];
  };
  const [name, value] = split(pair);
  const attributes = Object.fromEntries(rest.map(split).map(([name, value]) => [name.toLowerCase(), value]));
  return { line, name, value, attributes };
}

export class Visitor {
  cookies = new Map();

  /** `place` is anything with a `url`: the edge or the bare site. */
  constructor(place) {
    this.place = place;
  }

  async get(path, headers = {}) {
    return this.#send(path, { headers });
  }

  /** A form as the site's pages send it, with the CSRF token. */
  async post(path, form = {}, beforeBody) {
    if (!this.cookies.has('csrftoken')) await this.get('/login/');
    const body = new URLSearchParams({
      csrfmiddlewaretoken: this.cookies.get('csrftoken'),
      ...form,
    }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    };
    return this.#send(path, { method: 'POST', headers, body, beforeBody });
  }

  /** What Django knows of this visitor. */
  async whoami() {
    const response = await this.get('/whoami');
    if (response.status !== 200) throw new Error(`/whoami answered ${response.status}: ${response.body}`);
    return response.json();
  }

  async logIn() {
    const response = await this.post('/login/', { username: 'ada', password: 'lovelace' });
    if (response.status !== 302) throw new Error(`log in answered ${response.status}: ${response.body}`);
    return response;
  }

  async #send(path, { headers, ...rest }) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await send(this.place.url + path, {
      ...rest,
      headers: cookie ? { cookie, ...headers } : headers,
    });
    for (const { name, value, attributes } of response.setCookies) {
      if (attributes['max-age'] <= 0) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }
}
