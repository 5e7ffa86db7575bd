#!/bin/bash
# Compiles without a warning and runs `make test` on the other supported PostgreSQL majors, each in a Debian chroot of its own (test/pgmatrix.sh), and
# closes with one line of counts. Needs root. A lane that could not be made counts as skipped, never as passed.
#
#   test/matrix.sh [SUITE:MAJOR[:SUITE:MAJOR]...]     default: trixie:17:bookworm:15 forky:18
#
# A lane with a second suite and major has that PostgreSQL beside its own, for pg_upgrade from it.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- trixie:17:bookworm:15 forky:18
export PGMATRIX_PACKAGES=libipc-run-perl,icu-devtools PGMATRIX_BESIDE=../shared/data
passed=0 failed=0 skipped=0
output=$(mktemp)
trap 'rm -f "$output"' EXIT

add_counts() { # of the lane's closing lines; a lane that died before one is one failure
	local line
	line=$(sed -n 's/^csflow: \([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}$/\1 \2 \4/p' "$output" |
		awk '{ passed += $1; failed += $2; skipped += $3 } END { if (NR) print passed, failed, skipped + 0 }')
	read -r lane_passed lane_failed lane_skipped <<<"${line:-0 1 0}"
	[ "$1" = 0 ] || [ "$lane_failed" -gt 0 ] || lane_failed=1
	passed=$((passed + lane_passed)) failed=$((failed + lane_failed)) skipped=$((skipped + ${lane_skipped:-0}))
}

for lane; do
	IFS=: read -r suite major older <<<"$lane"
	status=0 command='make -s warnings-gcc && make test'
	[ -z "$older" ] || command="status=0; { $command; } || status=1; make check-major || status=1; exit \$status"
	echo "== PostgreSQL $major in $suite"
	if [ "$(id -u)" != 0 ]; then
		echo "skipped: making a chroot needs root"
		skipped=$((skipped + 1))
		continue
	fi
	PGMATRIX_OLDER=$older test/pgmatrix.sh "$suite" "$major" . sh -c "$command" 2>&1 | tee "$output" | sed "s/^/$major | /" || status=${PIPESTATUS[0]}
	if [ "$status" = 75 ]; then
		echo "skipped: no chroot could be made"
		skipped=$((skipped + 1))
	else
		add_counts "$status"
	fi
done
echo "matrix: $passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
exit $((failed > 0))
