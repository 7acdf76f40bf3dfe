// A Worker that verifies as ours does and as the npm package does, and nothing else: for test vectors in workerd.

import { isSigned as inPackage } from '../../pkg/js/core/device/es256.js';
import { isSigned as inWorker } from '../../worker/shell/es256.js';

const bytes = hex => new Uint8Array(hex.match(/../g)?.map(pair => parseInt(pair, 16)) ?? []);
const encoded = part => btoa(String.fromCharCode(...part)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** Whether a signature is the key's, said by both; everything in hexadecimal digits. */
export async function verdicts({ uncompressed, msg, sig }) {
  const [point, signed, signature] = [uncompressed, msg, sig].map(bytes);
  const jwk = { x: encoded(point.slice(1, 33)), y: encoded(point.slice(33)) };
  return { inWorker: await inWorker(point, signed, signature), inPackage: await inPackage(jwk, signed, signature) };
}

export default {
  async fetch(request) {
    return Response.json(await Promise.all((await request.json()).map(verdicts)));
  },
};
