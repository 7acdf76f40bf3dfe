// Bounded inflating of what nobody has verified.

/** As the codec's bound for one cookie. */
const MOST_OCTETS = 64 << 10;

/**
 * @param {Uint8Array} octets a zlib stream
 * @returns {Promise<Uint8Array | undefined>} `undefined` if it is none, or inflates beyond 64 KiB
 */
export async function inflated(octets) {
  const stream = new Blob([octets]).stream().pipeThrough(new DecompressionStream('deflate'));
  const reader = stream.getReader();
  const chunks = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > MOST_OCTETS) {
        await reader.cancel();
        return undefined;
      }
      chunks.push(value);
    }
  } catch {
    return undefined;
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
