// The platform's base64 with the alphabet of cookies.

/**
 * @param {string} text base64url with or without padding
 * @returns {Uint8Array | undefined} `undefined` if it is not base64url
 */
export function fromBase64url(text) {
  if (!/^[\w-]*={0,2}$/.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, ''));
    return Uint8Array.from(binary, character => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** @param {Uint8Array} octets */
export function toBase64url(octets) {
  const binary = Array.from(octets, octet => String.fromCharCode(octet)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Whether there is no other spelling of the same octets that a reader could have been meant to get. */
export function isCanonical(text) {
  const octets = fromBase64url(text);
  return octets !== undefined && toBase64url(octets) === text;
}
