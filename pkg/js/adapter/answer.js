// What every adapter does with an answer.

import { makePrivate } from '../core/privacy.js';

/** For `Retry-After`: long enough for a store to be itself again, short enough for a visitor to wait. */
const RETRY_SECONDS = 2;

/**
 * Whether a session is authentic and its data cannot be had, or cannot be kept, right now. By name, not by class:
 * an application may have loaded the package twice, as a module and with `require`.
 */
export const isUnavailable = error =>
  error?.name === 'EdgeSessionError' &&
  (error.code === 'store_unavailable' || error.code === 'record_missing');

/** The answer then, in parts: no `Set-Cookie`, because nobody is logged out. */
export const UNAVAILABLE = Object.freeze({
  status: 503,
  headers: Object.freeze({
    'Retry-After': String(RETRY_SECONDS),
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'private, no-store',
    Vary: 'Cookie',
  }),
  body: 'The session is not available right now. Please try again.\n',
});

/**
 * The answer that stands in an error, in parts: the one above, or what is answered to a session without its device.
 * `undefined`: the error is somebody else's.
 */
export function answerIn(error) {
  if (isUnavailable(error)) return UNAVAILABLE;
  return error?.name === 'EdgeSessionError' && error.code === 'device_required' ? error : undefined;
}

/** Parts of an answer as a Response. */
export const responseOf = ({ status, headers, body }) => new Response(body, { status, headers });

/** The answer as one that depends on the session: no shared cache may keep it. A copy, it may be everybody's. */
export function dependent(response) {
  if (isUpgrade(response)) return response;
  const copy = new Response(response.body, response);
  makePrivate(copy.headers);
  return copy;
}

/** Whether a cookie that is only due to be renewed may go with the answer. */
export const mayRenew = (method, status) =>
  method !== 'HEAD' && method !== 'OPTIONS' && status !== 304 && status < 500;

/** Changes are saved whatever the answer is; a cookie that is only due waits for an ordinary one. */
export const isToBeSaved = (session, method, status) =>
  session.isModified || session.isDestroyed || mayRenew(method, status);

/**
 * The answer with the session saved, by whoever is outermost.
 *
 * @param {import('../core/visits.js').Visit} visit
 * @param {Request} request
 * @param {Response} response
 */
export async function committed(visit, request, response) {
  if (!visit.isAsked) return response;
  const session = visit.loaded;
  // Whoever asked and got none knows, and answered all the same.
  if (session === undefined || visit.isFailed) return dependent(response);
  if (isUpgrade(response) || !isToBeSaved(session, request.method, response.status)) return dependent(response);
  try {
    return await visit.sessions.commit(session, response);
  } catch (error) {
    if (isUnavailable(error)) return responseOf(UNAVAILABLE);
    throw error;
  }
}

// A WebSocket: its answer cannot be copied, and nothing caches it.
const isUpgrade = ({ status }) => status === 101;
