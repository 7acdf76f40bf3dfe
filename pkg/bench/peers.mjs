// What is compared: each peer seals a session into a cookie value and opens it again, asynchronously where it must.

import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import cookieSignature from 'cookie-signature';
import { sealData, unsealData } from 'iron-session';
import { EncryptJWT, jwtDecrypt } from 'jose';

import { Yardstick, initSync } from '../../target/yardstick/yardstick.js';
import { createCodec, generateKey } from '../dist/node.js';

export const password = randomBytes(32).toString('hex');
const key = randomBytes(32);
const secretKey = createSecretKey(key);
export const seconds = 14 * 24 * 3600;

// Above all budgets: peers make one value of 20 KB, which no browser keeps; the same is asked of this one by hand.
const codec = createCodec({ keys: generateKey(), overflow: 'spill' });

/**
 * The API as an application uses it. The cookie of x does not fit, so its record is written and read too, without
 * the store's time: the peers write one value that no browser keeps.
 */
const edgeSession = {
  name: 'edge-session',
  seal: data => codec.seal(codec.create(data)),
  open(commit) {
    const { session } = codec.open(commit.header);
    if (session.ticket !== undefined) codec.openRecord(session, commit.storeOps[0].record);
    return session.toJSON();
  },
  prepare(commit) {
    commit.header = commit.setCookie.slice(0, commit.setCookie.indexOf(';'));
    return commit;
  },
  length: commit => commit.header.length - codec.cookieName.length - 1,
};

const ironSession = {
  name: 'iron-session',
  seal: data => sealData(data, { password, ttl: seconds }),
  open: text => unsealData(text, { password, ttl: seconds }),
};

const jose = {
  name: 'jose JWE A256GCM',
  seal: data =>
    new EncryptJWT(data).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).setIssuedAt().setExpirationTime('14d').encrypt(secretKey),
  open: async text => (await jwtDecrypt(text, secretKey)).payload,
};

/** Signed, readable, not compressed: the least that can be done. */
const signed = {
  name: 'cookie-signature',
  seal: data => cookieSignature.sign(Buffer.from(JSON.stringify(data)).toString('base64url'), password),
  open(text) {
    const value = cookieSignature.unsign(text, password);
    if (value === false) throw new Error('forged');
    return JSON.parse(Buffer.from(value, 'base64url').toString());
  },
};

/** By hand with what Node has: AES-256-GCM, raw deflate, a time. The honest rival. */
const byHand = {
  name: 'node:crypto + zlib',
  seal(data) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', secretKey, nonce);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(Date.now() / 1000);
    const body = deflateRawSync(JSON.stringify(data));
    const text = Buffer.concat([cipher.update(head), cipher.update(body), cipher.final()]);
    return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url');
  },
  open(text) {
    const raw = Buffer.from(text, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', secretKey, raw.subarray(0, 12));
    decipher.setAuthTag(raw.subarray(-16));
    const inner = Buffer.concat([decipher.update(raw.subarray(12, -16)), decipher.final()]);
    if (inner.readUInt32BE() + seconds < Date.now() / 1000) throw new Error('expired');
    return JSON.parse(inflateRawSync(inner.subarray(4), { maxOutputLength: 65536 }).toString());
  },
};

/** The module's own pipeline without policy: what the rest of the package costs. */
initSync({ module: readFileSync(new URL('../../target/yardstick/yardstick_bg.wasm', import.meta.url)) });
const yardstick = new Yardstick();
const pipeline = {
  name: 'bare pipeline',
  seal: data => yardstick.seal(JSON.stringify(data)),
  open: text => JSON.parse(yardstick.open(text)),
};

export const peers = [edgeSession, pipeline, ironSession, jose, signed, byHand];
