#!/usr/bin/env bash
# Licences, banned crates and sources of everything in the lock files; known vulnerabilities where a database is present:
# `cargo deny fetch` gets it and then this checks it, without a word to the network. The lock files must be current.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
have cargo-deny || die "cargo-deny is missing" "make setup"

npm ls --all --package-lock-only --include=optional >/dev/null ||
  die "package-lock.json is not what package.json asks for" "npm install"

databases=("${CARGO_HOME:-$HOME/.cargo}"/advisory-db*/*/)
for manifest in Cargo.toml fuzz/Cargo.toml; do
  cargo metadata --locked --manifest-path "$manifest" --format-version 1 >/dev/null ||
    die "the lock file of $manifest is not what it asks for" "cargo check --manifest-path $manifest"
  deny=(cargo deny --offline --locked --manifest-path "$manifest" --config deny.toml check --hide-inclusion-graph)
  "${deny[@]}" licenses bans sources
  if [ -d "${databases[0]}" ]; then
    "${deny[@]}" advisories
  else
    echo "advisories not checked: no database here (cargo deny fetch)"
  fi
done
