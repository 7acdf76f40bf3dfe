// The size of a cookie and its keys, as text.

import { bar, gauge } from './bar.js';
import { table } from './table.js';
import { visible } from './terminal.js';

const GAUGE_COLUMNS = 40;
const BAR_COLUMNS = 20;
const MAX_KEY_COLUMNS = 40;
const BROWSERS_BYTES = 4096;

/**
 * @param {Partial<import('../inspect/size.js').Size> & { cookieBytes: number }} size without `keys` only the gauge
 * @param {import('./terminal.js').Terminal} terminal
 * @param {boolean} [isThere] whether the cookie exists, and the keys' places are those of the next one
 */
export function sizeLines(
  { cookieBytes, budget = BROWSERS_BYTES, envelopeBytes, keys },
  terminal,
  isThere = false,
) {
  const share = cookieBytes / budget;
  const colour = share > 1 ? terminal.red : share >= 0.8 ? terminal.yellow : terminal.green;
  const head = `${colour(gauge(share, GAUGE_COLUMNS))}  ${cookieBytes} of ${budget} bytes, ${Math.round(share * 100)} %`;
  if (!keys) return head;
  const most = Math.max(envelopeBytes, ...keys.map(({ characters }) => characters), 1);
  const rows = [
    ['key', 'JSON', 'cookie', '', 'priority', isThere ? 'written anew' : 'place'],
    ...keys.map(line => [
      cut(visible(line.key)),
      String(line.bytes),
      isThere || line.placement === 'cookie' ? String(line.characters) : '-',
      bar(line.characters / most, BAR_COLUMNS),
      line.priority,
      placeText(line, terminal),
    ]),
    [
      terminal.dim('(envelope and name)'),
      '',
      String(envelopeBytes),
      bar(envelopeBytes / most, BAR_COLUMNS),
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

const cut = text => (text.length > MAX_KEY_COLUMNS ? `${text.slice(0, MAX_KEY_COLUMNS - 1)}…` : text);
