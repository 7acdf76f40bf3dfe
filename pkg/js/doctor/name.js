// Findings about a cookie's name.

const PREFIXES = ['__Host-Http-', '__Secure-', '__Host-', '__Http-'];
/** `Host-x`, `_Host-x`, `--Host-x`, `__Host_x`: meant as a prefix, and nothing to a browser. */
const NEARLY_PREFIX = /^[_-]{0,3}(host|secure)[-_]/i;
const NOT_TOKEN = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/;

/**
 * @param {import('../inspect/pasted.js').PastedCookie} cookie
 * @param {boolean} isOurs
 * @returns {Generator<import('../doctor.js').Finding>}
 */
export function* nameFindings({ name }, isOurs) {
  if (!name) return;
  const prefix = prefixOf(name);
  if (prefix && !name.startsWith(prefix)) {
    yield {
      code: 'prefix-case',
      severity: 'error',
      cookie: name,
      message: `Browsers treat it as ${prefix} whatever its case; servers that compare names exactly see another cookie.`,
      advice: `Write ${prefix} in exactly that case.`,
    };
  } else if (!prefix && NEARLY_PREFIX.test(name)) {
    const meant = /host/i.test(name.slice(0, 7)) ? '__Host-' : '__Secure-';
    yield {
      code: 'prefix-spelling',
      severity: 'warning',
      cookie: name,
      message: `This is not ${meant}, so browsers enforce nothing.`,
      advice: `Two underscores, the word, one hyphen: ${meant}.`,
    };
  } else if (isOurs && !prefix) {
    yield {
      code: 'prefix-missing',
      severity: 'note',
      cookie: name,
      message:
        'Without a prefix any host of the domain, and anybody on an unencrypted network, can plant this cookie.',
      advice: `__Host-${name} would be safe from both.`,
    };
  }
  const odd = NOT_TOKEN.exec(name);
  if (odd) {
    const code = odd[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    yield {
      code: 'name-character',
      severity: 'warning',
      cookie: name,
      message: `The name has a character that names may not have (U+${code}).`,
    };
  }
}

/** The prefix that browsers see in a name, in its proper case. */
export function prefixOf(name) {
  return PREFIXES.find(prefix => name.toLowerCase().startsWith(prefix.toLowerCase()));
}
