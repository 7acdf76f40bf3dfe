#!/usr/bin/env bash
# How fast the native server is, beside the Node example and Django's own sessions in a database behind gunicorn: the
# same machine, the same run, sessions of 1 KB and 20 KB. 6 minutes. Also its size, and its memory at rest.
#   bench-server.sh [seconds of each measurement] [sessions]
#   STORES="sqlite:FOLDER/s redis://..." bench-server.sh    other stores; FOLDER is a temporary folder, and postgres, mariadb and
#                                                           redis are servers that are started here, as safe as they can be
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
seconds=${1:-5} sessions=${2:-10000}
program=${CARGO_TARGET_DIR:-target}/server/edge-session-server
step "The native server (first time 3 min)" build-server cargo build --profile server -p edge-session-server
scripts/setup.sh bench-server
python=$(venv tests/backends/bench.txt)/bin
folder=$(mktemp -d)
# Databases do not run as root.
unprivileged=()
[ "$(id -u)" -ne 0 ] || { chown nobody "$folder" && unprivileged=(setpriv --reuid=nobody --regid=nogroup --clear-groups); }
running= database=
trap 'for id in $running $database; do kill "$id" 2>/dev/null && wait "$id" || true; done; rm -rf "$folder"' EXIT
SESSION_ORIGIN_STORE_KEY=es1_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
export SESSION_ORIGIN_STORE_KEY EDGE_SESSION_SERVER_OPERATOR=""

main() {
  printf '\n%s MB is the program\n' "$(($(stat -c %s "$program") / 1000000))"
  local store
  for store in ${STORES:-sqlite:FOLDER/s.sqlite3 file:FOLDER/files postgres mariadb redis}; do
    case $store in postgres | mariadb | redis) "$store" ;; esac
    store=${store//FOLDER/$folder}
    EDGE_SESSION_SERVER_STORE=$store EDGE_SESSION_SERVER_LISTEN=127.0.0.1:8797 "$program" serve 2>"$folder/log" &
    wait_for 8797
    printf '\n%s, %s sessions\n' "${store%%:*}" "$sessions"
    printf '  at rest %s MB resident\n' "$(awk '/VmRSS/ {print int($2 / 1000)}' /proc/$running/status)"
    both http://127.0.0.1:8797
    printf '  then %s MB resident\n' "$(awk '/VmRSS/ {print int($2 / 1000)}' /proc/$running/status)"
    end running
    [ -z "$database" ] || end database
  done

  node docs/examples/session_store.mjs "$folder/node.sqlite3" 8797 >/dev/null &
  wait_for 8797
  printf '\nthe example for Node, SQLite\n'
  both http://127.0.0.1:8797
  end running

  django SQLite "$folder/django.sqlite3"
  postgres
  django PostgreSQL "$store"
  end database
}

# django name address
django() {
  local bytes key
  printf "\nDjango's db back end, %s, gunicorn with %s workers\n" "$1" "$(nproc)"
  for bytes in 1000 20000; do
    key=$("$python/python" server/bench/sessions_site.py "$2" $bytes)
    BENCH_DATABASE=$2 "$python/gunicorn" --chdir server/bench --workers "$(nproc)" \
      --worker-class gthread --threads 4 --bind 127.0.0.1:8797 --log-level error sessions_site:application &
    wait_for 8797
    measure page $bytes http://127.0.0.1:8797/ --cookie "sessionid=$key"
    measure page $bytes http://127.0.0.1:8797/save --cookie "sessionid=$key"
    end running
  done
}

# Each of these starts one of Debian's servers, and says in `store` where it is.
postgres() {
  local programs
  programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  rm -rf "$folder/postgres"
  "${unprivileged[@]}" "$programs/initdb" --auth=trust --username=edge --encoding=UTF8 --locale=C -D "$folder/postgres" >"$folder/database.log"
  "${unprivileged[@]}" "$programs/postgres" -D "$folder/postgres" -p 8796 -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= >"$folder/database.log" 2>&1 &
  database=$!
  until "$programs/pg_isready" -q -h 127.0.0.1 -p 8796; do sleep 0.1; done
  store="postgres://edge@127.0.0.1:8796/postgres?sslmode=disable"
}

mariadb() {
  "${unprivileged[@]}" mariadb-install-db --no-defaults --skip-test-db --auth-root-authentication-method=normal \
    --datadir="$folder/mariadb" >"$folder/database.log"
  "${unprivileged[@]}" "$(PATH=$PATH:/usr/sbin command -v mariadbd)" --no-defaults --bind-address=127.0.0.1 --port=8796 \
    --datadir="$folder/mariadb" --socket="$folder/mariadb.socket" >"$folder/database.log" 2>&1 &
  database=$!
  local client=(command mariadb --no-defaults --protocol=tcp -h127.0.0.1 -P8796 -uroot -e)
  until "${client[@]}" "SELECT 1" >/dev/null 2>&1; do sleep 0.1; done
  "${client[@]}" "CREATE DATABASE shop; CREATE USER ada@'%' IDENTIFIED BY 'lovelace'; GRANT ALL ON shop.* TO ada@'%'"
  store=mysql://ada:lovelace@127.0.0.1:8796/shop
}

redis() {
  redis-server --port 8796 --bind 127.0.0.1 --dir "$folder" --save "" --appendonly yes --appendfsync always >"$folder/database.log" &
  database=$!
  until redis-cli -p 8796 ping >/dev/null 2>&1; do sleep 0.1; done
  store=redis://127.0.0.1:8796
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

# end running|database
end() {
  kill "${!1}"
  wait "${!1}" || true
  printf -v "$1" ''
}

main
