// A plan that violates a rule, made as short as it still does: parts of it are left out, and the rest is carried out again.

import { carryOut } from './history.mjs';
import { violations } from './rules.mjs';

/** So many shorter plans are tried at once; each may fail to show the violation, for a history depends on the machine's load too. */
const AT_ONCE = 3;
const TRIES = 2;

/** `{ history, violation }` of the shortest plan found within `milliseconds` that violates the same rule. */
export async function shrink(history, violation, milliseconds) {
  const until = Date.now() + milliseconds;
  let shortest = { history, violation };
  const violating = async steps => {
    for (let tries = 0; tries < TRIES && Date.now() < until; tries++) {
      const again = await carryOut({ ...history.plan, steps });
      const same = violations(again).find(({ rule }) => rule === violation.rule);
      if (same) return { history: again, violation: same };
    }
    return undefined;
  };
  /** The first of these lists of steps that still violates the rule; those that begin at the same time are tried together. */
  const firstOf = async lists => {
    for (let at = 0; at < lists.length && Date.now() < until; at += AT_ONCE) {
      const found = (await Promise.all(lists.slice(at, at + AT_ONCE).map(violating))).find(Boolean);
      if (found) return found;
    }
    return undefined;
  };
  const steps = () => shortest.history.plan.steps;
  const others = steps().filter(step => !step.visitor || step.visitor === violation.life?.visitor);
  if (others.length < steps().length) shortest = (await firstOf([others])) ?? shortest;
  for (let length = Math.ceil(steps().length / 2); length >= 1 && Date.now() < until; ) {
    const starts = Array.from({ length: Math.ceil(steps().length / length) }, (_, index) => index * length);
    const found = await firstOf(starts.map(at => steps().toSpliced(at, length)));
    if (found) shortest = found;
    else length = Math.floor(length / 2);
  }
  return shortest;
}
