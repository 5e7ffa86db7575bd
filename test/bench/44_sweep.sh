#!/bin/bash
# A sweep of 1,000 due steps among more and more running clocks, against a hand-written UPDATE of the clocks and INSERT of the
# events of as many; then under an old snapshot held open, and with FIRED steps already fired. Medians of ROUNDS sweeps, each
# of other tickets. SIZES are running clocks. At last a sweep that finds nothing due in DESKS desks. Takes about 3 minutes on two free cores, half of them for loading.
#
# Ten million running clocks with their tickets do not fit into the bench's shared_buffers, a hundred thousand do. What is
# compared is therefore sweeps whose rows have been read before (bench.warm), at every size, as the sweep by hand finds them:
# it takes the same tickets each time. What a sweep takes whose rows nobody has touched since they were loaded is printed
# beside, of one sweep: that is the disk's time.
set -euo pipefail
here=$(dirname "$0")
ROUNDS=${ROUNDS:-5} SIZES=${SIZES:-100000 1000000 10000000} FIRED=${FIRED:-200000} DESKS=${DESKS:-1000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" -v text="$3" 'BEGIN { printf text "\n", a / b }'; }
load() { # FIRST LAST: tickets, two halves at a time
	local middle=$((($1 + $2) / 2)) first
	sql -c "CALL bench.load($1, $middle, 4)" &
	first=$!
	sql -c "CALL bench.load($((middle + 1)), $2, 4)"
	wait "$first"
}
# Sweeps in one session, as a job that runs on: the first is for plans and caches and is not counted. By hand they are undone,
# for they leave the tickets' chains behind.
sweeps() { # HOW MANY, FUNCTION(instant), STATEMENT BEFORE EACH, END
	for ((round = 0; round <= $1; round++)); do
		printf '%s\n' 'SELECT bench.due_instant(1000) AS at \gset' "$3;" 'BEGIN;' '\timing on' "SELECT $2(:'at');" '\timing off' "$4;"
	done | psql -XAt -v ON_ERROR_STOP=1 | awk '/^Time:/ && ++n > 1 { print $2 }' | median
}
warm="SELECT bench.warm(:'at', 1000)"
ours() { sweeps "$ROUNDS" bench.sweep "$warm" COMMIT; }

sql -f "$here/clocks.sql" -f "$here/sweep.sql" >/dev/null
loaded=0 small=
for size in $SIZES; do
	load $((loaded + 1)) $((size / 4))
	sql -c 'VACUUM ANALYZE' -c CHECKPOINT # the load's own pages are not the sweep's to write
	loaded=$((size / 4))
	untouched=$(sweeps 1 bench.sweep 'SELECT' COMMIT)
	hand=$(sweeps "$ROUNDS" bench.by_hand "$warm" ROLLBACK)
	sql -c 'VACUUM csflow.clock, csflow.event'
	time=$(ours)
	small=${small:-$time}
	echo "sweep of 1,000 due among $size: $time ms, by hand $hand ms; $untouched ms where nothing has been touched since the load ($(sql -c 'SELECT bench.sizes()'))"
	ratio "$hand" "$time" "sweep: %.2f of the speed of UPDATE + INSERT by hand (target 0.50 or more)"
done
ratio "$time" "$small" "sweep: ratio %.2f of the time among the fewest (target 1.25 or less)"

psql -XAtq -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'SELECT 1' -c "SELECT pg_advisory_lock(1)" -c "SELECT pg_sleep(3600)" >/dev/null 2>&1 &
holder=$!
trap 'kill "$holder" 2>/dev/null; rm -rf "$work"' EXIT
until [ "$(sql -c "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")" = 1 ]; do :; done
ratio "$(ours)" "$time" "sweep under an old snapshot: ratio %.2f of the time without (target 2.00 or less)"
sql -c "CALL bench.fire($FIRED)"
ratio "$(ours)" "$time" "sweep under it after $FIRED steps have fired: ratio %.2f (doc/operations.md says why)"
sql -c "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'" >/dev/null
wait "$holder" 2>/dev/null || true
trap 'rm -rf "$work"' EXIT
sql -c 'VACUUM csflow.clock'
ratio "$(ours)" "$time" "sweep once it is gone and vacuum has come: ratio %.2f"

sql -c "CALL bench.add_desks($DESKS)" -c 'VACUUM ANALYZE csflow.desk, csflow.clock'
# The first are for plans.
idle=$({
	printf '%s\n' '\timing on'
	for ((round = 0; round < ROUNDS + 8; round++)); do echo "SELECT csflow.escalate_batch('2020-01-01');"; done
} | psql -XAt -v ON_ERROR_STOP=1 | awk '/^Time:/ && ++n > 8 { print $2 }' | median)
echo "sweep of $((DESKS + 1)) desks with nothing due: $idle ms"
