#!/bin/sh
# How often rules learnt by csflow.suggest_keywords() from a training part put the tickets of a test part where people put
# them (handbook B2, B7), on two public sets of English texts beside the repository. A report: nothing here passes or fails.
# Takes about 10 seconds on two free cores.
set -eu
cd "$(dirname "$0")/../.."
data=${CSFLOW_DATA:-../shared/data}
for file in banking77/train.csv banking77/test.csv cfpb_2023/complaints.csv; do
	if [ ! -r "$data/$file" ]; then
		echo "SKIPPED: $data/$file is not here, accuracy NOT measured; CSFLOW_DATA names another folder" >&2
		exit 0
	fi
done
cat test/bench/accuracy_tables.sql - test/bench/accuracy.sql <<END | psql -X -q -A -t -v ON_ERROR_STOP=1
\\copy banking_train FROM '$data/banking77/train.csv' (FORMAT csv, HEADER)
\\copy banking_test FROM '$data/banking77/test.csv' (FORMAT csv, HEADER)
\\copy complaint FROM '$data/cfpb_2023/complaints.csv' (FORMAT csv, HEADER)
END
