#!/usr/bin/env bash
# Histories of visitors on every store, judged by docs/FAULTS.md; each violation is made short and printed.
#   histories.sh [count, 100 if not given, or hours as 2h] [seed] [--store d1] [--protocol headers] [--size spilled] [--kind calm]
#                [--at-once 2] [--shrink seconds]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
step "The Worker, in Rust, to WebAssembly (first time 1 to 2 min)" build-worker scripts/build-worker.sh
exec node tests/histories/main.mjs "$@"
