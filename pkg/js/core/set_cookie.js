// Our own Set-Cookie lines in the parts that frameworks' setters take.

const NUMBERS = { 'Max-Age': 'maxAge' };
const TEXTS = { Path: 'path', Domain: 'domain' };
const WORDS = { SameSite: 'sameSite', Priority: 'priority' };
const FLAGS = { Secure: 'secure', HttpOnly: 'httpOnly', Partitioned: 'partitioned' };

/**
 * `{ name, value, attributes }` of a line that the codec made. Attributes are named as in the npm package cookie, whose
 * names Next, SvelteKit, Astro, h3, Express and Fastify take.
 */
export function cookieOf(line) {
  const [pair, ...parts] = line.split('; ');
  const attributes = {};
  for (const part of parts) {
    const [name, text] = part.split('=');
    if (name === 'Expires') attributes.expires = new Date(text);
    else if (name in NUMBERS) attributes[NUMBERS[name]] = Number(text);
    else if (name in TEXTS) attributes[TEXTS[name]] = text;
    else if (name in WORDS) attributes[WORDS[name]] = text.toLowerCase();
    else attributes[FLAGS[name]] = true;
  }
  const end = pair.indexOf('=');
  return { name: pair.slice(0, end), value: pair.slice(end + 1), attributes };
}
