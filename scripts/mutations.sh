#!/usr/bin/env bash
# Breaks the protocol between a session and its store in one way after the other (tests/mutations), in a copy, and runs the
# tests that say what must hold, the quickest first, until one notices. Each has to be caught: one that is not, that does not
# apply or that does not compile fails it. docs/PROOF.md has what caught each.
# Those in tests/mutations/server break a store of the native server, and its histories must notice.
#   mutations.sh                  all of them (an hour and a half)
#   mutations.sh name...          only those, as end-leaves-the-head or server/files-without-a-lock
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"

names=("$@")
if [ ${#names[@]} = 0 ]; then
  for patch in tests/mutations/{,server/}*.patch; do
    patch=${patch#tests/mutations/}
    names+=("${patch%.patch}")
  done
fi
copy=target/mutations/copy
export CARGO_TARGET_DIR=$root/target/mutations/target
export HISTORIES=${HISTORIES:-60}

# Files as they are, committed or not. Their times are new: nothing that an earlier run compiled is taken for what is here.
rm -rf "$copy"
mkdir -p "$copy"
git ls-files --cached --others --exclude-standard -z -- Cargo.toml Cargo.lock rust-toolchain.toml codec store gateway worker server pkg tests proof docs ops |
  tar --create --null --files-from - --ignore-failed-read 2>/dev/null | tar --extract --touch --directory "$copy"

apply() { patch --quiet --no-backup-if-mismatch --fuzz=0 --directory "$copy" --strip 1 "$@"; }

# What is tried where this one breaks something, in stages.
try_with() {
  case $1 in
    server/*)
      packages=(-p edge-session-server --test program)
      stages=(histories)
      ;;
    *)
      packages=(-p session-store --features session-store/faults -p session-gateway --lib --tests)
      stages=("--skip schedules --skip explorer" explorer schedules)
      ;;
  esac
}

# What notices, of the first stage in which anything does.
caught_by() {
  local stage tests
  for stage in "${stages[@]}"; do
    read -ra tests <<<"$stage"
    if ! (cd "$copy" && cargo test --no-fail-fast "${packages[@]}" -- "${tests[@]}") >"$log" 2>&1; then
      sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log" | sort -u | paste -sd ' '
      return
    fi
  done
}

missed=0
for name in "${names[@]}"; do
  log=$root/target/mutations/${name//\//-}.log
  try_with "$name"
  if ! apply <"tests/mutations/$name.patch" >"$log" 2>&1; then
    echo "$name: does not apply ($log)"
    missed=1
    continue
  fi
  if ! (cd "$copy" && cargo test --quiet "${packages[@]}" --no-run) >"$log" 2>&1; then
    echo "$name: does not compile ($log)"
    missed=1
  else
    caught=$(caught_by)
    if [ -n "$caught" ]; then
      echo "$name: caught by $caught"
    else
      echo "$name: NOT CAUGHT ($log)"
      missed=1
    fi
  fi
  apply --reverse <"tests/mutations/$name.patch"
done
exit "$missed"
