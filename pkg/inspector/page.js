// The inspector page: reads the form, shows what is found. Nothing here opens a connection.

import { initSync } from '../js/slim.js';
import wasm from '../js/wasm/edge_session_bg.wasm';
import { diagnose } from '../js/doctor.js';
import { look } from '../js/inspect.js';
import { readPasted } from '../js/inspect/pasted.js';
import { cookiePanel } from './cookie_panel.js';
import { example } from './example.js';
import { findingsPanel } from './findings_panel.js';
import { readForm } from './form.js';
import { lifePanel } from './life_panel.js';
import { sessionPanel } from './session_panel.js';
import { sizePanel, sizeProblemPanel } from './size_panel.js';

/** While somebody types, the page waits for a pause. */
const PAUSE_MILLISECONDS = 120;

const form = document.getElementById('form');
const status = document.getElementById('status');
const panels = document.getElementById('panels');

initSync(wasm);
let timer;
form.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(show, PAUSE_MILLISECONDS);
});
form.addEventListener('reset', () => setTimeout(show));
form.addEventListener('submit', event => event.preventDefault());
document.getElementById('reveal').addEventListener('click', ({ currentTarget: button }) => {
  const keys = document.getElementById('keys');
  const isShown = keys.type === 'text';
  keys.type = isShown ? 'password' : 'text';
  button.textContent = isShown ? 'Show' : 'Hide';
  button.setAttribute('aria-pressed', String(!isShown));
});
document.getElementById('example').addEventListener('click', () => {
  for (const [id, value] of Object.entries(example(Date.now()))) document.getElementById(id).value = value;
  document.getElementById('settings').open = true;
  show();
  document.getElementById('result').focus();
});
// A reload keeps what was in the form.
show();

function show() {
  const { text, settings, problem } = readForm(form);
  if (problem) return tell('error', problem);
  if (text.trim() === '') return tell('empty', 'Paste a cookie to begin.');
  const now = Date.now();
  const pasted = readPasted(text);
  const seen = look(pasted, settings, now);
  const { findings } = diagnose(pasted, {
    name: settings.name ?? seen.name,
    idleSeconds: settings.idleSeconds,
    now,
  });
  const { state, text: sentence } = withFindings(seen.verdict, findings);
  tell(
    state,
    sentence,
    seen.envelope && cookiePanel(seen, now),
    seen.size ? sizePanel(seen.size) : seen.sizeProblem && sizeProblemPanel(seen.sizeProblem),
    seen.life && lifePanel(seen.life, now),
    seen.json !== undefined && sessionPanel(seen.json, seen.tried.kind === 'session'),
    findingsPanel(findings),
  );
}

// A valid cookie in a header that does not work is not good news.
function withFindings(verdict, findings) {
  const count = findings.filter(({ severity }) => severity === 'error').length;
  if (verdict.state !== 'good' || count === 0) return verdict;
  const them = count === 1 ? 'there is an error' : `there are ${count} errors`;
  return { state: 'warning', text: `${verdict.text} But ${them} below.` };
}

function tell(state, text, ...shown) {
  status.dataset.state = state;
  // Only what is new is read out.
  if (status.textContent !== text) status.textContent = text;
  panels.replaceChildren(...shown.filter(Boolean));
}
