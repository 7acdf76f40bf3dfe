// The address of a request: scheme, host, path and query, as the runtime's own parser of URLs gives them.

/** A path and a query that the parser leaves as they are: nearly all. Dots in a path may be segments, which it resolves. */
const PLAIN = /^\/[\w~!$&'()*+,;=:@/-]*(?:\?[\w.~!$&()*+,;:@/?=%-]+)?$/;

/** What is a scheme and a host and nothing else: the next slash is where the path begins. */
const FRONT = /^https?:\/\/[\w.:[\]-]+$/;

/** The scheme and the host that were last read, and the text that they were read from. */
let known = {};

/** The parts, each in a line; `undefined` where it is no address. */
export function addressOf(url) {
  const slash = url.indexOf('/', url.indexOf('://') + 3);
  const end = slash === -1 ? url.length : slash;
  const text = url.slice(0, end);
  const rest = url.slice(end);
  // What a host is, its own text alone tells: the same one is not parsed again.
  if (text === known.text && PLAIN.test(rest)) {
    const query = rest.indexOf('?');
    return `${known.lines}\n${query === -1 ? `${rest}\n` : `${rest.slice(0, query)}\n${rest.slice(query)}`}`;
  }
  let address;
  try {
    address = new URL(url);
  } catch {
    return undefined;
  }
  const { protocol, host, pathname, search } = address;
  const lines = `${protocol.slice(0, -1)}\n${host}`;
  if (FRONT.test(text)) known = { text, lines };
  return `${lines}\n${pathname}\n${search}`;
}
