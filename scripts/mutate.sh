#!/usr/bin/env bash
# Opens mutated cookies of every envelope: none may be accepted, nothing may panic.
#   mutate.sh [count] [seed]   default 20,000,000 and 1
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
exec cargo run --profile proof -p session-proof --bin mutate -- "${1:-20000000}" "${2:-1}"
