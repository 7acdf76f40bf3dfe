// Chromium as a device to which sessions can be bound: on Linux by switches, with keys in software. It looks at the
// headers of Device Bound Session Credentials over TLS without errors only, so there is a certificate that it is told of.

import { execFileSync } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { chromium } from 'playwright-core';
import { launchOptions } from '../chromium.mjs';
import { parseSetCookie } from './visitor.mjs';

export const COOKIE = '__Host-sessionid';
export const DEVICE = '__Host-sessionid-device';
/** What the site is called in the browser; a `localhost` is nobody's site. */
export const HOST = 'shop.example.test';
export const ELSEWHERE = 'elsewhere.test';

/** A certificate of our own: `{ key, cert, spki }`, two files and what Chromium knows it by. */
export function newCertificate() {
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=edge-session', '-addext', `subjectAltName=DNS:${HOST},DNS:${ELSEWHERE}`, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const spki = new X509Certificate(readFileSync(cert)).publicKey.export({ type: 'spki', format: 'der' });
  return { key, cert, spki: createHash('sha256').update(spki).digest('base64') };
}

/** The browser with this profile; what it does with bound sessions is told by `events`. */
export async function startDeviceBrowser(profile, tls) {
  return watched(await chromium.launchPersistentContext(profile, deviceOptions(tls)));
}

/** One program for many: `visitor()` is somebody new in it, with cookies, a key and signatures of their own, as in a private window. */
export async function startSharedBrowser(tls) {
  const program = await chromium.launch(deviceOptions(tls));
  return { visitor: async () => watched(await program.newContext()), close: () => program.close() };
}

const deviceOptions = ({ spki }) => ({
  ...launchOptions,
  args: [
    ...launchOptions.args,
    '--host-resolver-rules=MAP *.test 127.0.0.1',
    `--ignore-certificate-errors-spki-list=${spki}`,
    '--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting',
  ],
});

async function watched(browser) {
  const page = browser.pages()[0] ?? (await browser.newPage());
  const events = [];
  const devtools = await browser.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.enableDeviceBoundSessions', { enable: true });
  devtools.on('Network.deviceBoundSessionEventOccurred', event => events.push(event));
  return { browser, page, events };
}

/** One request with a browser's cookies and none of its keys. */
export async function sendCopy(port, path, cookies, { method = 'GET', headers = {}, body } = {}) {
  const cookie = Object.entries(cookies).map(pair => pair.join('=')).join('; ');
  const response = await new Promise((resolve, reject) => {
    const request = httpsRequest(
      { host: '127.0.0.1', port, servername: HOST, rejectUnauthorized: false, agent: false, path, method, headers: { host: `${HOST}:${port}`, cookie, ...headers } },
      resolve,
    );
    request.on('error', reject);
    request.end(body);
  });
  const text = (await buffer(response)).toString();
  return {
    status: response.statusCode,
    headers: response.headers,
    setCookies: (response.headers['set-cookie'] ?? []).map(parseSetCookie),
    body: text,
    json: () => JSON.parse(text),
  };
}

/** The cookies that somebody who can read the browser's profile has. */
export async function jarOf(browser) {
  const held = await browser.cookies(`https://${HOST}/`);
  return Object.fromEntries(held.filter(({ name }) => name.startsWith(COOKIE) || name === 'sessionid').map(({ name, value }) => [name, value]));
}
