// `/_session/device/…`: where a browser registers the key of its device for a session, and shows again that it has it.
// Whatever comes here is an answer; nothing ends anybody's session but its own browser's word of it. Browsers forget the
// session that they hold of this name at any status of 400 and above but 403, 407, 429 and those of 500.

import { isSigned } from './es256.js';
import { NoProof, readProof, unquoted } from './proof.js';

export const REGISTER = '/_session/device/register';
export const REFRESH = '/_session/device/refresh';

const STATUS = {
  bad_signature: 401,
  no_session: 401,
  no_identifier: 401,
  bad_challenge: 409,
  bound_already: 409,
  unavailable: 503,
};

class Refused extends Error {
  constructor(reason, status = STATUS[reason]) {
    super(reason);
    this.reason = reason;
    this.status = status;
  }
}

/**
 * @param {import('./device.js').Device} device
 * @returns {Promise<{ status: number, headers: Record<string, string>, body: string }>}
 */
export async function answerPage(device, asked, from, now) {
  if (asked.method !== 'POST') return json(405, { error: 'method_not_allowed' });
  try {
    return await (asked.path === REGISTER ? register : refresh)(device, asked, from, now);
  } catch (error) {
    const refused = refusal(error);
    device.tell({ event: 'refused', reason: refused.reason });
    return json(refused.status, { error: refused.reason }, refused.status === 503 ? { 'Retry-After': '2' } : {});
  }
}

function refusal(error) {
  if (error instanceof Refused) return error;
  if (error instanceof NoProof) return new Refused(error.why, 400);
  if (error?.code === 'store_unavailable' || error?.code === 'record_missing') return new Refused('unavailable');
  throw error;
}

/** Binds the session of a request to the key that signed it. */
async function register(device, asked, from, now) {
  const field = asked.field('secure-session-response');
  if (field === undefined) throw new Refused('no_proof', 400);
  const proof = readProof(field);
  if (proof.key === undefined) throw new Refused('no_key', 400);
  const name = device.module.asked(proof.challenge, now);
  if (name === '') throw new Refused('bad_challenge');
  const session = await device.named(from, now);
  if (session === undefined) throw new Refused('no_session');
  if (session.name !== name) throw new Refused('bad_challenge');
  if (!(await isSigned(proof.key, proof.signed, proof.signature))) throw new Refused('bad_signature');
  const kept = await device.bindings.read(session, now);
  const text = device.module.register(proof.challenge, proof.key.x, proof.key.y, kept, now);
  if (text[0] !== 'k') {
    const reason = text.slice(1);
    throw reason === 'bad_key' ? new Refused(reason, 400) : new Refused(reason);
  }
  if (!(await device.bindings.keep(session, now))) throw new Refused('no_session');
  const [identifier, line] = text.slice(1).split('\0');
  device.tell({ event: 'registered', session: name });
  return told(device, asked, identifier, line);
}

/** A browser shows again that it has the key: with nothing else than what it calls its session. */
async function refresh(device, asked, from, now) {
  const identifier = unquoted(asked.field('sec-secure-session-id') ?? '');
  const [name, x, y] = device.module.identified(identifier, now).split(' ');
  if (y === undefined) throw new Refused('no_identifier');
  const field = asked.field('secure-session-response');
  if (field === undefined) return ask(device, name, identifier, now);
  const proof = readProof(field);
  if (proof.key !== undefined && (proof.key.x !== x || proof.key.y !== y)) throw new Refused('bad_signature');
  if (!(await isSigned({ x, y }, proof.signed, proof.signature))) throw new Refused('bad_signature');
  // Signed by the right key, and too late or for another session: it is asked again.
  if (device.module.asked(proof.challenge, now) !== name) return ask(device, name, identifier, now);
  const present = await device.named(from, now);
  // The browser goes on with another session, whose device cookie has this same name.
  if (present !== undefined && present.name !== name) return over();
  const kept = await device.bindings.read({ name }, now);
  const text = device.module.refresh(identifier, proof.challenge, kept, now);
  switch (text[0]) {
    case 'o':
      return over();
    case 'O':
      return over(device.removal);
    case 'u':
      throw new Refused('unavailable');
    case 'k':
      // Without the session nobody knows where it ends, and its next proof comes.
      if (present === undefined) device.dropRecord();
      else if (!(await device.bindings.keep(present, now))) return over(device.removal);
  }
  device.tell({ event: 'shown', session: name });
  return told(device, asked, identifier, text.slice(1));
}

/** 403 with what is to be signed. */
const ask = (device, name, identifier, now) =>
  json(403, { error: 'proof_required' }, { 'Secure-Session-Challenge': `"${device.challenge(name, now)}";id="${identifier}"` });

/** The browser's session of this name is over. */
const over = removal => json(200, { continue: false }, removal === undefined ? {} : { 'Set-Cookie': removal });

/** The session is bound, and its device was there when it was asked. */
function told({ cookieName, attributes, publicPaths, initiators }, { host }, identifier, line) {
  const config = {
    session_identifier: identifier,
    refresh_url: REFRESH,
    scope: {
      include_site: false,
      scope_specification: publicPaths.map(path => ({ type: 'exclude', domain: host, path })),
    },
    credentials: [{ type: 'cookie', name: cookieName, attributes }],
    ...(initiators.length > 0 && { allowed_refresh_initiators: initiators }),
  };
  return json(200, config, { 'Set-Cookie': line });
}

const json = (status, body, headers = {}) => ({
  status,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'private, no-store', Vary: 'Cookie', ...headers },
  body: JSON.stringify(body),
});
