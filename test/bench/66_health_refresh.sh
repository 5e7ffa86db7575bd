#!/bin/bash
# Health figures (handbook G1-G4, design 2.14). Refresh after an hour in which 10,000 tickets were opened, replied to and partly
# answered, through the tables: without older tickets, and with HISTORY of them and the buckets of a desk of ten million tickets a
# year (filled directly). Then that desk's score-card of 90 days, whose bounds are no whole days, as a whole and by each cut. A card
# is asked for several times in one connection, as a board does; the first one pays for the connection's caches.
# Takes less than 5 minutes on two free cores.
set -euo pipefail
here=$(dirname "$0")
HISTORY=${HISTORY:-2000000} ROUNDS=${ROUNDS:-5} TICKETS=10000

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
milliseconds() { psql -XAt -v ON_ERROR_STOP=1 -c '\timing on' -c "$1" | awk '/^Time:/ { sum += $2 } END { print sum }'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# Each hour is new; its rows are counted, so that a refresh that does nothing is no record.
refresh() { # DAY
	local hour
	for ((hour = 9; hour < 12; hour++)); do
		sql -c "CALL bench.hour('2026-11-$1 $(printf %02d "$hour"):00+08', $TICKETS)" -c 'ANALYZE csflow.health_dirty' >/dev/null
		milliseconds "DO \$\$ BEGIN ASSERT csflow.refresh_health_batch(batch => 20000) = $TICKETS; END \$\$"
	done | median
}

sql -f "$here/health_refresh.sql" >/dev/null
empty=$(refresh 02)
sql -c 'SET work_mem = "256MB"' -c "CALL bench.history($HISTORY / (3 * $TICKETS))" \
	-c 'TRUNCATE csflow.health_hour, csflow.health_day, csflow.health_month, csflow.health_value' \
	-c "CALL bench.buckets('2026-11-20 14:30+08', 100)" -c 'VACUUM ANALYZE' -c CHECKPOINT >/dev/null
older=$(sql -c "SELECT count(*) FROM csflow.ticket_fact")
full=$(refresh 20)
awk -v a="$empty" -v b="$full" -v n="$older" 'BEGIN {
	printf "refresh after an hour of 10,000 tickets: %.0f ms (target 1000)\n", a
	printf "refresh after an hour of 10,000 tickets, %d older ones: %.0f ms (target 1000), ratio %.2f\n", n, b, b / a }'

for cut in total kind category team channel customer_tier; do
	card="SELECT count(*) FROM csflow.health_between(1, '2026-08-22 14:30+08', '2026-11-20 14:30+08', '$cut');"
	times=$({
		printf '%s\n' '\timing on'
		for ((round = 0; round <= ROUNDS; round++)); do echo "$card"; done
	} | psql -XAt -v ON_ERROR_STOP=1 | awk '/^Time:/ { print $2 }')
	echo "$times" | awk -v cut="$cut" -v time="$(tail -n +2 <<<"$times" | median)" 'NR == 1 {
		printf "90-day score-card, %s: %.1f ms (target %d); the first in a connection: %.1f ms\n", cut, time, cut == "total" ? 20 : 200, $1 }'
done
