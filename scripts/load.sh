#!/usr/bin/env bash
# A steady load, 40 requests a second, while KV is down: load.sh [seconds, 300 if not given] [store, kv+d1 if not given]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
scripts/build-worker.sh
exec node tests/system/load.mjs --seconds "${1:-300}" --store "${2:-kv+d1}"
