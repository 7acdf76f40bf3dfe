#!/usr/bin/env bash
# Everything that is tested. Each part must have run tests: a runner that finds none is a failure.
#   test.sh                   all of it
#   test.sh system [name...]  only tests/system, or the files there whose name contains one of these
#   test.sh package [name...] only the npm package
#   test.sh papers            only the documents, the dependencies and the differential runs
#   test.sh site              only the site of the documents
#   test.sh proof             only what counts: fuzzing, mutations, instructions, memory
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
cd "$root"

main() {
  case ${1:-} in
    system) system "${@:2}" ;;
    papers) papers ;;
    site) site ;;
    proof) proof ;;
    package) scripts/test-package.sh "${@:2}" ;;
    *)
      rust
      # What comes next leaves a core free.
      scripts/reproducible.sh >"$logs/reproducible.log" 2>&1 &
      elsewhere=$!
      trap 'kill "$elsewhere" 2>/dev/null || true' EXIT
      papers
      scripts/test-package.sh
      site
      wait "$elsewhere" || die "the Worker is not the same bytes wherever it is built" "see ${logs#"$root"/}/reproducible.log"
      tail -n 1 "$logs/reproducible.log"
      system
      proof
      ;;
  esac
}

papers() {
  counted "The documents: snippets, links, tables, the reader in Python" documents \
    "$(venv "$document_requirements")/bin/python" -B -m pytest -p no:cacheprovider tests/documents
  step "The crates, each built from what is packed" crates cargo package --allow-dirty -p session-codec -p session-store
  step "Licences, banned crates, sources, known vulnerabilities" deny scripts/deny.sh
  { grep -h '^advisories not checked' "$logs/deny.log" || true; } | sort -u | sed 's/^/  /'
  local version
  for version in 4.2 5.2 6.1; do
    step "Differential run against Django $version" "django-$version" scripts/differential.sh 1000 1 "$version"
    head -n 1 "$logs/django-$version.log" | sed 's/^/  /'
  done
}

site() {
  step "The documents as a site" build-site scripts/docs.sh
  echo "The site in Chromium"
  node --test tests/site/site.test.mjs
}

rust() {
  scripts/lint.sh
  counted "Rust tests" native \
    cargo test --workspace --exclude session-proof --exclude session-proof-guest
  counted "The codec with nothing but alloc (miniz instead of zlib-rs)" bare \
    cargo test -p session-codec --no-default-features
  counted "The codec with every feature" all-features cargo test -p session-codec --all-features
  step "The codec for a machine without std (thumbv7em)" no-std \
    cargo build -p session-codec --no-default-features --features flask,fernet --target thumbv7em-none-eabihf
  CARGO_TARGET_WASM32_WASIP1_RUNNER="node --no-warnings $root/scripts/run-wasm.mjs" \
    counted "The codec as WebAssembly, in Node" wasm cargo test -p session-codec --target wasm32-wasip1 --tests
  # wasm-pack takes the wasm-bindgen and the chromedriver that are here.
  counted "The vectors as WebAssembly, in Node" vectors \
    wasm-pack test --mode no-install --node tests --features node
  # The counts have to be the same: a browser that is asked to run nothing says that all is well.
  local in_node=$passed
  counted "The same in Chromium" vectors-chromium wasm-pack test --mode no-install --headless --chrome tests
  [ "$passed" -eq "$in_node" ] || die "$in_node tests passed in Node, $passed in Chromium"
  counted "The vectors with miniz" vectors-miniz cargo test -p session-tests --no-default-features
}

system() {
  step "The Worker's shell, without its module" shell node scripts/test-system.mjs --folder=tests/shell
  step "The Worker, in Rust, to WebAssembly (first time 1 to 2 min)" build-worker scripts/build-worker.sh
  step "The same with the store contract in it (1 min)" build-conformance scripts/build-worker.sh conformance
  step "The native server" build-server cargo build -p edge-session-server
  step "Packed as wrangler deploy would" bundle wrangler deploy --dry-run --outdir target/worker-out
  step "The package, which is to read what the Worker writes (1 to 2 min)" build-package scripts/build-package.sh
  echo "Whole system: workerd, Django, Chromium"
  node scripts/test-system.mjs "$@"
}

# What is proved by number; docs/PROOF.md says more. The long runs are programs of their own.
proof() {
  counted "Bombs in every format, allocations counted" bombs cargo test --profile proof -p session-proof
  counted "A million mutated cookies" mutate scripts/mutate.sh 1000000
  counted "Instructions of every verification" timing scripts/timing.sh
  scripts/fuzz.sh brief
  counted "30,000 requests through one Worker, memory watched" soak scripts/soak.sh 30000
}

# counted what log command...: a step that must have run at least one test, and whose count is shown.
counted() {
  local what=$1 log=$2
  shift 2
  step "$what (first time 1 to 3 min)" "$log" "$@"
  passed=$(grep -oE '[0-9]+ passed' "$logs/$log.log" | awk '{n += $1} END {print n + 0}')
  [ "$passed" -gt 0 ] || die "$what: no test was run" "see ${logs#"$root"/}/$log.log"
  echo "  $passed tests passed"
}

main "$@"
