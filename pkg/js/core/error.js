/** See index.d.ts. */
export class EdgeSessionError extends Error {
  constructor(code, message, options = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'EdgeSessionError';
    this.code = code;
    this.issues = options.issues;
  }
}
