# What people and CI do with this repository; `make` alone says it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test lint deb bench fuzz tsan soak docs clean packages-run packages-test packages-bench packages-deb toolchain

# Arguments for `homeport serve`, as in: make run ARGS='--listen 127.0.0.1:5001'
ARGS ?=
# Only the tests whose names match, as in: make test FILTER=PolicyTests
FILTER ?=

# Arguments for the measuring, as in: make bench BENCH='--quick --write docs/benchmarks.md'
BENCH ?=

# How many tests run at once: more would wait for each other on two cores until their time limits end.
WIDTH ?= 6

# A run of the tests that takes longer than this hangs.
TEST_SECONDS ?= 1500

# How long each fuzzer runs, how long the soak lasts, and what it draws from.
export FUZZ_SECONDS ?= 60
SOAK_MINUTES ?= 30
SEED ?= $(shell date +%s)

# The suites in which most happens at once.
TSAN_SUITES ?= ^(RegistryTests|FileBlobsTests|SQLiteStoreTests|AccountsTests|EdgeTests|ServerKitTests)\.

say = @printf '\n\033[1m==> %s\033[0m\n' "$(1)"

help: ## Say what can be made
	@echo 'usage: make VERB'
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12

run: build ## Install what is missing, build, and serve a registry on 127.0.0.1:5000 from ./data
	$(call say,Starting: bin/homeport serve $(ARGS))
	@exec bin/homeport serve $(ARGS)

build: toolchain packages-run ## Build the release program, bin/homeport
	$(call say,Building the program (the first time takes some minutes))
	@swift build -c release --product homeport
	@mkdir -p bin
	@install -m 755 "$$(swift build -c release --show-bin-path)/homeport" bin/homeport.new
	@mv bin/homeport.new bin/homeport
	@echo 'The program lies at bin/homeport.'

test: toolchain packages-test lint ## Install what is missing, lint, and run every test
	$(call say,Building the program and its tests)
	@swift build --build-tests --explicit-target-dependency-import-check error
	$(call say,Running the tests)
	@TEST_SECONDS=$(TEST_SECONDS) scripts/run-tests \
		--experimental-maximum-parallelization-width $(WIDTH) $(if $(FILTER),--filter '$(FILTER)')

deb: build packages-deb ## Make a Debian package, bin/homeport_VERSION_ARCHITECTURE.deb
	$(call say,Making the package)
	@scripts/make-deb bin/homeport bin

lint: toolchain ## Check the form of the source
	$(call say,Checking the form of the source)
	@swift format lint --strict --parallel --recursive Sources Tests Benchmarks Package.swift

bench: build packages-bench ## Measure the program beside Debian's docker-registry
	$(call say,Measuring: the same work in turn, which takes some ten minutes)
	@python3 Benchmarks/side_by_side.py --program bin/homeport $(BENCH)
	@python3 Benchmarks/door.py --program bin/homeport
	@BENCHMARKS=1 swift build -c release --product weather-bench
	@python3 Benchmarks/weather.py --program bin/homeport --bench "$$(swift build -c release --show-bin-path)/weather-bench"

fuzz: toolchain packages-run ## Try the readers with inputs that are made up, FUZZ_SECONDS=60 each
	$(call say,Fuzzing)
	@scripts/fuzz

tsan: toolchain packages-test ## Run what happens at once under the thread sanitizer
	$(call say,Building with the thread sanitizer in .build-tsan (the first time takes many minutes))
	@swift build --build-tests --sanitize thread --scratch-path .build-tsan
	@clang -O1 -shared -fPIC -o .build-tsan/mutex.so scripts/tsan-mutex.c
	$(call say,Running the tests under it)
	@LD_PRELOAD=$(CURDIR)/.build-tsan/mutex.so TSAN_OPTIONS="halt_on_error=0 exitcode=66" \
		swift test --skip-build --sanitize thread --scratch-path .build-tsan \
		--experimental-maximum-parallelization-width $(WIDTH) --filter '$(TSAN_SUITES)'

soak: build ## Push, pull, delete, collect and kill at random, for SOAK_MINUTES=30
	$(call say,Soaking for $(SOAK_MINUTES) minutes)
	@python3 Tests/PeerScripts/soak.py --program bin/homeport --minutes $(SOAK_MINUTES) --seed $(SEED)

docs: toolchain packages-run ## Write docs/commands.md anew from the program's own help
	$(call say,Writing docs/commands.md)
	@UPDATE_DOCS=1 swift test --filter CommandManualTests

clean: ## Remove what was built; data and configuration stay
	rm -rf .build .build-fuzz .build-tsan bin

toolchain:
	@scripts/check-toolchain

packages-run:
	@scripts/install-packages run

packages-test:
	@scripts/install-packages run test deb
	@scripts/python-peers
	@scripts/debian-root

packages-deb:
	@scripts/install-packages deb

packages-bench:
	@scripts/install-packages run test bench
