#!/usr/bin/env bash
# Installs what is missing and nothing else.
#   setup.sh run     what `make run` needs (default)
#   setup.sh test    that, and what only the tests need (Chromium, wasm-pack, cargo-fuzz)
#   setup.sh mutants cargo-mutants, which only scripts/mutants.sh needs
#   setup.sh bench-server  what scripts/bench-server.sh needs beside the toolchain
#   setup.sh servers what `make run` needs, and every server of docs/DJANGO.md that is a Python package
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"
purpose=${1:-run}

main() {
  if [ "$purpose" = mutants ]; then
    cargo_tool cargo-mutants "$cargo_mutants_version" cargo-mutants --locked
    return
  fi
  if [ "$purpose" = bench-server ]; then
    python_environment "$root/tests/backends/bench.txt" "gunicorn, Django, a driver for PostgreSQL"
    databases
    return
  fi
  command_line_tools
  npm_packages
  rust_targets
  cargo_tool wasm-bindgen "$wasm_bindgen_version" wasm-bindgen-cli --no-default-features
  python_environment "$requirements" Django
  if [ "$purpose" = servers ]; then
    python_environment "$root/tests/servers/all.txt" "gunicorn, uvicorn, waitress, daphne, hypercorn, granian, uWSGI"
  fi
  if [ "$purpose" = test ]; then
    python_environment "$root/tests/servers/requirements.txt" "gunicorn, uvicorn, waitress"
    python_environment "$root/tests/wagtail/requirements.txt" Wagtail
    papers
    package_tools
    browser
    site_servers
    have promtool || debian_packages "Prometheus, for the tests of alarms and dashboard" prometheus
    have strace || debian_packages "strace, for the native server's files when the power fails" strace
    cargo_tool wasm-pack "$wasm_pack_version" wasm-pack --locked
    fuzzer
  fi
}

# What the differential runs, the documents and the list of dependencies are checked with.
papers() {
  cargo_tool cargo-deny "$cargo_deny_version" cargo-deny --locked
  python_environment "$document_requirements" "a Markdown parser, pytest, pycryptodome"
  local version
  for version in 4.2 5.2; do
    python_environment "$root/tests/differential/django-$version.txt" "Django $version"
  done
  packages_for_pyodide "$root/tests/differential/django-6.1.txt" "Django 6.1"
}

# What keeps the sessions of sites: the native server is tried with each, and with real Djangos on the other side.
site_servers() {
  databases
  local version
  for version in 4.2 5.2; do
    python_environment "$root/tests/backends/django-$version.txt" "Django $version with drivers"
  done
}

databases() {
  [ -d /usr/lib/postgresql ] || have initdb || debian_packages "PostgreSQL, for the native server's tests" postgresql
  have mariadbd || [ -x /usr/sbin/mariadbd ] || debian_packages "MariaDB, for the native server's tests" mariadb-server
  have redis-server || debian_packages "Redis, for the native server's tests" redis-server
  have memcached || debian_packages "Memcached, for the native server's tests" memcached
}

# What we cannot install for you without taking over your machine is named, with the way to get it.
command_line_tools() {
  local missing=()
  have cargo && have rustup || missing+=("Rust with rustup: https://rustup.rs")
  have npm || missing+=("Node.js 22.12 or newer with npm: https://nodejs.org (Debian/Ubuntu: nodejs npm)")
  have python3 || missing+=("Python 3.10 or newer (Debian/Ubuntu: python3 python3-venv)")
  have cc || missing+=("a C compiler, for the linker (Debian/Ubuntu: build-essential; macOS: xcode-select --install)")
  [ ${#missing[@]} -eq 0 ] || die "missing on this machine:" "${missing[@]}"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    die "Python 3.10 or newer is needed for Django 5.2; python3 is $(python3 -V 2>&1)"
}

npm_packages() {
  local stamp=node_modules/.installed-from
  if ! cmp -s package-lock.json "$stamp"; then
    step "npm packages: wrangler, esbuild, wasm-opt (10 s)" npm npm ci --no-audit --no-fund
    cp package-lock.json "$stamp"
  fi
  hash -r
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) ? 0 : 1)' ||
    die "Node.js 22.12 or newer is needed; node is $(node --version)" "https://nodejs.org"
}

rust_targets() {
  local channel installed target
  channel=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
  rustup toolchain list | grep -q "^$channel" ||
    step "Rust $channel (1 min)" rustup rustup toolchain install "$channel" --profile minimal -c clippy -c rustfmt
  installed=$(rustup target list --installed)
  for target in "${rust_targets[@]}"; do
    grep -qx "$target" <<<"$installed" ||
      step "Rust target $target (10 s)" "rustup-$target" rustup target add "$target"
  done
}

# cargo_tool command version crate cargo-install-options...
# wasm-bindgen-cli is installed without --locked: its lock file may name crates that are yanked.
cargo_tool() {
  local command=$1 version=$2 crate=$3
  shift 3
  [ "$("$tools/bin/$command" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)" != "$version" ] || return 0
  step "$crate $version, once per machine (2 to 5 min)" "cargo-$crate" \
    env -u CARGO_TARGET_DIR cargo install --root "$tools" "$crate@$version" "$@"
}

# python_environment requirements what
python_environment() {
  local home
  home=$(venv "$1")
  [ ! -e "$home/installed" ] || return 0
  if ! python3 -c 'import ensurepip' 2>/dev/null; then
    debian_packages "Python's venv module" python3-venv
  fi
  rm -rf "$home"
  step "Python environment (5 s)" venv python3 -m venv "$home"
  step "$2 into it (10 s)" pip "$home/bin/pip" install --quiet --disable-pip-version-check -r "$1"
  touch "$home/installed"
}

# packages_for_pyodide requirements what: pure Python, for the CPython 3.14 of the npm package, whatever runs pip.
packages_for_pyodide() {
  local home
  home=$(python_packages "$1")
  [ ! -e "$home/installed" ] || return 0
  rm -rf "$home"
  step "$2 for Python 3.14 (10 s)" pip "$(venv)/bin/pip" install --quiet --disable-pip-version-check \
    --target "$home" --only-binary=:all: --no-deps --ignore-requires-python -r "$1"
  touch "$home/installed"
}

# In what the npm package is tried.
package_tools() {
  local folder=tests/package
  if ! cmp -s $folder/package-lock.json $folder/node_modules/.installed-from; then
    step "Deno, Bun, Vite, TypeScript for the package's tests (20 s)" npm-package-tests \
      npm ci --no-audit --no-fund --prefix $folder
    cp $folder/package-lock.json $folder/node_modules/.installed-from
  fi
}

browser() {
  [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || debian_packages "Chromium, for the browser test" chromium
  have "${CHROMEDRIVER:-chromedriver}" || debian_packages "chromedriver, for the codec's tests in Chromium" chromium-driver
}

# libFuzzer is C++, compiled with the targets.
fuzzer() {
  have c++ || debian_packages "a C++ compiler" g++
  cargo_tool cargo-fuzz "$cargo_fuzz_version" cargo-fuzz --locked
}

# debian_packages what package...
debian_packages() {
  local what=$1
  shift
  if have apt-get && [ "$(id -u)" -eq 0 ]; then
    step "$what from Debian: $* (30 s)" "apt-$1" \
      sh -c 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"' apt "$@"
  else
    die "missing: $what" "Debian/Ubuntu: sudo apt-get install $*" \
      "elsewhere: install it your way; a Chromium at another path is named by CHROMIUM=/path/to/it"
  fi
}

main
