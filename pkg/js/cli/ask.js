// One HTTP request, as it is on the wire: nothing is followed, kept or decoded, and headers may be long.

import { readFileSync } from 'node:fs';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { inputProblem } from './problem.js';

const MAX_HEADERS = 256 << 10;
const MAX_BODY = 4 << 20;

/** Nobody answered, or nobody that is trusted; `message` says why, and what to do where something can be done. */
export class Unreachable extends Error {
  /** @param {string} message @param {string} code Node's */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/**
 * @param {object} how
 * @param {string} [how.ca] file of a certificate that is trusted as well
 * @param {number} [how.milliseconds] for one answer
 * @returns {Ask}
 *
 * @typedef {(url: string | URL, request?: { method?: string, headers?: Record<string, string>, body?: string }) => Promise<Answer>} Ask
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string | string[]>} headers by lower-case name
 * @property {string[]} setCookies
 * @property {string} body
 * @property {any} json `undefined` if the body is none
 */
export function asker({ ca, milliseconds = 15_000 } = {}) {
  const trusted = ca === undefined ? undefined : certificates(ca);
  return (url, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const to = new URL(url);
      const send = to.protocol === 'https:' ? secure : plain;
      const options = { method, headers: { 'user-agent': 'edge-session', ...headers }, agent: false, maxHeaderSize: MAX_HEADERS, ca: trusted };
      const request = send(to, options, response => {
        const chunks = [];
        let length = 0;
        response.on('data', chunk => {
          length += chunk.length;
          if (length <= MAX_BODY) chunks.push(chunk);
          else response.destroy();
        });
        response.on('close', () => resolve(answered(response, Buffer.concat(chunks).toString('utf8'))));
        response.on('error', () => {}); // what arrived until then is the answer
      });
      request.setTimeout(milliseconds, () => request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
      request.on('error', error => reject(new Unreachable(reason(error, to, milliseconds), error.code ?? '')));
      request.end(body);
    });
}

function answered({ statusCode, headers }, body) {
  return {
    status: statusCode,
    headers,
    setCookies: headers['set-cookie'] ?? [],
    body,
    get json() {
      try {
        return JSON.parse(body);
      } catch {
        return undefined;
      }
    },
  };
}

// Node's own: nothing but what the system or the user trusts, and this.
function certificates(path) {
  try {
    return [readFileSync(path, 'utf8')];
  } catch (error) {
    throw inputProblem(`--ca: cannot read ${path} (${error.code})`);
  }
}

function reason({ code = '', message }, { host, hostname, protocol }, milliseconds) {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `there is no host ${hostname}, or no network: the DNS knows none`;
  if (code === 'ECONNREFUSED') return `nothing listens at ${host}`;
  if (code === 'ETIMEDOUT') return `no answer from ${host} within ${milliseconds / 1000} s`;
  if (/CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/.test(code)) return `the certificate of ${host} is not trusted (${code}): name one of your own with --ca`;
  if (/SSL|EPROTO/.test(code)) return protocol === 'https:' ? `${host} does not speak TLS: http:// is meant?` : `${host} hung up`;
  if (code === 'ECONNRESET' || message === 'socket hang up') return `${host} hung up`;
  return `${host} cannot be reached (${code || message})`;
}
