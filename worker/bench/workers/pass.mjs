// Forwards and does nothing else.

export default {
  fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    return fetch(env.ORIGIN_URL + pathname + search, new Request(request, { redirect: 'manual' }));
  },
};
