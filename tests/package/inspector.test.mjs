// The inspector page in a real browser.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { launchOptions } from '../chromium.mjs';
import { createCodec, django, generateKey } from '../../pkg/dist/node.js';

const PATH = '/_session/inspector/';
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript' };
const DAY = 86_400_000;

const folder = mkdtempSync(join(tmpdir(), 'edge-session-inspector-'));
/** Where to keep pictures for people to look at, if anywhere. */
const pictures = process.env.INSPECTOR_PICTURES;
let server, address, browser, page, requests, violations;

before(async () => {
  const build = fileURLToPath(new URL('../../scripts/build-inspector.mjs', import.meta.url));
  execFileSync(process.execPath, [build, folder]);
  server = createServer(serve);
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch(launchOptions);
});

after(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await page?.context().close();
  page = await (
    await browser.newContext({ viewport: { width: 1000, height: 1400 }, colorScheme: 'light' })
  ).newPage();
  requests = [];
  violations = [];
  page.on('request', request => requests.push(request.url()));
  page.on('pageerror', error => violations.push(error.message));
  page.on('console', message => message.type() === 'error' && violations.push(message.text()));
  await page.goto(address + PATH);
  await state('empty');
});

/** The files as `wrangler dev --assets` serves them: with the headers of `_headers`. */
function serve(request, response) {
  const name = request.url === PATH ? 'index.html' : request.url.slice(PATH.length);
  let body;
  try {
    body = readFileSync(join(folder, PATH, name));
  } catch {
    return response.writeHead(404).end();
  }
  const lines = readFileSync(join(folder, '_headers'), 'utf8').split('\n').slice(1).filter(Boolean);
  for (const line of lines) response.setHeader(...line.trim().split(/: (.*)/s, 2));
  response.setHeader('Content-Type', TYPES[extname(name)]);
  response.end(body);
}

const paste = async (cookie, keys = '') => {
  await page.fill('#keys', keys);
  await page.fill('#cookie', cookie);
};
const state = wanted => page.waitForSelector(`#status[data-state="${wanted}"]`);
const picture = name => pictures && page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
const text = selector => page.textContent(selector);

function sealed(data, at = Date.now(), options = {}) {
  const key = generateKey();
  const codec = createCodec({
    keys: key,
    cookie: { name: '__Host-session' },
    overflow: 'refuse',
    ...options,
  });
  return { key, line: codec.seal(codec.create(data, { now: at }), { now: at }).setCookie };
}

test('a sealed cookie: with the key everything, without it what everybody can see', async () => {
  const { key, line } = sealed(
    { user: 'ada', cart: ['kettle', 'cup'], notes: 'n'.repeat(50) },
    Date.now() - 3 * DAY,
  );
  await paste(line);
  await state('note');
  assert.match(await text('#cookie-panel'), /sealed: encrypted/);
  assert.equal(await page.$('#session-panel'), null);

  await paste(line, key);
  await state('good');
  assert.match(await text('#session-panel'), /"user": "ada"/);
  assert.match(await text('#life-panel'), /3 days ago/);
  const rows = await page.$$eval('#size-panel tbody tr td:first-child', cells =>
    cells.map(cell => cell.textContent),
  );
  assert.deepEqual(rows, ['user', 'cart', 'notes', 'envelope and name']);
  const bytes = line.split(';')[0].length - 1;
  const numbers = await page.$$eval('#size-panel tbody tr td:nth-child(3)', cells =>
    cells.map(cell => Number(cell.textContent)),
  );
  assert.equal(
    numbers.reduce((sum, number) => sum + number),
    bytes,
    'the parts are the whole',
  );
  assert.match(
    await page.getAttribute('#size-panel .bar', 'aria-label'),
    new RegExp(`^${bytes} of 4093 bytes: `),
  );
  assert.deepEqual(violations, []);
});

test('nothing leaves the page: no request after it was loaded, and none would get out', async () => {
  const loaded = requests.length;
  const { key, line } = sealed({ user: 'ada' });
  await paste(line, key);
  await state('good');
  await page.click('#example');
  await state('good');
  await page.fill('#rules', '[{"key": "cart", "priority": "critical"}]');
  await page.click('#clear');
  await state('empty');
  assert.equal(requests.length, loaded, requests.join('\n'));
  assert.deepEqual(
    [...new Set(requests.map(url => new URL(url).origin))].filter(origin => origin !== 'null'),
    [address],
    'and what it loads is its own',
  );
  assert.deepEqual(violations, []);
  // Whatever code might come in: the browser refuses each way out.
  const attempts = await page.evaluate(async target => {
    const attempt = promise =>
      promise.then(
        () => 'sent',
        () => 'refused',
      );
    const image = new Promise((resolve, reject) => {
      Object.assign(new Image(), { onload: resolve, onerror: reject, src: `${target}/pixel` });
    });
    return [await attempt(fetch(target)), await attempt(image), String(navigator.sendBeacon === undefined)];
  }, address);
  assert.deepEqual(attempts.slice(0, 2), ['refused', 'refused']);
  const after = requests.slice(loaded).filter(url => !url.startsWith('data:'));
  assert.ok(
    violations.some(message => /Content Security Policy/.test(message)),
    violations.join('\n'),
  );
  assert.ok(after.length === 0 || violations.length >= after.length, after.join('\n'));
  // Nor is anything kept.
  assert.equal(
    await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length'),
    0,
  );
});

test('what would spill, and where', async () => {
  const { key, line } = sealed({
    user: 'ada',
    list: Array.from({ length: 120 }, (_, index) => index * 7919),
  });
  await paste(line, key);
  await page.click('#settings summary');
  await page.fill('#budget', '250');
  await page.waitForSelector('#size-panel td:has-text("in the store: no room")');
  assert.match(await text('#size-panel'), /too many/);
  await page.fill('#budget', '12');
  await state('error');
  assert.match(await text('#status'), /Budget/);
});

test('a cookie that has ended, a forged one, one that was encoded twice', async () => {
  const old = sealed({ user: 'ada' }, Date.now() - 20 * DAY);
  await paste(old.line, old.key);
  await state('warning');
  assert.match(await text('#status'), /idle limit/);
  assert.match(await page.getAttribute('.life', 'aria-label'), /ended 6 days ago, now$/);
  await picture('inspector-ended');

  const good = sealed({ user: 'ada' });
  await paste(good.line, generateKey());
  await state('error');
  assert.match(await text('#status'), /under a key that was not given/);

  await paste(`__Host-session="${good.line.split(';')[0].split('=')[1]}"`, good.key);
  await state('error');
  await page.waitForSelector('[data-code="double-encoding"]');
  assert.match(await text('#session-panel'), /ada/, 'what is inside is shown all the same');
});

test('Django’s cookie is read without a key, and said to be unverified', async () => {
  const secret = 'a-secret-key-of-fifty-characters-and-a-few-more-0123456789';
  const cookie = `sessionid=${django.dumps({ _auth_user_id: '7' }, secret)}`;
  await paste(cookie);
  await state('note');
  assert.match(await text('#session-panel'), /everybody can read[\s\S]*"_auth_user_id": "7"/);
  await paste(cookie, secret);
  await state('good');
});

test('text of a cookie is never markup', async () => {
  const markup = '<img src=x onerror="document.title=1"><b id="injected">';
  const { key, line } = sealed({ [markup]: markup });
  await paste(line, key);
  await state('good');
  assert.ok((await text('#session-panel')).includes('<img src=x'));
  await paste(`${line.split(';')[0]}; __HOST-session=1; $Version=1; ${markup}=${markup}; b="${markup}`, key);
  await page.waitForSelector('[data-code="look-alike"]');
  assert.match(await text('#status'), /Valid\. .* But there are \d errors below\./);
  await picture('inspector-findings');
  assert.equal(await page.$('#injected'), null);
  assert.equal(await page.title(), 'Session inspector');
});

test('everything by keyboard, in order, with names', async () => {
  const seen = [];
  for (let n = 0; n < 9; n++) {
    await page.keyboard.press('Tab');
    seen.push(
      await page.evaluate(
        'document.activeElement.id || document.activeElement.className || document.activeElement.tagName',
      ),
    );
  }
  assert.deepEqual(seen.slice(0, 7), ['skip', 'cookie', 'keys', 'reveal', 'SUMMARY', 'example', 'clear']);
  await page.focus('#example');
  await page.keyboard.press('Enter');
  await state('good');
  assert.equal(await page.evaluate('document.activeElement.id'), 'result', 'the result has the focus');
  const unnamed = await page.$$eval('input, textarea, button, [role], section', elements =>
    elements
      .filter(
        element =>
          !(
            element.labels?.length ||
            element.getAttribute('aria-label') ||
            element.getAttribute('aria-labelledby') ||
            element.textContent.trim()
          ),
      )
      .map(element => element.outerHTML.slice(0, 80)),
  );
  assert.deepEqual(unnamed, []);
});

test('readable in light and dark: text has contrast', async () => {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.click('#example');
    await state('good');
    const weak = await page.evaluate(contrasts);
    assert.deepEqual(weak, [], colorScheme);
    await picture(`inspector-${colorScheme}`);
  }
  await page.setViewportSize({ width: 380, height: 800 });
  assert.equal(
    await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
    true,
    'a phone does not scroll sideways',
  );
  await picture('inspector-phone');
});

/** In the page: every piece of text whose contrast is below WCAG AA's 4.5. */
function contrasts() {
  const parse = color => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) =>
    [r, g, b]
      .map(value => value / 255)
      .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
      .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] !== 0) return color;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest('noscript') || getComputedStyle(element).visibility === 'hidden') continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push(`${ratio.toFixed(2)} ${element.tagName} ${element.textContent.slice(0, 30)}`);
  }
  return weak;
}
