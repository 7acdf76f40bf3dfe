// Where the cookie's octets go, and what would not fit.

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
export function sizePanel({ cookieOctets, plannedOctets, budget, most, keys, envelopeOctets }) {
  const parts = [
    { label: 'envelope and name', octets: envelopeOctets, part: 'envelope' },
    ...keys.map(({ key, characters, placement }, index) => ({
      label: key,
      octets: characters,
      part: index % PARTS,
      leaves: placement !== 'cookie',
    })),
  ];
  const children = [
    stacked(parts, cookieOctets, budget),
    scale(cookieOctets, budget),
    keyTable(keys, envelopeOctets),
  ];
  const leaving = keys.filter(({ placement }) => placement !== 'cookie');
  if (leaving.length > 0) {
    const them = leaving.map(({ key }) => key).join(', ');
    children.push(
      element(
        'p',
        {},
        `Written anew with these settings it has ${number(plannedOctets)} octets; what is striped leaves it: ${them}.`,
      ),
    );
  }
  if (cookieOctets > most) {
    children.push(element('p', {}, `Browsers drop a cookie above ${number(most)} octets without a word.`));
  }
  return panel('size-panel', 'Size', ...children);
}

export const sizeProblemPanel = problem =>
  panel(
    'size-panel',
    'Size',
    element('p', {}, `Its keys cannot be measured with these settings: ${problem}.`),
  );

function stacked(parts, cookieOctets, budget) {
  const whole = Math.max(budget, cookieOctets);
  const spoken = parts.map(({ label, octets }) => `${label} ${octets}`).join(', ');
  const bar = element('div', {
    class: 'bar',
    role: 'img',
    'aria-label': `${cookieOctets} of ${budget} octets: ${spoken}`,
  });
  for (const { label, octets, part, leaves } of parts) {
    const title = `${label}: ${octets} octets`;
    const share = element('span', { 'data-part': part, class: leaves ? 'leaves' : undefined, title });
    share.style.width = `${(octets * 100) / whole}%`;
    bar.append(share);
  }
  if (cookieOctets > budget) {
    const limit = element('div', { class: 'limit', title: `the budget: ${budget} octets` });
    limit.style.left = `${(budget * 100) / whole}%`;
    bar.append(limit);
  }
  return bar;
}

function scale(cookieOctets, budget) {
  const percent = Math.round((cookieOctets * 100) / budget);
  const left = budget - cookieOctets;
  return element(
    'div',
    { class: 'scale' },
    element('span', {}, `${number(cookieOctets)} octets, ${percent} % of ${number(budget)}`),
    element('span', {}, left >= 0 ? `${number(left)} left` : `${number(-left)} too many`),
  );
}

function keyTable(keys, envelopeOctets) {
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
      element('td', { class: 'number' }, number(line.octets)),
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
    element('td', { class: 'number' }, number(envelopeOctets)),
    element('td', {}),
    element('td', {}),
  );
  const body = element('tbody', {}, ...rows, envelope);
  const caption = 'Octets of each key';
  return element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    element('table', {}, element('thead', {}, element('tr', {}, ...head)), body),
  );
}

const number = value => value.toLocaleString('en');
