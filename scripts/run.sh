#!/usr/bin/env bash
# Builds the Worker, then runs it in front of the Django site until Ctrl-C.
#   run.sh --https   with TLS, and sessions that are bound to the device that logs in (docs/DEVICE.md)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
step "The Worker, in Rust, to WebAssembly (first time 1 to 2 min)" build-worker scripts/build-worker.sh
step "The package, for the inspector page (first time 1 to 2 min)" build-package scripts/build-package.sh
step "The inspector page" build-inspector node scripts/build-inspector.mjs
exec node scripts/run.mjs "$@"
