// The size of a cookie and its keys, as text.

import { bar, gauge } from './bar.js';
import { table } from './table.js';
import { visible } from './terminal.js';

const GAUGE_COLUMNS = 40;
const BAR_COLUMNS = 20;
const MOST_KEY_COLUMNS = 40;
const BROWSERS_OCTETS = 4096;

/**
 * @param {Partial<import('../inspect/size.js').Size> & { cookieOctets: number }} size without `keys` only the gauge
 * @param {import('./terminal.js').Terminal} terminal
 * @param {boolean} [isThere] whether the cookie exists, and the keys' places are those of the next one
 */
export function sizeLines(
  { cookieOctets, budget = BROWSERS_OCTETS, envelopeOctets, keys },
  terminal,
  isThere = false,
) {
  const share = cookieOctets / budget;
  const colour = share > 1 ? terminal.red : share >= 0.8 ? terminal.yellow : terminal.green;
  const head = `${colour(gauge(share, GAUGE_COLUMNS))}  ${cookieOctets} of ${budget} octets, ${Math.round(share * 100)} %`;
  if (!keys) return head;
  const most = Math.max(envelopeOctets, ...keys.map(({ characters }) => characters), 1);
  const rows = [
    ['key', 'JSON', 'cookie', '', 'priority', isThere ? 'written anew' : 'place'],
    ...keys.map(line => [
      cut(visible(line.key)),
      String(line.octets),
      isThere || line.placement === 'cookie' ? String(line.characters) : '-',
      bar(line.characters / most, BAR_COLUMNS),
      line.priority,
      placeText(line, terminal),
    ]),
    [
      terminal.dim('(envelope and name)'),
      '',
      String(envelopeOctets),
      bar(envelopeOctets / most, BAR_COLUMNS),
      '',
      '',
    ],
  ];
  return `${head}\n\n${table(rows, { right: [1, 2] }, terminal)}`;
}

function placeText({ placement, reason }, terminal) {
  if (placement === 'cookie') return placement;
  const text = `${placement}: ${reason.replaceAll('_', ' ')}`;
  return placement === 'dropped' ? terminal.red(text) : terminal.yellow(text);
}

const cut = text => (text.length > MOST_KEY_COLUMNS ? `${text.slice(0, MOST_KEY_COLUMNS - 1)}…` : text);
