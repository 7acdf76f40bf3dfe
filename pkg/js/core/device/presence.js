// Whether a session that is bound to a device comes with it, and what becomes of one that does not.

import { EdgeSessionError } from '../error.js';
import { fromElsewhere, later, showDevice } from './answers.js';
import { wantsPage } from './asked.js';

/** What becomes of a bound session without its device: `{ answered, answer }`; without an answer it is as none. */
export function missing(device, wasSent, asked) {
  if (!device.isEnforced) return { answered: 'observed' };
  // Who has nothing to answer with (a jar, a header) has no session.
  if (asked === undefined) return { answered: 'refused' };
  if (wasSent) return { answered: 'again', answer: showDevice(asked, device.removal) };
  // Who has no device can say so as well: it gets nothing but this answer.
  if (asked.field('secure-session-skipped') !== undefined) return { answered: 'unavailable', answer: later() };
  if (wantsPage(asked) && asked.field('sec-fetch-site') === 'cross-site') return { answered: 'again', answer: fromElsewhere() };
  return { answered: 'refused' };
}

/** What stands for the answer in an error: adapters answer with it. */
export const withAnswer = (answer, message) => new EdgeSessionError('device_required', message, { answer });
