#!/usr/bin/env bash
# The native server under many requests, half of them saves: its memory must not grow. Then how fast it reads from ten thousand
# sessions and from many. 6 minutes with the numbers given.
#   soak-server.sh [requests, 1000000] [sessions, 1000000]
#   EDGE_SESSION_SERVER_STORE=postgres://... soak-server.sh      another store than an SQLite file
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
wanted=${1:-1000000} sessions=${2:-1000000}
program=${CARGO_TARGET_DIR:-target}/server/edge-session-server
step "The native server (first time 3 min)" build-server cargo build --profile server -p edge-session-server
folder=$(mktemp -d)
SESSION_ORIGIN_STORE_KEY=es1_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
export SESSION_ORIGIN_STORE_KEY EDGE_SESSION_SERVER_OPERATOR="" EDGE_SESSION_SERVER_LISTEN=127.0.0.1:8798
export EDGE_SESSION_SERVER_STORE=${EDGE_SESSION_SERVER_STORE:-sqlite:$folder/sessions.sqlite3}
"$program" serve 2>"$folder/log" &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 100); do ! grep -q store_open "$folder/log" || break; sleep 0.1; done

bench() { "$program" bench --at http://127.0.0.1:8798 --bytes 1000 --connections 64 "$@"; }
resident() { awk '/VmRSS/ {print int($2 / 1000)}' /proc/$server/status; }
rate() { sed -n 's|^\([0-9]*\)/s.*|\1|p'; }

asked=0 first=
while [ "$asked" -lt "$wanted" ]; do
  for kind in read commit; do
    asked=$((asked + 5 * $(bench --kind $kind --seconds 5 | rate)))
  done
  first=${first:-$(resident)}
done
last=$(resident)
echo "$asked requests: $first MB resident after the first ones, $last MB after the last"
[ "$last" -le $((first + first / 4 + 4)) ] || die "memory has grown"

few=$(bench --kind read --sessions 10000 --seconds 10 | rate)
bench --kind read --sessions "$sessions" --seconds 1 >/dev/null
many=$(bench --kind read --sessions "$sessions" --seconds 10 --is-filled | rate)
echo "reads a second: $few from 10000 sessions, $many from $sessions"
[ $((few * 10)) -le $((many * 13)) ] || die "reads are slower where there are more sessions"
