// What is in the form, as settings.

import { keysFrom } from '../js/inspect/keys.js';
import { rulesFrom } from '../js/inspect/rules.js';

const DAY_SECONDS = 86_400;

/**
 * @param {HTMLFormElement} form
 * @returns {{ text: string, settings: import('../js/inspect/settings.js').Settings, problem: string | undefined }}
 *   `problem`: what of it cannot be used
 */
export function readForm(form) {
  const value = id => form.querySelector(`#${id}`).value.trim();
  const settings = {
    name: value('name') || undefined,
    audience: value('audience') || undefined,
    budget: numberOf(value('budget')),
    idleSeconds: secondsOf(value('idle')),
    absoluteSeconds: secondsOf(value('absolute')),
    ...keysFrom(value('keys')),
  };
  let problem;
  for (const field of form.querySelectorAll('input[type=number]')) {
    field.setAttribute('aria-invalid', String(!field.validity.valid));
    if (!field.validity.valid) problem = `${field.labels[0].textContent}: ${field.validationMessage}`;
  }
  try {
    settings.rules = rulesFrom(value('rules') || '[]', 'Rules for keys');
  } catch (error) {
    problem = error.message;
  }
  return { text: form.querySelector('#cookie').value, settings, problem };
}

const numberOf = text => (text === '' ? undefined : Math.trunc(Number(text)));

const secondsOf = text =>
  text === '' ? undefined : Math.min(Math.round(Number(text) * DAY_SECONDS), 0xffff_ffff);
