// One request. The module decides twice: when it comes, and when the origin has answered.

import { edit } from './edits.js';
import { isOrdinary, requestHead, responseHead } from './head.js';
import { ask } from './module.js';
import { askOrigin } from './origin.js';
import { inSpan, rootSpan, traceEdits } from './spans.js';

/** The answer to a request, or a promise of it. */
export function respond(request, env, context) {
  const head = requestHead(request);
  const visit = { request, env, context, head, root: rootSpan(context) };
  const decided = inSpan(visit, 'session inbound', () => ask(module => module.inbound(head, request, env, context)));
  return typeof decided.then === 'function' ? decided.then(decided => go(visit, decided)) : go(visit, decided);
}

/** Does what was decided: answers, or asks the origin. */
function go(visit, decided) {
  // What is kept of a visit that has a session has the decision with it.
  const exchange = typeof decided === 'string' ? undefined : decided;
  const decision = exchange === undefined ? decided : ask(() => exchange.takeDecision());
  const isAnswer = decision[0] === 'A';
  visit.root?.setAttribute('session.answered', isAnswer ? 'here' : 'origin');
  if (isAnswer) return answer(decision);
  const lines = decision.split('\n');
  if (lines[0].includes('t')) lines.push(...traceEdits(visit.root));
  return askOrigin(
    visit.request,
    lines,
    response => conclude(visit, exchange, response),
    error => answerUnanswered(visit, exchange, 0, String(error?.message ?? error)),
  );
}

function conclude(visit, exchange, response) {
  // No response can be made of one with another status.
  const isAnswer = (response.status >= 200 && response.status < 600) || response.webSocket;
  if (!isAnswer) {
    return answerUnanswered(visit, exchange, response.status, '');
  }
  if (exchange === undefined && isOrdinary(response)) return response;
  const { head, env, context } = visit;
  const said = responseHead(response);
  const outcome = inSpan(visit, 'session outbound', () =>
    ask(module => (exchange ? exchange.outbound(said) : module.outboundPlain(head, said, env, context))),
  );
  return typeof outcome === 'string' ? finish(response, outcome) : outcome.then(outcome => finish(response, outcome));
}

/** The origin's answer as it is or with other header fields, or one of ours. Body and WebSocket are handed on. */
function finish(response, outcome) {
  if (outcome === '') return response;
  if (outcome[0] === 'A') return answer(outcome);
  const copy = new Response(response.body, response);
  edit(copy.headers, outcome.split('\n').slice(1));
  return copy;
}

async function answerUnanswered(visit, exchange, status, reason) {
  const { head, env, context } = visit;
  const outcome = inSpan(visit, 'session outbound', () =>
    ask(module =>
      exchange
        ? exchange.unanswered(status, reason)
        : module.unansweredPlain(head, status, reason, env, context),
    ),
  );
  return answer(await outcome);
}

/** An answer of ours: `A` and the status, fields, an empty line, the body. */
function answer(text) {
  const end = text.indexOf('\n\n');
  const [status, ...fields] = text.slice(1, end).split('\n');
  const headers = edit(new Headers(), fields);
  return new Response(text.slice(end + 2) || null, { status: Number(status), headers });
}
