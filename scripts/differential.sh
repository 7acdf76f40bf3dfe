#!/usr/bin/env bash
# Random sessions through real Djangos and the codec, both ways: cookies and database rows, keys and fallbacks, ages at
# the limit. Fails on any difference in meaning, and says how much was compared. 10,000 take about ten minutes on 2 cores.
#   differential.sh [sessions] [seed]     default: 10,000, seed 1
#   differential.sh 10000 1 6.1           only that Django: 4.2, 5.2 or 6.1
#
# 4.2 and 5.2 run on this machine's Python, 6.1 on CPython 3.14 (it wants 3.12) from the npm package `pyodide`.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
sessions=${1:-10000} seed=${2:-1} only=${3:-}
export PYTHONDONTWRITEBYTECODE=1

main() {
  cargo build --quiet -p session-tests --example differential
  local version
  for version in ${only:-4.2 5.2 6.1}; do
    django "$version" write | codec | django "$version" check
  done
}

django() {
  local list=tests/differential/django-$1.txt program=tests/differential/django_side.py
  case $1 in
    6.*) node tests/differential/pyodide.mjs "$(python_packages "$list")" "$program" "$2" "$sessions" "$seed" ;;
    *) "$(venv "$list")/bin/python" "$program" "$2" "$sessions" "$seed" ;;
  esac
}

codec() {
  "${CARGO_TARGET_DIR:-target}/debug/examples/differential"
}

main
