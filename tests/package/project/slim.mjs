import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as api from 'edge-session/slim';
import { check } from './check.mjs';

let code;
try {
  api.createCodec({ keys: 'x' });
} catch (error) {
  code = `${error.code}: ${error.message}`;
}
const bytes = readFileSync(fileURLToPath(import.meta.resolve('edge-session/codec.wasm')));
await api.init(new WebAssembly.Module(bytes));
await api.init(bytes); // a second time does nothing
console.log(JSON.stringify({ ...check(api), before: code }));
