// A browser: one jar, whose tabs send whatever cookie lies there and put into it what their answers set.

import { TOKEN } from './world.mjs';
import { send } from './send.mjs';

const COOKIE = '__Host-sessionid';

export class Browser {
  cookie = null;

  /**
   * One request: `{ status, session, set, isRemoved }`. `session` is what the answer shows, null for none, undefined where it
   * shows nothing; `set` the value of a cookie that it sets; `error` the code of a refusal. Status 0: there was no answer, for
   * as many milliseconds as `patience` says.
   */
  async ask(url, { method = 'GET', path, body, cookie = this.cookie, key, patience }) {
    const isApi = path.startsWith('/_session');
    const headers = {
      ...(cookie && { cookie: `${COOKIE}=${cookie.value}` }),
      ...(isApi && { authorization: `Bearer ${TOKEN}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key && { 'idempotency-key': `"${key}"` }),
    };
    const text = body === undefined ? undefined : JSON.stringify(body);
    let answer;
    try {
      answer = await send(url + path, { method, headers, body: text, timeout: patience });
    } catch (error) {
      return { status: 0, reason: error.code ?? error.message };
    }
    const line = (answer.headers['set-cookie'] ?? []).find(each => each.startsWith(`${COOKIE}=`));
    const isRemoved = line !== undefined && /max-age=0|expires=thu, 01 jan 1970/i.test(line);
    const set = line === undefined || isRemoved ? undefined : line.slice(COOKIE.length + 1).split(';')[0];
    const error = isApi && answer.status >= 400 ? JSON.parse(answer.bytes).error : undefined;
    return { status: answer.status, session: shown(answer, isApi), set, isRemoved, error };
  }
}

function shown({ status, bytes }, isApi) {
  if (status === 401) return null;
  if (status !== 200) return undefined;
  const content = JSON.parse(bytes);
  return isApi ? content : content.session;
}
