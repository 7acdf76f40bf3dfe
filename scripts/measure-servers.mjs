// Runs every command of the table in docs/DJANGO.md, finds the largest session that each takes, and writes that into the table.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { newSessionKey, startEdge } from '../tests/system/edge.mjs';
import { documentedFile, documentedServers, longestTaken, page, programs, startServer } from '../tests/system/servers.mjs';
import { newDjangoSecret } from '../tests/system/site.mjs';

const bin = programs('tests/servers/all.txt');
const site = fileURLToPath(new URL('../tests/servers', import.meta.url));
const wanted = process.argv.slice(2);
const secret = newDjangoSecret();
// With the text of a session of one key, {"text":"…"}.
const AROUND = 11;

for (const row of documentedServers()) {
  if (wanted.length && !wanted.some(name => row.server.toLowerCase().includes(name.toLowerCase()))) continue;
  const servers = await start(row).catch(error => (console.error(error.message), undefined));
  if (!servers) {
    console.log(`${row.server}: not tried`);
    continue;
  }
  const edge = await startEdge({ ORIGIN_URL: servers[0].url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret });
  try {
    const taken = await longestTaken(edge);
    const largest = `${Math.floor((taken + AROUND) / 1000)} KB`;
    console.log(`${row.server}: ${row.how}: ${largest}`);
    const cells = row.line.split('|');
    cells[cells.length - 2] = ` ${largest} `;
    writeFileSync(page, readFileSync(page, 'utf8').replace(`${row.line}\n`, `${cells.join('|')}\n`));
  } finally {
    await edge.stop();
    for (const server of servers) await server.stop();
  }
}
process.exit();

/** The server of a row, and what is behind it; nothing if it is not installed. */
async function start({ server, command, how }) {
  // What the page says to set, in files of their own.
  const lines = name => (how.includes('](#') ? documentedFile(name) : '');
  if (server.startsWith('nginx')) return isInstalled('nginx') && behindNginx(lines('nginx.conf'));
  if (server.startsWith('Apache')) return isInstalled('apache2') && apache(lines('apache.conf'));
  const files = command.includes('hypercorn.toml') ? { 'hypercorn.toml': documentedFile('hypercorn.toml') } : {};
  return [await startServer(command, { secret, bin, files })];
}

async function behindNginx(lines) {
  const waitress = await startServer('waitress-serve --listen=127.0.0.1:8000 mysite.wsgi:application', { secret, bin });
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(of => `${of}_temp_path FOLDER/${of};`).join(' ');
  const text = `daemon off; pid FOLDER/nginx.pid; error_log stderr; events {}
http { access_log off; ${paths}
${lines}
server { listen 127.0.0.1:8000; location / { proxy_pass ${waitress.url}; } } }`;
  return [await startServer('nginx -e stderr -c FOLDER/nginx.conf', { secret, bin, files: { 'nginx.conf': text } }), waitress];
}

async function apache(lines) {
  const modules = process.env.APACHE_MODULES ?? '/usr/lib/apache2/modules';
  const packages = execFileSync(`${bin}/python`, ['-c', 'import site; print(site.getsitepackages()[0])'], { encoding: 'utf8' }).trim();
  const load = name => (existsSync(`${modules}/mod_${name}.so`) ? `LoadModule ${name}_module ${modules}/mod_${name}.so\n` : '');
  const text = `ServerRoot FOLDER
ServerName 127.0.0.1
Listen 127.0.0.1:8000
PidFile FOLDER/apache.pid
ErrorLog FOLDER/error.log
${['mpm_event', 'authz_core', 'wsgi'].map(load).join('')}${lines}
WSGIPythonPath ${site}:${packages}
WSGIScriptAlias / ${site}/mysite/wsgi.py
<Directory ${site}>
Require all granted
</Directory>`;
  return [await startServer('apache2 -DFOREGROUND -f FOLDER/apache.conf', { secret, bin, files: { 'apache.conf': text } })];
}

function isInstalled(program) {
  try {
    return Boolean(execFileSync('sh', ['-c', `command -v ${program}`]));
  } catch {
    return false;
  }
}
