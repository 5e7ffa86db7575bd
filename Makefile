# csflow: PGXS build.  make, make install, make demo, make test, make quick, make bench.
EXTENSION = csflow
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" csflow.control)
MODULE_big = csflow
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/kernel/*.c src/types/*.c src/engine/*.c)))
SOURCE_HEADERS = $(wildcard src/*.h src/kernel/*.h src/types/*.h src/engine/*.h)
PG_CPPFLAGS = -I$(CURDIR)/src

EXTENSION_SCRIPT = sql/csflow--$(EXTVERSION).sql
DATA_built = $(EXTENSION_SCRIPT)
DATA = $(wildcard sql/upgrade/csflow--*--*.sql)
EXTRA_CLEAN = $(EXTENSION_SCRIPT)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): $(SOURCE_HEADERS)

$(EXTENSION_SCRIPT): sql/assemble.sh $(wildcard sql/install/*.sql sql/flow/*.sql sql/playbook/*.json)
	sh sql/assemble.sh > $@.tmp && mv $@.tmp $@
