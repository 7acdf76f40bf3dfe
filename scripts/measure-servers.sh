#!/usr/bin/env bash
# Fills the table of servers in docs/DJANGO.md: runs each command of it with the Worker in front and finds the largest session that comes back.
# nginx, and Apache with mod_wsgi, are tried where they are installed (Debian: nginx-light, apache2, libapache2-mod-wsgi-py3).
#   measure-servers.sh           prints, and writes the last column
#   measure-servers.sh name...   only servers whose name contains one of these
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
scripts/setup.sh servers
step "The Worker, in Rust, to WebAssembly (first time 1 to 2 min)" build-worker scripts/build-worker.sh
step "Packed as wrangler deploy would" bundle wrangler deploy --dry-run --outdir target/worker-out
exec node scripts/measure-servers.mjs "$@"
