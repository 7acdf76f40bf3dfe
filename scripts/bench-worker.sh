#!/usr/bin/env bash
# What a request costs in the built Worker, beside Workers that forward or use iron-session (worker/bench), 4 minutes.
# Linux alone: the processor's time is read from /proc.
#   bench-worker.sh [rounds] [requests a round]
#   bench-worker.sh device [rounds] [requests a round]   a session that is bound to its device beside one that is not, 2 minutes
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
[ -r /proc/self/schedstat ] || die "this benchmark needs Linux: it reads the processor's time from /proc"
step "The Worker (first time 2 to 4 min)" build-worker scripts/build-worker.sh
if [ "${1:-}" = device ]; then
  step "The package, whose module makes the tokens (first time 1 to 2 min)" build-package scripts/build-package.sh
  exec node worker/bench/device.mjs "${@:2}"
fi
step "Its peers (5 s)" npm-bench npm ci --no-audit --no-fund --prefix pkg/bench
node worker/bench/run.mjs "$@"
