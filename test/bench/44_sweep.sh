#!/bin/bash
# A sweep of 1,000 due steps among more and more running clocks, against a hand-written UPDATE of the clocks and INSERT of the
# events of as many; then under an old snapshot held open, and with FIRED steps already fired. Medians of ROUNDS sweeps, each
# of other tickets. SIZES are running clocks.
set -euo pipefail
here=$(dirname "$0")
ROUNDS=${ROUNDS:-5} SIZES=${SIZES:-100000 1000000 10000000} FIRED=${FIRED:-200000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" -v text="$3" 'BEGIN { printf text "\n", a / b }'; }
# ROUNDS sweeps in one session, as a job that runs on: the first is for plans and caches and is not counted. By hand they are
# undone, for they leave the tickets' chains behind.
sweeps() { # FUNCTION(instant) END
	for ((round = 0; round <= ROUNDS; round++)); do
		printf '%s\n' BEGIN '\timing on' "SELECT $1(bench.due_instant(1000));" '\timing off' "$2;"
	done | sed 's/^BEGIN$/BEGIN;/' | psql -XAt -v ON_ERROR_STOP=1 | awk '/^Time:/ && ++n > 1 { print $2 }' | median
}

sql -f "$here/clocks.sql" -f "$here/sweep.sql" >/dev/null
loaded=0 small=
for size in $SIZES; do
	sql -c "CALL bench.load($((loaded + 1)), $((size / 4)), 4)" -c 'VACUUM ANALYZE' -c CHECKPOINT # the load's own pages are not the sweep's to write
	loaded=$((size / 4))
	hand=$(sweeps bench.by_hand ROLLBACK)
	sql -c 'VACUUM csflow.clock, csflow.event'
	ours=$(sweeps bench.sweep COMMIT)
	small=${small:-$ours}
	echo "sweep of 1,000 due among $size: $ours ms, by hand $hand ms ($(sql -c 'SELECT bench.sizes()'))"
	ratio "$hand" "$ours" "sweep: %.2f of the speed of UPDATE + INSERT by hand (target 0.50 or more)"
done
ratio "$ours" "$small" "sweep: ratio %.2f of the time among the fewest (target 1.25 or less)"

psql -XAtq -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'SELECT 1' -c "SELECT pg_advisory_lock(1)" -c "SELECT pg_sleep(3600)" >/dev/null 2>&1 &
holder=$!
trap 'kill "$holder" 2>/dev/null; rm -rf "$work"' EXIT
until [ "$(sql -c "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")" = 1 ]; do :; done
old=$(sweeps bench.sweep COMMIT)
ratio "$old" "$ours" "sweep under an old snapshot: ratio %.2f of the time without (target 2.00 or less)"
sql -c "SELECT bench.fire($FIRED)" >/dev/null
fired=$(sweeps bench.sweep COMMIT)
ratio "$fired" "$ours" "sweep under it after $FIRED steps have fired: ratio %.2f"
sql -c "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'" >/dev/null
wait "$holder" 2>/dev/null || true
trap 'rm -rf "$work"' EXIT
sql -c 'VACUUM csflow.clock'
after=$(sweeps bench.sweep COMMIT)
ratio "$after" "$ours" "sweep once it is gone and vacuum has come: ratio %.2f"
