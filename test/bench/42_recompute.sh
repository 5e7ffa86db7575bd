#!/bin/bash
# Recompute of all running clocks of a desk (four a ticket) against bare SQL that writes the same rows, and what_if over the
# tickets, in the same run. Bare: an UPDATE of the clocks to the same instants; and that with the INSERT of an event a ticket
# and the UPDATE of its chain's head, which a recompute has to write as well. Both lock and check nothing, and find their rows
# by reading the tables through. TICKETS=250000 are 1,000,000 running clocks; what_if takes WHAT_IF tickets
# (as many; of more, such as 1000000, the rest is loaded first). Ratios of the medians of ROUNDS.
# Takes about 5 minutes on two free cores.
set -euo pipefail
here=$(dirname "$0")
ROUNDS=${ROUNDS:-3} TICKETS=${TICKETS:-250000}
WHAT_IF=${WHAT_IF:-$TICKETS} WHAT_IF_ROUNDS=${WHAT_IF_ROUNDS:-1}

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
clocks="UPDATE csflow.clock AS c SET length_microseconds = extract(epoch FROM t.duration)::bigint * 1000000,
		due_at = csflow.business_add(w.calendar, c.run_since, t.duration), next_at = csflow.business_add(w.calendar, c.run_since, t.duration / 2)
		FROM csflow.target AS t JOIN csflow.working_calendar AS w ON w.desk_id = t.desk_id AND w.code = t.calendar
		WHERE c.desk_id = 1 AND t.desk_id = c.desk_id AND t.target_id = c.target_id AND c.stopped_at IS NULL"
# The values are as long as the real ones; making them costs the bare statement nothing.
events="INSERT INTO csflow.event (desk_id, ticket_no, seq, at, recorded_at, kind, actor_kind, old_value, new_value, clock, run, hash)
		SELECT desk_id, ticket_no, seq + 1, now(), now(), 'clocks_recomputed', 'system', repeat('x', 128), repeat('x', 128), 'acknowledge', 1, head
		FROM csflow.ticket_chain WHERE desk_id = 1;
	UPDATE csflow.ticket_chain SET seq = seq + 1, head = sha256(head) WHERE desk_id = 1;
	INSERT INTO csflow.health_dirty (desk_id, ticket_no) SELECT desk_id, ticket_no FROM csflow.ticket_chain WHERE desk_id = 1"
for ((round = 1; round <= ROUNDS; round++)); do
	milliseconds "$clocks" >>"$work/bare"
	sql -c 'VACUUM'
	milliseconds "$clocks; $events" >>"$work/recorded"
	sql -c 'VACUUM'
	milliseconds "SELECT count(*) FROM csflow.recompute_clocks(1, true)" >>"$work/preview"
	milliseconds "SELECT count(*) FROM csflow.recompute_clocks(1)" >>"$work/ours"
	sql -c 'VACUUM'
done
bare=$(median <"$work/bare") recorded=$(median <"$work/recorded") ours=$(median <"$work/ours")
echo "recompute: $ours ms, preview $(median <"$work/preview") ms; bare UPDATE of the clocks $bare ms, with events and chain $recorded ms"
ratio "$ours" "$recorded" "recompute: ratio %.2f of the bare statements that write the same rows (target 1.50 or less)"
ratio "$ours" "$bare" "recompute: ratio %.2f of the bare UPDATE of the clocks alone"

[ "$WHAT_IF" -le "$TICKETS" ] || sql -c "CALL bench.load($((TICKETS + 1)), $WHAT_IF, 4)" -c 'VACUUM ANALYZE'
for ((round = 1; round <= WHAT_IF_ROUNDS; round++)); do
	milliseconds "SELECT count(*) FROM csflow.what_if(1, '{\"targets\": [{\"clock\": \"resolve\", \"duration\": \"30 hours\"}]}', at => '2026-01-01')" >>"$work/what_if"
done
what_if=$(median <"$work/what_if")
echo "what_if of $WHAT_IF tickets: $what_if ms"
ratio "$what_if" "$ours" "what_if: ratio %.2f of the recompute (target 3.00 or less)"
