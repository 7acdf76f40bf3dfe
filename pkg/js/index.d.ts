/**
 * Cookie sessions, encrypted (`sealed`) or signed as Django signs them, that fit into a cookie.
 *
 * Everything is synchronous but what asks a store. Points in time are milliseconds since 1970, as
 * `Date.now()` gives them; sizes are bytes. What a client sends never throws: it is an outcome.
 */

/** What a session holds: JSON values by key. */
export type SessionData = { [key: string]: any };

/** How a session is protected on the wire: encrypted (ours), or signed as Django or Flask do. */
export type Envelope = 'sealed' | 'django' | 'flask';

/** What stays in the cookie when not all fits. */
export type Priority = 'critical' | 'important' | 'normal' | 'optional';

/** A point in time: milliseconds since 1970, as `Date.now()` gives them. Seconds are refused. */
export type Milliseconds = number;

/** A length of time. */
export type Seconds = number;

/** The bytes of another framework's secret: a text stands for its UTF-8. Python's `bytes` may be none. */
export type SecretKey = string | Uint8Array;

// ---------------------------------------------------------------- configuration

/** Name and attributes of the cookie. What is left out takes the safest value. */
export interface CookieOptions {
  /** Default `__Host-session`. */
  name?: string;
  /** Default `lax`. */
  sameSite?: 'strict' | 'lax' | 'none';
  /** Default `true`. */
  secure?: boolean;
  /** Default `true`. */
  httpOnly?: boolean;
  /** Default `/`. */
  path?: string;
  /** A host name, to share the cookie with all its sub-domains. Not with a `__Host-` name. */
  domain?: string;
  /** One jar for each top-level site (CHIPS). Default `false`. */
  partitioned?: boolean;
  /** Chromium's `Priority`. */
  priority?: 'low' | 'medium' | 'high';
}

/** The cookie's name of before, which is read and never written. Attributes that are not given are today's. */
export interface FormerCookie extends CookieOptions {
  name: string;
  /** Read until then: when the last cookie of that name has ended. */
  until: Milliseconds | Date;
}

/** What holds for a key, or for all keys that begin alike. The most specific rule counts as a whole. */
export interface KeyRule {
  /** A key, or the beginning of keys followed by `*`. */
  key: string;
  /** Default `normal`. */
  priority?: Priority;
  /** Seconds from when the value was last set until the key is gone. */
  maxAge?: Seconds;
  /** The value must not show in the length of the cookie: it is never compressed. */
  secret?: boolean;
  /** Where such keys go when there is no room; the session's `overflow` if not given. */
  overflow?: 'spill' | 'drop';
  /** Most bytes of JSON, key and value, that such a key may take in the cookie. */
  maxBytes?: number;
}

/** An envelope that is read, and until when. */
export interface Acceptance {
  envelope: Envelope;
  /** Read until then. `flask` needs an end unless it is what is written. */
  until?: Milliseconds | Date;
  /** Only what was issued before. */
  issuedBefore?: Milliseconds | Date;
}

/** Configuration of a codec. Only `keys` (or `django`, to write Django's cookies) must be given. */
export interface CodecConfig<T extends SessionData = SessionData> {
  /**
   * Sealing keys as {@link generateKey} makes them: the first one writes, all of them read. A list, or one text
   * with blanks or commas between (an environment variable). `es1_…@2027-01-31` opens nothing from that day (UTC) on.
   */
  keys?: string | readonly string[];
  /** To read or write Django's signed cookies. */
  django?: {
    /** `SECRET_KEY`, then `SECRET_KEY_FALLBACKS`. */
    secretKeys: SecretKey | readonly SecretKey[];
    /** Takes keys that Django's own check calls weak. Default `false`. */
    allowWeak?: boolean;
    /** Name of a cookie in which plain Django sessions may still arrive; read, never written. */
    cookie?: string;
  };
  /** To read or write Flask's signed cookies. */
  flask?: {
    /** `SECRET_KEY`, then `SECRET_KEY_FALLBACKS`. */
    secretKeys: SecretKey | readonly SecretKey[];
    /** Takes short keys. Default `false`. */
    allowWeak?: boolean;
  };
  /** Name and attributes of the cookie that is written. */
  cookie?: CookieOptions;
  /**
   * The cookie's name of before, for a change of name: sessions that come in it move to today's. A log out removes
   * both, so it takes more than one line, see {@link Sessions.setCookies}.
   */
  formerCookie?: FormerCookie;
  /** Bound into every sealed cookie: staging's mean nothing in production. Default `default`. */
  audience?: string;
  /** Bytes for the cookie's name and value, 64 to 4096. Default 4093. */
  budget?: number;
  /** The one envelope that is written. Default `sealed`. */
  write?: Envelope;
  /** The envelopes that are read. Default: the one that is written. */
  accept?: readonly (Envelope | Acceptance)[];
  /** Seconds from the last issue to the end. Default 14 days. */
  idleSeconds?: Seconds;
  /** Seconds from the session's beginning to the end. Default 30 days. */
  absoluteSeconds?: Seconds;
  /**
   * Seconds for which a record stays good after another one took its place, counted when the session is saved. At most
   * 16 stay, and always the last: a browser may come back with a cookie a few changes old. Default 600.
   */
  staleSeconds?: Seconds;
  /**
   * Whether the browser keeps the cookie when it closes: then `Max-Age` is written. Default `true`. A session may say
   * otherwise for itself, see {@link Session.persistent}.
   */
  persistent?: boolean;
  /** JSON shorter than this is not compressed. Default 96. */
  compressFrom?: number;
  /** Whether sealed sessions carry an id of their own (22 characters). Default `false`. */
  identify?: boolean;
  /** What holds for single keys. */
  rules?: readonly KeyRule[];
  /**
   * What happens to keys that do not fit: into a record of a store, away (and reported), or sealing is an error.
   * Default `refuse`; {@link createSessions} with a `store`: `spill`.
   */
  overflow?: 'spill' | 'drop' | 'refuse';
  /** Bounds on what one cookie may cause. */
  limits?: {
    /** Bytes a cookie's JSON may inflate to. Default 65,536. */
    cookieBytes?: number;
    /** Bytes a record's JSON may inflate to. Default 1,048,576. */
    recordBytes?: number;
    /** Levels of nested JSON. Default 1000. */
    jsonDepth?: number;
  };
  /** The application's own deflate dictionaries; ids are 128 to 255. */
  dictionaries?: readonly { id: number; bytes: Uint8Array }[];
  /** Which one is written with. Default 1, the built-in one. */
  writeDictionary?: number;
  /**
   * A [Standard Schema](https://standardschema.dev) (Zod, Valibot, ArkType, …) that sessions must meet, when opened
   * and when sealed. It must validate synchronously, and its output must be valid input. What it makes of a session is
   * what is there and what is written: keys that it leaves out are gone with the next save. It does not see flash
   * values and `_session_expiry`, which are not the application's.
   */
  schema?: StandardSchema<unknown, T>;
}

/** The part of Standard Schema version 1 that is used. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that a schema has against a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The time of an operation. */
export interface At {
  /** Milliseconds since 1970. Default: now. */
  now?: Milliseconds | Date;
}

// ---------------------------------------------------------------- codec

/**
 * Makes a codec: opens and seals session cookies as configured. Make one and keep it.
 *
 * @throws TypeError if an argument has the wrong type or an unknown field; its name is in the message.
 * @throws EdgeSessionError `invalid_config` or `invalid_key` if the values do not go together.
 */
export function createCodec<T extends SessionData = SessionData>(config: CodecConfig<T>): Codec<T>;

/** Opens and seals session cookies. Does no I/O. */
export interface Codec<T extends SessionData = SessionData> {
  /** Name of the cookie that is written. */
  readonly cookieName: string;
  /** Names of the cookies that are read: that one, Django's and the one of before, as configured. */
  readonly cookieNames: readonly string[];
  /** Ids of the sealing keys (8 hexadecimal digits), the one that writes first. Not secret. */
  readonly keyIds: readonly string[];
  /** Finds and opens the session in a `Cookie` header (`null` and `undefined`: there was none). */
  open(cookieHeader: string | null | undefined, at?: At): Opened<T>;
  /** Opens one cookie value. */
  openValue(value: string, at?: At): Opened<T>;
  /**
   * Adds the keys of a record to the session whose ticket names it ({@link Ticket.recordName}). The session is as it
   * was if the record is another one.
   */
  openRecord(session: Session<T>, record: Uint8Array, at?: At): RecordOpened;
  /** A new session. */
  create(data?: Partial<T>, at?: At): Session<T>;
  /**
   * Seals a session. Apply `storeOps` first, then send `setCookie`.
   *
   * @throws EdgeSessionError `does_not_fit`, `too_large`, `too_deep`, `too_many_keys`, `invalid_session`,
   * `record_pending` (its record was not opened, so its keys would be lost). The earlier cookie stays good.
   */
  seal(session: Session<T>, at?: At & { persistent?: boolean }): Commit;
  /** What ends a session: the line that removes the cookie, and what the store has to delete. */
  end(session?: Session<T>): Ending;
  /** Where each key of `data` would go, without sealing anything. */
  plan(data: T | Session<T>, at?: At): Report;
}

/** What a request's cookies came to. */
export type Opened<T extends SessionData = SessionData> =
  /** One session cookie verified. */
  | { readonly kind: 'session'; readonly session: Session<T> }
  /** No session cookie was sent. */
  | { readonly kind: 'absent' }
  /** None of the session cookies sent was accepted. For logs: whoever sent it is told nothing. */
  | { readonly kind: 'rejected'; readonly reason: Reason; readonly issues?: readonly SchemaIssue[] }
  /** Two different session cookies verified: nobody can say whose request this is. */
  | { readonly kind: 'conflict' };

/** What a record came to. */
export type RecordOpened =
  | { readonly kind: 'merged' }
  | { readonly kind: 'rejected'; readonly reason: Reason; readonly issues?: readonly SchemaIssue[] };

/** Why a cookie or a record was not accepted. */
export type Reason =
  | 'too_long'
  | 'too_many_copies'
  | 'malformed'
  | 'unknown_version'
  | 'unknown_key'
  | 'retired_key'
  | 'forged'
  | 'expired'
  | 'too_old'
  | 'from_the_future'
  | 'revoked'
  | 'not_accepted'
  | 'too_large'
  | 'unknown_dictionary'
  | 'corrupt_body'
  | 'wrong_record'
  /** Authentic, but not what the configured schema allows. */
  | 'invalid_session';

/**
 * A session: keys and JSON values, in order.
 *
 * Values that are objects may be changed in place: what {@link get} gave is looked at again when the session is
 * sealed. Values that nobody changes are written back as they were spelled, so numbers that JavaScript cannot
 * hold (Python's big integers) survive.
 */
export interface Session<T extends SessionData = SessionData> {
  /** A value; `undefined` if the key is absent. @throws EdgeSessionError `record_pending`, see {@link ticket}. */
  get<K extends keyof T & string>(key: K): T[K] | undefined;
  /**
   * Sets a value, any JSON value, at its key's place or at the end.
   *
   * @throws TypeError for what JSON would make something else of, wherever in the value: a promise, `Date`, `Map`,
   * `Set`, `NaN`, an object of a class.
   * @throws EdgeSessionError `session_closed` when the session is committed, `session_destroyed` after {@link destroy}.
   */
  set<K extends keyof T & string>(key: K, value: T[K]): this;
  /** Removes a key; whether it was there. */
  delete(key: keyof T & string): boolean;
  has(key: keyof T & string): boolean;
  /** Keys and values in order. */
  entries(): IterableIterator<[keyof T & string, T[keyof T & string]]>;
  keys(): IterableIterator<keyof T & string>;
  [Symbol.iterator](): IterableIterator<[keyof T & string, T[keyof T & string]]>;
  /** How many keys. */
  readonly size: number;
  /** Removes every key. */
  clear(): void;
  /** A copy of everything, for `JSON.stringify`. */
  toJSON(): T;
  /** JSON text of a value as it stands in the cookie, for numbers that JavaScript cannot hold. */
  raw(key: keyof T & string): string | undefined;
  /** Bytes that each key takes in JSON, with quotes, colon and comma. */
  sizes(): { key: string; bytes: number }[];
  /** For log in: begins anew (absolute limit, id), keeping the keys. An old copy of the cookie is another session. */
  restart(at?: At): void;
  /** For log out: {@link Sessions.commit} then removes the cookie and the record. */
  destroy(): void;
  /**
   * Whether the browser keeps it when it closes, "remember me", where that was said of this session; `undefined`: as
   * configured. It belongs to the session and stays with it: in the key `_session_expiry`, as Django has it.
   */
  get persistent(): boolean | undefined;
  set persistent(value: boolean);

  readonly isNew: boolean;
  /** Whether a key was set or removed, or a value changed in place, since it was opened. */
  readonly isModified: boolean;
  readonly isDestroyed: boolean;
  /** Whether it should be sealed again although nothing changed: under an older key, in another envelope. */
  readonly needsReissue: boolean;
  /** The envelope it came in; `undefined` for a new one. */
  readonly envelope: Envelope | undefined;
  /** Which key verified: 0 is the one that writes. `undefined` for a new session. */
  readonly keyPosition: number | undefined;
  /** Id of the key that opened a sealed cookie. */
  readonly keyId: string | undefined;
  /** When its cookie was issued; `undefined` for a new one. */
  readonly issuedAt: Milliseconds | undefined;
  /** When the session began. */
  readonly createdAt: Milliseconds;
  /** When it ends unless it is sealed again: the earlier of both limits. `undefined` for a new one. */
  readonly expiresAt: Milliseconds | undefined;
  /** Keys that ended at their own time and are gone. */
  readonly expiredKeys: readonly string[];
  /**
   * Names the record that holds the keys which did not fit, while it is not opened. Until then `get` and `has` of a
   * key that is not in the cookie, `entries`, `keys`, `size`, `toJSON` throw `record_pending`.
   */
  readonly ticket: Ticket | undefined;
  /** How {@link Sessions.load} came by it; `rejection` says why a cookie was refused. */
  readonly outcome: 'new' | Opened['kind'];
  readonly rejection: Reason | 'record_lost' | 'device_missing' | 'ended' | undefined;
  /** With {@link SessionsConfig.device}, of a user's session: what its request showed of the device. */
  readonly device: { readonly isBound: boolean; readonly provedAt: Milliseconds | undefined } | undefined;
}

/** Names a record. */
export interface Ticket {
  /** Its name in a store: 32 characters of base64url. */
  readonly recordName: string;
  /** How often the session had spilled, from 1. */
  readonly revision: number;
}

/** A sealed session. Put, wait for it, then send the cookie; deletions may follow at leisure. */
export interface Commit {
  /** The `Set-Cookie` line. */
  readonly setCookie: string;
  readonly storeOps: readonly StoreOp[];
  /** More `Set-Cookie` lines: what removes the cookie of the name of before, if it came in that. */
  readonly removals: readonly string[];
  /** Where every key went. Made when it is first read. */
  readonly report: Report;
}

/** What ends a session. */
export interface Ending {
  readonly setCookie: string;
  readonly storeOps: readonly StoreOp[];
  /** More `Set-Cookie` lines: without them a cookie of before, or Django's, would log in again. */
  readonly removals: readonly string[];
}

/** One thing for a store to do. Names are keyed hashes, records are encrypted. */
export type StoreOp =
  | { readonly op: 'put'; readonly name: string; readonly record: Uint8Array; readonly expiresAt: Milliseconds }
  | { readonly op: 'delete'; readonly name: string };

/** Where everything went and how full the cookie is. */
export interface Report {
  /** Bytes of the cookie's name and value. */
  readonly cookieBytes: number;
  readonly budget: number;
  /** The cookie has reached 80 % of its budget. */
  readonly nearlyFull: boolean;
  /** In the session's order. */
  readonly keys: readonly KeyReport[];
}

/** One key of a {@link Report}. */
export interface KeyReport {
  readonly key: string;
  /** Bytes of key and value in JSON, before compression. */
  readonly bytes: number;
  readonly priority: Priority;
  readonly placement: 'cookie' | 'spilled' | 'dropped' | 'expired';
  readonly reason: 'fits' | 'no_room' | 'too_large' | 'expired' | 'reserved';
}

/**
 * Where each key of `data` would go. `config` needs no keys: a throw-away one is drawn, which changes no size.
 */
export function plan<T extends SessionData>(config: CodecConfig<T>, data: T, at?: At): Report;

// ---------------------------------------------------------------- requests and responses

/** Configuration of {@link createSessions}. */
export interface SessionsConfig<T extends SessionData = SessionData> extends CodecConfig<T> {
  /** Where keys go that do not fit. Without one, such a session is an error when it is saved. */
  store?: SessionStore;
  /** An unchanged session is sealed again when its cookie is this many seconds old. Default: `idleSeconds` / 14. */
  touchSeconds?: Seconds;
  /** Binds sessions of users to the device that logged in, where the browser can (docs/DEVICE.md). Default: not. */
  device?: DeviceOptions;
}

/**
 * Device Bound Session Credentials: what is copied out of a browser ends when the device cookie does. Wants TLS, a store
 * that says at once what was written, and requests to `/_session/device/…`, which adapters answer; without one it is
 * {@link Sessions.deviceAnswer}. Every session has an id then.
 */
export interface DeviceOptions {
  /** `observe`: sessions are bound, and nobody is refused. `bound`: a bound session without its device is none. */
  mode: 'observe' | 'bound';
  /** The session's key that says who is logged in: a session that has it is bound. */
  userKey: string;
  /** For how long a browser need not show its device again; at least 180, default 600. */
  seconds?: Seconds;
  /** Hosts of other sites whose requests the browser may hold back for a proof, as `login.example`. */
  initiators?: readonly string[];
  /** Beginnings of paths that need no session, and so wait for no device, as `/static/`. */
  publicPaths?: readonly string[];
  /** Told of what happens: for counters, logs, and the alarm about a copied cookie. What it throws fails the request. */
  report?: (event: DeviceEvent) => void;
}

/** What {@link DeviceOptions.report} is told. `session` is a hash, from which nobody gets to the session. */
export type DeviceEvent =
  | { readonly event: 'offered' | 'registered' | 'confirmed' | 'shown' | 'end_not_kept'; readonly session: string }
  /** A registration or proof was refused. */
  | { readonly event: 'refused'; readonly reason: string }
  /** A bound session came without its device, at most once a minute for each session. */
  | {
      readonly event: 'missing';
      readonly session: string;
      readonly at: Milliseconds;
      /** `no_device`: a copy of the session's cookie, or a browser that has lost its key. */
      readonly side: 'no_device' | 'other_device';
      readonly answered: 'observed' | 'unavailable' | 'refused';
    };

/** Sessions of requests: a codec, a store, and the rules between them. */
export function createSessions<T extends SessionData = SessionData>(config: SessionsConfig<T>): Sessions<T>;

/** Loads sessions from requests and commits them to responses. */
export interface Sessions<T extends SessionData = SessionData> {
  readonly codec: Codec<T>;
  /**
   * The session of a request, complete; a new one if none was sent or accepted (see {@link Session.outcome}). Asked
   * again with the same request it gives the same session, and so do the adapters.
   *
   * @throws TypeError for what is none of {@link SessionSource}.
   * @throws EdgeSessionError `store_unavailable` or `record_missing` if it is authentic but its record cannot be had
   * right now: answer 503 with `Retry-After` and leave the cookie alone, the visitor is not logged out.
   */
  load(from: SessionSource | PromiseLike<SessionSource>, at?: At): Promise<Session<T>>;
  /**
   * Saves a session if there is anything to save, and gives the `Set-Cookie` line for it: changed, due for a new
   * cookie, or destroyed. `undefined`: there is nothing to send. `force`: an opened session is saved whatever it is.
   * `persistent` is set on the session, see {@link Session.persistent}.
   *
   * @throws EdgeSessionError as {@link Codec.seal}, or `store_unavailable`: then nothing may be sent.
   * @throws TypeError where one line is not enough: a log out with `django.cookie` or `formerCookie`.
   */
  save(session: Session<T>, at?: SaveOptions): Promise<string | undefined>;
  /** As {@link save}: all lines, each for a `Set-Cookie` header of its own. None: there is nothing to send. */
  setCookies(session: Session<T>, at?: SaveOptions): Promise<readonly string[]>;
  /**
   * {@link save}, then a copy of the response with `Set-Cookie`, `Cache-Control: private, no-store` and `Vary: Cookie`.
   * The latter two also where nothing is set: the response depended on the session. `CDN-Cache-Control` and what else
   * caches obey before `Cache-Control` goes; `no-transform` stays. The session cannot be changed afterwards.
   *
   * @throws EdgeSessionError also `set_twice`: the response sets the cookie already, of another session.
   */
  commit(session: Session<T>, response: Response, at?: At & { persistent?: boolean }): Promise<Response>;
  /** What `/_session/device/register` and `/_session/device/refresh` answer; `undefined` for every other request. */
  deviceAnswer(request: RequestLike, at?: At): Promise<Response | undefined>;
  /**
   * Step-up: returns where the session is bound and its device was shown, `proofSeconds` ago at the most (at least 120).
   * While devices are only observed, a session that is not bound passes.
   *
   * @throws EdgeSessionError `device_required`, with the answer in it: adapters give it, which has the browser show its
   * device in the middle of the navigation, or says 403.
   */
  requireDevice(session: Session<T>, options?: At & { proofSeconds?: Seconds }): void;
}

/** Settings of {@link Sessions.save}. */
export interface SaveOptions extends At {
  persistent?: boolean;
  force?: boolean;
}

/** What a session is loaded from; `null` and `undefined` are a request without cookies. */
export type SessionSource =
  | RequestLike
  | HeadersLike
  | CookieJar
  /** Headers as Node has them: names in lower case. */
  | { readonly [name: string]: string | readonly string[] | undefined }
  /** A `Cookie` header. */
  | string
  | null
  | undefined;

/** A `Request`, Node's `IncomingMessage`, or what wraps one. */
export interface RequestLike {
  readonly headers: HeadersLike | { readonly [name: string]: string | readonly string[] | undefined };
}

/** What is used of `Headers`. */
export interface HeadersLike {
  get(name: string): string | null;
  getSetCookie(): string[];
}

/** A jar of cookies: Next's `cookies()`, SvelteKit's and Astro's `cookies`, `CookieStore`, a `Map`. */
export interface CookieJar {
  get(name: string): JarCookie | PromiseLike<JarCookie>;
}

/** What a jar gives for a name. */
export type JarCookie = string | { readonly value: string | undefined } | null | undefined;

// ---------------------------------------------------------------- stores

/** Where records live. They are encrypted and never change under a name. */
export interface SessionStore {
  /** The record, or `null` if there is none or it has expired. Rejects if the store cannot be asked. */
  get(name: string, now: Milliseconds): Promise<Uint8Array | null> | Uint8Array | null;
  /**
   * Resolves when the record is kept, until `expiresAt` at least. `replaces`: what is there under the name is replaced in
   * one step, which is asked for with {@link SessionsConfig.device} only.
   */
  put(name: string, record: Uint8Array, expiresAt: Milliseconds, now: Milliseconds, replaces?: boolean): Promise<void> | void;
  /** Fine if there is none. */
  delete(name: string): Promise<void> | void;
  /** What was written shows elsewhere a while later, as with KV: no device can be bound with it. */
  readonly isEventual?: boolean;
}

/** In this process: for tests, and for one process that may forget. `capacity` is a number of records, default 10,000. */
export function memoryStore(options?: { capacity?: number }): SessionStore;
/** Workers KV. The same layout as the edge-session Worker: both may share a namespace. */
export function kvStore(namespace: KvNamespace): SessionStore;
/** D1, in the table `session_record` of the edge-session Worker. */
export function d1Store(database: D1Database): SessionStore;
/** A server that speaks the protocol of docs/ORIGIN-STORE.md. */
export function httpStore(options: {
  /** Address of the store. Must be `https:` except for this machine. */
  url: string | URL;
  /** A key as {@link generateKey} makes them, and not one of `keys`. */
  key: string;
  /** Default 1000 for reading, 1500 for writing. */
  timeoutMilliseconds?: number;
  fetch?: typeof fetch;
}): SessionStore;

/** What is used of a `KVNamespace`. */
export interface KvNamespace {
  get(key: string, type: 'arrayBuffer'): Promise<ArrayBuffer | null>;
  put(key: string, value: Uint8Array, options: { expirationTtl: number }): Promise<void>;
  delete(key: string): Promise<void>;
}

/** What is used of a `D1Database`. */
export interface D1Database {
  prepare(query: string): D1Statement;
}

/** What is used of a `D1PreparedStatement`. */
export interface D1Statement {
  bind(...values: unknown[]): D1Statement;
  first<R = Record<string, unknown>>(): Promise<R | null>;
  run(): Promise<unknown>;
}

// ---------------------------------------------------------------- keys, inspection, others' formats

/** Draws a sealing key: `es1_` and 43 characters. @throws EdgeSessionError `entropy`. */
export function generateKey(): string;
/** Id of a sealing key (8 hexadecimal digits), as cookies name it. Not secret. @throws EdgeSessionError `invalid_key`. */
export function keyId(key: string): string;

/** What a cookie value claims to be. Needs no key, proves nothing. */
export function inspect(value: string): Inspection;

/** See {@link inspect}. */
export type Inspection =
  | {
      readonly envelope: 'sealed';
      /** Bytes of the value. */
      readonly bytes: number;
      readonly version: 1;
      readonly keyId: string;
      /** Bytes of the encrypted part: times, ticket, session. */
      readonly ciphertextBytes: number;
    }
  | {
      readonly envelope: 'django' | 'flask';
      readonly bytes: number;
      /** Bytes of the payload's text. */
      readonly payloadBytes: number;
      readonly compressed: boolean;
      /** When it says it was signed. */
      readonly issuedAt: Milliseconds;
      /** The session, which anybody who holds the cookie can read, unverified. */
      readonly json: string;
      /** Bytes that each key takes in it. */
      readonly keys: readonly { readonly key: string; readonly bytes: number }[];
      readonly ticket: { readonly keyId: string; readonly revision: number } | undefined;
    }
  | {
      readonly envelope: 'unknown';
      /** What its characters claim. */
      readonly claims: Envelope;
      readonly bytes: number;
      readonly problem: 'too_long' | 'malformed' | 'unknown_version' | 'too_large' | 'corrupt_body';
    };

/** The cookies of a `Cookie` header as sent, never decoded. @throws EdgeSessionError `header_too_long` (131,072). */
export function readCookies(
  cookieHeader: string,
  options?: {
    /** Tells which cookies have this name, and which some server's parser could take for it. */
    name?: string;
  },
): RequestCookie[];

/**
 * A `Set-Cookie` line as browsers read it (RFC 6265bis 5.6): attributes that they ignore are not there, of several with one
 * name the last counts. Never decoded. @throws EdgeSessionError `invalid_cookie`: no name, a control character, too long
 * (131,072 bytes).
 */
export function readSetCookie(line: string): {
  readonly name: string;
  readonly value: string;
  /** Seconds; zero or less: the browser is to forget it. */
  readonly maxAge?: number;
  /** As sent. */
  readonly expires?: string;
  readonly path?: string;
  /** Without a leading dot; not there: this host only. */
  readonly domain?: string;
  readonly sameSite?: 'Strict' | 'Lax' | 'None';
  readonly secure?: boolean;
  readonly httpOnly?: boolean;
  readonly partitioned?: boolean;
};

/** One cookie of a request. */
export interface RequestCookie {
  /** Empty if there was no `=`. */
  readonly name: string;
  readonly value: string;
  /** Bytes of name and value. */
  readonly bytes: number;
  /** How it relates to the name that was asked for. */
  readonly relation: 'same' | 'look_alike' | 'other';
}

/** Settings of {@link django} and {@link flask}. */
export interface SigningOptions extends At {
  /** Takes weak keys. Default `false`. */
  allowWeak?: boolean;
}

/** What a signed text held. */
export type Loaded =
  | {
      readonly kind: 'loaded';
      readonly value: any;
      /** The JSON as it was signed. */
      readonly json: string;
      readonly issuedAt: Milliseconds;
      /** 0 is the first key given. */
      readonly keyPosition: number;
    }
  | { readonly kind: 'rejected'; readonly reason: Reason };

/** Django's `signing.loads` and `signing.dumps` over SHA-256. */
export const django: {
  /** The salt of the `signed_cookies` backend: the default. */
  readonly COOKIE_SALT: string;
  /** The salt of rows of the `db` and `cached_db` backends, and of files. */
  readonly ROW_SALT: string;
  loads(
    text: string,
    secretKeys: SecretKey | readonly SecretKey[],
    options?: SigningOptions & { salt?: string; maxAge?: Seconds },
  ): Loaded;
  dumps(value: unknown, secretKeys: SecretKey | readonly SecretKey[], options?: SigningOptions & { salt?: string }): string;
};

/** Flask's session cookies: itsdangerous' `URLSafeTimedSerializer` as Flask configures it, values as tagged JSON. */
export const flask: {
  loads(text: string, secretKeys: SecretKey | readonly SecretKey[], options?: SigningOptions & { maxAge?: Seconds }): Loaded;
  dumps(value: unknown, secretKeys: SecretKey | readonly SecretKey[], options?: SigningOptions): string;
};

// ---------------------------------------------------------------- errors

/** What goes wrong by our or the application's doing, or because a system failed. Tell them apart by `code`. */
export class EdgeSessionError extends Error {
  constructor(
    code: ErrorCode,
    message: string,
    options?: {
      cause?: unknown;
      issues?: readonly SchemaIssue[];
      answer?: { status: number; headers: { [name: string]: string }; body: string };
    },
  );
  readonly name: 'EdgeSessionError';
  readonly code: ErrorCode;
  /** For `invalid_session`. */
  readonly issues: readonly SchemaIssue[] | undefined;
  /** 503 for `store_unavailable` and `record_missing`: Express, Fastify, Koa and h3 answer with it, and with `headers`. */
  readonly status?: number;
  readonly statusCode?: number;
  readonly headers?: { readonly [name: string]: string };
  /** For `device_required`: the answer's body, beside `status` and `headers`. */
  readonly body?: string;
}

/** Stable from release to release. */
export type ErrorCode =
  | 'invalid_config'
  | 'invalid_key'
  | 'invalid_json'
  | 'invalid_cookie'
  | 'invalid_session'
  | 'not_initialized'
  | 'header_too_long'
  | 'does_not_fit'
  | 'too_large'
  | 'too_deep'
  | 'too_many_keys'
  | 'no_key'
  | 'time_out_of_range'
  | 'entropy'
  | 'record_pending'
  | 'record_missing'
  | 'store_unavailable'
  | 'session_destroyed'
  | 'session_closed'
  | 'set_twice'
  | 'device_required';
