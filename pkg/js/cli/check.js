// edge-session check

import { Unreachable, asker } from './ask.js';
import { clockFindings } from './check/clock.js';
import { cookieFindings } from './check/cookies.js';
import { deepFindings } from './check/deep.js';
import { bad } from './check/finding.js';
import { deviceFindings } from './check/device.js';
import { formFindings } from './check/forms.js';
import { healthFindings } from './check/health.js';
import { originFindings } from './check/origin.js';
import { pageFindings } from './check/page.js';
import { placeOf } from './check/place.js';
import { sessionFindings } from './check/sessions.js';
import { transportFindings } from './check/transport.js';
import { address, tokenFrom } from './deployment.js';
import { inputProblem, usageProblem } from './problem.js';

export const summary = 'what is wrong with a deployment, from outside';

export const help = `usage: edge-session check [options] <address>

Asks a deployment as a visitor would, and says what is wrong, and what to do: settings, versions, TLS, forged and
oversized cookies, redirects and addresses that leave the host, forms, caches, clocks, and whether browsers can bind sessions to devices. With the API token it has the
Worker try each store and the site (/_session/health?deep), and makes sessions of 8, 16 and 30 KB and takes them back,
so that a store that does not write and a server that refuses long headers show; with a user it logs them in and out.

  --keys FILE        where SESSION_API_TOKEN is: a file of variables or JSON; otherwise the environment, and .dev.vars
                     for a Worker on this machine
  --origin URL       where the site really is: whether pages name it, and whether it can be asked past the Worker
  --page PATH        a page that anybody may see, default /
  --login PATH       the log-in page; looked for otherwise
  --username NAME    logs them in; the password is in EDGE_SESSION_PASSWORD
  --cookie NAME      the session cookie, default __Host-sessionid or sessionid
  --ca FILE          a certificate that is trusted as well
  --verbose          shows what is good, too
  --json

exit code: 0 nothing worse than warnings; 1 something does not work; 2 used wrongly; 3 nobody answers
`;

export const options = {
  keys: { type: 'string' },
  origin: { type: 'string' },
  page: { type: 'string' },
  login: { type: 'string' },
  username: { type: 'string' },
  cookie: { type: 'string' },
  ca: { type: 'string' },
  verbose: { type: 'boolean', short: 'v' },
};

const COLOURS = { good: 'green', bad: 'red', warning: 'yellow', skipped: 'dim' };

export async function run({ values, positionals, env, terminal }) {
  if (positionals.length !== 1) throw usageProblem('one address is expected, as https://shop.example');
  const url = address(positionals[0], 'the address');
  if (values.username !== undefined && !env.EDGE_SESSION_PASSWORD) throw usageProblem('--username: their password is expected in EDGE_SESSION_PASSWORD');
  const place = placeOf({
    url,
    ask: asker({ ca: values.ca }),
    page: path(values.page ?? '/', '--page'),
    token: tokenFrom(values, env, url),
    cookie: values.cookie,
    origin: values.origin === undefined ? undefined : address(values.origin, '--origin'),
    login: { path: values.login && path(values.login, '--login'), username: values.username, password: env.EDGE_SESSION_PASSWORD },
  });
  const findings = await checked(place);
  const isGood = !findings.some(({ state }) => state === 'bad');
  return { text: reported(findings, url, terminal, values.verbose), json: { address: url.origin, good: isGood, findings }, isGood };
}

/** Every finding about a deployment, in the order in which they are best mended. */
export async function checked(place) {
  let findings;
  try {
    findings = await healthFindings(place);
  } catch (error) {
    if (error instanceof Unreachable) throw inputProblem(`${error.message}. Is ${place.url.origin} the address, and is it deployed?`);
    throw error;
  }
  if (!place.health) return findings;
  for (const find of [deepFindings, transportFindings, pageFindings, cookieFindings, deviceFindings, formFindings, sessionFindings, originFindings, clockFindings]) {
    try {
      findings.push(...(await find(place)));
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      findings.push(bad('page', `in the middle of it: ${error.message}`, 'ask again; if it stays so, see npx wrangler tail'));
    }
  }
  return findings;
}

/** The findings as lines, worst first; what is good only if that is wanted. */
export function reported(findings, url, terminal, isVerbose) {
  const order = ['bad', 'warning', 'skipped', ...(isVerbose ? ['good'] : [])];
  const lines = order.flatMap(state => findings.filter(finding => finding.state === state)).flatMap(({ check, state, message, cure }) => {
    const head = `${terminal[COLOURS[state]](state.padEnd(8))} ${terminal.bold(check.padEnd(11))}`;
    return [`${head} ${message}`, ...(cure ? [`${' '.repeat(21)}${terminal.dim(cure)}`] : [])];
  });
  const count = state => findings.filter(finding => finding.state === state).length;
  const [wrong, unsure] = [count('bad'), count('warning')];
  const verdict = wrong > 0 ? terminal.red(`${wrong} of ${findings.length} checks are bad`) : terminal.green(`${count('good')} checks are good${unsure ? `, ${unsure} to look at` : ''}`);
  return [...lines, `${url.origin}: ${verdict}.`].join('\n');
}

function path(text, option) {
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(text)) throw usageProblem(`${option}: a path is expected, as /about/`);
  return text;
}
