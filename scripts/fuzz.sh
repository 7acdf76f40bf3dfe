#!/usr/bin/env bash
# Fuzzes the codec, the store and the gateway. What is new goes to fuzz/corpus, findings to fuzz/artifacts.
#   fuzz.sh brief                     each target a fixed number of runs
#   fuzz.sh long [minutes] [name...]  all targets, or these, for so many minutes in all (default 60)
#   fuzz.sh one name file             one input again
#   fuzz.sh seeds                     makes fuzz/seeds anew from the vectors
#
# There are two builds. `verified` is the codec as it is: nothing that was not made with its keys opens.
# In `unverified` every tag and signature counts as right, so that what is made up reaches the code behind.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"

# target build runs-in-brief
targets="
config verified 20000
cookie_header verified 60000
decode_django unverified 20000
decode_django verified 60000
decode_sealed unverified 40000
decode_sealed verified 60000
device_proof verified 60000
differential_django verified 15000
inflate_bounded verified 5000
json verified 30000
set_cookie verified 60000
store_record unverified 15000
store_record verified 15000
ticket unverified 15000
ticket verified 15000
"
PYTHON=$(venv)/bin/python
export PYTHON

main() {
  local command=${1:-brief}
  shift || true
  [ -x "$PYTHON" ] || die "Python with Django is missing" "make setup"
  case $command in
    brief) brief ;;
    long) long "$@" ;;
    one) one "$@" ;;
    seeds) "$PYTHON" fuzz/seeds.py ;;
    *) die "what is $command?" "fuzz.sh brief | long [minutes] [name...] | one name file | seeds" ;;
  esac
}

brief() {
  refused
  build verified
  build unverified
  while read -r name build runs; do
    [ -n "$name" ] || continue
    step "fuzz $name ($build), $runs runs" "fuzz-$name-$build" fuzz "$name" "$build" -runs="$runs" -seed=1
    grep -q "^Done $runs runs" "$logs/fuzz-$name-$build.log" || die "fuzz $name: it did not run to its end"
  done <<<"$targets"
}

long() {
  local minutes=${1:-60} wanted=("${@:2}") chosen seconds
  chosen=$(while read -r name build runs; do
    if [ -n "$name" ] && { [ ${#wanted[@]} -eq 0 ] || [[ " ${wanted[*]} " = *" $name "* ]]; }; then
      echo "$name $build"
    fi
  done <<<"$targets")
  [ -n "$chosen" ] || die "no target is called ${wanted[*]}"
  seconds=$((minutes * 60 / $(wc -l <<<"$chosen")))
  build verified
  build unverified
  while read -r name build; do
    step "fuzz $name ($build), $seconds s" "fuzz-$name-$build" fuzz "$name" "$build" -max_total_time="$seconds"
    grep -E "^Done [0-9]+ runs" "$logs/fuzz-$name-$build.log" || die "fuzz $name: it did not run to its end"
  done <<<"$chosen"
}

one() {
  build verified
  build unverified
  local name=$1 file=$2 build
  for build in verified unverified; do
    if grep -q "^$name $build " <<<"$targets"; then "$(binary "$name" "$build")" "$file"; fi
  done
}

# No sanitizer: nothing here is unsafe Rust, and the stable toolchain has none. Debug assertions are on.
build() {
  local flags=""
  if [ "$1" = unverified ]; then flags="--cfg edge_session_fuzzing_unverified"; fi
  step "Fuzz targets, $1 (first time 1 min)" "fuzz-build-$1" \
    env RUSTFLAGS="$flags" cargo fuzz build -s none --target-dir "target/fuzz/$1"
}

# The build that takes forgeries must not exist outside of cargo fuzz: the compiler says so of any release, and
# of any build that is not for fuzzing. (Without its dependencies the crate does not compile, but this is said first.)
refused() {
  local said="edge_session_fuzzing_unverified takes forgeries" log=$logs/fuzz-refused.log
  mkdir -p "$logs"
  is_refused() {
    rustc --edition 2024 --crate-type lib --emit metadata -o target/fuzz-refused.rmeta \
      --cfg edge_session_fuzzing_unverified "$@" codec/src/lib.rs >"$log" 2>&1 || true
    grep -q "$said" "$log"
  }
  { is_refused -O --cfg fuzzing && is_refused -C debug-assertions; } ||
    die "a build that takes forgeries is possible outside of cargo fuzz" "see ${log#"$root"/}"
  ! is_refused -C debug-assertions --cfg fuzzing || die "cargo fuzz cannot build it" "see ${log#"$root"/}"
}

binary() { echo "target/fuzz/$2/$(rustc -vV | sed -n 's/^host: //p')/release/$1"; }

# fuzz target build options...: what it finds is kept apart for the two builds.
fuzz() {
  local name=$1 build=$2
  shift 2
  mkdir -p "fuzz/corpus/$build/$name" "fuzz/artifacts/$build/$name"
  # Longer inputs than a cookie are cases for the vectors; a run that takes 5 s is a finding.
  "$(binary "$name" "$build")" "$@" -max_len=4096 -timeout=5 -rss_limit_mb=1024 -dict=fuzz/words.dict \
    -print_final_stats=1 -artifact_prefix="fuzz/artifacts/$build/$name/" \
    "fuzz/corpus/$build/$name" "fuzz/seeds/$name"
}

main "$@"
