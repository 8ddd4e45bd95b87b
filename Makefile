# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Short names for tools/setup.sh and the presets of CMakePresets.json; nothing is decided here.

export COSTATE_VENV ?= $(CURDIR)/.venv
export PATH := $(COSTATE_VENV)/bin:/usr/lib/llvm-22/bin:$(PATH)
PREFIX ?= /usr/local

.PHONY: build demo test bench papers asan fuzz install format setup

build: setup                     # everything, in build/
	cmake --preset dev
	cmake --build --preset dev

demo: build                      # train a real model, and see where the time went
	build/bin/costate train examples/digits.costate

test: setup                      # build everything and run every test
	cmake --preset dev
	cmake --build --preset dev --target check

bench: build                     # against JAX, PyTorch and solvers, which get an environment of their own
	cmake --build --preset dev --target benchmark-contractions benchmark-bandwidth
	python3 -m venv build/peers
	build/peers/bin/pip install --quiet -r benchmarks/peers/requirements.txt
	build/peers/bin/python benchmarks/peers/run.py build
	build/peers/bin/python benchmarks/peers/whole_runs.py build
	for problems in lv_hba coordinate_descent transport qp_layer; do build/peers/bin/python benchmarks/peers/$$problems.py build || exit 1; done

papers: build                   # the checks and claims of examples/papers, by oracle, JIT and AOT; writes docs/papers.md
	$(COSTATE_VENV)/bin/python tools/papers.py build examples/papers --page docs/papers.md

asan: setup                      # the same under the address and undefined behaviour sanitizers
	cmake --preset asan
	cmake --build --preset asan --target check

fuzz: setup                      # 200,000 inputs to each reader of files, models and IR
	cmake --preset fuzz
	cmake --build --preset fuzz --target fuzzers
	$(COSTATE_VENV)/bin/python tests/fuzz/run.py build-fuzz/bin

install: setup                   # an optimized build, installed under PREFIX
	cmake --preset release
	cmake --build --preset release
	cmake --install build-release --prefix $(PREFIX)

format: setup                    # clang-format in place
	git ls-files '*.cpp' '*.h' '*.c' | xargs clang-format -i

setup:
	@tools/setup.sh
