// What may happen to a call of a store. Runs in Node and within workerd.

const sleep = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

/** Longer than anybody waits for a store. */
const HANGS = 1900;

/** Every call takes so long that those which are under way together show it. */
export const PACED = { percent: 100, modes: ['paced'] };

/** Every call is done, and its answer held back for less long than anybody waits for it. */
export const HELD = { percent: 100, modes: ['held'] };

export const TROUBLES = ['before', 'after', 'slow', 'late', 'hang', 'hang after'];

/** Makes a call as `trouble` says: `{ percent, modes, only }`, or null if all is well; `only` is a part of what is asked. */
export async function troubled(trouble, what, call) {
  const isMeant = trouble && what.includes(trouble.only ?? '') && Math.random() * 100 < trouble.percent;
  const mode = isMeant ? trouble.modes[Math.floor(Math.random() * trouble.modes.length)] : 'none';
  if (mode === 'before') throw new Error('it did not arrive (test)');
  if (mode === 'paced') await sleep(120);
  if (mode === 'slow') await sleep(400);
  if (mode === 'hang') await sleep(HANGS); // takes effect when nobody waits for it any more
  const answer = await call();
  if (mode === 'after') throw new Error('its answer is lost (test)');
  if (mode === 'late') await sleep(800);
  if (mode === 'held') await sleep(450);
  if (mode === 'hang after') await sleep(HANGS);
  return answer;
}
