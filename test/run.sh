#!/bin/bash
# Runs the named parts of the test suite and closes with one line of counts.
#
#   test/run.sh PART...
#
#   kernel      test/kernel/*_test.c, without a server, under address and undefined-behaviour checks
#   regress     test/sql/*.sql against expected/ (pg_regress)
#   tap         test/tap/*.sql (pgTAP, each file in a database of its own)
#   quick-tap   those of them that do not say "Not in make quick" in their head
#   isolation   test/specs/*.spec against expected/ (pg_isolation_regress)
#   server      test/t/*.pl (servers of their own: dump and restore, pg_cron, upgrade)
#   major       test/major/*.pl (pg_upgrade from an older PostgreSQL installed beside this one; skipped without)
#   fuzz        test/fuzz/*_fuzz.c for FUZZ_SECONDS each (clang with libFuzzer; skipped without); FUZZ_RUNS=800000 for so many
#               executions each instead; FUZZ_LENGTH=400 for inputs of no more bytes; FUZZ_CORPUS=FOLDER keeps what was found
#   smith       SQLsmith's statements for SMITH_SECONDS against a populated database (test/lib/smith.sql)
#   format      test/lint
#   warnings    gcc and clang with -Wall -Wextra -Werror
#   analysis    cppcheck, clang-tidy (.clang-tidy) with clang's static analyser, and gcc -fanalyzer
#
# regress, tap, isolation, server and major want the surroundings that test/private.sh makes. TESTS="NAME NAME" keeps only the
# tests of these names.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."
unset MAKEFLAGS MAKELEVEL

work=$(mktemp -d "${TMPDIR:-/tmp}/csflow-run.XXXXXX")
trap 'rm -rf "$work"' EXIT
export COUNTS=$work/counts PERL5LIB=$PWD/test/lib${PERL5LIB:+:$PERL5LIB} LANG=C.UTF-8 LC_ALL=C.UTF-8
: >"$COUNTS"

names() { # FILE...: without folder and ending
	local file
	for file; do
		file=${file##*/}
		echo "${file%.*}"
	done | paste -sd ' '
}

chosen() { # FILE...: those that TESTS names, between blanks of any kind; all without TESTS
	local file wanted
	wanted=$(tr -s '[:space:]' ' ' <<<" ${TESTS-} ")
	for file; do
		[ -z "${TESTS+set}" ] || [[ $wanted = *" $(names "$file") "* ]] || continue
		echo "$file"
	done
}

count() { echo "$1 $2 ${3-0}" >>"$COUNTS"; }

# A program's own checks, each one line "name": passed when the command succeeds.
check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		echo "$name ... ok"
		count 1 0
	else
		echo "$name ... FAILED"
		cat "$work/out"
		count 0 1
	fi
}

prove_counted() { # its exit code adds nothing to the counts unless it never came to counting
	local before
	before=$(wc -l <"$COUNTS")
	prove --formatter Counts --failures "$@" || [ "$(wc -l <"$COUNTS")" -gt "$before" ] || count 0 1
}

one_line_per_test() {
	grep --line-buffered -E '^(test |ok |not ok |Bail|.*(ERROR|FATAL):)' || true
}

# pg_regress and pg_isolation_regress: a test is one file; their lines differ between majors.
regress_counted() { # MAKE-VARIABLE OTHER-MAKE-VARIABLE FILE...
	local which=$1 other=$2 passed
	shift 2
	rm -f regression.diffs
	if ! make -s with_llvm=no "$which=$(names "$@")" "$other=" TAP_TESTS= installcheck 2>&1 | tee "$work/out" | one_line_per_test; then
		cat regression.diffs 2>/dev/null || tail -n 20 "$work/out"
	fi
	passed=$(grep -cE '^(ok |test .*[.] ok )' "$work/out" || true)
	count "$passed" $(($# - passed))
}

run_kernel() {
	local binaries=()
	for source in "$@"; do binaries+=("test/bin/$(basename "$source" .c)"); done
	make -s -j2 "${binaries[@]}"
	ASAN_OPTIONS=detect_leaks=0 prove_counted --exec '' "${binaries[@]}"
}

run_regress() { regress_counted REGRESS ISOLATION "$@"; }

run_tap() {
	export TAP_TEMPLATE=csflow_tap_template
	createdb --template=template0 "$TAP_TEMPLATE"
	psql -X -q -d "$TAP_TEMPLATE" -c 'CREATE EXTENSION csflow' -c 'CREATE EXTENSION pgtap'
	prove_counted --jobs 2 --comments --ext .sql --exec test/pgtap.sh "$@"
	dropdb "$TAP_TEMPLATE"
}

run_isolation() { regress_counted ISOLATION REGRESS "$@"; }

run_server() {
	local before
	before=$(wc -l <"$COUNTS")
	make -s with_llvm=no REGRESS= ISOLATION= PROVE_TESTS="$*" \
		PROVE_FLAGS='--formatter Counts --failures --jobs 2' installcheck && return
	grep -E 'error running|ERROR:|FATAL:|^not ok|[Tt]imed out|died' tmp_check/log/regress_log_* | tail -n 40 || true
	[ "$(wc -l <"$COUNTS")" -gt "$before" ] || count 0 1
}

older_config() { # pg_config of the oldest other major that has all that is needed
	local own older
	own=$("${PG_CONFIG:?}" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
	for older in /usr/lib/postgresql/*/bin/pg_config; do
		[ "$("$older" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')" -lt "$own" ] || continue
		[ ! -e "$("$older" --pgxs)" ] || [ ! -e "$("$older" --sharedir)/extension/pg_cron.control" ] || { echo "$older"; return; }
	done
}

run_major() {
	local make
	OLDER_PG_CONFIG=$(older_config)
	if [ -z "$OLDER_PG_CONFIG" ]; then
		echo "pg_upgrade: skipped, no older PostgreSQL with headers and pg_cron beside this one"
		count 0 0 $#
		return
	fi
	cp -r . "$work/older"
	make=(make -s -C "$work/older" with_llvm=no "PG_CONFIG=$OLDER_PG_CONFIG")
	"${make[@]}" clean
	"${make[@]}" "DESTDIR=$work/older-stage" install >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
	export OLDER_PG_CONFIG OLDER_STAGE=$work/older-stage
	run_server "$@"
}

run_fuzz() {
	local name corpus fuzz_length
	if [ -n "${FUZZ_RUNS-}" ]; then
		fuzz_length="$FUZZ_RUNS executions"
	else
		fuzz_length="${FUZZ_SECONDS:=10} s"
	fi
	if ! make -s test/bin/probe_fuzz; then
		echo "fuzz: skipped, no clang with libFuzzer (apt-get install clang libclang-rt-dev)"
		count 0 0 $#
		return
	fi
	for source in "$@"; do
		name=$(basename "$source" _fuzz.c) corpus=${FUZZ_CORPUS:-$work/corpus}/$name
		mkdir -p "$corpus"
		[ ! -d "test/fuzz/corpus/$name" ] || cp -r "test/fuzz/corpus/$name/." "$corpus"
		check "fuzz $name, $fuzz_length" fuzz_one "$name" "$corpus"
		sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\) second.*/    \1 executions in \2 s/p' "$work/out"
	done
	[ -n "${TESTS-}" ] || check "the inputs that are kept reach four fifths of the lines of each module" fuzz_reach "$@"
}

fuzz_reach() { # SOURCE...
	local name
	rm -f test/bin/reach/*.gcda
	for source in "$@"; do
		name=$(basename "$source" _fuzz.c)
		make -s "test/bin/${name}_replay" && "test/bin/${name}_replay" "test/fuzz/corpus/$name/"* || return
	done
	gcov -n test/bin/reach/*.gcda | sed -nE "N; s/^File 'src\/kernel\/([a-z_]+\.c)'\nLines executed:([0-9]+)\..*/\2 \1/p; D" | sort -n >"$work/reached"
	awk '{ printf "%s %s %%\n", $2, $1 } $1 < 80 { low = 1 } END { exit low || NR < '"$(find src/kernel -name '*.c' ! -name fold_table.c | wc -l)"' }' "$work/reached"
}

fuzz_one() { # NAME CORPUS
	local dictionary=test/fuzz/$1.dict
	[ -e "$dictionary" ] || dictionary=
	make -s "test/bin/$1_fuzz" || return
	"test/bin/$1_fuzz" ${FUZZ_RUNS:+-runs="$FUZZ_RUNS"} ${FUZZ_SECONDS:+-max_total_time="$FUZZ_SECONDS"} ${FUZZ_LENGTH:+-max_len="$FUZZ_LENGTH"} -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="test/bin/$1-" ${dictionary:+-dict="$dictionary"} "$2"
}

# Statements made up from the catalog, against a populated database: whatever they say, the server stays up and csflow never
# breaks down inside (class XX).
run_smith() {
	local seconds=${SMITH_SECONDS:-45} seed=${SMITH_SEED:-20261122} first
	if ! command -v sqlsmith >/dev/null; then
		echo "sqlsmith: skipped, not installed (apt-get install sqlsmith)"
		count 0 0 1
		return
	fi
	createdb --template=template0 smith
	psql -X -q -d smith -f test/lib/smith.sql >/dev/null
	first=$(($(wc -l <"$PGHOST/server.log") + 1))
	timeout -s INT "$seconds" sqlsmith --target="host=$PGHOST dbname=smith user=smith" --exclude-catalog --seed="$seed" --verbose >"$work/smith" 2>&1 || true
	sed -n "$first,\$p" "$PGHOST/server.log" >"$work/smith.log"
	echo "sqlsmith, $seconds s, seed $seed: $(grep -oE 'queries: [0-9]+' "$work/smith" | tail -n 1), $(grep -c 'ERROR: ' "$work/smith.log") refused"
	grep -oE '~[0-9A-Z]{5} ERROR' "$work/smith.log" | sort | uniq -c | sort -rn | sed -n '1,8s/ ERROR//p' | paste -sd ' '
	check "no error of the server's own doing (class XX)" no_internal_error "$work/smith.log"
	dropdb --force smith
}

# A failure is an error of class XX with csflow in its statement or context. Those of PostgreSQL's parser (parse_*.c) are its own
# business: such a statement never came to call anything.
no_internal_error() { # LOG, of a role with log_error_verbosity = verbose
	awk 'function judge() { if (bad && shown ~ /csflow/ && shown !~ /LOCATION:  [^\n]*, parse_[a-z]+\.c:/) { printf "%s", shown; found = 1 } }
		/^[^ \t].*(ERROR|FATAL|PANIC|LOG|WARNING|NOTICE):  / { judge(); bad = $0 ~ /~XX/; shown = "" }
		bad { shown = shown $0 "\n" }
		END { judge(); exit found }' "$1"
}

run_format() { check lint test/lint; }

run_warnings() {
	local compiler pg_config
	pg_config=$(test/setup.sh)
	for compiler in gcc clang; do
		if command -v "$compiler" >/dev/null; then
			check "warnings, $compiler" make -s PG_CONFIG="$pg_config" "warnings-$compiler"
		else
			echo "warnings, $compiler ... skipped, not installed"
			count 0 0 1
		fi
	done
}

run_analysis() {
	local tool command pg_config second=tidy
	pg_config=$(test/setup.sh)
	# clang-tidy runs clang's analyser, too.
	command -v clang-tidy-14 >/dev/null || second=clang
	for tool in cppcheck "$second" gcc; do
		command=$tool
		[ "$tool" != tidy ] || command=clang-tidy-14
		if command -v "$command" >/dev/null; then
			check "analysis, $tool" make -s PG_CONFIG="$pg_config" "analysis-$tool"
		else
			echo "analysis, $tool ... skipped, not installed"
			count 0 0 1
		fi
	done
}

run_part() { # PART: with the files that belong to it
	local files=()
	case $1 in
	kernel) files=(test/kernel/*_test.c) ;;
	regress) files=(test/sql/*.sql) ;;
	tap) files=(test/tap/*.sql) ;;
	quick-tap) mapfile -t files < <(grep -L '^-- Not in make quick' test/tap/*.sql) ;;
	isolation) files=(test/specs/*.spec) ;;
	server) files=(test/t/*.pl) ;;
	major) files=(test/major/*.pl) ;;
	fuzz) files=(test/fuzz/*_fuzz.c) ;;
	format | warnings | analysis | smith)
		echo "== $1"
		"run_$1"
		return
		;;
	*)
		echo "test/run.sh: no part named $1" >&2
		exit 64
		;;
	esac
	mapfile -t files < <(chosen "${files[@]}")
	echo "== $1: ${#files[@]} files"
	[ ${#files[@]} = 0 ] || "run_${1#quick-}" "${files[@]}"
}

# Of a server under Valgrind: what it reports of csflow, or of others at csflow's call.
check_valgrind_logs() {
	cat "$PGHOST"/valgrind.*.log | sed -E 's/^==[0-9]+== ?//' | awk -v RS= -v ORS='\n\n' '/csf_|csflow\.so/' >"$work/valgrind"
	echo "valgrind: $(set -- "$PGHOST"/valgrind.*.log && echo $#) processes watched, $(grep -c '^ *at 0x' "$work/valgrind") reports about csflow"
	if [ -s "$work/valgrind" ]; then
		head -n 200 "$work/valgrind"
		count 0 1
	fi
}

# A server process that crashed is a failure even if every test recovered from it.
check_server_log() {
	if grep -nE 'terminated by signal|PANIC:|TRAP:|ERROR: AddressSanitizer|: runtime error: ' "$PGHOST/server.log"; then
		count 0 1
	fi
}

for part; do
	set +e # a part that breaks down is one failure, and the next part still runs
	(set -e && run_part "$part") 2>&1
	status=$?
	set -e
	[ $status != 64 ] || exit 64
	[ $status = 0 ] || count 0 1
done
[ ! -e "${PGHOST-}/server.log" ] || check_server_log
[ "${CHECKED_BY-}" != valgrind ] || check_valgrind_logs
awk '{ passed += $1; failed += $2; skipped += $3 }
	END {
		printf "csflow: %d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
		exit failed > 0 || passed == 0
	}' "$COUNTS"
