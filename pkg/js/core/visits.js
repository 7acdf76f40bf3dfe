// One session a request, whoever asks first: what asks later gets the same, and the first one that has an answer to
// give saves it. Two sessions of one request would each send a cookie, and the stale one might be the last.

/** What an adapter asks of `Sessions`: by a symbol of the realm, since an application may have loaded the package twice. */
export const ADAPTER = Symbol.for('edge-session.adapter');

/** @type {WeakMap<object, Visit[]>} by request */
const visits = new WeakMap();

export class Visit {
  #load;
  #close;
  #loading;
  #session;
  /** Whoever answers the request, and so saves the session, is there. */
  isEntered = false;
  isOver = false;
  isAsked = false;
  isFailed = false;

  constructor(sessions, codec, load, close) {
    this.sessions = sessions;
    this.codec = codec;
    this.#load = load;
    this.#close = close;
  }

  /** Loads it when it is first asked for. What failed is tried again. */
  session() {
    this.isAsked = true;
    return (this.#loading ??= this.#load().then(
      session => {
        this.#session = session;
        if (this.isFailed) this.#close(session, FAILED);
        else if (this.isOver) this.#close(session, ANSWERED);
        return session;
      },
      error => {
        this.#loading = undefined;
        throw error;
      },
    ));
  }

  /** The session, if it is loaded. */
  get loaded() {
    return this.#session;
  }

  /** A handler threw: nothing of the session is saved, whatever makes an answer of the exception. */
  fail() {
    this.isFailed = true;
    if (this.#session !== undefined) this.#close(this.#session, FAILED);
  }

  /** The answer is made. */
  end() {
    this.isOver = true;
    if (this.#session !== undefined) this.#close(this.#session, ANSWERED);
  }
}

const ANSWERED = 'the answer is made: a change would be lost. Change the session before, and not in a stream or promise that outlives the handler';
const FAILED = 'a handler threw: nothing of this session is saved any more';

/** The visit of `sessions` to a request; made if there is none. */
export function visitOf(request, sessions, make) {
  const all = of(request);
  let visit = all.find(visit => visit.sessions === sessions);
  if (visit === undefined) all.push((visit = make()));
  return visit;
}

/**
 * The visit for an adapter round the request's handler, and whether this adapter is the outermost, which saves.
 * `aliases` stand for the same request.
 */
export function enter(request, aliases, sessions, make) {
  const all = of(request);
  for (const alias of aliases) if (!visits.has(alias)) visits.set(alias, all);
  const shared = all.find(({ isEntered, isOver, codec }) => isEntered && !isOver && codec.isLike(sessions.codec));
  if (shared !== undefined) return { visit: shared, isOutermost: false };
  const waiting = all.findIndex(visit => visit.sessions === sessions);
  // A request that is handled once more is another visit.
  const visit = waiting >= 0 && !all[waiting].isOver ? all[waiting] : make();
  if (waiting >= 0) all[waiting] = visit;
  else all.push(visit);
  visit.isEntered = true;
  return { visit, isOutermost: true };
}

function of(request) {
  let all = visits.get(request);
  if (all === undefined) visits.set(request, (all = []));
  return all;
}
