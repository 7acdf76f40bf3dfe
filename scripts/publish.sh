#!/usr/bin/env bash
# Publishes what scripts/release.mjs made ready in target/publish, and nothing else: npm packages with provenance, then crates.
# What a registry has already is left out, so that a run that broke off can be run again.
#   publish.sh                      needs what .github/workflows/release.yml has: npm trusts it, and CARGO_REGISTRY_TOKEN
#   publish.sh --dry-run [folder]   says what it would do; asks no registry
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
dry=${1:-}
if [ -n "$dry" ] && [ "$dry" != --dry-run ]; then die "publish.sh takes --dry-run or nothing, not $dry"; fi
ready=${2:-target/publish}
[ -e "$ready/SHA256SUMS" ] || die "$ready/SHA256SUMS is missing" "node scripts/release.mjs makes everything ready"
# Neither changed since, nor is anything beside it.
(cd "$ready" && sha256sum --check --strict --quiet SHA256SUMS) || die "$ready is not as its SHA256SUMS says; nothing was published"

published() {
  if [ -n "$dry" ]; then
    printf 'would run: %s\n' "$*"
  else
    "$@"
  fi
}

for tarball in "$ready"/*.tgz; do
  name=$(tar -xOf "$tarball" package/package.json | node -p 'const { name, version } = JSON.parse(require("fs").readFileSync(0)); `${name}@${version}`')
  if [ -z "$dry" ] && npm view "$name" version >/dev/null 2>&1; then
    echo "$name is there already"
  else
    published npm publish "$(realpath "$tarball")" --provenance --access public
  fi
done
# The codec first: the store is built on it.
for crate in session-codec session-store; do
  version=$(basename "$(ls "$ready/$crate"-[0-9]*.crate)" .crate)
  version=${version#"$crate"-}
  if [ -z "$dry" ] && cargo info "$crate@$version" --registry crates-io >/dev/null 2>&1; then
    echo "$crate $version is there already"
  else
    published cargo publish --locked -p "$crate"
  fi
done
