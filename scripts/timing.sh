#!/usr/bin/env bash
# Counts the instructions that each verification executes, for a mismatch at every position, in the build
# that ships: optimised WebAssembly.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
cargo build --release --target wasm32-unknown-unknown -p session-proof-guest
exec cargo run --profile proof -p session-proof --bin timing -- \
  "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/session_proof_guest.wasm"
