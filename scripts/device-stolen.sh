#!/usr/bin/env bash
# Jars of cookies that are stolen at every moment, sent again from elsewhere (docs/DEVICE.md): none may be good later than
# the device cookie's life after the theft. In real time, without a browser.
#   device-stolen.sh [replays, 10000 if not given] [copies that race each registration, 1000] [visitors, 4]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
step "The Worker, in Rust, to WebAssembly (first time 1 to 2 min)" build-worker scripts/build-worker.sh
step "Packed as wrangler deploy would" bundle wrangler deploy --dry-run --outdir target/worker-out
exec node tests/device/stolen.mjs "$@"
