# csflow: a PGXS extension. What a user of PGXS expects (make, make install, make installcheck) and, on Debian or Ubuntu
# with nothing but git and make, everything by itself on a private throwaway server: make demo, make test, make quick.

# -- Build -----------------------------------------------------------------------------------------------------------
EXTENSION = csflow
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" csflow.control)
MODULE_big = csflow
SOURCES = $(sort $(wildcard src/*.c src/kernel/*.c src/types/*.c src/engine/*.c))
SOURCE_HEADERS = $(wildcard src/*.h src/kernel/*.h src/types/*.h src/engine/*.h)
OBJS = $(SOURCES:.c=.o)
PG_CPPFLAGS = -I$(CURDIR)/src

EXTENSION_SCRIPT = sql/csflow--$(EXTVERSION).sql
DATA_built = $(EXTENSION_SCRIPT)
DATA = $(wildcard sql/upgrade/csflow--*--*.sql)
EXTRA_CLEAN = $(EXTENSION_SCRIPT) test/bin results tmp_check regression.diffs regression.out

# -- Tests for make installcheck: a running server with csflow installed ---------------------------------------------
# A test and an isolation spec must not share a name: both find their expected output in expected/. PostgreSQL 15 looks
# for it under --outputdir, later ones under --expecteddir, which is . by default.
REGRESS := $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --outputdir=. --load-extension=csflow --encoding=UTF8 --no-locale
ISOLATION := $(sort $(patsubst test/specs/%.spec,%,$(wildcard test/specs/*.spec)))
ISOLATION_OPTS = $(REGRESS_OPTS)
PROVE_TESTS ?= $(sort $(wildcard test/t/*.pl))
TAP_TESTS := $(if $(PROVE_TESTS),1)

# -- PGXS, unless only targets are wanted that find or install a PostgreSQL themselves -------------------------------
OWN_GOALS = demo test quick bench test-matrix check-kernel check-regress check-tap check-isolation check-server check-major \
	check-sanitizers check-valgrind check-smith check-fuzz check-format check-warnings check-analysis
PG_CONFIG ?= pg_config
ifneq (,$(filter-out $(OWN_GOALS) test/bin/% warnings-% analysis-%,$(or $(MAKECMDGOALS),all)))
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq (,$(PGXS))
$(error PG_CONFIG=$(PG_CONFIG) cannot be run: install postgresql-server-dev-N, or let `make test` install what is missing)
endif
include $(PGXS)

$(OBJS): $(SOURCE_HEADERS)

$(EXTENSION_SCRIPT): sql/assemble.sh $(wildcard sql/install/*.sql sql/flow/*.sql sql/migrate/*/*.sql sql/playbook/*.json)
	sh sql/assemble.sh > $@.tmp && mv $@.tmp $@
endif

# -- Everything by itself --------------------------------------------------------------------------------------------
.PHONY: $(OWN_GOALS) warnings-gcc warnings-clang analysis-cppcheck analysis-clang analysis-tidy analysis-gcc
GIVEN_PG_CONFIG = $(if $(filter-out file default,$(origin PG_CONFIG)),PG_CONFIG='$(PG_CONFIG)')
PRIVATE = @$(GIVEN_PG_CONFIG) test/private.sh

# LOG=file.csv replays an event log of one's own; KEEP=1 leaves the server up; WEEK and ZONE as in test/demo/run.sh.
DEMO = test/demo/run.sh $(if $(LOG),'$(notdir $(LOG))' <'$(LOG)')
demo:
	$(PRIVATE) $(DEMO)

test:
	$(PRIVATE) test/run.sh kernel regress tap isolation server

quick:
	$(PRIVATE) test/run.sh kernel regress quick-tap

check-regress check-tap check-isolation check-server check-major:
	$(PRIVATE) test/run.sh $(@:check-%=%)

# The suite with a server that watches csflow's memory. TESTS="NAME NAME" takes a part of it; see doc/testing.md.
check-sanitizers:
	@$(GIVEN_PG_CONFIG) CHECKED_BY=sanitizers test/private.sh test/run.sh regress tap isolation

check-valgrind:
	@$(GIVEN_PG_CONFIG) CHECKED_BY=valgrind test/private.sh test/run.sh regress tap

# SQLsmith for SMITH_SECONDS with SMITH_SEED.
check-smith:
	@$(GIVEN_PG_CONFIG) PRIVATE_CONF="log_line_prefix = '%m [%p] ~%e '" test/private.sh test/run.sh smith

check-kernel check-fuzz check-format check-warnings check-analysis:
	@$(GIVEN_PG_CONFIG) test/run.sh $(@:check-%=%)

bench:
	@$(GIVEN_PG_CONFIG) PRIVATE_CONF="$$(cat test/bench/postgresql.conf)" test/private.sh test/bench.sh

test-matrix:
	@test/matrix.sh

# -- Kernel programs without a server: unit tests and fuzzing --------------------------------------------------------
KERNEL_SOURCES = $(sort $(wildcard src/kernel/*.c))
STANDALONE = -DCSF_STANDALONE -Isrc -std=gnu11 -g -O1 -Wall -Wextra -Wno-unused-parameter \
	-fno-omit-frame-pointer

UNIT_FLAGS = $(STANDALONE) -Wno-format-truncation -fsanitize=address,undefined -fno-sanitize-recover=all
KERNEL_OBJS = $(KERNEL_SOURCES:src/kernel/%.c=test/bin/kernel/%.o)
test/bin/kernel/%.o: src/kernel/%.c $(SOURCE_HEADERS)
	@mkdir -p $(@D)
	gcc $(UNIT_FLAGS) -c -o $@ $<

test/bin/%_test: test/kernel/%_test.c $(wildcard test/kernel/*.h) $(KERNEL_OBJS)
	@mkdir -p $(@D)
	gcc $(UNIT_FLAGS) -o $@ $< $(KERNEL_OBJS) -lm

FUZZ_FLAGS = $(STANDALONE) -O2 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZ_OBJS = $(KERNEL_SOURCES:src/kernel/%.c=test/bin/fuzz/%.o)
test/bin/fuzz/%.o: src/kernel/%.c $(SOURCE_HEADERS)
	@mkdir -p $(@D)
	clang $(FUZZ_FLAGS) -c -o $@ $<

# What the kept inputs reach, line by line.
REACH_FLAGS = $(STANDALONE) -Wno-format-truncation --coverage
REACH_OBJS = $(KERNEL_SOURCES:src/kernel/%.c=test/bin/reach/%.o)
test/bin/reach/%.o: src/kernel/%.c $(SOURCE_HEADERS)
	@mkdir -p $(@D)
	gcc $(REACH_FLAGS) -c -o $@ $<

test/bin/%_replay: test/fuzz/%_fuzz.c test/fuzz/replay.c $(wildcard test/fuzz/*.h) $(REACH_OBJS)
	gcc $(STANDALONE) -o $@ $< test/fuzz/replay.c $(REACH_OBJS) -lm -lgcov

# Built once for all targets, though each make asks for one.
.SECONDARY: $(KERNEL_OBJS) $(FUZZ_OBJS) $(REACH_OBJS)
test/bin/%_fuzz: test/fuzz/%_fuzz.c $(wildcard test/fuzz/*.h) $(FUZZ_OBJS)
	@mkdir -p $(@D)
	clang $(FUZZ_FLAGS) -o $@ $< $(FUZZ_OBJS) -lm

test/bin/probe_fuzz:
	@mkdir -p $(@D)
	@echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return 0; }' | clang $(FUZZ_FLAGS) -x c -o $@ - 2>/dev/null

# -- Our own warnings, never the user's build ------------------------------------------------------------------------
# The truncation warnings of gcc are off as PostgreSQL's own build has them.
STRICT = -std=gnu11 -O2 -Isrc -Wall -Wextra -Werror -Wno-unused-parameter -Wmissing-prototypes \
	-Wdeclaration-after-statement -Wvla -Wpointer-arith -fno-strict-aliasing -fwrapv -fPIC -D_GNU_SOURCE
STRICT_gcc = $(STRICT) -Wno-format-truncation -Wno-stringop-truncation
STRICT_clang = $(STRICT)
compile_each = printf '%s\n' $(1) | xargs -P 2 -n 1 $(2) $(STRICT_$(2)) $(3) -c -o /dev/null
warnings-gcc warnings-clang: warnings-%:
	@$(call compile_each,$(SOURCES),$*,-isystem $$($(PG_CONFIG) --includedir-server))
	@$(call compile_each,$(KERNEL_SOURCES),$*,-DCSF_STANDALONE)

# -- Static analysis. cppcheck sees no server headers, so that it is told what raises an error; PostgreSQL's own headers are
# not analysed. A finding is an error.
ANALYSED = $(filter-out %/fold_table.c,$(SOURCES))
analysis-cppcheck:
	@cppcheck -q --error-exitcode=1 --inline-suppr --std=c11 -Isrc --enable=warning,portability,performance \
		--suppress=missingIncludeSystem --suppress=preprocessorErrorDirective '-Dereport(...)=abort()' '-Delog(...)=abort()' $(ANALYSED)
analysis-tidy:
	@printf '%s\n' $(ANALYSED) | xargs -P 2 -n 8 sh -c 'clang-tidy-14 --quiet "$$@" -- -Isrc -D_GNU_SOURCE -std=gnu11 -Wno-ignored-attributes \
		-isystem '"$$($(PG_CONFIG) --includedir-server)"' 2>/dev/null' clang-tidy
analysis-gcc:
	@printf '%s\n' $(ANALYSED) | xargs -P 2 -n 1 gcc -std=gnu11 -O2 -fwrapv -fno-strict-aliasing -Isrc -D_GNU_SOURCE -fanalyzer -Werror -c -o /dev/null \
		-isystem $$($(PG_CONFIG) --includedir-server)
analysis-clang:
	@printf '%s\n' $(ANALYSED) | xargs -P 2 -n 1 clang --analyze -Xclang -analyzer-werror -Xclang -analyzer-output=text -o /dev/null \
		-Isrc -D_GNU_SOURCE -Wno-ignored-attributes -isystem $$($(PG_CONFIG) --includedir-server)
