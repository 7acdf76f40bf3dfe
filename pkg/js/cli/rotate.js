// edge-session rotate

import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ringHandedOver, ringInFile } from './project/kept_ring.js';
import { textOfRing, withKeyBehind, withKeyInFront } from './project/ring.js';
import { noteDeployed } from './project/waiting_key.js';
import { inputProblem, usageProblem } from './problem.js';
import { keysOf, number } from './settings.js';

export const summary = 'a new key, in two steps: behind the others, then in front';

export const help = `usage: edge-session rotate [options] [-- command...]

Changes the key that writes, in two steps. No deployment is everywhere at once, and whoever has a cookie under a key that
the next answer does not know is logged out: so everybody knows a key before it writes.

  the first time   a new key comes behind the others: it reads, and does not write. Deploy that ring.
  the next time    that key comes in front, if it was deployed long enough ago: it writes, and the one that wrote
                   until now reads until its end. Deploy that ring.

Interrupted anywhere, the same command goes on. Keys whose end has passed are left out.

  --from-file FILE  the ring is in this file, and the new one takes its place: keep one, because a deployed secret
                    cannot be read back. A file of secrets is good too, as edge-session deploy makes one: of
                    {"SESSION_KEYS": "es1_…", …} only the ring changes. FILE.waiting says which key waits to write,
                    and when it was deployed
  --keys-stdin      the ring is on standard input; without either it is in SESSION_KEYS of the environment. Of these
                    nothing is noted: the second step is --front
  --front ID        the second step, with the key that has this id
  --after SECONDS   how long it takes until a deployment is everywhere, default 600
  --wait            both steps at once: deploys with the command, waits, and deploys again
  -y, --yes         the second step although it is too soon, or nobody noted that the first was deployed
  --keep DAYS       how long the key that wrote until now still reads, default 31: as long as the longest session
                    lives, and a day. Keys that have an end keep it

The command behind -- deploys. It gets the ring on its standard input, and finds it in FILE; when it has succeeded that is
noted, as edge-session deploy notes it by itself. Without a command the ring goes to standard output and nothing else
(that of a file of secrets stays there), what was done and what comes next to standard error.
  edge-session rotate --from-file production.keys.json --wait -- npx edge-session deploy
  edge-session rotate --from-file session-keys -- npx wrangler secret put SESSION_KEYS

exit code: 0 done; 1 not yet: the second step is too soon; 3 the ring cannot be read or kept; that of the command if it
failed
`;

/** What stands behind -- gets the ring. */
export const startsCommand = true;

export const options = {
  'from-file': { type: 'string' },
  'keys-stdin': { type: 'boolean' },
  key: { type: 'string', multiple: true },
  front: { type: 'string' },
  after: { type: 'string' },
  wait: { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  keep: { type: 'string' },
};

const DAY = 86_400_000;

export async function run({ values, positionals, command, env, input, dialogue, warn }) {
  if (positionals.length > 0)
    throw usageProblem('rotate takes no argument: the ring is in SESSION_KEYS, or in the file of --from-file');
  const keepMillis = daysOf(values.keep ?? '31') * DAY;
  const after = number(values.after, '--after', 0, 7 * 86_400) ?? 600;
  if (values.wait && command.length === 0) throw usageProblem('--wait deploys in between: the command that does it is expected behind --');
  const kept = await keptRing({ values, env, input, warn });
  const say = values.json ? () => {} : warn;
  for (;;) {
    const ring = kept.ring();
    if (ring.length === 0) throw noRing(kept.file);
    const waiting = kept.waiting(ring.map(({ id }) => id));
    const step = stepOf(ring, waiting, values.front, command.length > 0);
    if (step === FRONT && waiting) {
      const from = writesFrom(waiting, after);
      const left = from - Date.now();
      if (left > 0 && left < Infinity && values.wait) {
        say(`${waiting.id} writes from ${shown(from)} on; whoever stops this goes on with the same command`);
        await sleep(left);
      } else if (left > 0 && !values.yes && !(await dialogue.agreed(`${tooSoon(waiting, from)}. Shall it write now?`))) {
        say(`${tooSoon(waiting, from)}; nothing was changed`);
        return { json: { step: 'none', ...described(ring, waiting, after) }, isGood: false };
      }
    }
    const done = taken(step, { kept, ring, waiting, front: values.front, keepMillis, isHanded: command.length > 0 });
    if (command.length > 0) hand(textOfRing(done.ring), command, kept.file);
    const left = command.length > 0 ? noteDeployed(kept) : done.waiting;
    for (const line of storyOf(done.ring, left, done.ended)) say(line);
    if (values.wait && left) continue;
    say(nextOf({ left, after, kept, isHanded: command.length > 0 }));
    const text = textOfRing(done.ring);
    const isSecret = command.length > 0 || kept.isSecrets; // a file of secrets is what is deployed
    const json = {
      step: left ? BEHIND : FRONT,
      ...(command.length === 0 && kept.file === undefined && { keys: text }),
      ...described(done.ring, left, after),
      removed: done.ended.map(({ id }) => id),
    };
    return { text: isSecret ? undefined : text, json };
  }
}

const [BEHIND, FRONT, AGAIN] = ['behind', 'front', 'again'];

/** What is to be done with a ring. */
function stepOf(ring, waiting, front, isHanded) {
  if (front !== undefined) {
    refuseFront(ring, waiting, front);
    return FRONT;
  }
  // It was handed over, and nobody knows whether it was taken.
  if (waiting && !waiting.deployed && isHanded) return AGAIN;
  return waiting && !waiting.isInFront ? FRONT : BEHIND;
}

function refuseFront(ring, waiting, id) {
  const place = ring.findIndex(key => key.id === id);
  if (place < 0) throw inputProblem(`there is no key ${id} in the ring`);
  if (place === 0) throw inputProblem(`${id} writes already`);
  if (ring[place].end !== undefined) throw inputProblem(`${id} does not wait to write: it reads until ${ring[place].end}`);
  if (waiting && waiting.id !== id) throw inputProblem(`it is ${waiting.id} that waits to write, not ${id}`);
}

/** Takes a step, and keeps what came of it before anybody is told. */
function taken(step, { kept, ring, waiting, front, keepMillis, isHanded }) {
  if (step === AGAIN) return { ring, waiting, ended: [] };
  const now = Date.now();
  const since = new Date(now).toISOString();
  if (step === BEHIND) {
    const { ring: next, ended } = withKeyBehind(ring, now);
    const added = { id: next.at(-1).id, since };
    kept.keep(next, added);
    return { ring: next, waiting: added, ended };
  }
  const id = front ?? waiting.id;
  const { ring: next, ended } = withKeyInFront(ring, id, now + keepMillis, now);
  // Where nothing is handed over nobody waits: with whatever ring the next key comes, all of these are known.
  kept.keep(next, isHanded ? { id, since } : undefined);
  return { ring: next, waiting: undefined, ended };
}

async function keptRing({ values, env, input, warn }) {
  const file = values['from-file'];
  if (file === undefined) return ringHandedOver((await keysOf({ values, env, input, warn })).sessionKeys);
  if (values.key || values['keys-stdin'])
    throw usageProblem('--from-file and --key or --keys-stdin cannot both be given');
  return ringInFile(file);
}

const noRing = file =>
  inputProblem(
    file === undefined
      ? 'there is no ring: set SESSION_KEYS, or give it with --from-file or --keys-stdin'
      : `there is no ring in ${file}; a first key: edge-session keygen > ${file}`,
  );

// Whoever is to get the ring gets it whole, or is not started.
function hand(text, [name, ...args], file) {
  const { status, error, signal } = spawnSync(name, args, {
    input: text,
    stdio: ['pipe', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  const again = file ? ` The ring is in ${file}: the same command deploys it again.` : '';
  if (error && status === null && signal === null) throw inputProblem(`${name}: cannot be started (${error.code}).${again}`);
  if (status !== 0) throw inputProblem(`${name} ended with ${signal ?? status}.${again}`, status || undefined);
}

/** From when on a key may write: never, as long as nobody noted that it was deployed. */
const writesFrom = ({ deployed }, after) => (deployed === undefined ? Infinity : Date.parse(deployed) + after * 1000);

const shown = millis => `${new Date(Math.ceil(millis / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ')} (UTC)`;

const tooSoon = ({ id, since }, from) =>
  from === Infinity
    ? `${id} is behind since ${shown(Date.parse(since))}, and nobody noted that it was deployed: deploy it first, or say --yes if it was`
    : `${id} is not everywhere yet: it may write from ${shown(from)} on, or at once with --yes`;

function storyOf([first, ...others], waiting, ended) {
  const reads = ({ id, end }) => {
    if (id === waiting?.id) return `${id} reads, and waits to write`;
    return end ? `${id} reads until ${end} (UTC)` : `${id} reads, without an end`;
  };
  return [`${first.id} writes`, ...others.map(reads), ...ended.map(({ id, end }) => `${id} is left out: it ended on ${end}`)];
}

/** What whoever rotates has to do next. */
function nextOf({ left, after, kept, isHanded }) {
  if (left?.deployed) return `next: ${kept.file ? 'the same command' : `--front ${left.id}`}, from ${shown(writesFrom(left, after))} on`;
  const deploy = kept.isSecrets ? 'edge-session deploy' : 'deploy this ring everywhere';
  if (!left) return isHanded ? 'done' : `next: ${deploy}, and it is done`;
  const second = kept.file === undefined ? `edge-session rotate --front ${left.id}` : `the same command${kept.isSecrets ? '' : ' with --yes'}`;
  return `next: ${deploy}; then, ${after} seconds later or more, ${second}`;
}

function described(ring, waiting, after) {
  const from = waiting && writesFrom(waiting, after);
  return {
    ring: ring.map(({ id, end }) => ({ id, end })),
    waiting: waiting && { id: waiting.id, since: waiting.since, deployed: waiting.deployed, writes_from: from === Infinity ? undefined : new Date(from).toISOString() },
  };
}

function daysOf(text) {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (!(days >= 1)) throw usageProblem('--keep: a number of days from 1 to 9999 is expected');
  return days;
}
