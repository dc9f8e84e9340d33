# Two commands set everything up on a fresh Debian 12 machine, as root: `make demo` and `make test`.
.PHONY: build deps demo demo-down test check-fast guest asan clang fuzz clean install

BUILD := build

build: deps
	@tools/build $(BUILD)

deps:
	@tools/install-deps

demo: build
	@$(BUILD)/fairlead demo

demo-down:
	@if [ -x $(BUILD)/fairlead ]; then $(BUILD)/fairlead lab down; fi

# All suites in order of cost; the last line counts.
test: build
	@tools/install-deps test
	@tools/run-tests $(BUILD)

# The packet tests on Debian 12's own kernel in an emulated machine: a minute or two.
guest: build
	@tests/guest/run $(BUILD)

# Seconds: run it before every commit.
check-fast: build
	@tools/run-tests $(BUILD) floors unit scenario

asan: deps
	@tools/build build-asan -Db_sanitize=address,undefined -Db_lundef=false
	@tools/run-tests build-asan unit scenario fuzz

clang: deps
	@CC=clang tools/build build-clang --werror
	@tools/run-tests build-clang unit scenario

# Each fuzz target under libFuzzer for SECONDS, from its corpus.
SECONDS ?= 60
fuzz: deps
	@tools/fuzz $(SECONDS)

install: build
	@meson install -C $(BUILD)

clean:
	@rm -rf build build-asan build-clang build-fuzz
