# What people and CI do with this repository; `make` alone says it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test lint bench docs clean packages-run packages-test packages-bench toolchain

# Arguments for `homeport serve`, as in: make run ARGS='--listen 127.0.0.1:5001'
ARGS ?=
# Only the tests whose names match, as in: make test FILTER=PolicyTests
FILTER ?=

# How many tests run at once: more would wait for each other on two cores until their time limits end.
WIDTH ?= 6

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
	@swift test --skip-build --experimental-maximum-parallelization-width $(WIDTH) $(if $(FILTER),--filter '$(FILTER)')

lint: toolchain ## Check the form of the source
	$(call say,Checking the form of the source)
	@swift format lint --strict --parallel --recursive Sources Tests Package.swift

bench: build packages-bench ## Measure the program beside Debian's docker-registry
	$(call say,Measuring: the same work in turn, which takes some minutes)
	@python3 Benchmarks/side_by_side.py --program bin/homeport

docs: toolchain packages-run ## Write docs/commands.md anew from the program's own help
	$(call say,Writing docs/commands.md)
	@UPDATE_DOCS=1 swift test --filter CommandManualTests

clean: ## Remove what was built; data and configuration stay
	rm -rf .build bin

toolchain:
	@scripts/check-toolchain

packages-run:
	@scripts/install-packages run

packages-test:
	@scripts/install-packages run test
	@scripts/python-peers

packages-bench:
	@scripts/install-packages run test bench
