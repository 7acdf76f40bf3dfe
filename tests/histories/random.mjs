// Random numbers that a seed repeats: what is printed with a violation brings the same plan about again.

/** `below(n)`, `chance(probability)`, `pick(list)`, `fork()`: another sequence, which this one's length does not change. */
export function seeded(seed) {
  let state = seed >>> 0;
  // mulberry32, by Tommy Ettinger, who gave it to the public domain.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = limit => Math.floor(next() * limit);
  return {
    below,
    chance: probability => next() < probability,
    pick: list => list[below(list.length)],
    fork: () => seeded(below(2 ** 32)),
  };
}
