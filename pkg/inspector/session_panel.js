// The session itself.

import { indented } from '../js/inspect/indented.js';
import { element, panel } from './element.js';

/** Longer sessions are cut on the page: a megabyte of text would make it slow. */
const MAX_CHARACTERS = 100_000;

/** @param {string} json @param {boolean} isVerified */
export function sessionPanel(json, isVerified) {
  const text = indented(json);
  const shown = element(
    'pre',
    { tabindex: 0, role: 'region', 'aria-label': 'Session as JSON' },
    text.slice(0, MAX_CHARACTERS),
  );
  const children = [shown];
  if (text.length > MAX_CHARACTERS)
    children.push(element('p', {}, `${text.length - MAX_CHARACTERS} more characters are not shown.`));
  if (!isVerified)
    children.push(element('p', {}, 'Not verified: anybody could have written this. A key tells.'));
  return panel('session-panel', isVerified ? 'Session' : 'What everybody can read', ...children);
}
