#!/bin/sh
# Score-card by category in one pass (handbook G1, G2), against exact percentiles and against count/avg of the same columns, in
# one run; merging of sketches. ROWS=5000000 rows; each figure is the least of three.
# Takes about a minute on two free cores.
set -eu
psql -X -q -A -t -v ON_ERROR_STOP=1 -v rows="${ROWS:-5000000}" -f "$(dirname "$0")/health.sql" | grep -v '^|*$'
