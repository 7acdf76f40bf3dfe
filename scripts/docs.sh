#!/usr/bin/env bash
# Builds the site of the documents into target/docs: static files, with the inspector as its playground.
#   docs.sh          build
#   docs.sh preview  build, and serve it on this machine
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"

scripts/build-package.sh
node scripts/build-inspector.mjs target/inspector
cd docs/site
[ package-lock.json -ot node_modules/.package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund
node pages.mjs "$root/target/inspector"
npx vitepress build
[ "${1:-}" != preview ] || npx vitepress preview
