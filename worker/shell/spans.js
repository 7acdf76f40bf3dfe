// The platform's own traces (docs/WATCH.md): what the module does has spans there, and a trace that begins here is the
// platform's. Most requests are not traced, and a runtime may have no traces: nothing else is done then.

/** The span of the whole request; nothing where nobody traces it. */
export function rootSpan({ tracing }) {
  const span = tracing?.getActiveSpan?.();
  return span?.isTraced ? span : undefined;
}

/** What `work` gives, a value or a promise; until then its span is open, and what it asks of stores is in it. */
export function inSpan({ context, root }, name, work) {
  return root === undefined ? work() : context.tracing.enterSpan(name, work);
}

/** The edit with which a request to the site belongs to this trace; none where there is none. */
export function traceEdits(root) {
  if (root?.spanContext === undefined) return [];
  const { traceId, spanId } = root.spanContext();
  return [`=traceparent: 00-${traceId}-${spanId}-01`];
}
