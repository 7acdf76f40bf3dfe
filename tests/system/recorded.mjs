// A Worker whose log can be asked for: GET /__log gives the lines since the last time.

/** The same Worker, with that page. */
export function recorded(Worker) {
  const lines = [];
  for (const level of ['log', 'warn', 'error']) {
    const write = console[level].bind(console);
    console[level] = (...texts) => {
      lines.push(texts.map(String).join(' '));
      write(...texts);
    };
  }
  return {
    ...Worker,
    async fetch(request, env, context) {
      if (new URL(request.url).pathname === '/__log') return Response.json(lines.splice(0));
      return Worker.fetch(request, env, context);
    },
  };
}
