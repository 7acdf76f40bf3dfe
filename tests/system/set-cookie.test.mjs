// What a site's Set-Cookie lines do: a cookie is name, domain and path; a session is replaced by who was told of it;
// and whatever is not the session keeps its bytes.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { newSessionKey, startEdge } from './edge.mjs';
import { newDjangoSecret } from './site.mjs';
import { send } from './visitor.mjs';
import { askWire, djangoCookie, djangoRow, startRows, startWireSite, valuesOf } from './wire.mjs';

const COOKIE = '__Host-sessionid';
const secret = newDjangoSecret();
const token = randomBytes(24).toString('base64url');
const bearer = { authorization: `Bearer ${token}` };
const routes = JSON.stringify({ '/': 'optional', '/public/': 'public', '/class/': 'class', '/required/': 'required' });
const user = { _auth_user_id: '7' };
const signed = session => djangoCookie(secret, session);

let site, lines;
before(async () => {
  site = await startWireSite(() => lines.map(line => (line.includes(':') && !line.includes('=') ? line : `Set-Cookie: ${line}`)));
});
after(() => site?.stop());

/** A visit to `path`, which the site answers with these Set-Cookie lines: those that the browser gets. */
async function visit(edge, path, cookie, set = []) {
  lines = set;
  const answer = await askWire(edge, path, cookie ? [`Cookie: ${cookie}`] : []);
  assert.match(answer, /^HTTP\/1.1 200/, answer);
  return valuesOf(answer, 'set-cookie');
}
const told = name => valuesOf(site.heads.at(-1), name)[0];
const classOf = async (edge, cookie) => {
  await visit(edge, '/', cookie);
  return told('x-session-class');
};
const pairOf = line => line.split(';')[0];
const isRemoval = line => /; Max-Age=0;/.test(line);
const withheld = async (edge, reason) => {
  const { body } = await send(`${edge.url}/_session/metrics`, { headers: bearer });
  return Number(new RegExp(`session_set_cookie_withheld_total\\{reason="${reason}"\\} ([0-9]+)`).exec(body)?.[1] ?? 0);
};

const protocols = {
  transcode: async () => {
    const edge = await startEdge({ ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), DJANGO_SECRET_KEY: secret, SESSION_API_TOKEN: token, SESSION_ROUTES: routes });
    const session = async () => pairOf((await visit(edge, '/', undefined, [`sessionid=${signed(user)}; Path=/`]))[0]);
    return { edge, session, name: COOKIE, sets: [`sessionid=${signed({ seen: 1 })}; Path=/`], ends: ['sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/'] };
  },
  headers: async () => {
    const edge = await startEdge({
      ORIGIN_URL: site.url, SESSION_KEYS: newSessionKey(), SESSION_PROTOCOL: 'headers', SESSION_ORIGIN_KEY: newSessionKey(), SESSION_API_TOKEN: token, SESSION_ROUTES: routes,
    });
    const patch = content => `session-patch: ${Buffer.from(JSON.stringify(content)).toString('base64url')}`;
    const session = async () => pairOf((await visit(edge, '/', undefined, [patch(user)]))[0]);
    return { edge, session, name: COOKIE, sets: [patch({ seen: 1 })], ends: [patch(null)] };
  },
  rows: async () => {
    const storeKey = newSessionKey();
    const rows = await startRows(storeKey, secret, {});
    const edge = await startEdge({
      ORIGIN_URL: site.url, DJANGO_SECRET_KEY: secret, SESSION_PROTOCOL: 'rows', SESSION_STORE: 'origin', SESSION_ORIGIN_STORE_URL: rows.url, SESSION_ORIGIN_STORE_KEY: storeKey,
      SESSION_API_TOKEN: token, SESSION_ROUTES: routes,
    });
    const session = async () => {
      const key = randomBytes(16).toString('hex');
      rows.rows.set(key, djangoRow(secret, user));
      return `sessionid=${key}`;
    };
    return { edge, session, rows, name: 'sessionid', sets: [`sessionid=${'z'.repeat(32)}; Path=/`], ends: ['sessionid=""; Max-Age=0; Path=/'] };
  },
};

for (const [protocol, start] of Object.entries(protocols)) {
  describe(protocol, () => {
    let place, edge;
    before(async () => {
      place = await start();
      edge = place.edge;
    });
    after(async () => {
      await edge?.stop();
      place?.rows?.stop();
    });

    for (const route of ['/public/', '/class/']) {
      test(`who was not told of a session cannot replace it: ${route}`, async () => {
        const cookie = await place.session();
        assert.notEqual(await classOf(edge, cookie), 'anonymous');
        assert.deepEqual(await visit(edge, `${route}banner`, cookie, place.sets), []);
        assert.notEqual(await classOf(edge, cookie), 'anonymous');
        // Nor where there are two: that is for a route that looks at them to settle.
        const two = `${cookie}; ${await place.session()}`;
        if (route === '/public/') assert.deepEqual(await visit(edge, `${route}banner`, two, place.sets), []);
      });

      test(`who has none gets one, also in the place of a bad one: ${route}`, async () => {
        for (const cookie of [undefined, `${place.name}=bad`]) {
          const given = await visit(edge, `${route}banner`, cookie, place.sets);
          assert.equal(given.length, 1, given.join(' | '));
          assert.ok(given[0].startsWith(`${place.name}=`) && !isRemoval(given[0]), given[0]);
        }
      });

      test(`a log out is one wherever it is said, and no copy is good again: ${route}`, async () => {
        const cookie = await place.session();
        const given = await visit(edge, `${route}bye`, cookie, place.ends);
        assert.ok(given.some(line => line.startsWith(`${place.name}=`) && /Max-Age=0/.test(line)), given.join(' | '));
        assert.equal((await send(`${edge.url}/required/`, { headers: { cookie } })).status, 401);
      });
    }
  });
}

describe('a cookie is name, domain and path', () => {
  let place, edge;
  before(async () => {
    place = await protocols.transcode();
    edge = place.edge;
  });
  after(() => edge?.stop());

  const elsewhere = ['Domain=.shop.example; Path=/', 'Domain=127.0.0.1; Path=/', 'Path=/old', 'Path=/old/', 'Path=/; Path=/old'];

  test('a line for another scope removes another cookie: it goes on, and ends nothing', async () => {
    const cookie = await place.session();
    for (const scope of elsewhere) {
      for (const removal of ['sessionid=; Max-Age=0', 'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0', 'sessionid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT']) {
        const line = `${removal}; ${scope}`;
        assert.deepEqual(await visit(edge, '/', cookie, [line]), [line]);
      }
      const line = `sessionid=of-other-software; ${scope}`;
      assert.deepEqual(await visit(edge, '/', cookie, [line]), [line]);
    }
    // Without a path it is the directory that was asked for.
    assert.deepEqual(await visit(edge, '/old/page', cookie, ['sessionid=; Max-Age=0']), ['sessionid=; Max-Age=0']);
    assert.equal((await send(`${edge.url}/required/`, { headers: { cookie } })).status, 200);
    const [ended] = await visit(edge, '/page', cookie, ['sessionid=; Max-Age=0']);
    assert.ok(ended.startsWith(`${COOKIE}=;`), ended);
    assert.equal((await send(`${edge.url}/required/`, { headers: { cookie } })).status, 401);
  });

  test('beside a line of the right scope the others change nothing, in whatever order', async () => {
    const removals = elsewhere.map(scope => `sessionid=; Max-Age=0; ${scope}`);
    const set = `sessionid=${signed(user)}; Path=/; Max-Age=100`;
    for (const all of [[...removals, set], [set, ...removals]]) {
      const given = await visit(edge, '/', undefined, all);
      const ours = given.filter(line => line.startsWith(`${COOKIE}=`));
      assert.deepEqual(given.filter(line => !ours.includes(line)), removals);
      assert.equal(ours.length, 1);
      assert.equal(await classOf(edge, pairOf(ours[0])), 'fresh');
    }
    // Of two for one cookie the last counts, as in browsers.
    const [last] = await visit(edge, '/', undefined, [`sessionid=${signed({ n: 1 })}; Path=/`, `sessionid=${signed(user)}; Path=/`]);
    assert.equal(await classOf(edge, pairOf(last)), 'fresh');
  });

  test('a session that says it is for another scope is neither taken nor handed out, and counted', async () => {
    const before = await withheld(edge, 'another_scope');
    const warns = async () => (await send(`${edge.url}/_session/health`)).json().warnings.some(text => text.startsWith('ORIGIN_COOKIE_DOMAIN: '));
    assert.equal(await warns(), false);
    for (const scope of elsewhere) assert.deepEqual(await visit(edge, '/', undefined, [`sessionid=${signed(user)}; ${scope}`, 'theme=dark']), ['theme=dark'], scope);
    assert.deepEqual(await visit(edge, '/old/page', undefined, [`sessionid=${signed(user)}`]), []);
    assert.equal(await withheld(edge, 'another_scope'), before + elsewhere.length + 1);
    assert.equal(await warns(), true);
  });

  test('the scope is that of the settings', async () => {
    await edge.restart({ ORIGIN_COOKIE_DOMAIN: 'shop.example', ORIGIN_COOKIE_PATH: '/shop' });
    for (const scope of ['Domain=.Shop.Example; Path=/shop', 'domain=shop.example; PATH=/shop']) {
      const [line] = await visit(edge, '/shop/', undefined, [`sessionid=${signed(user)}; ${scope}`]);
      assert.ok(line.startsWith(`${COOKIE}=`), line);
    }
    for (const scope of ['Path=/shop', 'Domain=shop.example; Path=/', 'Domain=shop.example', 'Domain=a.shop.example; Path=/shop']) {
      assert.deepEqual(await visit(edge, '/', undefined, [`sessionid=${signed(user)}; ${scope}`]), [], scope);
      const removal = `sessionid=; Max-Age=0; ${scope}`;
      assert.deepEqual(await visit(edge, '/', undefined, [removal]), [removal]);
    }
    await edge.restart();
  });

  test('our own cookie is not the site’s to set, and the operator sees it tried', async () => {
    const before = await withheld(edge, 'name_of_ours');
    assert.deepEqual(await visit(edge, '/', undefined, [`${COOKIE}=planted; Path=/; Secure`, ` ${COOKIE} = x`, 'theme=dark']), ['theme=dark']);
    assert.equal(await withheld(edge, 'name_of_ours'), before + 2);
  });
});

describe('lines that somebody on the way joined with commas', () => {
  let place, edge;
  before(async () => {
    place = await protocols.transcode();
    edge = place.edge;
  });
  after(() => edge?.stop());

  const theme = 'theme=dark; Path=/; Max-Age=100';
  const csrf = 'csrftoken=abc; expires=Thu, 01 Jan 2037 00:00:00 GMT; Path=/';

  test('come apart: the session is saved, the others go on, and it is counted', async () => {
    const session = `sessionid=${signed(user)}; expires=Thu, 01 Jan 2037 00:00:00 GMT; Max-Age=100; Path=/`;
    for (const all of [[theme, csrf, session], [session, theme, csrf], [theme, session, csrf]]) {
      for (const comma of [', ', ',', ' ,\t']) {
        const before = await withheld(edge, 'joined');
        const given = await visit(edge, '/', undefined, [all.join(comma)]);
        const [ours] = given.filter(line => line.startsWith(`${COOKIE}=`));
        assert.ok(ours && !given.join().includes('sessionid=ey'), given.join(' | '));
        assert.deepEqual(given.filter(line => line !== ours), [theme, csrf]);
        assert.match(ours, /Max-Age=100;/);
        assert.equal(await classOf(edge, pairOf(ours)), 'fresh');
        assert.equal(await withheld(edge, 'joined'), before + 1);
      }
    }
    assert.ok((await send(`${edge.url}/_session/health`)).json().warnings.some(text => text.startsWith('Set-Cookie: ')));
  });

  test('a log out among them is one', async () => {
    const cookie = await place.session();
    const given = await visit(edge, '/', cookie, [[theme, place.ends[0], csrf].join(', ')]);
    assert.ok(given.some(line => line.startsWith(`${COOKIE}=;`)), given.join(' | '));
    assert.equal((await send(`${edge.url}/required/`, { headers: { cookie } })).status, 401);
  });

  test('behind a comma in a value, which a visitor may have chosen, nothing is a session, and nothing is handed out', async () => {
    const cookie = await place.session();
    for (const value of [`en, sessionid=${signed({ _auth_user_id: '8' })}`, 'en, sessionid=', 'en,sessionid=x', `a, b=c, ${COOKIE}=x`]) {
      for (const attributes of ['', '; Path=/']) {
        const before = await withheld(edge, 'joined');
        assert.deepEqual(await visit(edge, '/', cookie, [`lang=${value}${attributes}`, theme]), [theme]);
        assert.equal(await withheld(edge, 'joined'), before + 1);
      }
    }
    assert.equal((await send(`${edge.url}/required/`, { headers: { cookie } })).status, 200);
  });

  test('without one of ours they go on as they came', async () => {
    for (const line of [[theme, csrf].join(', '), 'lang=en, sessionid; Path=/', 'note=about sessionid=; Path=/']) assert.deepEqual(await visit(edge, '/', undefined, [line]), [line]);
  });
});

for (const [protocol, start] of Object.entries(protocols)) {
  describe(`bytes: ${protocol}`, () => {
    let place, edge;
    before(async () => {
      place = await start();
      edge = place.edge;
    });
    after(async () => {
      await edge?.stop();
      place?.rows?.stop();
    });

    const odd = ['name=Jos\xe9; theme=dark', 'a=\xff\xfe', 'a="x  y"', 'a=1;b=2', ' a=1 ;; b=2; ', 'lonely', 'caf\xc3\xa9=1', '=x'];

    test('a Cookie header in which nothing is ours arrives as it was sent', async () => {
      for (const path of ['/', '/class/', '/public/']) {
        for (const cookie of odd) {
          await visit(edge, path, cookie);
          assert.equal(told('cookie'), cookie.trim(), `${path} ${JSON.stringify(cookie)}`);
        }
      }
    });

    test('what could pass for ours is taken out, whatever bytes are round it', async () => {
      const name = protocol === 'headers' ? COOKIE : 'sessionid';
      for (const bytes of ['\xa0', '\xe2\x80\x80', '\xe2\x80', '\xf0\x9f', '\xff', '\xc3', '\xed\xa0\x80']) {
        for (const disguise of [`${bytes}${name}=x`, `${name}${bytes}=x`, `a=${bytes}, ${name}=x`]) {
          await visit(edge, '/', `theme=dark; ${disguise}`);
          // In front of a comma may stand another line's last cookie, which is nobody's session and goes on.
          const rest = disguise.startsWith('a=') ? /^theme=dark(; a=[^,;]*)?$/ : /^theme=dark$/;
          assert.match(told('cookie'), rest, JSON.stringify(disguise));
        }
      }
    });

    test('Set-Cookie lines keep theirs where none of them is taken out', async () => {
      // (wrangler's own proxy, which stands in front here, writes Set-Cookie anew: bytes that are no UTF-8 end there.)
      const others = ['name=Jos\xc3\xa9; Path=/', 'a="x  y"; odd ;; b', 'a=1, b=2', 'a=; Max-Age=0'];
      const cookie = await place.session();
      for (const sent of [undefined, cookie, `${place.name}=bad`]) {
        const given = await visit(edge, '/', sent, others);
        assert.deepEqual(given.filter(line => !line.startsWith(`${place.name}=`)), others);
      }
    });
  });
}
