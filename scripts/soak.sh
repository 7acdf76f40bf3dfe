#!/usr/bin/env bash
# A million requests through one Worker instance, whose memory is watched; soak.mjs says what is allowed.
#   soak.sh [requests]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
step "The Worker, in Rust, to WebAssembly (first time 1 to 2 min)" build-worker scripts/build-worker.sh
[ -e target/worker-out/index.js ] || step "Packed as wrangler deploy would" bundle wrangler deploy --dry-run --outdir target/worker-out
exec node scripts/soak.mjs "$@"
