# Versions of the build tools and where they are kept. Sourced by the other scripts.
#
# The cargo tools and the Python environment live outside the tree, so that a second clone (or
# `git clean -fdx`) does not pay the minutes of `cargo install` again.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=${EDGE_SESSION_TOOLS:-${CARGO_HOME:-$HOME/.cargo}/edge-session-tools}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/edge-session
logs=$root/target/logs

wasm_bindgen_version=0.2.130 # must be the version of the crate in Cargo.lock
cargo_fuzz_version=0.13.1
cargo_mutants_version=27.1.0 # only for scripts/mutants.sh
wasm_pack_version=0.15.1
rust_targets=(wasm32-unknown-unknown wasm32-wasip1 thumbv7em-none-eabihf)
cargo_deny_version=0.20.2
requirements=$root/tests/django_site/requirements.txt
document_requirements=$root/tests/documents/requirements.txt

# Our own tools first: node_modules/.bin has Node 24 on Linux x64 whatever the system has.
export PATH="$root/node_modules/.bin:$tools/bin:$PATH"

# wrangler should neither phone home nor try to fetch a sample Request.cf.
export WRANGLER_SEND_METRICS=false WRANGLER_SEND_ERROR_REPORTS=false CLOUDFLARE_CF_FETCH_ENABLED=false

# The environment is named for what is in it: new requirements, new environment.
venv() {
  printf '%s/venv-%s\n' "$cache" "$(cksum <"${1:-$requirements}" | cut -d ' ' -f 1)"
}

# The same for packages alone, for a Python that is not this machine's.
python_packages() {
  printf '%s/packages-%s\n' "$cache" "$(cksum <"$1" | cut -d ' ' -f 1)"
}

# Flags for rustc, as CARGO_ENCODED_RUSTFLAGS has them because a folder's name may have blanks: these, and no path of the
# building machine in what is built.
encoded_flags() {
  local IFS=$'\x1f'
  set -- "$@" "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=" "--remap-path-prefix=$root="
  printf '%s' "$*"
}

die() {
  printf '\nerror: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# step "what it does (how long it may take)" log-name command...
# One line while it runs, the elapsed time when done, the end of the log when it fails.
step() {
  local what=$1 log=$logs/$2.log started=$SECONDS
  shift 2
  mkdir -p "$logs"
  printf '%-64s ' "$what"
  if "$@" >"$log" 2>&1; then
    printf '%ss\n' $((SECONDS - started))
  else
    local code=$?
    printf 'FAILED after %ss\n\n' $((SECONDS - started))
    tail -n 40 "$log" >&2
    die "this step failed (exit $code): $*" "the whole output is in ${log#"$root"/}"
  fi
}
