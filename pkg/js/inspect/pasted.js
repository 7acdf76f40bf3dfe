// What a developer pastes: a Cookie header, a Set-Cookie line, a bare value, or what these stand in: a jar, a table, a
// head, a command.

import { deviceFields as fieldsOfDevices } from './device.js';
import { cookieLines, cookieOfCommand } from './pasted/head.js';
import { readExport, readJar, readTable } from './pasted/jar.js';

const ATTRIBUTE = /^(path|domain|expires|max-age|secure|httponly|samesite|partitioned|priority)\s*(=|$)/i;
const FIELD = /^\s*(set-cookie|cookie)\s*:\s*/i;

/**
 * Text as it comes from a browser's developer tools, curl or a log, taken apart. Nothing is decoded.
 *
 * @param {string} text a jar of curl, a row of the developer tools, an export as JSON, a head with or without the marks of
 *   `curl -v`, a curl command; else one or more lines, where one that names no field goes on the one before it
 * @returns {{ kind: 'cookie' | 'set-cookie' | 'value', cookies: PastedCookie[], bytes: number, broken: boolean,
 *   deviceFields: { name: string, value: string }[] }} `deviceFields`: those by which devices are bound (device.js).
 *   `bytes` is the length of the field's value; `broken`: a value went over a line's end
 *
 * @typedef {object} PastedCookie
 * @property {string | undefined} name `undefined` where the text is a bare value, `''` for a nameless cookie
 * @property {string} value
 * @property {string} chunk the whole text between two `;`, trimmed
 * @property {string} [line] the Set-Cookie line
 * @property {Attribute[] | undefined} attributes of a Set-Cookie line only
 * @property {boolean} [isJoined] the line stood behind another one, with a comma between
 *
 * @typedef {{ name: string, value: string | undefined }} Attribute
 */
export function readPasted(text) {
  const deviceFields = fieldsOfDevices(text);
  const cookies = readCookies(text);
  // A challenge is no cookie that somebody has pasted bare.
  const hasCookies = deviceFields.length === 0 || /(^|[\s'"])(set-)?cookie\s*:/im.test(text);
  return { ...(hasCookies ? cookies : { kind: 'cookie', cookies: [], bytes: 0, broken: false }), deviceFields };
}

function readCookies(text) {
  const pairs = readJar(text) ?? readExport(text) ?? readTable(text);
  if (pairs) return readPairs(pairs);
  const fields = fieldsOf(cookieOfCommand(text) ?? cookieLines(text) ?? text);
  const broken = fields.some(field => field.broken);
  const bytes = fields.reduce((sum, { value }) => Math.max(sum, bytesOf(value)), 0);
  if (fields.length === 1 && fields[0].name === undefined && isBareValue(fields[0].value)) {
    const { value } = fields[0];
    return { kind: 'value', cookies: value ? [{ value, chunk: value }] : [], bytes, broken };
  }
  const set = fields.filter(({ name, value }) => name === 'set-cookie' || (!name && isSetCookie(value)));
  if (set.length > 0) {
    return { kind: 'set-cookie', cookies: set.flatMap(({ value }) => readSetCookies(value)), bytes, broken };
  }
  const cookies = fields.flatMap(({ value }) => chunksOf(value)).map(readPair);
  return { kind: 'cookie', cookies, bytes, broken };
}

// As the header that a browser would send.
function readPairs(pairs) {
  const cookies = pairs.map(({ name, value }) => ({ name, value, chunk: `${name}=${value}` }));
  const bytes = bytesOf(cookies.map(({ chunk }) => chunk).join('; '));
  return { kind: 'cookie', cookies, bytes, broken: false };
}

/** Length in UTF-8. */
export const bytesOf = text => encoder.encode(text).length;

const encoder = new TextEncoder();

function fieldsOf(text) {
  const fields = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const field = FIELD.exec(line);
    const value = trim(field ? line.slice(field[0].length) : line);
    if (value === '') continue;
    const last = fields.at(-1);
    if (field || !last) fields.push({ name: field?.[1].toLowerCase(), value, broken: false });
    else if (!last.name && isSetCookie(last.value) && isSetCookie(value))
      fields.push({ value, broken: false });
    else {
      last.broken ||= !last.value.endsWith(';');
      last.value += last.value.endsWith(';') ? ` ${value}` : value;
    }
  }
  return fields;
}

// Sealed and Django's values have no `=`; one or two at the end are padding that somebody added.
function isBareValue(text) {
  return !text.includes(';') && (/^"?[^=]*"?$/.test(text) || /^[\w+/-]{20,}={1,2}$/.test(text));
}

function isSetCookie(text) {
  const [, ...rest] = chunksOf(text.split(JOINT)[0]);
  return rest.length > 0 && rest.every(chunk => ATTRIBUTE.test(chunk));
}

// A proxy, or `headers.get('set-cookie')`, joins lines with a comma, which no browser takes apart again.
function readSetCookies(text) {
  const lines = text.split(JOINT);
  return lines.map((line, index) => ({ ...readSetCookie(line), line, isJoined: index > 0 }));
}

/** A comma before a pair; that in a date stands before a day. */
const JOINT = /,[ \t]*(?=[!#$%&'*+\-.^_`|~\w]+=)/;

function readSetCookie(text) {
  const [chunk = '', ...rest] = chunksOf(text);
  const attributes = rest.map(part => {
    const { name, value, chunk } = readPair(part);
    return chunk.includes('=') ? { name, value } : { name: chunk, value: undefined };
  });
  return { ...readPair(chunk), attributes };
}

function readPair(chunk) {
  const at = chunk.indexOf('=');
  if (at < 0) return { name: '', value: chunk, chunk };
  return { name: trim(chunk.slice(0, at)), value: trim(chunk.slice(at + 1)), chunk };
}

const chunksOf = text =>
  text
    .split(';')
    .map(trim)
    .filter(chunk => chunk !== '');

// Blanks and tabs, as RFC 6265bis says, and not what JavaScript's trim() takes: U+2000 before a name is a finding.
const trim = text => text.replace(/^[ \t]+|[ \t]+$/g, '');
