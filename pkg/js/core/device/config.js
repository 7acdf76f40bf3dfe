import { array, boolean, fields, oneOf, string, whole } from '../argument.js';
import { EdgeSessionError } from '../error.js';

/** Browsers sign six times in nine minutes for a site. */
const LEAST_SECONDS = 180;
const HOST = /^[A-Za-z0-9.*-]{1,253}$/;

const report = (value, name) => {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function`);
  return value;
};
const texts = (isOne, what) => (value, name) => {
  for (const [index, item] of array(value, name).entries()) {
    if (!isOne(string(item, `${name}[${index}]`))) throw new TypeError(`${name}[${index}] must be ${what}`);
  }
  return value;
};

const readers = {
  mode: oneOf('observe', 'bound'),
  userKey: string,
  seconds: (value, name) => whole(value, name, LEAST_SECONDS),
  initiators: texts(text => HOST.test(text), 'a host, as login.example or *.example'),
  publicPaths: texts(text => text.startsWith('/'), 'a path, as /static/'),
  report,
};

/** The settings of `device`, with what the others have to be for it. */
export function readDevice(given, config, store) {
  const read = fields(given, 'device', readers);
  if (read.mode === undefined) throw new TypeError("device.mode must be given: 'observe' binds sessions and refuses nobody, 'bound' refuses what comes without its device");
  if (read.user_key === undefined) throw new TypeError("device.userKey must be given: the session's key that says who is logged in");
  if (config.identify !== undefined && !boolean(config.identify, 'identify')) throw refused('wants identify: without an id there is nothing to bind');
  const cookie = config.cookie ?? {};
  for (const [applies, why] of [
    [store === undefined, 'wants a store: it says to which device a session is bound'],
    [
      store?.isEventual === true,
      'wants a store that says at once what was written: KV does so after a minute. Take d1Store, httpStore, or a database of yours',
    ],
    [(config.write ?? 'sealed') !== 'sealed', "wants write: 'sealed': other cookies hold no id to bind"],
    [cookie.secure === false, 'wants a cookie that is Secure: browsers do it over TLS only'],
    [cookie.partitioned === true, 'does not go together with cookie.partitioned, which browsers refuse for it'],
    [cookie.domain !== undefined, 'does not go together with cookie.domain: a device is shown to one host, and the others would take its session for a copy'],
    [(cookie.path ?? '/') !== '/', "wants cookie.path '/': without the session nothing can be registered at /_session"],
  ]) {
    if (applies) throw refused(why);
  }
  return {
    isEnforced: read.mode === 'bound',
    userKey: read.user_key,
    seconds: read.seconds ?? 600,
    initiators: read.initiators ?? [],
    publicPaths: read.public_paths ?? [],
    report: read.report,
  };
}

const refused = why => new EdgeSessionError('invalid_config', `device ${why}`);
