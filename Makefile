# edge-session: `make run` to see it, `make test` to check it.
.PHONY: help run run-server test setup lint bench clean

help:
	@echo 'make run     the Worker in front of a small Django site, on this machine'
	@echo 'make run HTTPS=1   with TLS, and sessions bound to the device that logs in'
	@echo 'make run-server  the native server, which keeps sessions in a database, a cache or files'
	@echo 'make test    everything that is tested'
	@echo 'make lint    formatting and clippy'
	@echo 'make bench   the benchmarks'
	@echo 'make setup   install what is missing for all of the above'
	@echo 'make clean   remove what was built (not the cargo tools: see scripts/toolchain.sh)'

run:
	@scripts/setup.sh run
	@scripts/run.sh $(if $(HTTPS),--https)

run-server:
	@scripts/run-server.sh

test:
	@scripts/setup.sh test
	@scripts/test.sh

setup:
	@scripts/setup.sh test

lint:
	@scripts/setup.sh run
	@scripts/lint.sh

bench:
	@scripts/setup.sh run
	@cargo bench -p session-codec
	@scripts/bench-package.sh
	@scripts/bench-worker.sh

clean:
	@rm -rf target worker/build worker/build-conformance node_modules .wrangler
