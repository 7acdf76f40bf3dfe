// The clocks of this machine, of the Worker and of the site, as far as answers tell the time.

import { bad, good, skipped } from './finding.js';

/** Signatures and stores allow a minute. */
const SECONDS = 30;

export async function clockFindings({ ask, askAt, page, origin }) {
  const asked = [['the Worker', () => ask(page)]];
  if (origin) asked.push(['the site', () => askAt(new URL(page, origin))]);
  const findings = [];
  for (const [whose, asking] of asked) {
    const answer = await asking().catch(() => undefined);
    const there = Date.parse(answer?.headers.date);
    if (Number.isNaN(there)) continue;
    const seconds = Math.round((there - Date.now()) / 1000);
    if (Math.abs(seconds) > SECONDS)
      findings.push(bad('clock', `${whose} is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine`, 'let both ask a time server (timedatectl set-ntp true); an answer that is old may come from a cache instead'));
    else findings.push(good('clock', `${whose} and this machine agree`));
  }
  return findings.length > 0 ? findings : [skipped('clock', 'no answer tells the time')];
}
