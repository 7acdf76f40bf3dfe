// A session store for edge-session: docs/ORIGIN-STORE.md. Node 22.13 or newer, no dependency, SQLite.
//
//     SESSION_ORIGIN_STORE_KEY=es1_... node session_store.mjs [sessions.sqlite3] [port]
//
// Two keys, separated by a space, while the key is being changed. Put it behind TLS. One process
// for one file: a head moves in one step because nothing is awaited in between.

import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

// Seconds that the clocks may differ and a request may take.
const TOLERANCE = 60;
// The longest record in its frame, and the longest body: the frame in base64url, and a head.
const MAX_FRAME = 8 + 1024 * 1024 + 1024;
const MAX_BODY = Math.ceil(MAX_FRAME / 3) * 4 + 16 * 1024;
// Between two clean-ups, in milliseconds.
const SWEEP_EVERY = 60_000;

/** A server that keeps records and heads in `file`, for requests that one of `keys` vouches for. */
export function sessionStore(file, keys) {
  const store = new Store(file);
  const macKeys = keys.map(macKey);
  const sweep = setInterval(() => store.sweep(seconds()), SWEEP_EVERY).unref();
  const server = createServer(async (request, response) => {
    // Undefined: too long, or whoever sent it is gone.
    const body = await read(request).catch(() => undefined);
    const pathname = request.url.replace(/\?.*/s, '');
    const given = request.headers['x-store-mac'] ?? '';
    const at = request.headers['x-store-time'] ?? '';
    const head = `edge-session-store/1 request\n${request.method}\n${pathname}\n${at}\n`;
    const key = body && macKeys.find(key => isEqual(mac(key, head, body), given));
    if (!key || !/^[0-9]+$/.test(at) || Math.abs(seconds() - Number(at)) > TOLERANCE) {
      // No MAC in the answer: whoever asks has shown no key.
      response.writeHead(403, { connection: 'close' }).end();
      return;
    }
    const { status, content = Buffer.alloc(0) } = answer(store, request.method, pathname, body);
    const proof = mac(key, `edge-session-store/1 answer\n${given}\n${status}\n`, content);
    response.writeHead(status, { 'x-store-mac': proof, 'cache-control': 'no-store' }).end(content);
  });
  server.on('close', () => {
    clearInterval(sweep);
    store.close();
  });
  return server;
}

function answer(store, method, pathname, body) {
  const [, kind, name] = /\/(records|revocations|heads)\/([A-Za-z0-9_-]{32})$/.exec(pathname) ?? [];
  if (kind === 'heads' && method === 'PUT') {
    const ask = headAsk(body);
    if (!ask) return { status: 400 };
    const outcome = store[ask.ask](name, ask);
    return outcome ? { status: 200, content: Buffer.from(JSON.stringify(outcome)) } : { status: 409 };
  }
  if (method === 'PUT' && body.length > MAX_FRAME) return { status: 413 };
  if (kind === 'revocations' && method === 'PUT') {
    return { status: body.length < 8 ? 400 : store.put(name, body, { replaces: true }) };
  }
  if (kind !== 'records') return { status: 404 };
  if (method === 'GET') {
    const content = store.get(name);
    return content ? { status: 200, content } : { status: 404 };
  }
  if (method === 'PUT') return { status: body.length < 8 ? 400 : store.put(name, body) };
  if (method === 'DELETE') {
    store.delete(name);
    return { status: 204 };
  }
  return { status: 405 };
}

// What is asked of a head, or undefined if it is nothing that can be asked.
function headAsk(body) {
  let ask;
  try {
    ask = JSON.parse(body);
  } catch {
    return undefined;
  }
  const isName = text => typeof text === 'string' && /^[A-Za-z0-9_-]{32}$/.test(text);
  const { from = null, to = null, record = null, listed = [], expires, now } = ask ?? {};
  if (!Number.isSafeInteger(now)) return undefined;
  if (ask.ask === 'show') return ask;
  if (!Number.isSafeInteger(expires)) return undefined;
  if (ask.ask === 'end') return ask;
  const isMove = (from === null || isName(from)) && (to === null || (isName(to.record) && typeof to.cookie === 'string'));
  const frame = record && Buffer.from(String(record.frame), 'base64url');
  const isKept = record === null || (isName(record.name) && frame.length >= 8 && frame.length <= MAX_FRAME);
  const isList = Array.isArray(listed) && listed.every(isName);
  if (ask.ask !== 'commit' || !isMove || !isKept || !isList) return undefined;
  return { ...ask, from, to, listed, record: record && { name: record.name, frame } };
}

class Store {
  #database;

  constructor(file) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS record
        (name TEXT PRIMARY KEY, frame BLOB NOT NULL, expires INTEGER NOT NULL, is_end INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS record_expires ON record (expires);
      CREATE TABLE IF NOT EXISTS head (name TEXT PRIMARY KEY, record TEXT, cookie TEXT, expires INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS head_expires ON head (expires);
    `);
  }

  get(name) {
    const row = this.#run('get', 'SELECT frame FROM record WHERE name = ?', name);
    return row && Buffer.from(row.frame);
  }

  put(name, frame, { replaces = false } = {}) {
    // The frame begins with when the record expires; past 2^53 seconds nobody waits for it.
    const expires = Number(frame.readBigUInt64BE());
    const { changes } = this.#run(
      'run',
      `INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE
         SET frame = excluded.frame, expires = excluded.expires
         WHERE excluded.is_end OR substr(record.frame, 9) = substr(excluded.frame, 9)`,
      ...[name, frame, Math.min(expires, Number.MAX_SAFE_INTEGER), Number(replaces)],
    );
    return changes === 1 ? 204 : 409;
  }

  delete(name) {
    this.#run('run', 'DELETE FROM record WHERE name = ?', name);
  }

  // A save: the record, the head's move and what is listed, all or nothing. Nothing is awaited between looking and
  // changing, so nobody comes between. Undefined: another record has the name.
  commit(name, { record, from, to, listed, expires, now }) {
    const there = this.show(name, { now });
    const isTo = to && there.record === to.record && there.cookie === to.cookie;
    const isRefused = there.outcome === 'ended' || (there.outcome === 'other' && there.record !== from && !isTo);
    if (isRefused) return there;
    if (record && this.put(record.name, record.frame) === 409) return undefined;
    if (to) this.#run('run', 'INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)', name, to.record, to.cookie, expires);
    else this.#run('run', 'DELETE FROM head WHERE name = ?', name);
    return { outcome: 'saved', compared: true, listed: listed.map(name => this.get(name)?.toString('base64url') ?? null) };
  }

  // The head, with the record that it names.
  show(name, { now }) {
    const there = this.#run('get', 'SELECT record, cookie FROM head WHERE name = ? AND expires > ?', name, now);
    if (!there) return { outcome: 'absent' };
    if (there.record === null) return { outcome: 'ended' };
    return { outcome: 'other', ...there, frame: this.get(there.record)?.toString('base64url') ?? null };
  }

  // A tombstone, in the place of the head, which is told. All names of a session begin alike.
  end(name, { expires, now }) {
    const { frame, ...there } = this.show(name, { now });
    this.#run('run', 'INSERT OR REPLACE INTO head VALUES (?, NULL, NULL, ?)', name, expires);
    const place = name.slice(0, 16);
    this.#run('run', "DELETE FROM record WHERE name >= ? AND name < ? || '~' AND NOT is_end", place, place);
    return there;
  }

  sweep(now) {
    for (const table of ['record', 'head']) this.#run('run', `DELETE FROM ${table} WHERE expires <= ?`, now);
  }

  close() {
    this.#database.close();
  }

  #run(how, query, ...values) {
    return this.#database.prepare(query)[how](...values);
  }
}

// The body, or undefined if it is longer than any record.
async function read(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function macKey(text) {
  const secret = Buffer.from(text.replace(/^es1_/, ''), 'base64url');
  if (secret.length !== 32) throw new Error('a key is es1_ and 32 bytes in base64url');
  return Buffer.from(hkdfSync('sha256', secret, 'edge-session/v1', 'origin-mac', 32));
}

const mac = (key, head, body) => createHmac('sha256', key).update(head).update(body).digest('base64url');

function isEqual(a, b) {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

const seconds = () => Math.floor(Date.now() / 1000);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , file = 'sessions.sqlite3', port = '8790'] = process.argv;
  const keys = (process.env.SESSION_ORIGIN_STORE_KEY ?? '').split(' ').filter(Boolean);
  if (keys.length === 0) throw new Error('SESSION_ORIGIN_STORE_KEY is not set');
  const server = sessionStore(file, keys).listen(Number(port), '127.0.0.1', () => {
    console.log(`sessions in ${file}, listening at http://127.0.0.1:${server.address().port}`);
  });
}
