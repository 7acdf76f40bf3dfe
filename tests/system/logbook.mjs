// The Worker with the store contract in it, and what it writes to the log: GET /__log gives the lines since the last time.

import Worker from '../../worker/build-conformance/index.js';
export { SessionShard } from '../../worker/build-conformance/index.js';

const lines = [];
for (const level of ['log', 'warn', 'error']) {
  const write = console[level].bind(console);
  console[level] = (...texts) => {
    lines.push(texts.map(String).join(' '));
    write(...texts);
  };
}

export default class extends Worker {
  async fetch(request) {
    if (new URL(request.url).pathname === '/__log') return Response.json(lines.splice(0));
    return super.fetch(request);
  }
}
