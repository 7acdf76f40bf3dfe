// edge-session keys

import { Unreachable, asker } from './ask.js';
import { placeOf } from './check/place.js';
import { inputProblem, usageProblem } from './problem.js';
import { address, tokenFrom } from './deployment.js';
import { waitingKey } from './project/waiting_key.js';

export const summary = 'which keys of a deployment are still of use, and which can go';

export const help = `usage: edge-session keys [options] <address>

Asks a deployment when each key last opened a cookie, and whether it can be taken out without logging anybody out; the
same of each envelope but sealed that it still reads, such as plain Django cookies. Nothing is guessed: a key can go when
every cookie that it sealed has ended.

  --keys FILE        where SESSION_API_TOKEN is: a file of variables or JSON; otherwise the environment, and .dev.vars
                     for a Worker on this machine. A key that waits to write there (edge-session rotate) is to stay
  --ca FILE          a certificate that is trusted as well
  --json

exit code: 0 what does not write can go, or there is nothing else; 1 not yet; 2 used wrongly; 3 nobody answers, or the
token is not the Worker's
`;

export const options = { keys: { type: 'string' }, ca: { type: 'string' } };

export async function run({ values, positionals, env, now }) {
  if (positionals.length !== 1) throw usageProblem('one address is expected, as https://shop.example');
  const url = address(positionals[0], 'the address');
  const token = tokenFrom(values, env, url);
  if (!token) throw inputProblem('SESSION_API_TOKEN is needed: give its file with --keys');
  const health = await healthOf(placeOf({ url, token, ask: asker({ ca: values.ca }) }));
  const waiting = values.keys === undefined ? undefined : waitingKey(values.keys, health.keys.map(({ id }) => id));
  const keys = health.keys.map((key, index) => (index > 0 && key.id === waiting?.id ? { ...key, removable: false, because: WAITS } : key));
  const parts = [
    ...keys.map(key => ({ name: `es1 ${key.id}`, ...key })),
    ...health.envelopes.map(envelope => ({ name: `${envelope.envelope} cookies`, ...envelope })),
  ];
  const isGood = parts.every(({ removable, because }) => removable || STAYS.includes(because));
  return { text: parts.map(part => line(part, now)).join('\n'), json: { address: url.origin, keys, envelopes: health.envelopes }, isGood };
}

const [WRITES, WAITS] = ['it writes', 'it waits to write: edge-session rotate goes on with it'];
const STAYS = [WRITES, WAITS];

async function healthOf({ url, askWithToken }) {
  let answer;
  try {
    answer = await askWithToken('/_session/health');
  } catch (error) {
    if (error instanceof Unreachable) throw inputProblem(error.message);
    throw error;
  }
  const { json: health } = answer;
  if (answer.status !== 200 || !Array.isArray(health?.keys)) throw inputProblem(`${url.host}: /_session/health answers ${answer.status}; edge-session check says more`);
  if (!Array.isArray(health.envelopes)) throw inputProblem(`${url.host} does not know this SESSION_API_TOKEN, or is of a release before this command`);
  return health;
}

function line({ name, last_seen, removable, because, since, not_after }, now) {
  const seen = last_seen === undefined ? 'never seen' : `last seen ${ago(now - Date.parse(last_seen))}`;
  const verdict = removable ? `safe to remove since ${day(since)}` : STAYS.includes(because) ? because : `not yet, because ${because}`;
  const end = not_after === undefined ? '' : ` (ends ${day(not_after)})`;
  return `${name}: ${seen}; ${verdict}${end}`;
}

const day = text => text.slice(0, 10);

/** @param {number} milliseconds */
function ago(milliseconds) {
  const hours = Math.max(0, Math.floor(milliseconds / 3_600_000));
  if (hours < 2) return 'within two hours';
  return hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`;
}
