#!/bin/sh
# Business time per row, as ratios inside one run (handbook D8). "net" is net of a scan that reads the same columns; the
# yardstick is date_trunc('day', ts, 'Asia/Shanghai'), built in. Measured in turn, the least of several rounds each.
# Takes about 10 seconds on two free cores.
set -eu
# Rows of functions without a result are blank lines, or bars.
figures=$(psql -X -q -A -t -v ON_ERROR_STOP=1 -f "$(dirname "$0")/business_time.sql")
printf '%s\n' "$figures" | grep -v '^|*$'
