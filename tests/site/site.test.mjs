// The site of the documents, as scripts/docs.sh builds it, in Chromium: found, read, searched, and played with.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../chromium.mjs';
import { PAGES, SIDEBAR } from '../../docs/site/contents.mjs';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'target/docs');
/** Where to keep pictures for people to look at, if anywhere. */
const pictures = process.env.SITE_PICTURES;
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.json': 'application/json', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8' };
/** What WCAG asks of text at level AA. */
const LEAST_CONTRAST = 4.5;

let server, address, browser, page, problems, elsewhere;

before(async () => {
  server = createServer((request, response) => {
    const path = join(folder, decodeURIComponent(new URL(request.url, 'http://site').pathname));
    const file = [path, `${path}.html`, join(path, 'index.html')].find(name => extname(name) && existsSync(name));
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch(launchOptions);
});
after(async () => {
  await browser?.close();
  server?.close();
});

beforeEach(() => open('light'));
afterEach(async () => {
  assert.deepEqual(problems, [], 'the console');
  assert.deepEqual(elsewhere, [], 'asked of others');
  await page.context().close();
});

async function open(colorScheme, viewport = { width: 1280, height: 900 }) {
  await page?.context().close();
  problems = [];
  elsewhere = [];
  const context = await browser.newContext({ viewport, colorScheme });
  page = await context.newPage();
  page.on('console', message => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', error => isOfTheOutline(error) || problems.push(error.message));
  page.on('request', request => new URL(request.url()).origin !== address && !request.url().startsWith('data:') && elsewhere.push(request.url()));
}

// VitePress moves the mark of its outline a moment after scrolling, also when the page with it has gone by then
// (composables/outline.js): nothing of that is ours, and nothing is seen of it.
const isOfTheOutline = ({ message }) => message === "Cannot read properties of null (reading 'style')";

const visit = name => page.goto(`${address}/${name}`, { waitUntil: 'networkidle' });
const picture = async name => pictures && page.screenshot({ path: join(pictures, `${name}.png`), fullPage: false });

test('every document is a page, and every page is at the side', () => {
  const documents = readdirSync(join(root, 'docs')).filter(name => name.endsWith('.md')).map(name => `docs/${name}`);
  assert.deepEqual(documents.filter(name => !PAGES[name]), []);
  const listed = SIDEBAR.flatMap(({ items }) => items.map(([, name]) => name));
  const missing = Object.values(PAGES).filter(name => name !== 'index' && !listed.includes(name));
  assert.deepEqual(missing, []);
  for (const name of [...listed, 'index']) assert.ok(existsSync(join(folder, `${name}.html`)), name);
});

test('from the front page to a task, and on by the side', async () => {
  await visit('');
  await page.locator('svg.whole').waitFor();
  await page.locator('.vp-doc').getByRole('link', { name: 'Rotate and revoke' }).click();
  await page.waitForURL('**/rotate.html');
  await page.locator('h1', { hasText: 'Rotate and revoke' }).waitFor();
  await page.locator('.VPSidebar').getByRole('link', { name: 'Settings' }).click();
  await page.waitForURL('**/settings.html');
  assert.ok((await page.locator('td', { hasText: 'SESSION_IDLE_SECONDS' }).count()) > 0);
});

test('links between pages lead to a heading that is there, and files can be looked at', async () => {
  const pages = Object.values(PAGES);
  const html = Object.fromEntries(pages.map(name => [name, readFileSync(join(folder, `${name}.html`), 'utf8')]));
  let count = 0;
  for (const [name, text] of Object.entries(html)) {
    for (const [, target] of text.matchAll(/href="(\/[^"]*|#[^"]*|\.\/[^"]*)"/g)) {
      const { pathname, hash } = new URL(target, `http://site/${name}.html`);
      const found = pathname === '/' ? 'index' : pathname.slice(1).replace(/\.html$/, '');
      if (!html[found]) assert.ok(found === 'playground' || existsSync(join(folder, decodeURIComponent(pathname))), `${name}: ${target}`);
      else if (hash) assert.ok(html[found].includes(`id="${decodeURIComponent(hash.slice(1))}"`), `${name}: ${target}`);
      count += 1;
    }
  }
  assert.ok(count > 500, count);
});

test('search finds what is asked for', async () => {
  await visit('');
  await page.locator('.VPNavBarSearch button').first().click();
  await page.locator('#localsearch-input').fill('rotate');
  const first = page.locator('.VPLocalSearchBox .result').first();
  await first.waitFor();
  assert.match(await first.innerText(), /rotate|rotating/i);
  await picture('search');
  await first.click();
  await page.waitForURL('**/rotate.html*');
});

test('the playground looks into a cookie, and opens no connection', async () => {
  await visit('playground');
  const inspector = page.frameLocator('iframe.inspector');
  await inspector.locator('#status[data-state="empty"]').waitFor();
  await inspector.getByRole('button', { name: 'Show an example' }).click();
  await inspector.locator('pre', { hasText: '"_auth_user_id": "1815"' }).waitFor();
  await picture('playground');
});

for (const scheme of ['light', 'dark']) {
  describe(scheme, () => {
    test('text can be read', async () => {
      await open(scheme);
      for (const name of ['', 'try', 'settings', 'deploy']) {
        await visit(name);
        assert.equal(await page.locator('html.dark').count(), scheme === 'dark' ? 1 : 0);
        const poor = await page.evaluate(lowContrasts, LEAST_CONTRAST);
        assert.deepEqual(poor, [], name);
        await picture(`${name || 'index'}-${scheme}`);
      }
    });
    test('the switch changes it', async () => {
      await open(scheme);
      await visit('');
      const before = await page.locator('svg.whole .box').first().evaluate(box => getComputedStyle(box).fill);
      await page.locator('.VPNavBarAppearance button').click();
      await page.waitForFunction(dark => document.documentElement.classList.contains('dark') !== dark, scheme === 'dark');
      assert.notEqual(await page.locator('svg.whole .box').first().evaluate(box => getComputedStyle(box).fill), before, 'the picture goes with it');
    });
  });
}

test('the inspector goes with the switch', async () => {
  // Nothing emulated: that would hold for the frame, too.
  await open(null);
  await visit('playground');
  const inspector = page.frameLocator('iframe.inspector');
  await inspector.locator('#status[data-state="empty"]').waitFor();
  const isDark = () => inspector.locator('body').evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
  const before = await isDark();
  await page.locator('.VPNavBarAppearance button').click();
  await page.waitForFunction(dark => document.documentElement.classList.contains('dark') !== dark, before);
  assert.equal(await isDark(), !before);
  await picture('playground-switched');
});

test('on a telephone nothing is wider than the page', async () => {
  await open('light', { width: 390, height: 800 });
  for (const name of ['', 'settings', 'rotate', 'playground']) {
    await visit(name);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
    await picture(`${name || 'index'}-telephone`);
  }
});

/** In the page: texts whose colour is too near to what lies behind them. */
function lowContrasts(least) {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  canvas.canvas.width = canvas.canvas.height = 1;
  // Whatever the notation, over what lies behind.
  const over = (colors) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const color of colors) {
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = channels => {
    const [red, green, blue] = channels.map(value => value / 255).map(value => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (!element.closest('.vp-doc, .VPSidebar, .VPNavBar') || element.closest('.sr-only, .visually-hidden, script, style, svg, .header-anchor')) continue;
    const behind = [];
    for (let at = element; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
    const ground = ['white', ...behind];
    const [light, dark] = [over(ground), over([...ground, getComputedStyle(element).color])].map(luminance).sort((one, other) => other - one);
    const ratio = (light + 0.05) / (dark + 0.05);
    count += 1;
    if (ratio < least) found.set(`${element.tagName}.${element.className}`, `${ratio.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  if (count < 20) return [`only ${count} texts were looked at`];
  return [...found].map(([where, what]) => `${where} ${what}`);
}
