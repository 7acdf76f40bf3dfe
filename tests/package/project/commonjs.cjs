const api = require('edge-session');
const { session } = require('edge-session/hono');
import('./check.mjs').then(({ check }) => {
  if (typeof session !== 'function') throw new Error('edge-session/hono');
  console.log(JSON.stringify(check(api)));
});
