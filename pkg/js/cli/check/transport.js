// Whether browsers keep the session's cookie, which is Secure.

import { bad, good, warning } from './finding.js';
import { cookieOf } from './place.js';

const CURE = 'turn on Always Use HTTPS (SSL/TLS, Edge Certificates)';

export async function transportFindings(place) {
  const { url, isLocal } = place;
  if (url.protocol === 'http:') {
    if (isLocal) return [good('tls', 'none, at localhost, where browsers take Secure cookies all the same')];
    return [bad('tls', `${url.host} was asked without TLS, where browsers drop the session’s cookie, which is Secure`, `ask https://; ${CURE}`)];
  }
  if (url.port !== '') return [good('tls', 'the certificate is trusted')];
  const answer = await place.askAt(`http://${url.host}/`).catch(() => undefined);
  if (answer === undefined) return [good('tls', 'nobody answers without it')];
  const to = answer.headers.location === undefined ? undefined : new URL(answer.headers.location, `http://${url.host}/`);
  if (answer.status >= 300 && answer.status < 400 && to?.protocol === 'https:') return [good('tls', 'who asks without it is sent there')];
  if (answer.setCookies.some(line => cookieOf(line).name.startsWith('__Host-'))) return [bad('tls', 'without it a session is set that browsers drop', CURE)];
  return [warning('tls', `http://${url.host}/ answers ${answer.status}: whoever asks so is never logged in`, CURE)];
}
