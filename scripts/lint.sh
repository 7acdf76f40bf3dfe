#!/usr/bin/env bash
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
step "Formatting" fmt cargo fmt --all --check
step "Formatting of the fuzz targets" fmt-fuzz cargo fmt --manifest-path fuzz/Cargo.toml --check
step "Clippy, no warning allowed (first time 1 min)" clippy cargo clippy --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" step "Documentation" doc cargo doc --workspace --no-deps
step "Clippy with every feature" clippy-all cargo clippy --workspace --all-targets --all-features -- -D warnings
