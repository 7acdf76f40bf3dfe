// Sessions for whatever has a way to read a cookie and a way to write one.

import { isAnswer } from './adapter/exception.js';
import { sessionsOf } from './adapter/sessions_of.js';
import { OFFER } from './core/device/offer.js';
import { cookieOf } from './core/set_cookie.js';
import { ADAPTER } from './core/visits.js';

export function withJar(sessions) {
  const of = sessionsOf(sessions);
  return async (jar, work) => {
    checked(jar);
    if (typeof work !== 'function') throw new TypeError('work: a function is expected');
    const gate = await of();
    const adapter = gate[ADAPTER];
    const session = await gate.load({ get: name => jar.read(name) });
    if (jar.header !== undefined) {
      await jar.header('Cache-Control', 'private, no-store');
      await jar.header('Vary', 'Cookie');
    }
    if (jar.write === undefined) {
      adapter.close(session, READ_ONLY);
      return work(session);
    }
    const save = async () => {
      for (const line of await gate.setCookies(session)) {
        const { name, value, attributes } = cookieOf(line);
        await jar.write(name, value, attributes, line);
      }
      const offer = jar.header === undefined ? undefined : adapter.offer(session);
      if (offer !== undefined) await jar.header(OFFER, offer);
    };
    let result;
    try {
      result = await work(session);
    } catch (error) {
      if (isAnswer(error)) await save();
      adapter.close(session, FAILED);
      throw error;
    }
    await save();
    adapter.close(session, SAVED);
    return result;
  };
}

const READ_ONLY = 'the jar has no write: here a session is only to be read';
const SAVED = 'the session is saved: a change would be lost. Change it before the function returns';
const FAILED = 'a function threw: nothing of this session is saved any more';

function checked(jar) {
  if (typeof jar?.read !== 'function') throw new TypeError('jar.read: a function is expected');
  for (const name of ['write', 'header']) {
    if (jar[name] !== undefined && typeof jar[name] !== 'function') throw new TypeError(`jar.${name}: a function is expected`);
  }
}
