// Before Durable Objects of a process of their own: the path is an object's name.

export default {
  fetch(request, { SESSIONS_OBJECT }) {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    return name === '' ? new Response('here') : SESSIONS_OBJECT.getByName(name).fetch(request);
  },
};
