#!/bin/bash
# Recompute of all running clocks of a desk (four a ticket) against a bare UPDATE of the same clock rows to the same instants,
# and what_if over the tickets, in the same run. The bare UPDATE runs with our triggers off and locks, records and chains nothing.
# TICKETS=250000 are 1,000,000 running clocks; what_if then takes WHAT_IF=1000000 tickets. Ratios of the medians of ROUNDS.
set -euo pipefail
here=$(dirname "$0")
ROUNDS=${ROUNDS:-3} TICKETS=${TICKETS:-250000} WHAT_IF=${WHAT_IF:-1000000}

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
milliseconds() { # SQL: of its last statement, undone
	psql -XAt -v ON_ERROR_STOP=1 -c '\timing on' -c 'BEGIN' \
		-c "UPDATE csflow.target SET duration = duration + '1 hour' WHERE desk_id = 1" -c "$1" -c 'ROLLBACK' |
		awk '/^Time:/ { t[++n] = $2 } END { print t[n - 1] }'
}
ratio() { awk -v a="$1" -v b="$2" -v text="$3" 'BEGIN { printf text "\n", a / b }'; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sql -f "$here/clocks.sql" >/dev/null
sql -c "CALL bench.load(1, $TICKETS, 4)" -c 'VACUUM ANALYZE'
echo "recompute: $((TICKETS * 4)) running clocks, $(sql -c 'SELECT bench.sizes()')"
for ((round = 1; round <= ROUNDS; round++)); do
	milliseconds "UPDATE csflow.clock AS c SET length_microseconds = extract(epoch FROM t.duration)::bigint * 1000000,
		due_at = csflow.business_add(w.calendar, c.run_since, t.duration), next_at = csflow.business_add(w.calendar, c.run_since, t.duration / 2)
		FROM csflow.target AS t JOIN csflow.working_calendar AS w ON w.desk_id = t.desk_id AND w.code = t.calendar
		WHERE c.desk_id = 1 AND t.desk_id = c.desk_id AND t.target_id = c.target_id AND c.stopped_at IS NULL" >>"$work/bare"
	sql -c 'VACUUM'
	milliseconds "SELECT count(*) FROM csflow.recompute_clocks(1, true)" >>"$work/preview"
	milliseconds "SELECT count(*) FROM csflow.recompute_clocks(1)" >>"$work/ours"
	sql -c 'VACUUM'
done
bare=$(median <"$work/bare") ours=$(median <"$work/ours")
echo "recompute: $ours ms, preview $(median <"$work/preview") ms, bare UPDATE $bare ms"
ratio "$ours" "$bare" "recompute: ratio %.2f of the bare UPDATE (target 1.50 or less)"

[ "$WHAT_IF" -le "$TICKETS" ] || sql -c "CALL bench.load($((TICKETS + 1)), $WHAT_IF, 4)" -c 'VACUUM ANALYZE'
for ((round = 1; round <= ROUNDS; round++)); do
	milliseconds "SELECT count(*) FROM csflow.what_if(1, '{\"targets\": [{\"clock\": \"resolve\", \"duration\": \"30 hours\"}]}', at => '2026-01-01')" >>"$work/what_if"
done
what_if=$(median <"$work/what_if")
echo "what_if of $WHAT_IF tickets: $what_if ms"
ratio "$what_if" "$ours" "what_if: ratio %.2f of the recompute (target 3.00 or less)"
