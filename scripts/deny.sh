#!/usr/bin/env bash
# Licences, banned crates and sources of everything in Cargo.lock; known vulnerabilities where a database is present:
# `cargo deny fetch` gets it and then this checks it, without a word to the network. The lock files must be current.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
have cargo-deny || die "cargo-deny is missing" "make setup"

cargo metadata --locked --format-version 1 >/dev/null ||
  die "Cargo.lock is not what Cargo.toml asks for" "cargo check"
npm ls --all --package-lock-only --include=optional >/dev/null ||
  die "package-lock.json is not what package.json asks for" "npm install"
cargo deny --offline --locked check --hide-inclusion-graph licenses bans sources

databases=("${CARGO_HOME:-$HOME/.cargo}"/advisory-db*/*/)
if [ -d "${databases[0]}" ]; then
  cargo deny --offline --locked check --hide-inclusion-graph advisories
else
  echo "advisories not checked: no database here (cargo deny fetch)"
fi
