#!/bin/sh
# Runs one pgTAP file in a database of its own (copied from the template that test/run.sh makes, csflow and pgTAP
# installed) and prints its TAP. Of its own, not in a transaction rolled back: procedures COMMIT, and files can run side
# by side.
set -eu
database=tap_$(basename "$1" .sql)
createdb --template="$TAP_TEMPLATE" "$database"
status=0
psql -X -A -t -q -P pager=off -v ON_ERROR_STOP=1 -d "$database" -f "$1" || status=$?
dropdb --force "$database" || status=1
exit "$status"
