// Numbers that the codec has, and nobody writes twice.

import { binding } from './binding.js';

/**
 * The numbers that both sides of a session have to agree on.
 *
 * @returns {{ headerBytes: number, valueBytes: number, copies: number, recordBytes: number, recordVisibleSeconds: number,
 *   idleSeconds: number, absoluteSeconds: number, budget: number, maxFallbacks: number }}
 */
export const limits = () => (known ??= Object.freeze(JSON.parse(binding().limits())));

let known;
