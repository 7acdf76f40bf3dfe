// Which documents are pages of the site, under which names, and how they are listed.

/** Path in the repository to name on the site. */
export const PAGES = {
  'docs/README.md': 'index',
  'docs/TRY.md': 'try',
  'docs/DEPLOY.md': 'deploy',
  'docs/LOCK.md': 'lock',
  'docs/DJANGO.md': 'django',
  'docs/ROWS.md': 'rows',
  'docs/ROTATE.md': 'rotate',
  'docs/DEVICE.md': 'device',
  'docs/WATCH.md': 'watch',
  'docs/UPGRADE.md': 'upgrade',
  'docs/COST.md': 'cost',
  'docs/SETTINGS.md': 'settings',
  'docs/STORES.md': 'stores',
  'docs/API.md': 'api',
  'docs/HEADERS.md': 'headers',
  'docs/ANSWERS.md': 'answers',
  'docs/ORIGIN-STORE.md': 'origin-store',
  'docs/SERVER.md': 'server',
  'docs/FORMAT.md': 'format',
  'docs/DICTIONARY.md': 'dictionary',
  'docs/DESIGN.md': 'design',
  'docs/FAULTS.md': 'faults',
  'docs/PITFALLS.md': 'pitfalls',
  'docs/PROOF.md': 'proof',
  'docs/BENCHMARKS.md': 'benchmarks',
  'docs/DEPENDENCIES.md': 'dependencies',
  'SECURITY.md': 'security',
  'CHANGELOG.md': 'changelog',
  'CONTRIBUTING.md': 'contributing',
  'pkg/README.md': 'npm',
  'codec/README.md': 'crate',
  'worker/package/README.md': 'worker',
};

/** Pages of wide tables: these have the room of the list of headings, and one at their top. */
export const WIDE = ['settings', 'headers', 'answers', 'stores', 'server', 'cost', 'device', 'faults', 'pitfalls', 'dependencies', 'security', 'benchmarks', 'design'];

/** Of pages that are not to have the title of their document, which stands in a package of its own. */
export const TITLES = {
  'pkg/README.md': 'The npm package',
  'codec/README.md': 'The Rust crate',
  'worker/package/README.md': 'The Worker’s package',
};

/** What stands at the side, by the reader's task. */
export const SIDEBAR = [
  {
    text: 'Do',
    items: [
      ['Try it', 'try'],
      ['In front of your site', 'deploy'],
      ['Lock the origin', 'lock'],
      ['Django behind it', 'django'],
      ['Sessions in Django’s database', 'rows'],
      ['Rotate and revoke', 'rotate'],
      ['Bind sessions to devices', 'device'],
      ['Watch', 'watch'],
      ['Stage, upgrade, roll back', 'upgrade'],
      ['Cost and limits', 'cost'],
    ],
  },
  {
    text: 'Look up',
    items: [
      ['Settings', 'settings'],
      ['Stores', 'stores'],
      ['API', 'api'],
      ['Headers', 'headers'],
      ['Answers', 'answers'],
      ['Origin store', 'origin-store'],
      ['Native server', 'server'],
      ['Format', 'format'],
      ['Dictionaries', 'dictionary'],
    ],
  },
  {
    text: 'Build with it',
    items: [
      ['npm package', 'npm'],
      ['Worker package', 'worker'],
      ['Rust crate', 'crate'],
      ['Playground', 'playground'],
    ],
  },
  {
    text: 'Why it holds',
    collapsed: true,
    items: [
      ['Security', 'security'],
      ['Design', 'design'],
      ['Faults', 'faults'],
      ['Pitfalls', 'pitfalls'],
      ['Proof', 'proof'],
      ['Benchmarks', 'benchmarks'],
      ['Dependencies', 'dependencies'],
      ['Changelog', 'changelog'],
      ['Contributing', 'contributing'],
    ],
  },
];
