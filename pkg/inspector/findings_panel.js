// What the doctor found.

import { element, panel } from './element.js';

/** @param {import('../js/doctor.js').Finding[]} findings */
export function findingsPanel(findings) {
  if (findings.length === 0) {
    return panel(
      'findings-panel',
      'Findings',
      element('p', {}, 'Nothing is wrong with it that can be seen from outside.'),
    );
  }
  return panel(
    'findings-panel',
    'Findings',
    element('ul', { class: 'findings' }, ...findings.map(findingItem)),
  );
}

function findingItem({ severity, code, cookie, message, advice }) {
  const text = element('div', {}, element('p', {}));
  if (cookie) text.firstChild.append(element('code', {}, cookie), ': ');
  text.firstChild.append(message);
  if (advice) text.append(element('p', { class: 'advice' }, advice));
  return element(
    'li',
    { 'data-code': code },
    element('span', { class: 'tag', 'data-severity': severity }, severity),
    text,
  );
}
