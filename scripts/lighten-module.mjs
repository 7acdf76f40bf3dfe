// Blanks what no call reads in a WebAssembly module, which is then next to nothing when it is compressed.
//   lighten-module.mjs <file> [keep-places]      in place
//
// - Tables of CRC-32. zlib-rs has them for gzip alone, and cannot be built without; cookies and records are zlib and raw
//   deflate, which have Adler-32 or no sum at all. They are random to gzip: 9 KB.
// - Places in source files, which only the message of a panic has in it, where that goes nowhere: a module that panics
//   says "unreachable". With `keep-places` it is read by somebody.

import { readFileSync, writeFileSync } from 'node:fs';

const [file, places] = process.argv.slice(2);
const module = readFileSync(file);

/** The table for the byte `place` before the last of a block of `length`. */
function crcTable(length, place) {
  const table = Buffer.alloc(256 * 4);
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8 * (length - place); bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
    table.writeUInt32LE(sum >>> 0, byte * 4);
  }
  return table;
}

let blanked = 0;
const blank = (from, to) => {
  module.fill(0, from, to);
  blanked += to - from;
};

// By words of 4 bytes, in blocks of 1 and of up to 8 words.
for (let words = 1; words <= 8; words++) {
  for (let place = 0; place < 4; place++) {
    const table = crcTable(4 * words, place);
    for (let at; (at = module.indexOf(table)) >= 0; ) blank(at, at + table.length);
  }
}
for (let at; (at = module.indexOf(crcTable(1, 0))) >= 0; ) blank(at, at + 1024);
if (blanked < 8 * 1024) throw new Error(`${file}: no tables of CRC-32 where zlib-rs has them`);

/** `[{ address, from, to }]` of the active data segments, which is all that rustc makes. */
function segments() {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < module.length) {
    const [id, length] = [module[at++], number()];
    const end = at + length;
    if (id !== 11) {
      at = end;
      continue;
    }
    return Array.from({ length: number() }, () => {
      const [kind, instruction] = [number(), module[at++]];
      const address = number();
      if (kind !== 0 || instruction !== 0x41 || module[at++] !== 0x0b) throw new Error(`${file}: an unknown kind of data segment`);
      const size = number();
      at += size;
      return { address, from: at - size, to: at };
    });
  }
  throw new Error(`${file}: no data`);
}

if (places !== 'keep-places') blankPlaces();
writeFileSync(file, module);

function blankPlaces() {
  const names = new Map();
  for (const { address, from, to } of segments()) {
    for (const { index, 0: name } of module.toString('latin1', from, to).matchAll(/[\w./-]+\/[\w./-]+\.rs(?=\0)/g)) {
      names.set(address + index, name.length);
      blank(from + index, from + index + name.length);
    }
  }
  // A place in a file is the name's address and length, a line and a column. All become the same place.
  const [[somewhere, length]] = names;
  for (const { from, to } of segments()) {
    for (let at = from; at + 16 <= to; at++) {
      if (names.get(module.readUInt32LE(at)) !== module.readUInt32LE(at + 4)) continue;
      module.writeUInt32LE(somewhere, at);
      module.writeUInt32LE(length, at + 4);
      blank(at + 8, at + 16);
      at += 15;
    }
  }
}
