#!/usr/bin/env bash
# Builds worker/build/ with worker-build, unless nothing changed since the last time. wrangler calls it too.
#   build-worker.sh conformance   builds worker/build-conformance/, which can run the store contract
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
out=build options=()
if [ "${1:-}" = conformance ]; then
  out=build-conformance options=(-- --features conformance)
fi
fresh=worker/$out/.fresh

changed() {
  find Cargo.toml Cargo.lock rust-toolchain.toml codec store worker \
    -path "worker/build*" -prune -o -type f -newer "$fresh" -print | head -n 1
}
if [ -e "$fresh" ] && [ -z "$(changed)" ]; then exit 0; fi

# worker-build downloads wasm-bindgen, wasm-opt and esbuild by itself unless it is told where they are.
# Told it is, with what setup.sh installed: the same versions, and no download in mid-build.
for tool in wasm-bindgen wasm-opt esbuild; do
  variable=$(tr a-z- A-Z_ <<<"$tool")_BIN
  if [ -z "${!variable:-}" ] && path=$(command -v "$tool"); then
    export "$variable=$path"
  fi
done
have worker-build || die "worker-build is missing" "make setup" "or: cargo install worker-build@$worker_build_version"

started=$(mktemp)
(cd worker && worker-build --release --out-dir "$out" . "${options[@]}")
mv "$started" "$fresh" # its time is that of the start, so an edit during the build is not lost
