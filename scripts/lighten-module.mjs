// Takes out of a WebAssembly module what no call reads, or blanks it, which is then next to nothing when it is compressed.
//   lighten-module.mjs <file> [keep-places]      in place
//   lighten-module.mjs <file> panics             before wasm-opt, as long as functions have names
//
// - Tables of CRC-32. zlib-rs has them for gzip alone, and cannot be built without; cookies and records are zlib and raw
//   deflate, which have Adler-32 or no sum at all. They are random to gzip: 9 KB.
// - Places in source files, which only the message of a panic has in it, where that goes nowhere: a module that panics
//   says "unreachable". With `keep-places` it is read by somebody.
// - `panics`: functions that put such a message together and end. Each says "unreachable" at once, and wasm-opt takes out
//   what only they used.

import { readFileSync, writeFileSync } from 'node:fs';

const [file, how] = process.argv.slice(2);
let module = readFileSync(file);

/** Functions of Rust's libraries that never come back, by their names without hashes. */
const PANICS = [
  /^core::panicking::/,
  /^core::(option|result)::(unwrap|expect)_failed/,
  /^core::str::slice_error_fail/,
  /^core::slice::index::slice_\w*fail/,
  /^core::slice::copy_from_slice_impl::len_mismatch_fail/,
  /^core::cell::panic_already/,
  /^core::num::int_log10::panic/,
  /^core::slice::sort::.*::panic_on_ord_violation/,
  /^alloc::raw_vec::(handle_error|capacity_overflow)/,
  /^alloc::alloc::handle_alloc_error/,
  /^<alloc::vec::Vec<_, _>>::\w+::assert_failed/,
  /^std::thread::local::panic_access_error/,
  /^__rustc::rust_begin_unwind/,
];
const UNREACHABLE = Buffer.from([0, 0x00, 0x0b]);

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

/** Reads numbers of WebAssembly, one after the other. */
function reader(at) {
  const read = {
    at,
    number() {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = module[read.at++];
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value;
      }
    },
    text() {
      const length = read.number();
      read.at += length;
      return module.toString('utf8', read.at - length, read.at);
    },
  };
  return read;
}

/** `{ id, begin, from, to }` of the sections: where they begin, and what is in them. */
function* sections() {
  for (let begin = 8; begin < module.length; ) {
    const read = reader(begin + 1);
    const length = read.number();
    yield { id: module[begin], begin, from: read.at, to: read.at + length };
    begin = read.at + length;
  }
}

/** `[{ address, from, to }]` of the active data segments, which is all that rustc makes. */
function segments() {
  for (const { id, from } of sections()) {
    if (id !== 11) continue;
    const read = reader(from);
    return Array.from({ length: read.number() }, () => {
      const [kind, instruction] = [read.number(), module[read.at++]];
      const address = read.number();
      if (kind !== 0 || instruction !== 0x41 || module[read.at++] !== 0x0b) throw new Error(`${file}: an unknown kind of data segment`);
      const size = read.number();
      read.at += size;
      return { address, from: read.at - size, to: read.at };
    });
  }
  throw new Error(`${file}: no data`);
}

if (how === 'panics') {
  endAtOnce();
} else {
  blankTables();
  if (how !== 'keep-places') blankPlaces();
}
writeFileSync(file, module);

function blankTables() {
  // By words of 4 bytes, in blocks of 1 and of up to 8 words.
  for (let words = 1; words <= 8; words++) {
    for (let place = 0; place < 4; place++) {
      const table = crcTable(4 * words, place);
      for (let at; (at = module.indexOf(table)) >= 0; ) blank(at, at + table.length);
    }
  }
  for (let at; (at = module.indexOf(crcTable(1, 0))) >= 0; ) blank(at, at + 1024);
  if (blanked < 8 * 1024) throw new Error(`${file}: no tables of CRC-32 where zlib-rs has them`);
}

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

function endAtOnce() {
  const names = namesOfFunctions();
  const { begin, from, to } = [...sections()].find(({ id }) => id === 10);
  const read = reader(from);
  let muted = 0;
  const bodies = Array.from({ length: read.number() }, (_, index) => {
    const size = read.number();
    const body = module.subarray(read.at, (read.at += size));
    const name = names.get(index)?.replace(/\[[0-9a-f]{16}\]/g, '') ?? '';
    const isPanic = PANICS.some(names => names.test(name));
    if (isPanic && body.at(-2) !== 0x00) throw new Error(`${file}: ${name} may come back`);
    muted += isPanic;
    return isPanic ? UNREACHABLE : body;
  });
  if (muted < 5) throw new Error(`${file}: only ${muted} functions that panic were found by their names`);
  const code = Buffer.concat([numbered(bodies.length), ...bodies.flatMap(body => [numbered(body.length), body])]);
  module = Buffer.concat([module.subarray(0, begin), Buffer.from([10]), numbered(code.length), code, module.subarray(to)]);
}

/** The names of the module's own functions, by their place in its code. */
function namesOfFunctions() {
  const names = new Map();
  let imported = 0;
  for (const { id, from, to } of sections()) {
    const read = reader(from);
    if (id === 2) {
      for (let left = read.number(); left > 0; left--) {
        read.text();
        read.text();
        if (module[read.at++] !== 0) throw new Error(`${file}: something other than a function is imported`);
        read.number();
        imported += 1;
      }
    }
    if (id !== 0 || read.text() !== 'name') continue;
    while (read.at < to) {
      const [kind, end] = [module[read.at++], read.number() + read.at];
      if (kind === 1) for (let left = read.number(); left > 0; left--) names.set(read.number() - imported, read.text());
      read.at = end;
    }
  }
  return names;
}

function numbered(value) {
  const bytes = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return Buffer.from(bytes);
}
