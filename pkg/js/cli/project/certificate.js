// A certificate for this machine alone, made with openssl.

import { spawnSync } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DAYS = 90;
const DAY = 86_400_000;

/**
 * The certificate of this folder, made if there is none that will hold for another day.
 *
 * @param {string} folder of the Worker; the files go to .wrangler, which is not under version control
 * @param {number} now
 * @returns {{ key: string, certificate: string } | undefined} paths; `undefined` where there is no openssl
 */
export function certificateOf(folder, now) {
  const home = join(folder, '.wrangler/edge-session');
  const [key, certificate] = ['localhost.key.pem', 'localhost.pem'].map(name => join(home, name));
  if (!isGood(key, certificate, now)) {
    mkdirSync(home, { recursive: true });
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1', '-addext', 'extendedKeyUsage=serverAuth'];
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', String(DAYS), '-keyout', key, '-out', certificate, ...subject], { stdio: 'ignore' });
    if (made.error || made.status !== 0) return undefined;
    chmodSync(key, 0o600);
  }
  return { key, certificate };
}

/** How browsers and programs are told to trust it. `bindsDevices`: as Chromium on Linux, too, has keys for sessions. */
export function trustLines({ certificate }, address, bindsDevices) {
  const key = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: 'spki', format: 'der' });
  const pin = createHash('sha256').update(key).digest('base64');
  const features = bindsDevices ? ' --enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting' : '';
  return [
    `curl --cacert ${certificate} ${address}`,
    `npx edge-session check --ca ${certificate} ${address}`,
    `chromium --user-data-dir=/tmp/edge-session-browser --ignore-certificate-errors-spki-list=${pin}${features} ${address}`,
    process.platform === 'darwin'
      ? `security add-trusted-cert -k ~/Library/Keychains/login.keychain-db ${certificate}      for good`
      : `certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n edge-session -i ${certificate}      for good, in Chromium`,
  ];
}

function isGood(key, certificate, now) {
  if (!existsSync(key) || !existsSync(certificate)) return false;
  return Date.parse(new X509Certificate(readFileSync(certificate)).validTo) > now + DAY;
}
