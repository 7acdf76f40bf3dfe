// The documents as a site: static files that ask nothing of anybody else.

import { SIDEBAR } from '../contents.mjs';

// Whoever looks for a thing mostly wants to do it. The function is written into the page, so nothing of here is in its reach.
const tasks = SIDEBAR[0].items.map(([, page]) => page).join('|');
const boostDocument = new Function('id', `return new RegExp('^/(${tasks})[.]html').test(id) ? 3 : 1`);

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#c2803d"/><circle cx="6" cy="6" r="1.2" fill="#fff"/><circle cx="10" cy="9" r="1.2" fill="#fff"/><circle cx="6" cy="11" r="1" fill="#fff"/></svg>';

const items = list => list.map(([text, page]) => ({ text, link: `/${page}` }));

// GitHub's names of headings, which the documents link by; VitePress' own differ where punctuation stands.
const slugify = text => text.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-');

export default {
  title: 'edge-session',
  description: 'Encrypted cookie sessions, of any size, in front of an unchanged site',
  lang: 'en',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  srcDir: 'pages',
  outDir: '../../target/docs',
  cleanUrls: false,
  // A link that leads nowhere fails the build; the playground is a file beside the pages.
  ignoreDeadLinks: [/^http:\/\/localhost/, /^\/files\//, /^\/inspector\//],
  // Angle brackets and braces in the documents are text, not components.
  markdown: {
    html: true,
    anchor: { slugify },
    toc: { slugify },
    config: md => {
      for (const rule of ['text', 'code_inline']) {
        const before = md.renderer.rules[rule];
        md.renderer.rules[rule] = (tokens, at, ...others) => (before ? before(tokens, at, ...others) : md.utils.escapeHtml(tokens[at].content)).replaceAll('{{', '&#123;&#123;');
      }
    },
  },
  themeConfig: {
    nav: [
      { text: 'Try it', link: '/try' },
      { text: 'In front of your site', link: '/deploy' },
      { text: 'Settings', link: '/settings' },
      { text: 'Playground', link: '/playground' },
    ],
    sidebar: SIDEBAR.map(group => ({ ...group, items: items(group.items) })),
    outline: [2, 3],
    search: { provider: 'local', options: { miniSearch: { searchOptions: { boostDocument } } } },
    docFooter: { prev: 'Before', next: 'Next' },
  },
};
