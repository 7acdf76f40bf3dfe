#!/usr/bin/env bash
# Builds worker/build/, the module and the JavaScript round it, unless nothing changed since the last time. wrangler
# calls it too.
#   build-worker.sh conformance   builds worker/build-conformance/, which can run the store contract
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
out=worker/build options=()
if [ "${1:-}" = conformance ]; then
  out=worker/build-conformance options=(--features conformance)
fi
fresh=$out/.fresh glue=target/worker-glue/$(basename "$out")

changed() {
  find Cargo.toml Cargo.lock rust-toolchain.toml codec store gateway worker scripts/build-worker.sh scripts/build-worker.mjs scripts/lighten-module.mjs \
    \( -path "worker/build*" -o -path worker/package -o -path worker/bench \) -prune -o -type f -newer "$fresh" -print | head -n 1
}
if [ -e "$fresh" ] && [ -z "$(changed)" ]; then exit 0; fi
have wasm-bindgen || die "wasm-bindgen is missing" "make setup"

started=$(mktemp)
# 128-bit vectors for deflate and JSON, and no path of the building machine in what is deployed. Inlining at a fifth of what the
# compiler would do, also of what is called from one place alone: a function that has swallowed others is compiled with them when
# it is first called, and is hard to compress.
inlining=(-C llvm-args=--inline-threshold=125 -C llvm-args=--inline-instr-cost=25 -C llvm-args=--inline-call-penalty=125)
CARGO_ENCODED_RUSTFLAGS=$(encoded_flags -C target-feature=+simd128 -C symbol-mangling-version=v0 "${inlining[@]}") \
  cargo build --profile worker -p session-worker --target wasm32-unknown-unknown "${options[@]}"
rm -rf "$glue"
# After a panic the module is made anew (worker/shell/module.js). Texts are encoded by the runtime: letter by letter
# takes twenty times as long.
wasm-bindgen --target module --experimental-reset-state-function --encode-into always --no-typescript --out-name index --out-dir "$glue" \
  target/wasm32-unknown-unknown/worker/session_worker.wasm
# The features that rustc uses, by name: workerd might not know those of a newer wasm-opt. Names of functions stay
# out of it; a panic is logged with its place. No inlining here either. Then functions are put in the order of their names, which
# tell their types: what was made of the same generic one lies together, where a compressor finds that it is alike (17 KB).
features=(--enable-simd --enable-bulk-memory --enable-sign-ext --enable-mutable-globals --enable-nontrapping-float-to-int
  --enable-reference-types --enable-multivalue)
wasm-opt -O3 --one-caller-inline-max-function-size=20 --flexible-inline-max-function-size=5 "${features[@]}" \
  --debuginfo --strip-producers "$glue/index_bg.wasm" -o "$glue/index_bg.wasm"
wasm-opt --reorder-functions-by-name "${features[@]}" --strip-debug "$glue/index_bg.wasm" -o "$glue/index_bg.wasm"
# The place of a panic is logged.
node scripts/lighten-module.mjs "$glue/index_bg.wasm" keep-places
node scripts/build-worker.mjs "$glue" "$out"
mv "$started" "$fresh" # its time is that of the start, so an edit during the build is not lost
