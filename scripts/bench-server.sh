#!/usr/bin/env bash
# How fast the native server is, beside the Node example and Django's own sessions in a database behind gunicorn: the
# same machine, the same run, sessions of 1 KB and 20 KB. 3 minutes. Also its size, and its memory at rest.
#   bench-server.sh [seconds of each measurement] [sessions]
#   STORES="sqlite:FOLDER/s file:FOLDER/f postgres://..." bench-server.sh    other stores; FOLDER is a temporary folder
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
seconds=${1:-5} sessions=${2:-10000}
program=${CARGO_TARGET_DIR:-target}/server/edge-session-server
step "The native server (first time 3 min)" build-server cargo build --profile server -p edge-session-server
python=$(venv tests/servers/requirements.txt)/bin
[ -x "$python/gunicorn" ] || die "gunicorn is missing" "make setup"
folder=$(mktemp -d)
running=
trap '[ -z "$running" ] || kill "$running" 2>/dev/null; rm -rf "$folder"' EXIT
SESSION_ORIGIN_STORE_KEY=es1_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
export SESSION_ORIGIN_STORE_KEY EDGE_SESSION_SERVER_OPERATOR=""

main() {
  printf '\n%s MB is the program\n' "$(($(stat -c %s "$program") / 1000000))"
  local store
  for store in ${STORES:-sqlite:FOLDER/s.sqlite3 file:FOLDER/files}; do
    store=${store//FOLDER/$folder}
    EDGE_SESSION_SERVER_STORE=$store EDGE_SESSION_SERVER_LISTEN=127.0.0.1:8797 "$program" serve 2>"$folder/log" &
    wait_for 8797
    printf '\n%s, %s sessions\n' "${store%%:*}" "$sessions"
    printf '  at rest %s MB resident\n' "$(awk '/VmRSS/ {print int($2 / 1000)}' /proc/$running/status)"
    both http://127.0.0.1:8797
    printf '  then %s MB resident\n' "$(awk '/VmRSS/ {print int($2 / 1000)}' /proc/$running/status)"
    end
  done

  node docs/examples/session_store.mjs "$folder/node.sqlite3" 8797 >/dev/null &
  wait_for 8797
  printf '\nthe example for Node, SQLite\n'
  both http://127.0.0.1:8797
  end

  local bytes key
  printf "\nDjango's db back end, SQLite, gunicorn with %s workers\n" "$(nproc)"
  for bytes in 1000 20000; do
    key=$("$python/python" server/bench/sessions_site.py "$folder/django-$bytes.sqlite3" $bytes)
    BENCH_DATABASE=$folder/django-$bytes.sqlite3 "$python/gunicorn" --chdir server/bench --workers "$(nproc)" \
      --worker-class gthread --threads 4 --bind 127.0.0.1:8797 --log-level error sessions_site:application &
    wait_for 8797
    measure page $bytes http://127.0.0.1:8797/ --cookie "sessionid=$key"
    measure page $bytes http://127.0.0.1:8797/save --cookie "sessionid=$key"
    end
  done
}

both() {
  local bytes
  for bytes in 1000 20000; do
    measure read $bytes "$1"
    measure commit $bytes "$1"
  done
}

# measure kind bytes address options...
measure() {
  local kind=$1 bytes=$2 at=$3
  shift 3
  local what=$kind
  case $at in */save) what=save ;; esac
  printf '  %-6s %5s bytes  ' "$what" "$bytes"
  "$program" bench --at "$at" --kind "$kind" --bytes "$bytes" --sessions "$sessions" --seconds "$seconds" "$@"
}

wait_for() {
  running=$!
  for _ in $(seq 100); do
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || return 0
    sleep 0.1
  done
  die "nothing listens at port $1" "$(cat "$folder/log")"
}

end() {
  kill "$running"
  wait "$running" || true
  running=
}

main
