// What must hold in every history. Each rule gives what violates it: `{ rule, says, life, event }`.

import { isLiving, mayGoByCookie } from './history.mjs';
import { promiseTo } from './promises.mjs';

const KEYS = ['cart', 'note', 'theme', 'last'];
const BEYOND_STALE = 16;

export function violations(history) {
  const found = [];
  note(history);
  for (const rule of [whole, ofNobodyElse, never, neverOlder, kept, open, ended, answers]) {
    for (const { life, event, says } of rule(history)) found.push({ rule: rule.title, says, life, event });
  }
  return found;
}

/** What events show of a session, with the cookie that they speak of. */
function* shown({ events }) {
  for (const event of events) {
    const cookie = event.isAfter ? event.got : event.sent;
    if (event.session && cookie) yield { event, cookie, session: event.session };
  }
}

const writesOf = ({ events }) => events.filter(event => event.write).map(event => event.write);
const writeOf = (writes, key, value) => writes.find(write => key in write.values && write.values[key] === value);
/** Whether a change was answered, or seen, before another one was asked for. */
const isBefore = (one, other) => one !== other && Math.min(one.end, one.seen) < other.start;

/** When each change was first seen by anybody: it was made by then, however often it is sent again. */
function note(history) {
  const writes = writesOf(history);
  for (const write of writes) write.seen = Infinity;
  for (const { event, session } of shown(history)) {
    for (const key of KEYS) {
      for (const write of writes) if (write.values[key] === session[key] && session[key] !== undefined) write.seen = Math.min(write.seen, event.end);
    }
  }
}

/** Nothing torn: what was written together is read together. */
function* whole(history) {
  for (const { event, cookie, session } of shown(history)) {
    for (const key of KEYS) {
      const too = `${key}_too`;
      if (key !== 'last' && session[key] !== session[too]) yield { life: cookie.life, event, says: `${key} is ${session[key]}, ${too} is ${session[too]}` };
    }
  }
}
whole.title = 'whole';

/** Nobody sees another visitor's session, nor parts of one. */
function* ofNobodyElse(history) {
  const writes = writesOf(history);
  for (const { event, cookie, session } of shown(history)) {
    const { life } = cookie;
    if (session.who !== life.who) yield { life, event, says: `it is the session of ${session.who}, not of ${life.who}` };
    for (const key of KEYS) {
      const value = session[key];
      if (value === undefined) continue;
      if (!value.startsWith(`${life.visitor} `)) yield { life, event, says: `${key} is ${value}, which is not ${life.visitor}'s` };
      else if (!writeOf(writes, key, value)) yield { life, event, says: `${key} is ${value}, which nobody wrote` };
    }
  }
}
ofNobodyElse.title = "nobody else's";

/** What was answered 409, or refused, is never applied. */
function* never(history) {
  const writes = writesOf(history);
  for (const { event, cookie, session } of shown(history)) {
    for (const key of KEYS) {
      const write = session[key] && writeOf(writes, key, session[key]);
      if (write && !write.isPossible) yield { life: cookie.life, event, says: `${key} is ${session[key]}, which was refused` };
    }
  }
}
never.title = 'refused is refused';

/** A cookie shows every change that led to it, or later ones; where nothing is merged, just those. */
function* neverOlder(history) {
  const { merges } = promiseTo(history.plan);
  const writes = writesOf(history);
  for (const { event, cookie, session } of shown(history)) {
    // Once somebody has logged in from a stranger's session, a change with its cookie begins another stranger's one.
    if (cookie.life.isStranger && cookie.life.followed?.start <= event.end) continue;
    for (const key of KEYS) {
      const [own] = [...cookie.changes()].filter(write => key in write.values);
      if (!own || session[key] === own.values[key]) continue;
      const says = `${key} is ${session[key] ?? 'gone'}, and ${own.values[key]} led to this cookie`;
      const other = writeOf(writes, key, session[key]);
      if (!merges || !other || isBefore(other, own)) yield { life: cookie.life, event, says };
    }
  }
}
neverOlder.title = 'never older';

/** Of changes of different keys, whichever browser made them, none that was confirmed is lost. */
function* kept(history) {
  if (!promiseTo(history.plan).merges) return;
  const writes = writesOf(history);
  for (const life of history.lives.filter(isLiving)) {
    const last = history.events.findLast(event => event.step.act === 'change at last' && event.status === 200 && event.got?.life === life);
    if (!last) continue;
    const confirmed = history.events.filter(event => event.write?.isConfirmed && event.got?.life === life).map(event => event.write);
    for (const key of KEYS) {
      const value = last.session[key];
      const write = writeOf(writes, key, value);
      const lost = confirmed.find(each => key in each.values && each.values[key] !== value && (!write || isBefore(write, each)));
      if (lost) yield { life, event: last, says: `${key} is ${value ?? 'gone'} in the end, and ${lost.values[key]} was confirmed` };
    }
  }
}
kept.title = 'none is lost';

/** Whether it was not asked again for as long as the answer was to. */
const isLast = ({ step, sent, start }, events) => !events.some(other => other.step === step && other.sent === sent && other.start > start);

/** When all is well a session that nobody ended is there, with every cookie of its last changes. */
function* open({ events }) {
  for (const event of events) {
    const { sent, step, status, session } = event;
    if (!['look back', 'old copy', 'change at last'].includes(step.act) || !isLiving(sent.life)) continue;
    if (step.act === 'old copy' && sent.behind(sent.life.cookies.at(-1)) > BEYOND_STALE) continue;
    if (isLast(event, events) && (status !== 200 || !session)) yield { life: sent.life, event, says: `${step.act}: ${status}` };
  }
}
open.title = 'readable';

/** What has ended is accepted nowhere, whichever cookie shows it. */
function* ended({ plan, events }) {
  if (!promiseTo(plan).ends) return;
  for (const event of events) {
    const { step, sent, status, session } = event;
    if (step.act !== 'after the end' || (mayGoByCookie(event, plan) && !isLast(event, events))) continue;
    if (session) yield { life: sent.life, event, says: `${step.path} ${status} shows the session, which had ended` };
  }
}
ended.title = 'ended';

/** Nobody is thrown out who did not go, and no answer is one that the documents do not know. */
function* answers({ plan, events }) {
  const isCut = ['killed', 'rotated'].includes(plan.kind);
  for (const event of events) {
    const { sent, status, session, start, end } = event;
    const life = sent?.life ?? event.got?.life;
    const known = [200, 204, 401, 409, 503, ...(isCut ? [0] : [])];
    if (!known.includes(status)) yield { life, event, says: `the answer is ${status} ${event.reason ?? ''}` };
    if (!sent || sent.life.isStranger || sent.life.isFollowed) continue;
    const isOver = sent.life.ends?.some(each => each.start <= end);
    if (session === null && !isOver && start >= sent.life.begun.end) yield { life, event, says: `${status}, and no session, which nobody ended` };
  }
}
answers.title = 'answers';
