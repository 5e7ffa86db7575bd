#!/bin/bash
# Forecast (handbook G6) of a desk with TICKETS tickets in the 26 weeks that it learns from, in total and by four kinds, with its
# back-test: what the view takes, what of it is reading the days of the score-card, and what counting the tickets would take.
set -euo pipefail
here=$(dirname "$0")
TICKETS=${TICKETS:-1000000} ROUNDS=${ROUNDS:-5}

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
median() { # STATEMENT
	local round
	for ((round = 0; round <= ROUNDS; round++)); do
		psql -XAt -v ON_ERROR_STOP=1 -c '\timing on' -c "$1" | awk '/^Time:/ { print $2 }'
	done | tail -n +2 | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

sql -v tickets="$TICKETS" -f "$here/forecast.sql" >/dev/null
forecast=$(median "SELECT count(*) FROM csflow.forecast_at(1, '2026-11-22 12:00+08')")
reading=$(median "SELECT count(*) FROM csflow.daily_tickets(1, '2026-05-24', '2026-11-21')")
counting=$(median "SELECT count(*) FROM (SELECT kind, (opened_at AT TIME ZONE 'Asia/Shanghai')::date, count(*) FROM csflow.ticket WHERE desk_id = 1 GROUP BY 1, 2) AS x")
staff=$(median "SELECT count(*) FROM csflow.staff_needed(1, '6 minutes', at => '2026-11-22 12:00+08')")
awk -v f="$forecast" -v r="$reading" -v c="$counting" -v s="$staff" -v n="$TICKETS" 'BEGIN {
	printf "forecast of a desk with %d tickets: %.0f ms, of it reading the days %.0f ms; counting the tickets instead %.0f ms\n", n, f, r, c
	printf "staff_needed for a week, shares of hours from eight weeks: %.0f ms\n", s }'
