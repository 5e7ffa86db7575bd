#!/bin/sh
# Score-card by category in one pass (handbook G1, G2), against exact percentiles and against count/avg of the same columns, in
# one run; merging of sketches. ROWS=5000000 rows. Statements are run in turn and each figure is the least of three, so that other
# work on the machine falls on all of them; with the work_mem of the settings, and with 4 MB, the server's own default.
# Takes about two minutes on two free cores.
set -eu
psql -X -q -A -t -v ON_ERROR_STOP=1 -v rows="${ROWS:-5000000}" -f "$(dirname "$0")/health.sql" | grep -v '^|*$'
