// What a request gets when nothing else can be said.

/** The answer, and a line in the log; both have the request's id, as gateway/src/scope.rs reads it. */
export function failure(error, { headers }) {
  const id = (headers.get('cf-ray') ?? headers.get('x-request-id') ?? '').replace(/[^\w.:-]/g, '').slice(0, 48);
  const request = id === '' ? undefined : id;
  console.error(JSON.stringify({ event: 'request-failed', detail: String(error?.message ?? error), request }));
  return new Response('Something went wrong here. Please try again.\n', {
    status: 500,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'private, no-store', vary: 'Cookie', ...(request && { 'x-request-id': request }) },
  });
}
