// Next.js, from create-next-app, with the README's lines for it: a server component reads, server actions write and
// redirect, a route handler answers, the proxy renews. Built without secrets, as in CI.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createSessions } from '../../../pkg/dist/node.js';
import { freePort } from '../process.mjs';
import { blocks, key } from '../readme.mjs';
import { Project } from './starter.mjs';

const OPTIONS = ['--js', '--app', '--no-tailwind', '--no-eslint', '--no-src-dir', '--no-react-compiler', '--import-alias', '@/*', '--use-npm', '--disable-git', '--yes'];
const next = 'node node_modules/next/dist/bin/next';
const sessions = createSessions({ keys: key });
const pairOf = line => line.slice(0, line.indexOf(';'));
const dueCookie = async data => {
  const now = Date.now() - 5 * 86_400_000;
  return pairOf(await sessions.save(sessions.codec.create(data, { now }), { now }));
};

const PAGE = `
import { Suspense } from 'react';
import { redirect } from 'next/navigation';
import { changeSession, getSession } from '../session';
async function visit() { 'use server'; await changeSession(session => session.set('visits', (session.get('visits') ?? 0) + 1)); }
async function leave() { 'use server'; await changeSession(session => { session.destroy(); redirect('/?left'); }); }
async function fail() { 'use server'; await changeSession(session => { session.set('visits', 99); throw new Error('a bug'); }); }
export default () => <main>
  <Suspense fallback="…"><Said /></Suspense>
  {Object.entries({ visit, leave, fail }).map(([name, action]) => <form key={name} action={action}><button id={name}>x</button></form>)}
</main>;
async function Said() {
  const session = await getSession();
  let late = 'kept';
  try { session.set('late', 1); } catch (error) { late = error.code; }
  return <p id="said">{\`\${session.get('visits') ?? 0} \${late}\`}</p>;
}`;

let project;
before(async () => {
  project = await Project.started('next-session', 'create-next-app@16', ...OPTIONS);
  await project.install();
  project.write('session.js', blocks.get('next'));
  project.write('app/layout.js', 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;');
  project.write('app/page.js', PAGE);
  project.write('app/visits/route.js', "import { withSession } from '../../session';\nexport const GET = withSession(async (request, session) => { session.set('visits', (session.get('visits') ?? 0) + 1); return Response.json(session); });\n");
  project.write('proxy.js', "import { sessionProxy } from './session';\nexport const proxy = sessionProxy();\nexport const config = { matcher: ['/', '/visits'] };\n");
});

for (const bundler of ['--turbopack', '--webpack']) {
  test(`a visitor’s session in the App Router, next build ${bundler}`, async () => {
    await project.run('env', '-u', 'SESSION_KEYS', ...`${next} build ${bundler}`.split(' '));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await project.serving(`${next} start -H 127.0.0.1 -p ${port}`, port, async () => {
      let cookie;
      const page = async (init = {}, path = '/') => {
        const response = await fetch(url + path, { redirect: 'manual', ...init, headers: { origin: url, ...(cookie && { cookie }) } });
        const lines = response.headers.getSetCookie().filter(line => line.startsWith('__Host-session='));
        if (lines.length > 0) cookie = /Max-Age=0/.test(lines.at(-1)) ? undefined : pairOf(lines.at(-1));
        return { response, lines, text: await response.text() };
      };
      const said = ({ text }) => text.match(/<p id="said">(.*?)<\/p>/)[1];
      // A form without a script: its hidden fields name the action.
      const submit = async name => {
        const { text } = await page();
        const [form] = text.match(new RegExp(`<form(?:(?!</form>).)*id="${name}".*?</form>`, 's'));
        const body = new FormData();
        for (const [, field, value = ''] of form.matchAll(/<input type="hidden" name="([^"]*)"(?: value="([^"]*)")?/g)) body.append(field, value.replaceAll('&quot;', '"'));
        return page({ method: 'POST', body });
      };
      assert.equal(said(await page()), '0 session_closed');
      assert.equal(said(await submit('visit')), '1 session_closed');
      assert.equal(said(await submit('visit')), '2 session_closed');
      const failed = await submit('fail');
      assert.deepEqual([failed.response.status, failed.lines], [500, []]);
      assert.equal(said(await page()), '2 session_closed');
      const left = await submit('leave');
      assert.deepEqual([left.response.status, left.response.headers.get('location')], [303, '/?left']);
      assert.equal(cookie, undefined);
      const route = await page({}, '/visits');
      assert.deepEqual([route.text, route.response.headers.get('cache-control')], ['{"visits":1}', 'private, no-store']);
      // The proxy renews for who only reads; where somebody writes in the same request, that is what the browser keeps.
      cookie = await dueCookie({ visits: 7 });
      const renewed = await page();
      // With Cache Components Next sends what the proxy set twice, the second time in a spelling of its own: the same cookie.
      assert.deepEqual([said(renewed), new Set(renewed.lines.map(pairOf)).size, renewed.response.headers.get('cache-control')], ['7 session_closed', 1, 'private, no-store']);
      for (const line of renewed.lines) assert.match(line, /(?=.*; Secure)(?=.*; HttpOnly)(?=.*; Path=\/(;|$)).*; SameSite=Lax/i);
      cookie = await dueCookie({ visits: 7 });
      await page({}, '/visits');
      assert.deepEqual((await sessions.load(cookie)).toJSON(), { visits: 8 });
    });
  });
}
