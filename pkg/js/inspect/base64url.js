// The platform's base64 with the alphabet of cookies, for looking through what was wrapped by mistake.

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
