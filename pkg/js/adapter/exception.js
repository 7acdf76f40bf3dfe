// What is thrown to answer, and is no failure: frameworks redirect and refuse that way.

export function isAnswer(error) {
  if (typeof error !== 'object' || error === null) return false;
  // React Router, SolidStart: a Response. Hono: an HTTPException, which has one.
  if (typeof Response === 'function' && error instanceof Response) return error.status < 500;
  if (typeof error.getResponse === 'function') return error.status < 500;
  // SvelteKit's redirect(), and its error() below 500, which are no Errors.
  if (!(error instanceof Error) && Number.isInteger(error.status)) return error.status >= 300 && error.status < 500;
  // Next: redirect(), permanentRedirect(), notFound(), forbidden(), unauthorized().
  return typeof error.digest === 'string' && /^NEXT_(REDIRECT|HTTP_ERROR_FALLBACK|NOT_FOUND)\b/.test(error.digest);
}
