#!/usr/bin/env bash
# Two native servers on one store, lines that fail between them and it, and clients of both: what all of them were told must be
# possible in one order (docs/PROOF.md). On SQLite, files, PostgreSQL, with caches of each server's own, MariaDB and Redis.
#   server-histories.sh [histories on each, 300] [seed, 1]      three hundred take 4 minutes
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
HISTORIES=${1:-300} HISTORY_SEED=${2:-1} cargo test --profile proof -p edge-session-server --test program histories -- --nocapture
