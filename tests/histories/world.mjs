// Everything that a history happens in: the edge in two regions, its stores, the site.

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEdge } from './edge.mjs';
import { startOriginStore } from './origin-store.mjs';
import { startSite } from './site.mjs';

export const newKey = () => `es1_${randomBytes(32).toString('base64url')}`;
export const TOKEN = randomBytes(24).toString('base64url');
/** For how long it is remembered that a session is in force, in seconds. */
export const REMEMBERED = 1;

/** `{ edge, site, originStore, keys, stop() }` */
export async function startWorld({ store, protocol, settings = {} }) {
  const [djangoSecret, originKey, storeKey] = [randomBytes(48).toString('base64url'), newKey(), newKey()];
  const keys = [newKey()];
  const folder = mkdtempSync(join(tmpdir(), 'edge-session-history-'));
  mkdirSync(join(folder, 'origin'));
  const site = await startSite({ protocol, djangoSecret, originKey });
  const isOrigin = store.includes('origin');
  const originStore = isOrigin ? await startOriginStore(join(folder, 'origin/sessions.sqlite3'), storeKey) : null;
  const edge = await startEdge({
    folder,
    isApart: store === 'origin',
    settings: {
      ORIGIN_URL: site.url,
      SESSION_PROTOCOL: protocol,
      SESSION_KEYS: keys.join(' '),
      ...(protocol === 'headers' ? { SESSION_ORIGIN_KEY: originKey } : { DJANGO_SECRET_KEY: djangoSecret }),
      SESSION_API_TOKEN: TOKEN,
      SESSION_CLIENT_VISIBLE: '["*"]',
      SESSION_ROUTES: '{"/": "optional", "/account": "required"}',
      SESSION_STORE: store,
      SESSION_REVOCATION_SECONDS: String(REMEMBERED),
      ...(isOrigin && { SESSION_ORIGIN_STORE_URL: originStore.url, SESSION_ORIGIN_STORE_KEY: storeKey }),
      ...settings,
    },
  });
  return {
    edge,
    site,
    originStore,
    keys,
    async stop() {
      await edge.stop();
      site.stop();
      originStore?.stop();
    },
  };
}
