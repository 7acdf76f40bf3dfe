// Where a Django site keeps its sessions, as the native server is told: [django] in its settings (docs/ROWS.md).

const BACKENDS = 'django.contrib.sessions.backends.';

/**
 * @param {import('./site.js').Site} site
 * @returns {{ settings: Record<string, string | number | string[]> } | { why: string }} what stands under `[django]`, or why
 *   the native server cannot ask there
 */
export function sessionPlace(site) {
  const unsuited = why => ({ why });
  const { engine, sessionTable: table, sessionCache: cache } = site;
  const kind = engine.startsWith(BACKENDS) ? engine.slice(BACKENDS.length) : table ? 'db' : engine;
  if (!site.writesJson) return unsuited('its SESSION_SERIALIZER does not write JSON');
  if (kind === 'file') return { settings: { sessions: `file:${site.sessionFolder}`, cookie_name: site.cookieName, cookie_age: site.cookieAge } };
  if (kind === 'cache') {
    const { why, settings, address } = cacheOf(cache);
    return why ? unsuited(why) : { settings: { sessions: address, ...settings, secret_keys: [site.secretKey, ...site.secretKeyFallbacks] } };
  }
  if (kind !== 'db' && kind !== 'cached_db') return unsuited(`SESSION_ENGINE is ${kind}`);
  if (!table) return unsuited('the table of its sessions could not be found out');
  const { why, address } = databaseOf(table, site.usesTimeZones);
  if (why) return unsuited(why);
  const [key, data, expires] = table.columns;
  const settings = {
    sessions: address,
    ...unless('django_session', { table: table.table }),
    ...unless('session_key', { key_column: key }),
    ...unless('session_data', { data_column: data }),
    ...unless('expire_date', { expires_column: expires }),
  };
  if (kind === 'db') return { settings };
  const copies = cacheOf(cache);
  return copies.why ? unsuited(copies.why) : { settings: { ...settings, cached_in: copies.address, ...copies.settings } };
}

/** A setting that is not what it is anyway. */
function unless(preset, setting) {
  return Object.values(setting)[0] === preset ? {} : setting;
}

const encode = encodeURIComponent;
const login = ({ user, password }) => (user ? `${encode(user)}${password ? `:${encode(password)}` : ''}@` : '');
const withPort = (host, port) => `${host.includes(':') ? `[${host}]` : host}${port ? `:${port}` : ''}`;
const query = values => {
  const said = Object.entries(values).filter(([, value]) => typeof value === 'string' && value !== '');
  return said.length === 0 ? '' : `?${said.map(([name, value]) => `${name}=${encode(value)}`).join('&')}`;
};

/** The address of a database of Django's. */
function databaseOf({ engine, name, path, user, password, host, port, options, timeZone }, usesTimeZones) {
  const kind = engine.split('.').at(-1);
  // There times have no zone: what they mean has to be said.
  if (kind !== 'postgresql' && (!usesTimeZones || (timeZone && timeZone !== 'UTC'))) return { why: 'the times in its database are not in UTC (USE_TZ, TIME_ZONE)' };
  if (kind === 'sqlite3') return /^(file:|:memory:)/.test(name) || name === '' ? { why: 'its database is in memory' } : { address: `sqlite:${path}` };
  const isSocket = host === '' || host.startsWith('/');
  if (kind === 'postgresql') {
    // `-c` options and service files say more than an address does.
    if (['options', 'service', 'passfile'].some(option => options[option] !== undefined)) return { why: 'its database has options, service or passfile among its OPTIONS' };
    const socket = isSocket ? { host: host || '/var/run/postgresql', port } : {};
    const { sslmode, sslrootcert, sslcert, sslkey } = options;
    return { address: `postgres://${login({ user, password })}${isSocket ? 'localhost' : withPort(host, port)}/${encode(name)}${query({ ...socket, sslmode, sslrootcert, sslcert, sslkey })}` };
  }
  if (kind === 'mysql') {
    const { ssl = {}, ssl_mode: mode, read_default_file: file } = options;
    if (file !== undefined) return { why: 'its database is described in a file of its own (read_default_file)' };
    const socket = host.startsWith('/') ? { socket: host } : {};
    // A MySQL client takes `localhost` for a socket.
    const at = isSocket || host === 'localhost' ? '127.0.0.1' : host;
    return { address: `mysql://${login({ user, password })}${withPort(at, port)}/${encode(name)}${query({ ...socket, 'ssl-mode': mode, 'ssl-ca': ssl.ca, 'ssl-cert': ssl.cert, 'ssl-key': ssl.key })}` };
  }
  return { why: `its database is ${engine}` };
}

/** The address of a cache of Django's, and what else there is to say of it. */
function cacheOf(cache) {
  if (!cache) return { why: 'the cache of its sessions could not be found out' };
  const { backend, locations, prefix, version, keyFunction, options } = cache;
  if (keyFunction) return { why: 'its cache has a KEY_FUNCTION' };
  const { db, ...rest } = options;
  if (Object.keys(rest).length > 0) return { why: `its cache has ${Object.keys(rest).join(', ')} among its OPTIONS` };
  const settings = { ...unless('', { key_prefix: prefix }), ...unless(1, { version }) };
  const [location] = locations;
  if (backend === 'django.core.cache.backends.redis.RedisCache') {
    // Of several the first one is written to. What stands behind ? is for Django's client.
    if (!/^rediss?:/.test(location) || location.includes('?')) return { why: 'the address of its cache is more than scheme, host and number' };
    const address = new URL(location);
    if (db !== undefined) address.pathname = `/${db}`;
    return { address: address.href, settings };
  }
  if (/^django\.core\.cache\.backends\.memcached\.Py\w+Cache$/.test(backend)) {
    if (locations.length !== 1 || location.startsWith('/') || location.startsWith('unix:')) return { why: 'its cache is several Memcached, or one at a socket' };
    return { address: `memcached://${location}`, settings };
  }
  return { why: `its cache is ${backend}` };
}
