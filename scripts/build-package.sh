#!/usr/bin/env bash
# Builds pkg/dist/, unless nothing changed since the last time: the module, its glue, the JavaScript, and what
# CommonJS needs of both.
#   build-package.sh            the package
#   build-package.sh yardstick  the module that pkg/bench measures it by, in target/yardstick
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
dist=pkg/dist fresh=pkg/js/wasm/.fresh

main() {
  case ${1:-} in
    yardstick) module session-yardstick yardstick target/yardstick ;;
    *) package ;;
  esac
}

package() {
  if [ -e "$fresh" ] && [ -e "$dist/node.js" ] && [ -z "$(newer "$fresh" Cargo.toml Cargo.lock rust-toolchain.toml codec pkg docs/examples/session_store.py gateway/src/answer/from_elsewhere.html scripts/build-package.* scripts/lighten-module.mjs)" ]; then
    return
  fi
  local started
  started=$(mktemp)
  mkdir -p "$dist"
  module session-package edge_session pkg/js/wasm
  node scripts/build-package.mjs
  mv "$started" "$fresh" # its time is that of the start, so an edit during the build is not lost
}

newer() {
  local than=$1
  shift
  find "$@" \( -path pkg/dist -o -path pkg/js/wasm -o -path pkg/bench -o -path 'pkg/LICENSE-*' \) -prune -o -type f -newer "$than" -print | head -n 1
}

# module crate name folder: builds and optimises it, with its glue.
#
# 128-bit vectors for deflate and JSON; the AEAD's own are slower than its plain code on short texts, but WebAssembly
# has none of them. Inlining at a tenth of what the compiler would do makes the module 7 % smaller and 2 to 8 % slower
# (docs/BENCHMARKS.md). And no path of the building machine in the panic messages.
module() {
  local crate=$1 name=$2 glue=$3 wasm
  wasm=target/wasm32-unknown-unknown/npm/${crate//-/_}.wasm
  have wasm-bindgen || die "wasm-bindgen is missing" "make setup"
  CARGO_ENCODED_RUSTFLAGS=$(encoded_flags -C target-feature=+simd128 -C llvm-args=--inline-threshold=25) \
    cargo build --quiet --profile npm -p "$crate" --target wasm32-unknown-unknown
  if [ "$wasm" -nt "$glue/.module" ]; then
    rm -rf "$glue"
    wasm-bindgen --target web --no-typescript --out-name "$name" --out-dir "$glue" "$wasm"
    node scripts/lighten-module.mjs "$glue/${name}_bg.wasm" panics
    wasm-opt -O3 --enable-simd --enable-bulk-memory --enable-sign-ext --enable-mutable-globals \
      --enable-nontrapping-float-to-int --enable-reference-types --enable-multivalue --strip-debug --strip-producers \
      "$glue/${name}_bg.wasm" -o "$glue/${name}_bg.wasm"
    node scripts/lighten-module.mjs "$glue/${name}_bg.wasm"
    other_realms "$glue/$name.js"
    touch -r "$wasm" "$glue/.module"
  fi
}

# A module that was compiled in another realm, as Next.js' edge runtime and Jest hand it over, is none to `instanceof`.
other_realms() {
  local found='module instanceof WebAssembly.Module)' wanted="Object.prototype.toString.call(module) === '[object WebAssembly.Module]')"
  grep -qF "if (!($found" "$1" || die "wasm-bindgen's glue no longer says: $found" "see other_realms in scripts/build-package.sh"
  sed -i "s/if (!($found/if (!($wanted/" "$1"
}

main "$@"
