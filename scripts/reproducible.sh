#!/usr/bin/env bash
# Whether the Worker is the same bytes wherever it is built: once more from a copy of what git knows, in another folder, with
# another home of cargo and another target, and compared. The sources of crates are shared, nothing that was built is.
# A minute or two.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"

scripts/build-worker.sh
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
copy="$elsewhere/a folder with another name"
mkdir -p "$copy" "$elsewhere/cargo"
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  if [ -e "$file" ]; then printf '%s\0' "$file"; fi
done | xargs -0 cp -a --parents -t "$copy"
ln -s "$root/node_modules" "$copy/node_modules"
ln -s "${CARGO_HOME:-$HOME/.cargo}/registry" "$elsewhere/cargo/registry"
for file in config.toml env; do
  if [ -e "${CARGO_HOME:-$HOME/.cargo}/$file" ]; then ln -s "${CARGO_HOME:-$HOME/.cargo}/$file" "$elsewhere/cargo/$file"; fi
done

# The tools are those of this tree: they are named by version in toolchain.sh.
(cd "$copy" && unset CARGO_TARGET_DIR && EDGE_SESSION_TOOLS=$tools CARGO_HOME=$elsewhere/cargo scripts/build-worker.sh)

for file in index_bg.wasm index.js; do
  cmp "worker/build/$file" "$copy/worker/build/$file" ||
    die "worker/build/$file is not the same when it is built elsewhere" "what differs may be a path: strings -n 8 worker/build/$file | grep /"
  printf '%s  %s\n' "$(sha256sum <"worker/build/$file" | cut -d ' ' -f 1)" "$file"
done
echo "the same bytes from two folders"
