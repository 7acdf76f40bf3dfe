// Building the page. Everything from a cookie goes in as text, never as markup.

/**
 * @param {string} tag
 * @param {Record<string, string | number | undefined>} attributes
 * @param {...(Node | string)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/** A part of the page with a heading that names it. */
export function panel(id, heading, ...children) {
  const title = element('h2', { id: `${id}-heading` }, heading);
  return element('section', { id, class: 'panel', 'aria-labelledby': title.id }, title, ...children);
}

/** Terms and what they are. @param {[string, Node | string][]} pairs */
export function definitions(pairs) {
  const children = pairs.flatMap(([term, is]) => [element('dt', {}, term), element('dd', {}, is)]);
  return element('dl', {}, ...children);
}
