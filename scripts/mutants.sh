#!/usr/bin/env bash
# Changes the codec, the store and the gateway in one place after the other, and runs their tests: a change that no test
# notices is a test that is missing. Installs cargo-mutants if it is not there.
#   mutants.sh               all of it (many hours)
#   mutants.sh name...       only files whose path has one of these in it: `mutants.sh session/ticket.rs /ring.rs crypto/`
#   mutants.sh list name...  what would be changed
# Two passes a crate: its own unit tests without the few that take seconds, built without optimisation, as a change is then
# judged in five seconds and not in a minute; and then everything, for what they missed.
# What cannot matter is left out, with the reason, in scripts/mutants.toml. What was found is in target/mutants/<crate>/mutants.out:
# missed.txt first. It is no part of `make test`.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
scripts/setup.sh mutants

crates=(session-codec session-store session-gateway)
options=(--config scripts/mutants.toml --colors never)
lists=false
if [ "${1:-}" = list ]; then
  lists=true
  shift
fi
for name in "$@"; do
  options+=(--file "**/*$name*" --file "**/*$name*/**")
done

# pass options...: leaves with another status than that of mutants which were missed (2) or took too long (3) only if it must.
pass() {
  local code=0
  nice cargo mutants "${options[@]}" --jobs "$(nproc)" --timeout-multiplier 5 --no-shuffle "$@" || code=$?
  case $code in 0 | 2 | 3) ;; *) exit "$code" ;; esac
  status=$code
}

quick=(--cargo-arg=--config=profile.dev.debug=0)
for crate in "${crates[@]}"; do
  quick+=(--cargo-arg="--config=profile.dev.package.$crate.opt-level=0")
done
slow=()
for test in properties linear scale keeps_the_value miniz_to predicted_and_real every_length_around superseded_records; do
  slow+=(--skip "$test")
done

worst=0
for crate in "${crates[@]}"; do
  if $lists; then
    cargo mutants "${options[@]}" --package "$crate" --list
    continue
  fi
  output=target/mutants/$crate
  mkdir -p "$output"
  pass --package "$crate" --output "$output" --test-package "$crate" "${quick[@]}" -- --lib -- "${slow[@]}"
  [ "$status" != 0 ] || continue
  # The unit tests of each, and the vectors of other implementations with the security requirements.
  pass --package "$crate" --output "$output" --iterate --test-package session-codec,session-store,session-gateway,session-tests
  [ "$status" -le "$worst" ] || worst=$status
done
exit "$worst"
