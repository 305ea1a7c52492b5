# Tideway: `make help` lists the targets. One Makefile, not recursive; objects are in build/<variant>.
#   make                              release build: build/release/tideway, linked as build/tideway
#   make SANITIZE=address,undefined   build/address-undefined; SANITIZE=thread likewise
#   make BUILD=/tmp/x WERROR=0 V=1    another folder; warnings stay warnings; show the commands
VERSION := 0.1.1
CLANG ?= clang
PREFIX ?= /usr/local
SANITIZE ?=
WERROR ?= 1
comma := ,
VARIANT ?= $(if $(SANITIZE),$(subst $(comma),-,$(SANITIZE)),release)
BUILD ?= build/$(VARIANT)
FUZZ_BUILD ?= build/fuzz
FUZZ_RUNS ?= 20000
FUZZ_SECONDS ?= 5

PACKAGES := libmariadb rdkafka lua5.4 libcjson yaml-0.1 libpcre2-8 libmicrohttpd libcrypto libutf8proc zlib
PKG_CFLAGS := $(patsubst -I%,-isystem%,$(shell pkg-config --cflags $(PACKAGES) 2>/dev/null))
PKG_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
WARNINGS := -Wall -Wextra -Wshadow -Wvla -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 $(if $(filter 1,$(WERROR) $(CI)),-Werror)
OPTIMIZE ?= $(if $(SANITIZE),-O1,-O2)
# most of the time of a build is the tests' own code
TEST_OPTIMIZE ?= -O0
TEST_LDFLAGS ?= $(if $(shell command -v ld.gold),-fuse-ld=gold)
SANFLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)
BASE_FLAGS := -std=gnu11 -g -fno-omit-frame-pointer -D_GNU_SOURCE -DTIDEWAY_VERSION='"$(VERSION)"' -Isrc $(PKG_CFLAGS) -MMD -MP
ALL_CFLAGS = $(BASE_FLAGS) $(OPTIMIZE) $(WARNINGS) $(SANFLAGS) $(CFLAGS)
# for scripts/run-tests
export BUILD FUZZ_BUILD FUZZ_RUNS FUZZ_SECONDS
LIBS := $(PKG_LIBS) -lpthread -lm $(LDLIBS)

SRC := $(wildcard src/*/*.c src/*/*/*.c)
OBJ := $(SRC:%.c=$(BUILD)/%.o) $(BUILD)/stdlib.o
LIB := $(BUILD)/libtideway.a
BIN := $(BUILD)/tideway
UNIT := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
LIVE := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/integration/*_live.c))
BENCH := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
# the stages that are pure: everything a fuzz target needs
FUZZ_SRC := $(wildcard src/base/*.c src/model/*.c src/decode/*.c src/schema/*.c src/binlog/*.c src/format/*.c)
FUZZ_LIB := $(FUZZ_BUILD)/libfuzz.a
FUZZ := $(patsubst tests/fuzz/%.c,$(FUZZ_BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=pointer-overflow -fno-sanitize-recover=undefined -O1 -w

# a short line for each file, or the command with V=1
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1) $@')

.DEFAULT_GOAL := all
.DELETE_ON_ERROR .SUFFIXES:
.PHONY: all deps test unit unit-bin fuzz fuzz-bin lint lua-test integration soak sim-long types-long bench bench-bin demo format install clean help FORCE

all: $(BIN)                       ## build the program (build/tideway)
ifeq ($(BUILD),build/release)
all: build/tideway
build/tideway: $(BIN)
	@ln -sfn release/tideway $@
endif

$(BIN): $(BUILD)/src/main.o $(LIB)
	$(call say,LD)
	$(Q)$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(OBJ)
	@rm -f $@
	$(call say,AR)
	$(Q)ar rcs $@ $^

$(BUILD)/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# the Lua standard library becomes text inside the program; rewritten only when it differs
$(BUILD)/stdlib.c: FORCE
	@mkdir -p $(@D)
	@lua5.4 scripts/embed.lua lua/stdlib $@

$(BUILD)/stdlib.o: $(BUILD)/stdlib.c
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# a unit test or a microbenchmark is one program, linked with the library
# private: the library keeps its own
$(UNIT) $(LIVE): private OPTIMIZE := $(TEST_OPTIMIZE)
$(UNIT) $(LIVE): private LDFLAGS += $(TEST_LDFLAGS)
$(BUILD)/tests/%: tests/%.c $(LIB)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-conversion -Itests $(LDFLAGS) -o $@ $< $(LIB) $(LIBS) -lcmocka

$(FUZZ_BUILD)/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CLANG) $(BASE_FLAGS) $(FUZZ_FLAGS) -c -o $@ $<

$(FUZZ_LIB): $(FUZZ_SRC:%.c=$(FUZZ_BUILD)/%.o)
	@rm -f $@
	$(call say,AR)
	$(Q)ar rcs $@ $^

$(FUZZ_BUILD)/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_LIB)
	$(call say,CC)
	$(Q)$(CLANG) $(BASE_FLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer -Itests -o $@ $< $(FUZZ_LIB) $(LIBS)

unit-bin: $(UNIT) $(LIVE)
fuzz-bin: $(FUZZ)
bench-bin: $(BENCH)

deps:                             ## install what is missing (Debian 12, as root)
	scripts/install-deps

test: deps                        ## install, build, run every test; last line: N passed, N failed, N skipped
	scripts/run-tests

unit: $(UNIT)                     ## C unit tests
	scripts/run-tests unit

fuzz: $(FUZZ)                     ## each fuzz target for a short time over its corpus
	scripts/run-tests fuzz

lint:                             ## include rules, formatting, static checks
	scripts/run-tests lint

lua-test: all                     ## Lua tests: tests/lua
	scripts/run-tests lua

integration: all                  ## pytest with real servers: tests/integration
	scripts/run-tests integration

soak: all                         ## integration tests that need minutes: outages at their real length
	PYTEST_ARGS="-m soak" scripts/run-tests integration

sim-long: $(BUILD)/tests/unit/test_sim  ## many simulated runs: RUNS=5000 SEED=n
	SIM_RUNS=$(or $(RUNS),5000) SIM_SEED=$(or $(SEED),1) $<

types-long: all                   ## random columns on both servers: ROUNDS=50 SEED=n
	TIDEWAY_COLUMNS=$(or $(ROUNDS),50):$(SEED) PYTEST_ARGS="-k both_phases_agree" scripts/run-tests integration

# these two install first and build after it: what pkg-config says is known only then
bench: deps                       ## measure (tests/bench)
	@$(MAKE) --no-print-directory all bench-bin
	tests/bench/run

demo:                             ## a database, a broker and a running sync on this machine
	@scripts/install-deps build && $(MAKE) --no-print-directory all && scripts/demo

format:                           ## clang-format everything in place
	clang-format -i $(wildcard src/*.c src/*/*.[ch] src/*/*/*.[ch] tests/*/*.[ch])

install: all                      ## copy the program to $(PREFIX)/bin
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/tideway

clean:                            ## remove build/
	rm -rf build

help:                             ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16
	@echo "  variants: SANITIZE=address,undefined | SANITIZE=thread; BUILD=folder; WERROR=0; V=1"

-include $(shell find $(BUILD) $(FUZZ_BUILD) -name '*.d' 2>/dev/null)
