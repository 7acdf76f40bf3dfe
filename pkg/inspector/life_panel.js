// When the session began, and when it ends.

import { ago, dateTime } from '../js/inspect/ago.js';
import { definitions, element, panel } from './element.js';

/** @param {import('../js/inspect.js').Life} life */
export function lifePanel({ created, issued, idleEnd, absoluteEnd }, now) {
  const end = Math.min(idleEnd, absoluteEnd ?? Infinity);
  const begin = created ?? issued;
  const marks = [
    { mark: 'begin', at: begin, label: created === undefined ? 'issued' : 'began' },
    { mark: 'now', at: now, label: 'now' },
    { mark: 'end', at: end, label: end < now ? 'ended' : 'ends' },
  ];
  if (created !== undefined && issued !== created)
    marks.push({ mark: 'issued', at: issued, label: 'issued' });
  const rows = [
    ...(created === undefined ? [] : [['Began', whenText(created, now)]]),
    ['Issued', whenText(issued, now)],
    ['Idle limit', whenText(idleEnd, now)],
    ...(absoluteEnd === undefined ? [] : [['Absolute limit', whenText(absoluteEnd, now)]]),
  ];
  return panel('life-panel', 'Life', timeLine(marks, { begin, end }, now), definitions(rows));
}

const whenText = (at, now) => `${dateTime(at)}, ${ago(at, now)}`;

function timeLine(marks, { begin, end }, now) {
  const from = Math.min(begin, now);
  const to = Math.max(end, now);
  const place = at => (to === from ? 0 : ((at - from) * 100) / (to - from));
  const spoken = marks
    .toSorted((a, b) => a.at - b.at)
    .map(({ label, at }) => (label === 'now' ? 'now' : `${label} ${ago(at, now)}`))
    .join(', ');
  const line = element(
    'div',
    { class: 'life', role: 'img', 'aria-label': spoken },
    element('div', { class: 'track' }),
  );
  const lived = element('div', { class: 'lived' });
  lived.style.left = `${place(begin)}%`;
  lived.style.width = `${Math.max(place(Math.min(now, end)) - place(begin), 0)}%`;
  line.append(lived, ...marks.flatMap(mark => markAt(mark, place(mark.at))));
  return line;
}

function markAt({ mark, label }, place) {
  const dot = element('div', { class: 'mark', 'data-mark': mark, title: label });
  dot.style.left = `${place}%`;
  // Beside a label at an end there would be no room for this one; the list says it all.
  if (mark === 'issued' && (place < 20 || place > 80)) return [dot];
  const side = place < 12 ? ' from-left' : place > 88 ? ' from-right' : '';
  const text = element('div', { class: `label ${mark === 'now' ? 'above' : 'below'}${side}` }, label);
  text.style.left = `${place}%`;
  return [dot, text];
}
