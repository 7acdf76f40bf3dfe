#!/usr/bin/env bash
# Builds pkg/dist/, unless nothing changed since the last time: the module, its glue, the JavaScript, and what
# CommonJS needs of both.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
dist=pkg/dist fresh=pkg/js/wasm/.fresh
glue=pkg/js/wasm
wasm=target/wasm32-unknown-unknown/npm/session_package.wasm

main() {
  if [ -e "$fresh" ] && [ -e "$dist/node.js" ] && [ -z "$(newer "$fresh" Cargo.toml Cargo.lock rust-toolchain.toml codec pkg scripts/build-package.*)" ]; then
    return
  fi
  local started
  started=$(mktemp)
  mkdir -p "$dist"
  module
  node scripts/build-package.mjs
  mv "$started" "$fresh" # its time is that of the start, so an edit during the build is not lost
}

newer() {
  local than=$1
  shift
  find "$@" \( -path pkg/dist -o -path pkg/js/wasm -o -path pkg/bench/node_modules -o -path 'pkg/LICENSE-*' \) -prune -o -type f -newer "$than" -print | head -n 1
}

# 128-bit vectors for deflate and JSON; the AEAD's own are slower than its plain code on short texts, but WebAssembly
# has none of them. Inlining at a tenth of what the compiler would do makes the module 5 % smaller, and what it does no
# slower (docs/BENCHMARKS.md). And no path of the building machine in the panic messages.
module() {
  have wasm-bindgen || die "wasm-bindgen is missing" "make setup"
  RUSTFLAGS="-C target-feature=+simd128 -C llvm-args=--inline-threshold=25 \
    --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src= --remap-path-prefix=$root=" cargo build --quiet --profile npm -p session-package --target wasm32-unknown-unknown
  if [ "$wasm" -nt "$glue/.module" ]; then
    rm -rf "$glue"
    wasm-bindgen --target web --no-typescript --out-name edge_session --out-dir "$glue" "$wasm"
    wasm-opt -O3 --enable-simd --enable-bulk-memory --enable-sign-ext --enable-mutable-globals \
      --enable-nontrapping-float-to-int --enable-reference-types --enable-multivalue --strip-debug --strip-producers \
      "$glue/edge_session_bg.wasm" -o "$glue/edge_session_bg.wasm"
    touch -r "$wasm" "$glue/.module"
  fi
}

main
