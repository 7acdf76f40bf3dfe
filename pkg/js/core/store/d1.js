import * as argument from '../argument.js';

// The table of worker/migrations in the edge-session repository; what only the Worker knows stays empty.
const GET = 'SELECT record FROM session_record WHERE name = ?1 AND expires > ?2';
const PUT = `INSERT INTO session_record (name, kind, record, last_seen, expires) VALUES (?1, 'session', ?2, ?3, ?4)
  ON CONFLICT (name) DO UPDATE SET expires = excluded.expires, last_seen = excluded.last_seen
  WHERE record = excluded.record`;
const REPLACE = `INSERT INTO session_record (name, kind, record, last_seen, expires) VALUES (?1, 'revocation', ?2, ?3, ?4)
  ON CONFLICT (name) DO UPDATE SET record = excluded.record, expires = excluded.expires, last_seen = excluded.last_seen`;
const DELETE = 'DELETE FROM session_record WHERE name = ?1';

const seconds = millis => Math.floor(millis / 1000);

/** See index.d.ts. */
export function d1Store(database) {
  if (typeof database?.prepare !== 'function')
    throw new TypeError(`database must be a D1Database, not ${argument.kind(database)}`);
  return {
    async get(name, now) {
      const row = await database.prepare(GET).bind(name, seconds(now)).first();
      return row === null ? null : fromBase64(row.record);
    },
    async put(name, record, expiresAt, now, replaces = false) {
      await database.prepare(replaces ? REPLACE : PUT).bind(name, toBase64(record), seconds(now), seconds(expiresAt)).run();
    },
    async delete(name) {
      await database.prepare(DELETE).bind(name).run();
    },
  };
}

/** In pieces: a call has a limited number of arguments. */
function toBase64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text).replace(/=+$/, '');
}

/** Damaged reads as absent. */
function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), character => character.charCodeAt(0));
  } catch {
    return null;
  }
}
