// Keys as people give them to the command or the page.

/** A key of ours, whatever stands before it by mistake: then its reader says what that is. */
const OURS = /^[\s"'[(\ufeff]*es1_/;

/**
 * @param {string} text lines of keys of ours with blanks or commas between, or one secret of Django's or Flask's a line, which may
 *   have blanks and commas itself
 * @returns {{ sessionKeys: string[], djangoKeys: string[] }}
 */
export function keysFrom(text) {
  const lines = text.split(/\r\n|\r|\n/).filter(line => line.trim() !== '');
  const isOurs = line => OURS.test(line);
  return { sessionKeys: lines.filter(isOurs).flatMap(words), djangoKeys: lines.filter(line => !isOurs(line)) };
}

/** The keys of a ring, in its order. */
export const words = text => text.split(/[\s,]+/).filter(Boolean);
