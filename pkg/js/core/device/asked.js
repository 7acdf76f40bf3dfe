// What of a request says how it came: that of the platform (`Request`), Node's, or what looks like one of them.

import { isRequest } from '../request.js';

/**
 * @returns {{ method: string, path: string, query: string, host: string, field: (name: string) => string | undefined } | undefined}
 *   `undefined` for what is no request: a header, a jar
 */
export function askedBy(from) {
  if (!isRequest(from) || typeof from.method !== 'string') return undefined;
  const field = name => {
    const { headers } = from;
    const value = typeof headers.get === 'function' ? headers.get(name) : headers[name];
    return value === null || value === undefined ? undefined : String(value);
  };
  // Express takes the path of a router off.
  let url;
  try {
    url = new URL(from.originalUrl ?? from.url, 'https://host.invalid');
  } catch {
    return undefined;
  }
  const host = field('host') ?? from.authority ?? url.host;
  return { method: from.method, path: url.pathname, query: url.search, host: host.replace(/:\d+$/, ''), field };
}

/** Whether it is a browser that asks for a page; `* / *` is what scripts send. */
export const wantsPage = ({ method, field }) =>
  method === 'GET' && /(^|,)\s*(text\/html|application\/xhtml\+xml)\s*(;(?!\s*q=0(\.0*)?\s*(,|$))|,|$)/i.test(field('accept') ?? '');
