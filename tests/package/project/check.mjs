// The same in every runtime: seals, opens, spills and says what came of it. `api` is the package.

export function check(api) {
  const { createCodec, generateKey, inspect, django } = api;
  const now = 1800000000000;
  const codec = createCodec({ keys: generateKey(), overflow: 'spill', rules: [{ key: 'user', priority: 'critical' }] });
  const noise = Array.from({ length: 3000 }, (_, n) => (n * 7919) % 104729);
  const commit = codec.seal(codec.create({ user: 'ada 🍪', noise }, { now }), { now });
  const { session } = codec.open(commit.setCookie.split(';')[0], { now });
  const user = session.get('user');
  const merged = codec.openRecord(session, commit.storeOps[0].record).kind;
  const secret = 'k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus';
  const signed = django.loads('eyJhIjoxfQ:1r31eq:x', secret, { now });
  const codes = [];
  for (const wrong of [() => codec.open(1), () => createCodec({ keys: 'password' })]) {
    try {
      wrong();
    } catch (error) {
      codes.push(error.code ?? error.name);
    }
  }
  return {
    user,
    merged,
    noise: session.get('noise').length,
    signed: signed.reason,
    forged: codec.open('__Host-session=AAAA', { now }).reason,
    claims: inspect(commit.setCookie.split(/[=;]/)[1]).keyId === codec.keyIds[0],
    codes,
  };
}
