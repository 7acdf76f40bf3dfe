#!/usr/bin/env bash
# Builds the npm package and runs tests/package/*.test.mjs: the API, the vectors through it, the command and the
# adapters, and the packed package in Node, workerd, Chromium, Deno, Bun, esbuild, Rollup and Vite.
#   test-package.sh [name...]         only the files whose name contains one of these
#   test-package.sh matrix [name...]  tests/package/matrix instead: the README in fresh projects of each tool's own starter,
#                                     made outside of the tree with what npm has today; about 15 minutes
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
step "The package, in Rust, to WebAssembly (first time 1 to 2 min)" build-package scripts/build-package.sh
if [ "${1:-}" = matrix ]; then
  echo "The package in fresh projects"
  node scripts/test-system.mjs --folder=tests/package/matrix --minutes=30 "${@:2}"
  exit
fi
echo "The package: Node, workerd, Chromium, Deno, Bun"
node scripts/test-system.mjs --folder=tests/package "$@"
