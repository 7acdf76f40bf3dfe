// What is in a cookie, with keys or without. Shared by the command and the page.

import { createCodec, EdgeSessionError } from './index.js';
import { limits } from './core/limits.js';
import { internals } from './core/session.js';
import { ourName } from './doctor.js';
import { deviceText, tokensOf } from './inspect/device.js';
import { isKnown, readEnvelope } from './inspect/envelope.js';
import { faceOf, OUR_NAMES } from './inspect/face.js';
import { bytesOf } from './inspect/pasted.js';
import { isOfTime } from './inspect/reason.js';
import { codecConfig, sizeConfig, withoutLimits } from './inspect/settings.js';
import { sizeOf } from './inspect/size.js';
import { unwrapped } from './inspect/unwrapped.js';
import { verdictOf } from './inspect/verdict.js';

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
 * @property {number} cookieBytes of name and value
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
 *   | { kind: 'conflict', name: string } | { kind: 'rejected', reason: import('./index.js').Reason, name: string }
 *   | { kind: 'session', session: import('./index.js').Session, name: string, refusal?: import('./index.js').Reason }} Tried
 *   `refusal`: authentic, and refused because of the time
 */
export function look(pasted, settings, now) {
  const copies = copiesOf(pasted, settings.name);
  const told = devicesIn(pasted, settings, now);
  if (told !== undefined) return { verdict: { state: 'note', text: told }, tried: { kind: 'no-key' }, layers: [], cookieBytes: 0 };
  if (copies.length === 0)
    return { ...nothing(pasted), tried: { kind: 'no-key' }, layers: [], cookieBytes: 0 };
  const { cookie, layers, envelope, tried } = chosen(copies, settings, now);
  const name = cookie.name ?? (tried.kind === 'session' ? tried.name : settings.name);
  const cookieBytes = bytesOf(name ?? '') + bytesOf(cookie.value);
  const json = tried.kind === 'session' ? internals.cookieJson(tried.session) : envelope.json;
  const result = {
    name,
    cookieBytes,
    layers,
    envelope,
    tried,
    json,
    life: lifeOf(tried, envelope, settings),
  };
  return { ...result, verdict: verdictOf(result, settings), ...measured(json, result, settings, now) };
}

// What stands beside a session that is bound to a device, where that is all there is.
function devicesIn({ kind, cookies, deviceFields }, settings, now) {
  const values = kind === 'value' ? cookies.map(({ value }) => value) : tokensOf(deviceFields);
  const ofDevices = cookies.filter(({ name }) => name?.endsWith('-device'));
  if (kind !== 'value' && ofDevices.length < cookies.length) return undefined;
  const names = settings.name ? [settings.name] : OUR_NAMES;
  const said = [...values, ...ofDevices.map(({ value }) => value)].flatMap(value => {
    const own = ofDevices.find(cookie => cookie.value === value)?.name.replace(/-device$/, '');
    for (const name of own === undefined ? names : [own]) {
      if (readEnvelope(value).envelope !== 'sealed') return [];
      const text = devicesText(value, codecConfig(settings, name, 'sealed'), now);
      if (text !== undefined) return [text];
    }
    return [];
  });
  return said.length === 0 ? undefined : `No session: ${said.join('; ')}.`;
}

// A key that is none is said where the session is looked at.
function devicesText(value, config, now) {
  try {
    return deviceText(value, config, now);
  } catch (error) {
    if (!isOfSettings(error)) throw error;
    return undefined;
  }
}

// All that a server would look at. Of several lines that set one cookie a browser keeps the last.
function copiesOf({ kind, cookies }, name) {
  if (kind === 'value') return cookies.slice(0, 1);
  const ours = name ?? ourName(cookies);
  const all = cookies.filter(cookie => cookie.name === ours);
  if (kind === 'set-cookie') return all.slice(-1);
  return [...new Map(all.map(cookie => [cookie.value, cookie])).values()];
}

// As the codec chooses: the one that verifies; of two that do, none; and of too many different ones none is looked at.
function chosen(copies, settings, now) {
  const looked = copies.slice(0, limits().copies).map(cookie => {
    const { value, layers, envelope } = unwrapped(cookie.value);
    const names = cookie.name ? [cookie.name] : settings.name ? [settings.name] : OUR_NAMES;
    const tried = isKnown(envelope)
      ? tryKeys(value, envelope.envelope, names, settings, now)
      : { kind: 'no-key' };
    return { cookie, layers, envelope, tried };
  });
  const valid = looked.filter(
    ({ layers, tried }) => layers.length === 0 && tried.kind === 'session' && tried.refusal === undefined,
  );
  const [first] = looked;
  if (copies.length > looked.length)
    return { ...first, tried: { kind: 'rejected', reason: 'too_many_copies', name: first.cookie.name } };
  if (valid.length > 1) return { ...first, tried: { kind: 'conflict', name: first.cookie.name } };
  return (
    valid[0] ??
    looked.find(({ tried }) => tried.kind === 'session') ??
    looked.find(({ envelope }) => isKnown(envelope)) ??
    first
  );
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
      tried = { ...tryName(value, codecConfig(settings, name, envelope), now), name };
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

function lifeOf(tried, envelope, settings) {
  const { idleSeconds = limits().idleSeconds, absoluteSeconds = limits().absoluteSeconds } = settings;
  const issued = tried.kind === 'session' ? tried.session.issuedAt : envelope.issuedAt;
  if (issued === undefined) return undefined;
  const idleEnd = issued + idleSeconds * 1000;
  // Signed cookies do not say when the session began.
  if (tried.kind !== 'session' || envelope.envelope !== 'sealed') return { issued, idleEnd };
  const created = tried.session.createdAt;
  return { issued, created, idleEnd, absoluteEnd: created + absoluteSeconds * 1000 };
}

function measured(json, { name, envelope, cookieBytes, tried }, settings, now) {
  const data = parsed(json);
  if (data === undefined || tried.kind === 'misconfigured') return {};
  const config = sizeConfig(settings, faceOf(name, data), name, envelope.envelope);
  try {
    return { size: sizeOf(config, data, { cookieBytes, now }) };
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
