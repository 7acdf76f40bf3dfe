// One plan: carried out, and what it violates.

import { carryOut } from './history.mjs';
import { violations } from './rules.mjs';

/** `{ history, violations, counts }`; the counts say how much of what happened, so that a run shows what it tried. */
export async function judge(plan) {
  const history = await carryOut(plan);
  const { events, lives } = history;
  const count = isOne => events.filter(isOne).length;
  return {
    history,
    violations: violations(history),
    counts: {
      histories: 1,
      requests: events.length,
      shown: count(event => event.session),
      confirmed: count(event => event.write?.isConfirmed),
      'sent again': count(event => event.write && event.write.start < event.start),
      refused: count(event => event.status === 409),
      unavailable: count(event => event.status === 503),
      lives: lives.length,
      ends: lives.filter(life => life.ends?.some(end => end.isSure)).length,
      'after the end': count(event => event.step.act === 'after the end'),
      'old copies': count(event => event.step.act === 'old copy'),
    },
  };
}
