// What is answered to a session that is bound to a device and comes without it: the same as the Worker answers.

import { binding } from '../binding.js';
import { OFFER } from './offer.js';

const PRIVATE = { 'Cache-Control': 'private, no-store', Vary: 'Cookie' };
const TEXT = { ...PRIVATE, 'Content-Type': 'text/plain; charset=utf-8' };

/** The browser is to show its device now: it asks the same again, without the cookie that says that it was there before. */
export const showDevice = ({ path, query }, removal) => ({
  status: 307,
  // `//host` would be another site's.
  headers: { ...TEXT, Location: `/${path.replace(/^[/\\]+/, '')}${query}`, 'Set-Cookie': removal },
  body: 'Please show the device of this session.\n',
});

/** A link from another site, which browsers do not hold back until they have shown their device: this page asks again from here. */
export const fromElsewhere = () => ({
  status: 200,
  headers: {
    ...PRIVATE,
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy':
      "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  },
  body: binding().device_page(),
});

/** The device cannot be shown just now, says the browser: not "logged out". */
export const later = () => ({
  status: 503,
  headers: { ...TEXT, 'Retry-After': '2' },
  body: 'The device of this session could not be shown. Please try again.\n',
});

/** What is asked for wants a session that is bound to a device. */
export const notBound = offer => ({
  status: 403,
  headers: { ...TEXT, ...(offer !== undefined && { [OFFER]: offer }) },
  body: 'A session that is bound to a device is required.\n',
});
