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

/** The answer then: no `Set-Cookie`, because nobody is logged out. */
export function unavailable() {
  const headers = new Headers({
    'Retry-After': String(RETRY_SECONDS),
    'Content-Type': 'text/plain; charset=utf-8',
  });
  makePrivate(headers);
  return new Response('The session is not available right now. Please try again.\n', {
    status: 503,
    headers,
  });
}

/** The answer as one that depends on the session: no shared cache may keep it. */
export function dependent(response) {
  if (isUpgrade(response)) return response;
  // Of a fetch, say: those headers cannot be changed.
  const copy = new Response(response.body, response);
  makePrivate(copy.headers);
  return copy;
}

/**
 * The answer with the session saved. Changes are saved whatever it is; a cookie that is only due to be renewed
 * waits for an ordinary one.
 *
 * @param {import('../index.js').Sessions} sessions
 * @param {import('../index.js').Session} session
 * @param {Request} request
 * @param {Response} response
 */
export async function committed(sessions, session, request, response) {
  const isChanged = session.isModified || session.isDestroyed;
  if (isUpgrade(response) || !(isChanged || mayRenew(request, response))) return dependent(response);
  try {
    return await sessions.commit(session, response);
  } catch (error) {
    if (isUnavailable(error)) return unavailable();
    throw error;
  }
}

const mayRenew = ({ method }, { status }) =>
  method !== 'HEAD' && method !== 'OPTIONS' && status !== 304 && status < 500;

// A WebSocket: its answer cannot be copied, and nothing caches it.
const isUpgrade = ({ status }) => status === 101;
