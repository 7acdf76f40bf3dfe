// What the built Worker exports. No other package's types are needed: what the runtime gives is passed on as it is.

import type { Environment } from './settings.js';

/** A Durable Object namespace's class: `class_name = "SessionShard"`, for `SESSION_STORE = "do"`. */
export declare class SessionShard {
  constructor(state: unknown, environment: unknown);
}

/** What keeps an isolate awake when the answer is out: the third argument of `fetch` and `scheduled`. */
export interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
}

export type { Environment };

declare const session: {
  /**
   * Answers one request: `/_session` and what lies below by itself, every other with what the site at `ORIGIN_URL` says.
   * It never rejects; whatever fails is an answer of its own.
   */
  fetch(request: Request, environment: Environment, context: ExecutionContext): Promise<Response>;
  /** The cron trigger, which deletes what has expired in D1 and R2. */
  scheduled(event: object, environment: Environment, context: ExecutionContext): Promise<void>;
};
export default session;
