#!/usr/bin/env bash
# Kills the native server so many times while eight sessions are written, with SQLite and with files, and looks each time whether
# all that was confirmed is there, whole. A thousand take 4 minutes.
#   kill-server.sh [kills]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
KILLS=${1:-1000} cargo test --profile proof -p edge-session-server --test program kills -- --nocapture
