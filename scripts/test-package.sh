#!/usr/bin/env bash
# Builds the npm package and runs tests/package/*.test.mjs: the API, the vectors through it, the command and the
# adapters, and the packed package in Node, workerd, Chromium, Deno, Bun, esbuild, Rollup and Vite.
#   test-package.sh [name...]   only the files whose name contains one of these
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
step "The package, in Rust, to WebAssembly (first time 1 to 2 min)" build-package scripts/build-package.sh
echo "The package: Node, workerd, Chromium, Deno, Bun"
node scripts/test-system.mjs --folder=tests/package "$@"
