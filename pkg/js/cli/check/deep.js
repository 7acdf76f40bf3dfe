// What the Worker says of its stores and the site when it is asked to try each (/_session/health?deep).

import { bad, good } from './finding.js';

export async function deepFindings(place) {
  if (!place.token) return [];
  const { status, json } = await place.askWithToken('/_session/health?deep');
  // A release before this page answers as without the query; a wrong token is found where sessions are made.
  if (![200, 503].includes(status) || !Array.isArray(json?.checks)) return [];
  return json.checks.map(({ check, ok, problem, cure, millis }) => (ok ? good(check, `${millis} ms`) : bad(check, problem, cure)));
}
