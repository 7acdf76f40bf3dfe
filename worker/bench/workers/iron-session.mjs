// What a JavaScript developer writes: iron-session's seal is opened and its JSON told in a header; the answer's header has
// the changed session, which is sealed.

import { sealData, unsealData } from 'iron-session';

const begin = '__Host-sessionid=';

export default {
  async fetch(request, env) {
    const options = { password: env.PASSWORD, ttl: 14 * 24 * 3600 };
    const { pathname, search } = new URL(request.url);
    const pairs = (request.headers.get('cookie') ?? '').split('; ');
    const own = pairs.find(pair => pair.startsWith(begin));
    const session = own === undefined ? {} : await unsealData(own.slice(begin.length), options);
    const headers = new Headers(request.headers);
    headers.set('cookie', pairs.filter(pair => !pair.startsWith(begin)).join('; '));
    headers.set('x-session', btoa(unescape(encodeURIComponent(JSON.stringify(session)))));
    const answer = await fetch(env.ORIGIN_URL + pathname + search, { method: request.method, headers, body: request.body, redirect: 'manual' });
    const changed = answer.headers.get('session-json');
    if (changed === null) return answer;
    const response = new Response(answer.body, answer);
    response.headers.delete('session-json');
    const seal = await sealData(JSON.parse(atob(changed)), options);
    response.headers.append('set-cookie', `${begin}${seal}; Path=/; Secure; HttpOnly; SameSite=Lax`);
    return response;
  },
};
