#!/usr/bin/env bash
# Journeys of visitors whose sessions are bound to their device, in Chromium and in real time, and thieves with copies of
# their cookies (docs/DEVICE.md): no visitor may be logged out, no copy be good when the device cookie's time is over.
#   device-journeys.sh [journeys, 20 if not given] [replays, 500] [seed] [step…, all if none is named] [--at-once=4] [--minutes=…, after which none begins]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
step "The Worker, in Rust, to WebAssembly (first time 1 to 2 min)" build-worker scripts/build-worker.sh
step "Packed as wrangler deploy would" bundle wrangler deploy --dry-run --outdir target/worker-out
exec node tests/device/journeys.mjs "$@"
