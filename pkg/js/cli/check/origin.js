// The site's own address: nobody but the Worker is to reach it.

import { bad, good, skipped } from './finding.js';

export async function originFindings({ origin, url, page, askAt, isLocal }) {
  if (!origin) return [skipped('origin', 'whether the site can be asked past the Worker is not known', 'say where it is with --origin')];
  if (origin.host === url.host) return [skipped('origin', 'it has the host of the Worker, so a route alone leads to it', 'close its addresses to all but Cloudflare: a Tunnel, or Authenticated Origin Pulls')];
  if (isLocal) return [skipped('origin', 'all of it is on this machine')];
  const answer = await askAt(new URL(page, origin)).catch(error => error);
  if (answer instanceof Error) return [good('origin', `past the Worker nobody answers (${answer.message})`)];
  if ([401, 403, 495, 496, 525, 526].includes(answer.status) || /certificate/i.test(answer.body.slice(0, 2000))) return [good('origin', `past the Worker it is ${answer.status}`)];
  return [
    bad(
      'origin',
      `past the Worker ${origin.origin} answers ${answer.status}: there X-Forwarded-Host, X-Real-IP and plain Django cookies are anybody's word`,
      'make it reachable through the Worker only: a Cloudflare Tunnel, Authenticated Origin Pulls, or a firewall that lets Cloudflare’s addresses in',
    ),
  ];
}
