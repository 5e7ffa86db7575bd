#!/bin/bash
# What autovacuum makes of the busiest tables, with the settings they are created with and with the server's own. The same work on
# CLOCKS running clocks each time: SWEEPS sweeps of 1,000 due steps, and for each some hundred tickets that wait for their customer
# and go on. Autovacuum looks every second, for here a day's work takes a minute. Takes about 2 minutes on two free cores.
set -euo pipefail
here=$(dirname "$0")
CLOCKS=${CLOCKS:-400000} SWEEPS=${SWEEPS:-100}

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
autovacuum() { # on | off
	sql -c "ALTER SYSTEM SET autovacuum = $1" -c 'ALTER SYSTEM SET autovacuum_naptime = 1' -c 'SELECT pg_reload_conf()' >/dev/null
}
restore() {
	sql -c 'ALTER SYSTEM RESET autovacuum' -c 'ALTER SYSTEM RESET autovacuum_naptime' -c 'SELECT pg_reload_conf()' >/dev/null
}
trap restore EXIT

# The second run loads the same tickets again, once those of the first are gone.
sql -f "$here/clocks.sql" -f "$here/sweep.sql" -f "$here/autovacuum.sql" >/dev/null
for settings in ours default; do
	[ $settings = ours ] || sql -c 'SELECT bench.reset_storage()' >/dev/null
	sql -c 'SELECT bench.clear()' >/dev/null
	sql -c "CALL bench.load(1, $((CLOCKS / 4)), 4)" -c 'VACUUM ANALYZE' -c 'SELECT pg_stat_reset()' >/dev/null
	autovacuum on
	# Each statement by itself: what a procedure did is told to autovacuum only once it has ended.
	time=$(for ((turn = 1; turn <= SWEEPS; turn++)); do
		printf '%s\n' 'SELECT bench.sweep(bench.due_instant(1000));' "SELECT bench.all_go($turn, 300, 'waiting_customer');" "SELECT bench.all_go($turn, 300, 'in_progress');"
	done | psql -XAt -v ON_ERROR_STOP=1 -c '\timing on' -f - | awk '/^Time:/ { sum += $2 } END { print sum }')
	sweep=$(for ((round = 0; round <= 5; round++)); do
		printf '%s\n' 'SELECT bench.due_instant(1000) AS at \gset' '\timing on' "SELECT bench.sweep(:'at');" '\timing off'
	done | psql -XAt -v ON_ERROR_STOP=1 | awk '/^Time:/ && ++n > 1 { print $2 }' | sort -n | sed -n 3p)
	autovacuum off
	echo "$SWEEPS sweeps with $settings settings: $time ms, one after them $sweep ms"
	sql -c 'SELECT bench.vacuumed()'
done
