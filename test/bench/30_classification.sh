#!/bin/sh
# Classification per text of 120 characters at 500 and 10,000 rules (handbook B2), against the two plain-SQL ways in the
# same run: a join on position(), and one regular expression of all keywords (which only tells that something matched).
# "net" is net of a scan that reads the same column. Measured in turn, the least of several rounds each.
# Takes about 10 seconds on two free cores.
set -eu
# Rows of functions without a result are blank lines, or bars.
figures=$(psql -X -q -A -t -v ON_ERROR_STOP=1 -f "$(dirname "$0")/classification.sql")
printf '%s\n' "$figures" | grep -v '^|*$'
