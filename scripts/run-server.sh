#!/usr/bin/env bash
# Builds the native server and starts it, with an SQLite file in target/run-server unless the environment names another store.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
for tool in cargo cc; do have $tool || die "$tool is missing" "Rust: https://rustup.rs; a C compiler: Debian/Ubuntu: build-essential"; done
step "The native server (first time 3 to 5 min)" build-server cargo build --profile server -p edge-session-server
folder=target/run-server
mkdir -p "$folder"
if [ -z "${SESSION_ORIGIN_STORE_KEY:-}" ]; then
  [ -s "$folder/key" ] || (umask 077 && printf 'es1_%s' "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')" >"$folder/key")
  SESSION_ORIGIN_STORE_KEY=$(cat "$folder/key")
  export SESSION_ORIGIN_STORE_KEY
fi
export EDGE_SESSION_SERVER_STORE=${EDGE_SESSION_SERVER_STORE:-sqlite:$folder/sessions.sqlite3}
export EDGE_SESSION_SERVER_LISTEN=${EDGE_SESSION_SERVER_LISTEN:-127.0.0.1:8790}
cat <<LINES

In the Worker's .dev.vars:

  SESSION_STORE="origin"
  SESSION_ORIGIN_STORE_URL="http://$EDGE_SESSION_SERVER_LISTEN"
  SESSION_ORIGIN_STORE_KEY="$SESSION_ORIGIN_STORE_KEY"

LINES
exec "${CARGO_TARGET_DIR:-target}/server/edge-session-server" serve
