// What speaks of the Worker's settings elsewhere, from worker/settings.json.
//   settings.mjs           docs/SETTINGS.md (the tables between its marks) and pkg/js/cli/project/worker_settings.js
//   settings.mjs --check   names those that are not up to date; exit code 1
// scripts/build-worker-package.mjs puts the JSON schema and the types into the npm package.

import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(import.meta.dirname, '..');
const { sections, example_mark: mark } = JSON.parse(readFileSync(join(root, 'worker/settings.json'), 'utf8'));

/** Every setting, in the order of the page. */
export const settings = sections.flatMap(section => section.settings);

/** Between these marks a section's table stands in docs/SETTINGS.md. */
const MARK = title => `<!-- ${title}: worker/settings.json, by scripts/settings.mjs -->`;
const END = '<!-- end -->';

/** How settings begin; the Worker's own reader has the same. */
const BEGINNINGS = ['SESSION', 'DJANGO', 'ORIGIN', 'ALLOW_WEAK'];

const code = text => `\`${text}\``;
const asText = value => (typeof value === 'string' ? value : JSON.stringify(value));

/** Markdown as plain text: editors show what a link leads to as little as the mark of code. */
const plain = markdown => markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');

function valueOf({ kind, value, allowed, least, most, unit }) {
  if (value) return value;
  if (kind === 'choice') return allowed.map(code).join(', ');
  if (kind === 'number') return `${unit}, ${least} to ${most}`;
  return { text: 'text', boolean: '`true`, `false`', list: 'JSON list', object: 'JSON object' }[kind];
}

function defaultOf({ default: preset, default_words: words, required, needed }) {
  if (needed) return `required where \`SESSION_STORE\` names ${code(needed)}`;
  if (required !== undefined) return `required ${required}`.trim();
  if (preset === undefined) return words ?? 'none';
  return `${code(asText(preset))}${words ? ` (${words})` : ''}`;
}

function table({ settings }) {
  const rows = settings.map(setting => {
    const name = `${code(setting.name)}${setting.secret ? ' (secret)' : ''}`;
    const cells = [name, valueOf(setting), defaultOf(setting), setting.meaning];
    return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| setting | what it can be | default | meaning, and why |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** docs/SETTINGS.md with its tables as they are to be. */
export function page(text) {
  for (const section of sections) {
    const mark = MARK(section.title);
    const [before, rest] = text.split(`${mark}\n`);
    const end = rest?.indexOf(`\n${END}\n`) ?? -1;
    if (end < 0) throw new Error(`docs/SETTINGS.md has no ${mark} with ${END} behind its table`);
    text = `${before}${mark}\n${table(section)}${rest.slice(end)}`;
  }
  return text;
}

// What a text says can be as well a number, a boolean, a list: wrangler hands them on as JSON.
function shapeOf({ kind, allowed, least, most, pattern, shape }) {
  switch (kind) {
    case 'choice':
      return { enum: allowed };
    case 'boolean':
      return { enum: ['true', 'false', true, false] };
    case 'number':
      return { anyOf: [{ type: 'integer', minimum: least, maximum: most }, { type: 'string', pattern: '^\\d{1,10}$' }] };
    case 'list':
      return { anyOf: [{ type: 'array', ...shape }, { type: 'string', pattern: '^\\s*\\[', contentMediaType: 'application/json' }] };
    case 'object':
      return { anyOf: [{ type: 'object', ...shape }, { type: 'string', pattern: '^\\s*\\{', contentMediaType: 'application/json' }] };
    default:
      return { type: 'string', ...(pattern && { pattern }) };
  }
}

function variable(setting) {
  const description = plain(setting.meaning);
  if (setting.secret) {
    const cure = `A secret, and this file is none: npx wrangler secret put ${setting.name}, or edge-session deploy; on this machine .dev.vars.`;
    return { not: {}, description: `${description}\n\n${cure}`, errorMessage: cure };
  }
  const preset = setting.default ?? undefined;
  const needs = setting.without_effect ? [`No effect where ${setting.without_effect}.`] : [];
  return {
    ...shapeOf(setting),
    description: [description, `${plain(valueOf(setting))}; default: ${plain(defaultOf(setting))}`, ...needs].join('\n\n'),
    ...(preset !== undefined && { default: setting.kind === 'number' ? preset : preset }),
    ...(setting.example !== undefined && { examples: [setting.example] }),
    errorMessage: `${setting.name}: ${plain(valueOf(setting))}`,
  };
}

const anyCase = text => [...text].map(letter => (letter === '_' ? '[-_]' : `[${letter}${letter.toLowerCase()}]`)).join('');

/** JSON schema of a `wrangler.jsonc`: wrangler's own, and what the Worker reads of `vars`. */
export function schema() {
  const variables = settings.filter(({ kind }) => kind !== 'binding');
  const known = settings.map(({ name }) => `${name}$`).join('|');
  const vars = {
    type: 'object',
    properties: Object.fromEntries(variables.map(setting => [setting.name, variable(setting)])),
    patternProperties: {
      // Other names are those of code round the Worker.
      [`^(?!${known})(${BEGINNINGS.map(anyCase).join('|')})`]: { not: {}, errorMessage: 'There is no setting of this name, so it is not read: docs/SETTINGS.md lists them all.' },
    },
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'The Worker of edge-session: wrangler.jsonc',
    allowTrailingCommas: true,
    allOf: [
      { $ref: '../wrangler/config-schema.json' },
      {
        properties: {
          vars: { $ref: '#/definitions/vars' },
          env: { additionalProperties: { properties: { vars: { $ref: '#/definitions/vars' } } } },
        },
      },
    ],
    definitions: { vars },
  };
}

function typeOf({ kind, allowed, secret }) {
  const text = kind === 'choice' ? allowed.map(name => `'${name}'`).join(' | ') : 'string';
  if (kind === 'binding') return 'object';
  if (secret || kind === 'text') return 'string';
  // As `wrangler types` has them: a choice is any text there, until it is written down.
  return { choice: `${text} | (string & {})`, number: 'number | string', boolean: 'boolean | string', list: 'readonly unknown[] | string', object: 'object | string' }[kind];
}

/** The interface of all of them. */
export function types() {
  const members = settings.map(setting => {
    const lines = [plain(setting.meaning).replaceAll('*/', '* /'), `${plain(valueOf(setting))}; default: ${plain(defaultOf(setting))}${setting.secret ? '; a secret' : ''}`];
    return `  /**\n${lines.map(line => `   * ${line}\n`).join('   *\n')}   */\n  ${setting.name}?: ${typeOf(setting)};\n`;
  });
  return `// Made from the description of the settings by scripts/settings.mjs.\n\n/** Variables, secrets and bindings of the Worker: docs/SETTINGS.md. */\nexport interface Environment {\n${members.join('\n')}}\n`;
}

/** What the command has to know of them. */
export function commands() {
  const facts = settings.map(({ name, kind, secret, own, allowed, least, most, default: preset }) => [
    name,
    { kind, ...(secret && { secret }), ...(own && { own: true }), ...(allowed && { allowed }), ...(kind === 'number' && { least, most }), ...(preset !== undefined && { default: preset }) },
  ]);
  const lines = facts.map(([name, fact]) => `  ${name}: ${JSON.stringify(fact)},`);
  return `// The Worker's settings, as the command has to know them. Made from worker/settings.json by scripts/settings.mjs.\n\n/** In the values of examples, which everybody knows: the Worker refuses them. */\nexport const EXAMPLE_MARK = '${mark}';\n\nexport const WORKER_SETTINGS = {\n${lines.join('\n')}\n};\n`;
}

function made() {
  const path = join(root, 'docs/SETTINGS.md');
  return [
    [path, page(readFileSync(path, 'utf8'))],
    [join(root, 'pkg/js/cli/project/worker_settings.js'), commands()],
  ];
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const read = path => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  };
  const stale = made().filter(([path, text]) => read(path) !== text);
  if (process.argv.includes('--check')) {
    for (const [path] of stale) process.stderr.write(`${path.slice(root.length + 1)} is not as worker/settings.json says: node scripts/settings.mjs\n`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else for (const [path, text] of stale) writeFileSync(path, text);
}
