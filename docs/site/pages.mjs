// Lays the documents out as pages of the site: names in lower case, links between them, the picture in the page, the inspector
// as it is, and what is linked but is no page as a file to look at.
//   pages.mjs [folder of the inspector, as build-inspector.mjs makes it]

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { PAGES, TITLES, WIDE } from './contents.mjs';

const root = resolve(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, 'pages');
const theme = join(import.meta.dirname, '.vitepress/theme');
const read = path => readFileSync(join(root, path), 'utf8');
/** A link in Markdown: its text, and where it leads. */
const LINK = /\[([^\]]*)\]\(([^)\s]+)\)/g;

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, 'public'), { recursive: true });
for (const [source, page] of Object.entries(PAGES)) writeFileSync(join(folder, `${page}.md`), (WIDE.includes(page) ? '---\naside: false\n---\n\n' : '') + asPage(source));
writeFileSync(join(folder, 'playground.md'), playground());
if (process.argv[2]) cpSync(join(process.argv[2], '_session/inspector'), join(folder, 'public/inspector'), { recursive: true });

function asPage(source) {
  const lines = read(source).split('\n');
  let isCode = false;
  const text = lines.map(line => {
    if (/^\s*```/.test(line)) isCode = !isCode;
    return isCode ? line : line.replace(LINK, (whole, text, target) => (/^(\w+:|#)/.test(target) ? whole : `[${said(text, target, source)}](${moved(target, source)})`));
  });
  const titled = text.join('\n').replace(/^# .*$/m, `# ${titleOf(source)}`);
  return source === 'docs/README.md' ? withPicture(titled) : titled;
}

function titleOf(source) {
  return TITLES[source] ?? /^# (.*)$/m.exec(read(source))[1];
}

/** The path in the repository that a link names. */
function pathOf(target, source) {
  return normalize(join(dirname(source), target.split('#')[0])).replace(/\/$/, '');
}

/** Where a link says the name of a file it says the page's title. */
function said(text, target, source) {
  const path = pathOf(target, source);
  return PAGES[path] && /^[\w./-]+\.md$/.test(text) ? titleOf(path).replaceAll('`', '') : text;
}

/** Where a link leads on the site. Files that are no pages are laid beside them. */
function moved(target, source) {
  const [, fragment] = target.split('#');
  const path = pathOf(target, source);
  if (PAGES[path]) return `./${PAGES[path]}.md${fragment ? `#${fragment}` : ''}`;
  if (source === 'docs/README.md' && path === 'docs/picture.svg') return target;
  const shown = `files/${path}${/\.(svg|png)$/.test(path) ? '' : '.txt'}`;
  const place = join(folder, 'public', shown);
  mkdirSync(dirname(place), { recursive: true });
  cpSync(join(root, path), place);
  return `/${shown}`;
}

// In the page, so that it follows the page's own dark mode and not the system's alone; its rules go to the theme, because a page may have none inside.
function withPicture(text) {
  const svg = read('docs/picture.svg');
  const [whole, rules] = /<style>(.*?)<\/style>/s.exec(svg) ?? fail('picture.svg has no rules');
  const dark = /@media \(prefers-color-scheme: dark\) \{ (\.whole \{.*?\}) \}/s;
  if (!dark.test(rules)) fail('picture.svg has no rules for the dark');
  writeFileSync(join(theme, 'picture.css'), `/* Of docs/picture.svg. */${rules.replace(dark, '.dark $1')}`);
  const image = /!\[[^\]]*\]\(picture\.svg\)/;
  if (!image.test(text)) fail('README.md shows no picture.svg');
  // Markdown ends a block of HTML at an empty line.
  return text.replace(image, svg.replace(whole, '').trim().replace(/\n\s*\n/g, '\n'));
}

function playground() {
  return `---
aside: false
---

# Playground

What is in a session cookie, what each key takes, and what is wrong with it. Everything stays in this page; it may not even open a connection. The command \`npx edge-session inspect\` does the same in a terminal.

<iframe class="inspector" src="/inspector/index.html" title="Session inspector"></iframe>

<a href="/inspector/index.html" target="_blank">Open it in a tab of its own</a>
`;
}

function fail(why) {
  throw new Error(why);
}
