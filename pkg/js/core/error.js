/** An authentic session cannot be had, or kept, right now. */
const UNAVAILABLE = new Set(['store_unavailable', 'record_missing']);

/** See index.d.ts. */
export class EdgeSessionError extends Error {
  constructor(code, message, options = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'EdgeSessionError';
    this.code = code;
    this.issues = options.issues;
    // Express, Fastify, Koa, h3 and others answer with what stands in an error.
    if (options.answer !== undefined) {
      this.status = this.statusCode = options.answer.status;
      this.headers = options.answer.headers;
      this.body = options.answer.body;
    }
    if (UNAVAILABLE.has(code)) {
      this.status = this.statusCode = 503;
      this.headers = { 'Retry-After': '2', 'Cache-Control': 'private, no-store' };
    }
  }
}
