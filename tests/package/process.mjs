// Programs that are started, asked over HTTP, and stopped.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** What a command writes; when it fails, that is in the error. */
export async function output(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', part => (text += part));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${text.slice(-4000)}`);
  return text.trim();
}

/** Starts a server, waits for `url` to answer, runs `work` and stops the server with all that it started. */
export async function serving(command, args, options, url, work) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let text = '';
  let hasEnded = false;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', part => (text += part));
  const ended = once(child, 'exit').then(() => (hasEnded = true));
  try {
    await answering(url, () => hasEnded);
    return await work();
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${text.slice(-4000)}`, { cause: error });
  } finally {
    // The group: starters start servers.
    if (!hasEnded) process.kill(-child.pid, 'SIGTERM');
    await ended;
  }
}

async function answering(url, hasEnded) {
  for (const until = Date.now() + 90_000; ; ) {
    try {
      await (await fetch(url)).text();
      return;
    } catch (error) {
      if (hasEnded() || Date.now() > until) throw error;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }
}

/** Two visits, the second with the first one's cookie. */
export async function visits(url) {
  const one = await fetch(url);
  const cookie = one.headers.getSetCookie()[0]?.split(';')[0];
  const two = await fetch(url, { headers: { cookie: cookie ?? '' } });
  return `${await one.text()} ${await two.text()}`;
}
