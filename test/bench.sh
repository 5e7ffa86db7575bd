#!/bin/bash
# Runs the benchmarks test/bench/NN_name.sh in order, each in a database of its own with csflow installed, and prints the
# lines they print, and how long each took, under the machine and the settings they ran with. TESTS="NN_name" keeps only those. Wants the
# surroundings that test/private.sh makes.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."

value() { psql -XAtqc "$1"; }

echo "machine: $(nproc) processors, $(awk -F ': *' '/^model name/ { print $2; exit }' /proc/cpuinfo)," \
	"$(awk '/^MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo)"
echo "server: $(value 'SELECT version()')"
echo "settings: $(value "SELECT string_agg(name || ' = ' || current_setting(name), ', ' ORDER BY name) FROM pg_settings
	WHERE source = 'configuration file' AND category !~ 'Client|Reporting|Connections'
	  AND name NOT IN ('extension_destdir', 'extension_control_path', 'dynamic_library_path')")"

failed=0 count=0
for script in test/bench/[0-9]*.sh; do
	name=$(basename "$script" .sh)
	case " ${TESTS-$name} " in *" $name "*) ;; *) continue ;; esac
	echo "== $name"
	createdb "bench_$name"
	export PGDATABASE=bench_$name
	psql -XAtqc 'CREATE EXTENSION csflow'
	began=$SECONDS
	"$script" || failed=$((failed + 1))
	echo "   $name took $((SECONDS - began)) s"
	PGDATABASE=postgres dropdb --force "bench_$name"
	count=$((count + 1))
done
echo "bench: $((count - failed)) passed, $failed failed"
exit $((failed > 0))
