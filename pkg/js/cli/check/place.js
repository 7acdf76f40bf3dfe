// The deployment that is looked at, and what is known of it so far.

/**
 * @param {object} given
 * @param {URL} given.url
 * @param {import('../ask.js').Ask} given.ask
 * @param {string} given.page a path of the site that anybody may see
 * @param {string} [given.token] SESSION_API_TOKEN
 * @param {string} [given.cookie] the session cookie's name
 * @param {URL} [given.origin] where the site really is
 * @param {{ path?: string, username?: string, password?: string }} given.login
 * @returns {Place}
 *
 * @typedef {object} Place
 * @property {URL} url
 * @property {boolean} isLocal browsers take `Secure` cookies there without TLS
 * @property {(path: string, request?: object) => Promise<import('../ask.js').Answer>} ask
 * @property {(path: string, request?: object) => Promise<import('../ask.js').Answer>} askWithToken
 * @property {Health} [health]
 * @property {string} [sessionCookie] `name=value` of a session that was made here, as long as it is in force
 *
 * @typedef {{ version: string, store: string, revocation: string, copy_seconds?: number, warnings: string[] }} Health
 */
export function placeOf({ url, ask, ...rest }) {
  const isLocal = url.hostname === 'localhost' || url.hostname.endsWith('.localhost');
  const at = path => new URL(path, url);
  return {
    url,
    isLocal,
    ...rest,
    askAt: ask,
    ask: (path, request = {}) => ask(at(path), request),
    askWithToken: (path, { headers = {}, ...request } = {}) => ask(at(path), { ...request, headers: { ...headers, authorization: `Bearer ${rest.token}` } }),
  };
}

/** `name` and `value` of a Set-Cookie line, and whether it removes the cookie. */
export function cookieOf(line) {
  const [, name, value] = /^([^=;]*)=([^;]*)/.exec(line) ?? ['', '', ''];
  return { name: name.trim(), value: value.trim(), isRemoval: /;\s*max-age=(0|-)/i.test(line) };
}

/** The text of a page, as much as a line has room for. */
export const textOf = body => body.replace(/<(style|script).*?<\/\1>/gs, '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 160);
