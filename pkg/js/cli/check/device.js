// Whether browsers can bind their sessions to devices here, where the settings want it.

import { bad, good, warning } from './finding.js';

const REFRESH = '/_session/device/refresh';

export async function deviceFindings(place) {
  const { device = 'off' } = place.health;
  if (device === 'off') return [];
  if (place.url.protocol !== 'https:') return [warning('device', `SESSION_DEVICE is ${device}, and browsers bind sessions over TLS only`, 'ask the address with https://; on this machine edge-session dev --https')];
  // Without the name of a session there is nothing to show: that it is said so, by the Worker, is all.
  const answer = await place.ask(REFRESH, { method: 'POST' });
  if (answer.status === 401 && answer.json?.error === 'no_identifier') return [good('device', `sessions are bound to devices (${device})`)];
  return [bad('device', `POST ${REFRESH} is ${answer.status}, and not the Worker’s answer: no browser can show its device`, 'nothing before the Worker may answer for /_session: a rule, a challenge page or a cache of the zone')];
}
