#!/usr/bin/env bash
# Changes the codec, the store and the gateway in one place after the other, and runs their tests: a change that no test
# notices is a test that is missing. Installs cargo-mutants if it is not there.
#   mutants.sh               all of it (many hours)
#   mutants.sh name...       only files whose path has one of these in it: `mutants.sh session/ticket.rs ring.rs`
#   mutants.sh list name...  what would be changed
# What cannot matter is left out, with the reason, in scripts/mutants.toml. What was found is in target/mutants/mutants.out:
# missed.txt first. It is no part of `make test`.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
scripts/setup.sh mutants

options=(--config scripts/mutants.toml --output target/mutants --colors never)
for crate in session-codec session-store session-gateway; do
  if cargo metadata --no-deps --format-version 1 | grep -q "\"name\":\"$crate\""; then
    options+=(--package "$crate")
  fi
done
if [ "${1:-}" = list ]; then
  options+=(--list)
  shift
else
  # The unit tests of each, and the vectors of other implementations with the security requirements.
  options+=(--test-package "session-codec,session-store,session-gateway,session-tests" --timeout-multiplier 5 --no-shuffle)
  mkdir -p target/mutants
fi
for name in "$@"; do
  options+=(--file "**/*$name*")
done
exec nice cargo mutants "${options[@]}"
