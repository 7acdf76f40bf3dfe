#!/usr/bin/env bash
# The npm package beside iron-session, jose, cookie-signature and node:crypto by hand (pkg/bench), about 3 minutes.
#   bench-package.sh [rounds]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
step "The package, in Rust, to WebAssembly (first time 1 to 2 min)" build-package scripts/build-package.sh
step "The same pipeline without policy (1 min)" build-yardstick scripts/build-package.sh yardstick
step "Its peers (5 s)" npm-bench npm ci --no-audit --no-fund --prefix pkg/bench
node pkg/bench/run.mjs "$@"
