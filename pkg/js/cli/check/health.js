// Whether what answers is the Worker, and what it says of its own settings.

import { version } from '../version.js';
import { bad, good, warning } from './finding.js';

/** Fills `place.health`; without one nothing else can be looked at. */
export async function healthFindings(place) {
  const answer = await place.ask('/_session/health');
  const { json: health } = answer;
  if (answer.status === 503 && Array.isArray(health?.problems)) {
    return health.problems.map(problem => bad('settings', problem, 'correct it in wrangler.jsonc, or put the secret there, and deploy again; until then nothing is forwarded'));
  }
  if (answer.status !== 200 || typeof health?.version !== 'string') {
    return [
      bad(
        'worker',
        `what answers at ${place.url.host} is not the Worker (/_session/health is ${answer.status})`,
        'the host leads past it: `routes` of wrangler.jsonc has to name it, its DNS record has to be proxied, and no other route may be more specific',
      ),
    ];
  }
  place.health = { warnings: [], ...health };
  const findings = place.health.warnings.filter(text => !isOfThisMachine(text, place)).map(warned);
  if (findings.length === 0) findings.push(good('settings', `nothing is wrong with them; store ${health.store}`));
  findings.push(ofVersion(health.version));
  return findings;
}

// By their own words these are right where the Worker is tried.
const isOfThisMachine = (text, { isLocal }) => isLocal && /^(ORIGIN_URL: .*wrangler dev|http: |ALLOW_WEAK_DJANGO_SECRET)/.test(text);

// What this isolate has seen fail does not work; the rest can hardly be meant. Each has its cure in it.
const warned = text => (/^(ORIGIN_COOKIE|Set-Cookie|http\b)/.test(text) ? bad : warning)('settings', text);

function ofVersion(running) {
  const own = version();
  if (running === own) return good('version', running);
  return warning('version', `the Worker is ${running}, this command ${own}`, 'npm update in the folder of the Worker, then edge-session deploy');
}
