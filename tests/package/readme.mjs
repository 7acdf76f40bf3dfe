// The README's code and commands, as they stand there.

import { readFileSync } from 'node:fs';

export const text = readFileSync(new URL('../../pkg/README.md', import.meta.url), 'utf8');

const fenced = language =>
  new Map([...text.matchAll(new RegExp(`^\`\`\`${language} run=([\\w-]+)\n(.*?)^\`\`\``, 'gms'))].map(([, name, code]) => [name, code]));

/** By name, pieces of JavaScript. */
export const blocks = fenced('js');
/** By name, lists of commands. */
export const commands = new Map([...fenced('sh')].map(([name, lines]) => [name, lines.trim().split('\n')]));

/** The README's server for Node, then two visits to it, and what they were answered. */
export const nodeVisits = `${blocks.get('node')}
server.listen(0, '127.0.0.1', async () => {
  const url = 'http://127.0.0.1:' + server.address().port;
  const one = await fetch(url);
  const cookie = one.headers.getSetCookie()[0].split(';')[0];
  const two = await fetch(url, { headers: { cookie } });
  console.log(await one.text(), await two.text());
  server.close();
});
`;
export const visited = 'visit 1 visit 2';

/** The README's piece for browsers, and `window.result`. */
export const pageScript = `${blocks.get('browser')}
window.result = [inspect('eyJhIjoxfQ:1r31eq:VJ').json, plan({}, { theme: 'dark' }).keys.length];
`;
export const pageResult = ['{"a":1}', 1];

export const key = 'es1_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw';
