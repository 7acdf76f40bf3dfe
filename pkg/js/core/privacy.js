// What keeps an answer that depends on a session out of every cache.

/**
 * Fields that some cache on the way obeys before `Cache-Control`: `…-Cache-Control` (RFC 9213, and older ones of the
 * same kind), `Surrogate-Control`, Akamai's `Edge-Control`, nginx's `X-Accel-Expires`, Varnish's `X-Reverse-Proxy-TTL`;
 * and `Expires`, the one that HTTP/1.0 knows.
 */
const OVERRULING = /-cache-control$|(^|-)(surrogate|edge)-control$|^x-accel-expires$|^x-reverse-proxy-ttl$|^expires$/;

/** Marks an answer as this visitor's alone. What its `Cache-Control` says of other things than keeping stays. */
export function makePrivate(headers) {
  for (const name of [...headers.keys()]) if (OVERRULING.test(name.toLowerCase())) headers.delete(name);
  // `no-transform` alone: it forbids others to compress, and so to hold back, a stream.
  const directives = (headers.get('cache-control') ?? '').replace(/"(\\.|[^"\\])*"/g, '""').split(',');
  const isFixed = directives.some(directive => directive.trim().toLowerCase() === 'no-transform');
  headers.set('cache-control', isFixed ? 'private, no-store, no-transform' : 'private, no-store');
  const vary = headers.get('vary');
  if (vary === null) headers.set('vary', 'Cookie');
  else if (!/(^|,)\s*(cookie|\*)\s*(,|$)/i.test(vary)) headers.append('vary', 'Cookie');
}
