// The API. It does not load the module: node.js, inline.js, workerd.js and edge.js do, each in its platform's way, and
// slim.js leaves it to the application.

export { createCodec } from './core/codec.js';
export { EdgeSessionError } from './core/error.js';
export { generateKey, inspect, keyId, plan, readCookies, readSetCookie } from './core/inspection.js';
export { createSessions } from './core/sessions.js';
export { django, flask } from './core/signing.js';
export { d1Store } from './core/store/d1.js';
export { httpStore } from './core/store/http.js';
export { kvStore } from './core/store/kv.js';
export { memoryStore } from './core/store/memory.js';
