// Next.js, from create-next-app, with the README's handler as a route: what builds it, and where it runs.

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../../chromium.mjs';
import { freePort } from '../process.mjs';
import { blocks, visited } from '../readme.mjs';
import { Project } from './starter.mjs';

const STARTER = 'create-next-app@16';
const OPTIONS = ['--js', '--app', '--no-tailwind', '--no-eslint', '--no-src-dir', '--no-react-compiler', '--import-alias', '@/*', '--use-npm', '--disable-git', '--yes'];
const next = 'node node_modules/next/dist/bin/next';

let project;
before(async () => {
  project = await Project.started('next', STARTER, ...OPTIONS);
  await project.install();
  // The starter's layout asks Google for fonts while it builds.
  project.write('app/layout.js', 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;');
  project.write('app/visits/main.js', blocks.get('fetch'));
  project.write('app/visits/route.js', "import main from './main.js';\nexport const GET = main.fetch;\n");
});

for (const bundler of ['--turbopack', '--webpack']) {
  test(`next build ${bundler}, next start`, async () => {
    await project.run(`${next} build ${bundler}`);
    const port = await freePort();
    assert.equal(await project.visited(`${next} start -H 127.0.0.1 -p ${port}`, port, '/visits'), visited);
  });

  test(`next dev ${bundler}`, async () => {
    const port = await freePort();
    assert.equal(await project.visited(`${next} dev ${bundler} -H 127.0.0.1 -p ${port}`, port, '/visits'), visited);
  });
}

test('the README’s lines for the App Router: a page reads, an action changes, a route handler writes, a proxy renews', async () => {
  const app = new Project(`${project.folder}-app`);
  cpSync(project.folder, app.folder, { recursive: true, filter: path => !path.endsWith('/.next') });
  // What stands in one piece there, in the files that it names.
  const [imported, page, action, route, proxy] = blocks.get('next-use').trim().split('\n\n');
  const from = folder => imported.replace('./session.js', `${folder}session.js`);
  const inPage = [page, action].join('\n').replaceAll('export ', '');
  const shown = `import { Suspense } from 'react';
    export default () => <><Suspense><p><Page /></p></Suspense><form action={visit}><button>visit</button></form></>;`;
  app.write('session.js', blocks.get('next'));
  app.write('app/page.js', `${from('../')}\n${shown}\n${inPage}`);
  app.write('app/visits/route.js', `${from('../../')}\n${route}`);
  app.write('proxy.js', `${from('./')}\n${proxy}`);
  await app.run(`${next} build`);
  const port = await freePort();
  const url = `http://localhost:${port}`;
  await app.serving(`${next} start -H 127.0.0.1 -p ${port}`, port, async () => {
    const browser = await chromium.launch(launchOptions);
    try {
      const tab = await browser.newPage();
      const visits = async count => {
        await tab.waitForFunction(`document.querySelector('p')?.textContent === 'visit ${count}'`, undefined, { timeout: 30_000 });
      };
      await tab.goto(url);
      await visits(0);
      for (const count of [1, 2]) {
        await tab.click('button');
        await visits(count);
      }
      assert.deepEqual(await (await tab.goto(`${url}/visits`)).json(), { visits: 3 });
      await tab.goto(url);
      await visits(3);
    } finally {
      await browser.close();
    }
  });
});

for (const [how, setting] of [
  ['in the bundle', ''],
  ['left out of it', ", serverExternalPackages: ['edge-session']"],
]) {
  test(`output: 'standalone', edge-session ${how}, where nothing else is`, async () => {
    const before = project.read('next.config.mjs');
    project.write('next.config.mjs', `export default { output: 'standalone'${setting} };`);
    try {
      await project.run(`${next} build`);
      const port = await freePort();
      const alone = project.elsewhere('.next/standalone');
      const where = { HOSTNAME: '127.0.0.1', PORT: String(port) };
      assert.equal(await alone.visited('node server.js', port, '/visits', where), visited);
    } finally {
      project.write('next.config.mjs', before);
    }
  });
}

for (const bundler of ['--turbopack', '--webpack']) {
  test(`runtime = 'edge', next build ${bundler}`, async () => {
    const edge = `${project.folder}-edge${bundler}`;
    cpSync(project.folder, edge, { recursive: true, filter: path => !path.endsWith('/.next') });
    const copy = new Project(edge);
    // The starter turns on what this runtime, which is on its way out, does not have.
    copy.write('next.config.mjs', 'export default {};');
    copy.write('app/visits/route.js', `${copy.read('app/visits/route.js')}export const runtime = 'edge';\n`);
    const slim = "import module from 'edge-session/codec.wasm?module';\nimport { createCodec, initSync } from 'edge-session/slim';\n";
    copy.write('app/slim/route.js', `${slim}initSync(module);\nexport const runtime = 'edge';\nexport const GET = () => new Response(createCodec({ keys: process.env.SESSION_KEYS }).cookieName);\n`);
    await copy.run(`${next} build ${bundler}`);
    const port = await freePort();
    const start = `${next} start -H 127.0.0.1 -p ${port}`;
    assert.equal(await copy.visited(start, port, '/visits'), visited);
    const name = () => fetch(`http://127.0.0.1:${port}/slim`).then(response => response.text());
    assert.equal(await copy.serving(start, port, name), '__Host-session');
  });
}
