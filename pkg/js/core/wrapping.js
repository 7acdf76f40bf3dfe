// What shells, JSON and env files leave round a key.

/**
 * @param {string} text a key of ours, with its end or without
 * @returns {string | undefined} why it cannot be read, where something stands round it
 */
export function wrapping(text) {
  const what = round(text);
  return what && `there is ${what} round it: give what begins with es1_ alone`;
}

function round(text) {
  if (text.startsWith('es1_') && /^[\w@-]*$/.test(text)) return undefined;
  if (!text.includes('es1_')) return undefined;
  if (/^\w+=/.test(text)) return "a variable's name and =";
  if (/["'`\u2018-\u201f]/.test(text)) return 'a quote';
  if (/[[\](){}<>]/.test(text)) return 'a bracket';
  if (/^[^ -~]|[^ -~]$/.test(text)) return 'a character that is not shown (a byte order mark, say)';
  return undefined;
}
