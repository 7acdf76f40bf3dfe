// Where the cookie's bytes go, and what would not fit.

import { element, panel } from './element.js';

const PARTS = 8;

const PLACES = {
  cookie: 'in the cookie',
  spilled: 'in the store',
  dropped: 'dropped',
  expired: 'expired',
};

const REASONS = {
  no_room: 'no room',
  too_large: 'larger than its rule allows',
  expired: 'its end has come',
  reserved: 'the name is reserved',
};

/** @param {import('../js/inspect/size.js').Size} size */
export function sizePanel({ cookieBytes, plannedBytes, budget, most, keys, envelopeBytes }) {
  const parts = [
    { label: 'envelope and name', bytes: envelopeBytes, part: 'envelope' },
    ...keys.map(({ key, characters, placement }, index) => ({
      label: key,
      bytes: characters,
      part: index % PARTS,
      leaves: placement !== 'cookie',
    })),
  ];
  const children = [
    stacked(parts, cookieBytes, budget),
    scale(cookieBytes, budget),
    keyTable(keys, envelopeBytes),
  ];
  const leaving = keys.filter(({ placement }) => placement !== 'cookie');
  if (leaving.length > 0) {
    const them = leaving.map(({ key }) => key).join(', ');
    children.push(
      element(
        'p',
        {},
        `Written anew with these settings it has ${number(plannedBytes)} bytes; what is striped leaves it: ${them}.`,
      ),
    );
  }
  if (cookieBytes > most) {
    children.push(element('p', {}, `Browsers drop a cookie above ${number(most)} bytes without a word.`));
  }
  return panel('size-panel', 'Size', ...children);
}

export const sizeProblemPanel = problem =>
  panel(
    'size-panel',
    'Size',
    element('p', {}, `Its keys cannot be measured with these settings: ${problem}.`),
  );

function stacked(parts, cookieBytes, budget) {
  const whole = Math.max(budget, cookieBytes);
  const spoken = parts.map(({ label, bytes }) => `${label} ${bytes}`).join(', ');
  const bar = element('div', {
    class: 'bar',
    role: 'img',
    'aria-label': `${cookieBytes} of ${budget} bytes: ${spoken}`,
  });
  for (const { label, bytes, part, leaves } of parts) {
    const title = `${label}: ${bytes} bytes`;
    const share = element('span', { 'data-part': part, class: leaves ? 'leaves' : undefined, title });
    share.style.width = `${(bytes * 100) / whole}%`;
    bar.append(share);
  }
  if (cookieBytes > budget) {
    const limit = element('div', { class: 'limit', title: `the budget: ${budget} bytes` });
    limit.style.left = `${(budget * 100) / whole}%`;
    bar.append(limit);
  }
  return bar;
}

function scale(cookieBytes, budget) {
  const percent = Math.round((cookieBytes * 100) / budget);
  const left = budget - cookieBytes;
  return element(
    'div',
    { class: 'scale' },
    element('span', {}, `${number(cookieBytes)} bytes, ${percent} % of ${number(budget)}`),
    element('span', {}, left >= 0 ? `${number(left)} left` : `${number(-left)} too many`),
  );
}

function keyTable(keys, envelopeBytes) {
  const head = ['Key', 'JSON', 'Cookie', 'Priority', 'Written anew'].map((text, index) =>
    element('th', { scope: 'col', class: index === 1 || index === 2 ? 'number' : undefined }, text),
  );
  const rows = keys.map((line, index) => {
    const leaves = line.placement !== 'cookie';
    const swatch = element('span', {
      class: leaves ? 'swatch leaves' : 'swatch',
      'data-part': index % PARTS,
    });
    const why = REASONS[line.reason];
    return element(
      'tr',
      {},
      element('td', {}, swatch, element('code', {}, line.key)),
      element('td', { class: 'number' }, number(line.bytes)),
      element('td', { class: 'number' }, number(line.characters)),
      element('td', {}, line.priority),
      element('td', {}, PLACES[line.placement] + (why ? `: ${why}` : '')),
    );
  });
  const envelope = element(
    'tr',
    {},
    element('td', {}, element('span', { class: 'swatch', 'data-part': 'envelope' }), 'envelope and name'),
    element('td', { class: 'number' }, '–'),
    element('td', { class: 'number' }, number(envelopeBytes)),
    element('td', {}),
    element('td', {}),
  );
  const body = element('tbody', {}, ...rows, envelope);
  const caption = 'Bytes of each key';
  return element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    element('table', {}, element('thead', {}, element('tr', {}, ...head)), body),
  );
}

const number = value => value.toLocaleString('en');
