// What is in a cookie, with keys or without. Shared by the command and the page.

import { createCodec, EdgeSessionError } from './index.js';
import { internals } from './core/session.js';
import { ourName, OUR_NAMES } from './doctor.js';
import { isKnown } from './inspect/envelope.js';
import { octetsOf } from './inspect/pasted.js';
import { isOfTime } from './inspect/reason.js';
import { codecConfig, sizeConfig, withoutLimits } from './inspect/settings.js';
import { sizeOf } from './inspect/size.js';
import { unwrapped } from './inspect/unwrapped.js';
import { verdictOf } from './inspect/verdict.js';

const IDLE_SECONDS = 14 * 86_400;
const ABSOLUTE_SECONDS = 30 * 86_400;
/** Beyond every cookie's time, and within what the codec takes. */
const END_OF_TIME = 0xffff_ffff * 1000;

/**
 * Looks into the session cookie among those pasted.
 *
 * @param {ReturnType<typeof import('./inspect/pasted.js').readPasted>} pasted
 * @param {import('./inspect/settings.js').Settings} settings
 * @param {number} now milliseconds since 1970
 * @returns {Look}
 *
 * @typedef {object} Look
 * @property {import('./inspect/verdict.js').Verdict} verdict
 * @property {string | undefined} name of the cookie; `undefined` for a bare value that did not open
 * @property {number} cookieOctets of name and value
 * @property {string[]} layers what was put round the value by mistake
 * @property {ReturnType<typeof import('./inspect/envelope.js').readEnvelope> | undefined} envelope `undefined`: no cookie
 * @property {Tried} tried what the keys made of it
 * @property {string | undefined} json the text of what is in the cookie: verified, or what everybody can read. Keys in a
 *   record are not in it
 * @property {Life | undefined} life
 * @property {import('./inspect/size.js').Size | undefined} size
 * @property {string} [sizeProblem] why there is none, where a setting is to blame
 *
 * @typedef {{ issued: number, created?: number, idleEnd: number, absoluteEnd?: number }} Life milliseconds since 1970
 * @typedef {{ kind: 'no-key' } | { kind: 'misconfigured', message: string }
 *   | { kind: 'rejected', reason: import('./index.js').Reason, name: string }
 *   | { kind: 'session', session: import('./index.js').Session, name: string, refusal?: import('./index.js').Reason }} Tried
 *   `refusal`: authentic, and refused because of the time
 */
export function look(pasted, settings, now) {
  const cookie = chosen(pasted, settings.name);
  if (!cookie) return { ...nothing(pasted), tried: { kind: 'no-key' }, layers: [], cookieOctets: 0 };
  const { value, layers, envelope } = unwrapped(cookie.value);
  const names = cookie.name ? [cookie.name] : settings.name ? [settings.name] : OUR_NAMES;
  const tried = isKnown(envelope)
    ? tryKeys(value, envelope.envelope, names, settings, now)
    : { kind: 'no-key' };
  const name = cookie.name ?? (tried.kind === 'session' ? tried.name : settings.name);
  const cookieOctets = octetsOf(name ?? '') + octetsOf(cookie.value);
  const json = tried.kind === 'session' ? internals.cookieJson(tried.session) : envelope.json;
  const result = {
    name,
    cookieOctets,
    layers,
    envelope,
    tried,
    json,
    life: lifeOf(tried, envelope, settings),
  };
  return { ...result, verdict: verdictOf(result, settings), ...measured(json, result, settings, now) };
}

function chosen({ kind, cookies }, name) {
  if (kind === 'value') return cookies[0];
  const ours = name ?? ourName(cookies);
  return cookies.find(cookie => cookie.name === ours);
}

function nothing({ cookies }) {
  const text =
    cookies.length === 0
      ? 'There is no cookie in this.'
      : `None of these ${cookies.length} cookies is a session that can be told. Which one it is, its name says.`;
  return { verdict: { state: 'error', text } };
}

// One name after another, where only a value was pasted: the name is part of what a sealed cookie proves.
function tryKeys(value, envelope, names, settings, now) {
  const keys = envelope === 'sealed' ? settings.sessionKeys : settings.djangoKeys;
  if (keys.length === 0 || envelope === 'fernet') return { kind: 'no-key' };
  let tried;
  for (const name of names) {
    try {
      tried = { ...tryName(value, codecConfig(settings, name, envelope, now), now), name };
    } catch (error) {
      if (!isOfSettings(error)) throw error;
      return { kind: 'misconfigured', message: error.message };
    }
    if (tried.kind === 'session') break;
  }
  return tried;
}

function tryName(value, config, now) {
  const opened = createCodec(config).openValue(value, { now });
  if (opened.kind !== 'rejected' || !isOfTime(opened.reason)) return opened;
  const codec = createCodec(withoutLimits(config));
  // Later than now only for what was issued later: keys with an end of their own would be gone.
  for (const then of [now, END_OF_TIME]) {
    const { session } = codec.openValue(value, { now: then });
    if (session) return { kind: 'session', session, refusal: opened.reason };
  }
  return opened;
}

function lifeOf(tried, envelope, { idleSeconds = IDLE_SECONDS, absoluteSeconds = ABSOLUTE_SECONDS }) {
  const issued = tried.kind === 'session' ? tried.session.issuedAt : envelope.issuedAt;
  if (issued === undefined) return undefined;
  const idleEnd = issued + idleSeconds * 1000;
  // Signed cookies do not say when the session began.
  if (tried.kind !== 'session' || envelope.envelope !== 'sealed') return { issued, idleEnd };
  const created = tried.session.createdAt;
  return { issued, created, idleEnd, absoluteEnd: created + absoluteSeconds * 1000 };
}

function measured(json, { name, envelope, cookieOctets, tried }, settings, now) {
  const data = parsed(json);
  if (data === undefined || tried.kind === 'misconfigured') return {};
  const config = sizeConfig(settings, name ?? OUR_NAMES[0], envelope.envelope);
  try {
    return { size: sizeOf(config, data, { cookieOctets, now }) };
  } catch (error) {
    if (!isOfSettings(error)) throw error;
    return { sizeProblem: error.message };
  }
}

// What is pasted never throws; a setting, or a cookie's name, that no codec takes does.
const isOfSettings = error => error instanceof EdgeSessionError || error instanceof TypeError;

// Python's NaN is no JSON to JavaScript: such a session is shown and not measured.
function parsed(json) {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
