// What is promised, store by store: the table of docs/FAULTS.md, which says it to people and to the rules alike.

import { readFileSync } from 'node:fs';

const document = readFileSync(new URL('../../docs/FAULTS.md', import.meta.url), 'utf8');
const TITLE = '## Store by store';
const COLUMNS = ['where it is', 'one browser', 'two browsers of one session', 'after a log out', 'after a crash'];
const BOTH = { merged: true, 'the last answer wins': false };
const ENDS = { refused: true, 'good to its end': false };

function table() {
  const section = document.split(`\n${TITLE}\n`)[1]?.split('\n## ')[0] ?? '';
  const [head, , ...rows] = section.split('\n').filter(line => line.startsWith('|')).map(cells);
  if (JSON.stringify(head) !== JSON.stringify(COLUMNS)) throw new Error(`docs/FAULTS.md, ${TITLE}: these columns are known: ${COLUMNS.join(', ')}`);
  return rows;
}

const cells = line => line.split('|').slice(1, -1).map(cell => cell.trim());

/** What a cell promises: its words before the first colon. */
function promised(cell, meanings) {
  const words = cell.split(':')[0];
  if (!(words in meanings)) throw new Error(`docs/FAULTS.md, ${TITLE}: "${words}" is none of ${Object.keys(meanings).join(', ')}`);
  return meanings[words];
}

/** `name -> { merges, ends }`; the name is that of a store, or `cookie` for a session that is whole in its cookie. */
const promises = new Map(
  table().flatMap(([where, , both, end]) => {
    const promise = { merges: promised(both, BOTH), ends: promised(end, ENDS) };
    const names = [...where.matchAll(/`([a-z0-9+]+)`/g)].map(([, name]) => name);
    return names.map(name => [name, promise]);
  }),
);

export const STORES = [...promises.keys()].filter(name => name !== 'cookie');

/** What is promised to the sessions of a plan. */
export const promiseTo = ({ store, size }) => promises.get(size === 'small' && store !== 'none' ? 'cookie' : store);
