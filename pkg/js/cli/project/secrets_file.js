// A file with a Worker's secrets: JSON, or lines as in .dev.vars.

import { inputProblem } from '../problem.js';
import { readVariables } from './variables_file.js';

/**
 * @param {string} text
 * @param {string} path for messages, which repeat nothing of the text
 * @returns {Record<string, string>}
 */
export function readSecrets(text, path) {
  if (!text.trimStart().startsWith('{')) return readVariables(text);
  let secrets;
  try {
    secrets = JSON.parse(text);
  } catch {
    // The parser's message quotes the text.
  }
  const isGood = secrets !== null && typeof secrets === 'object' && Object.values(secrets).every(value => typeof value === 'string');
  if (!isGood) throw inputProblem(`${path}: a JSON object of texts is expected, {"SESSION_KEYS": "es1_…"}`);
  return secrets;
}
