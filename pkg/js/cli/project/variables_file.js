// Files of variables and secrets as wrangler reads them: NAME=value lines.

import util from 'node:util';
import { inputProblem } from '../problem.js';

// Older Nodes, for which the other commands are good, do not have it; wrangler wants a newer one anyway.
function parseEnv(text) {
  if (!util.parseEnv) throw inputProblem(`this command needs Node 22 or newer, as wrangler does; this is ${process.version}`);
  return util.parseEnv(text);
}

/** @param {string} text @returns {Record<string, string>} */
export const readVariables = text => ({ ...parseEnv(text) });

/**
 * A line that is read back as exactly this value, by wrangler and by Node.
 *
 * @param {string} name
 * @param {string} value
 */
export function variableLine(name, value) {
  const line = `${name}=${quoted(value)}`;
  if (parseEnv(line)[name] !== value) throw inputProblem(`${name} cannot be written into a file of variables: it has every kind of quotation mark in it, or a line break`);
  return line;
}

function quoted(value) {
  if (/^[\w.:/@+=-]*$/.test(value)) return value;
  // In these nothing is expanded and nothing escaped.
  const mark = ["'", '`', '"'].find(mark => !value.includes(mark));
  return mark === undefined || /[\r\n]/.test(value) || (mark === '"' && value.includes('\\')) ? value : `${mark}${value}${mark}`;
}
