// Keys that belong to the session itself or to an adapter, beside those of the application: no schema sees them.

/**
 * How long the browser keeps the session, where that is not as configured. Django's own key and meaning, which the
 * edge-session Worker reads as well: 0 until the browser closes, another number seconds, a text the time of the end.
 */
export const EXPIRY_KEY = '_session_expiry';

/** A value that is there until it is read, under the name that React Router gives it. */
export const flashKey = name => `__flash_${name}__`;

export const isOwn = key => key === EXPIRY_KEY || (key.startsWith('__flash_') && key.endsWith('__'));
