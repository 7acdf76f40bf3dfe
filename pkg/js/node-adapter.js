// Sessions for Node's servers: plain http, Express, Koa, Fastify.

import { once } from 'node:events';
import { hold, replace, saveOn } from './adapter/node_answer.js';
import { answerIn } from './adapter/answer.js';
import { sessionsOf } from './adapter/sessions_of.js';
import { ADAPTER } from './core/visits.js';

/** @type {WeakMap<object, import('./core/visits.js').Visit>} by IncomingMessage */
const visits = new WeakMap();

/** What the pages of devices answer, in parts; `undefined` for every other request. */
const pageOf = async (of, request) => (await of())[ADAPTER].page(request);

async function entered(of, request) {
  const gate = await of();
  const entry = gate[ADAPTER].enter(request);
  visits.set(request, entry.visit);
  return entry;
}

export function withSession(sessions, handler) {
  const of = sessionsOf(sessions);
  if (typeof handler !== 'function') throw new TypeError('handler: a function is expected');
  return async (request, response, ...rest) => {
    const page = await pageOf(of, request);
    if (page !== undefined) return void response.end(replace(response, page));
    const { visit, isOutermost } = await entered(of, request);
    let refusal;
    const going =
      isOutermost &&
      hold(visit, request, response, error => {
        refusal = { error };
        fail(response);
      });
    let result;
    try {
      result = await handler(request, response, () => visit.session(), ...rest);
    } catch (error) {
      visit.fail();
      if (response.headersSent || !isOutermost) throw error;
      const answer = answerIn(error);
      if (answer !== undefined) return void response.end(replace(response, answer));
      fail(response);
      throw error;
    }
    if (isOutermost) {
      await Promise.race([going, once(response, 'close')]);
      if (refusal !== undefined) throw refusal.error;
    }
    return result;
  };
}

/** A visitor is not to wait for an answer that will not come; whose fault it was the caller is told. */
function fail(response) {
  if (response.headersSent) return;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusCode = 500;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end('Internal Server Error\n');
}

export function expressSession(sessions) {
  const of = sessionsOf(sessions);
  return async function session(request, response, next) {
    let entry;
    try {
      const page = await pageOf(of, request);
      if (page !== undefined) return void response.end(replace(response, page));
      entry = await entered(of, request);
      request.session = await entry.visit.session();
    } catch (error) {
      const answer = answerIn(error);
      if (answer === undefined) return next(error);
      if (entry?.isOutermost) entry.visit.end();
      return void response.end(replace(response, answer));
    }
    const { visit, isOutermost } = entry;
    if (isOutermost) {
      hold(visit, request, response, next, () => {
        // What a handler threw, unless somebody else made an answer of it (see expressFailed).
        if (response.statusCode >= 500) visit.fail();
      });
    }
    next();
  };
}

export function expressFailed(error, request, response, next) {
  visits.get(request)?.fail();
  next(error);
}

export function koaSession(sessions) {
  const of = sessionsOf(sessions);
  return async (context, next) => {
    const page = await pageOf(of, context.req);
    if (page !== undefined) return answered(context, page);
    const { visit, isOutermost } = await entered(of, context.req);
    try {
      context.session = await visit.session();
    } catch (error) {
      if (isOutermost) visit.end();
      const answer = answerIn(error);
      if (answer === undefined) throw error;
      return answered(context, answer);
    }
    try {
      await next();
    } catch (error) {
      visit.fail();
      if (isOutermost) {
        visit.end();
        // Koa drops the headers of before; what it answers depends on the session all the same.
        error.headers = { ...error.headers, 'Cache-Control': 'private, no-store', Vary: 'Cookie' };
      }
      throw error;
    }
    if (!isOutermost) return;
    try {
      if (context.headerSent) sentTooEarly(visit);
      else if (!(await saveOn(visit, context.req, context.res))) answered(context);
    } finally {
      visit.end();
    }
  };
}

function answered(context, answer) {
  const body = replace(context.res, answer);
  const { statusCode } = context.res;
  const type = context.res.getHeader('content-type');
  // Koa would say 200, as long as nobody has told it a status.
  context.status = statusCode;
  context.body = body;
  context.res.setHeader('Content-Type', type);
}

/** Whoever sends an answer past the framework sends it without the session. */
function sentTooEarly({ loaded }) {
  if (loaded?.isModified || loaded?.isDestroyed)
    throw new Error('the answer was sent before the session could be saved: change the session before, or use withSession');
}

export async function fastifySession(fastify, { sessions }) {
  const of = sessionsOf(sessions);
  /** Replies that are this plugin's to save for, each until it is sent. */
  const outermost = new WeakSet();
  if (!fastify.hasRequestDecorator('session')) fastify.decorateRequest('session', null);
  fastify.addHook('onRequest', async (request, reply) => {
    const page = await pageOf(of, request.raw);
    if (page !== undefined) return reply.send(replace(answerOf(reply), page));
    const { visit, isOutermost } = await entered(of, request.raw);
    try {
      request.session = await visit.session();
      if (isOutermost) outermost.add(reply);
    } catch (error) {
      if (isOutermost) visit.end();
      const answer = answerIn(error);
      if (answer === undefined) throw error;
      return reply.send(replace(answerOf(reply), answer));
    }
  });
  fastify.addHook('onError', async request => visits.get(request.raw)?.fail());
  fastify.addHook('onSend', async (request, reply, payload) => {
    if (!outermost.delete(reply)) return payload;
    const visit = visits.get(request.raw);
    try {
      if (await saveOn(visit, request.raw, answerOf(reply))) return payload;
      payload?.destroy?.();
      return replace(answerOf(reply));
    } finally {
      visit.end();
    }
  });
  fastify.addHook('onResponse', async (request, reply) => {
    if (outermost.has(reply)) sentTooEarly(visits.get(request.raw));
  });
}
// The routes beside the plugin have sessions, not only those within it.
fastifySession[Symbol.for('skip-override')] = true;
fastifySession[Symbol.for('fastify.display-name')] = 'edge-session';

/** Fastify's reply as Node's answer. */
const answerOf = reply => ({
  get statusCode() {
    return reply.statusCode;
  },
  set statusCode(code) {
    reply.code(code);
  },
  getHeader: name => reply.getHeader(name),
  getHeaderNames: () => Object.keys(reply.getHeaders()),
  removeHeader: name => reply.removeHeader(name),
  setHeader(name, value) {
    // It would add a Set-Cookie to those that are there.
    reply.removeHeader(name);
    reply.header(name, value);
  },
});
