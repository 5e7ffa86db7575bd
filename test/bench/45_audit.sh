#!/bin/bash
# What the record costs (handbook H1): the part of a ticket's intake that its hash chain takes, from the time of the bare
# statement with and without the chain's row and of hashing one event; then verifying and anchoring a desk.
# Takes about 2 minutes on two free cores.
set -euo pipefail
here=$(dirname "$0")
ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-5} TICKETS=${TICKETS:-300000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
per_second() { # SCRIPT [PGOPTIONS]
	PGOPTIONS="${2-}" pgbench -n -M prepared -c 4 -j 2 -T "$SECONDS_EACH" -f "$work/$1" 2>/dev/null |
		awk '/^tps/ { print $3 }'
}
milliseconds() { # SQL
	psql -XAt -v ON_ERROR_STOP=1 -c '\timing on' -c "$1" | awk '/^Time:/ { sum += $2 } END { print sum }'
}

sql -f "$here/intake.sql" >/dev/null
cat >"$work/csflow" <<'SQL'
INSERT INTO csflow.ticket (desk_id, channel, body)
VALUES (1, 'live_chat', '昨天下午申请的提现失败，钱一直没到账，客服电话也打不通，请尽快帮我查一下到底是怎么回事，订单号已经发过两次了');
SQL
sql -c "SELECT bench.cte_text()" >"$work/with"
sed -E 's/^INSERT INTO csflow\.ticket_chain .*$/SELECT 1;/' "$work/with" >"$work/without"
for ((round = 1; round <= ROUNDS; round++)); do
	for script in csflow with without; do
		options=
		[ $script = csflow ] || options='-c session_replication_role=replica'
		per_second $script "$options" >>"$work/$script.tps"
	done
done
intake=$(median <"$work/csflow.tps") with=$(median <"$work/with.tps") without=$(median <"$work/without.tps")
sql -c "SELECT count(*) FROM csflow.event" >"$work/events"
hashing="SELECT count(csflow.event_hash(e.hash, e.desk_id, e.ticket_no, e.seq, e.at, e.recorded_at, e.kind, e.actor_kind, e.actor_id, e.old_state,
	e.new_state, e.old_value, e.new_value, e.clock, e.run, e.step_position, e.due_at, e.message_no, e.text_digest, e.same_act)) FROM (SELECT * FROM csflow.event LIMIT 20000) AS e"
scanning="SELECT count(e.hash), count(e.desk_id), count(e.kind), count(e.new_state) FROM (SELECT * FROM csflow.event LIMIT 20000) AS e"
milliseconds "$scanning" >/dev/null
hash=$(milliseconds "$hashing") scan=$(milliseconds "$scanning")
awk -v intake="$intake" -v with="$with" -v without="$without" -v hash="$hash" -v scan="$scan" 'BEGIN {
	each = (hash - scan) / 20
	row = 4e6 / with - 4e6 / without
	whole = 4e6 / intake
	printf "intake of one ticket: %.0f µs of a client; hash of its event %.1f µs, row of its chain %.0f µs\n", whole, each, row
	printf "the chain takes %.1f %% of intake (target 15 or less)\n", 100 * (each + row) / whole }'

sql -c "INSERT INTO csflow.ticket (desk_id, channel, body) SELECT 1, 'live_chat', '提现失败 ' || g FROM generate_series(1, $TICKETS) AS g" -c "VACUUM ANALYZE"
tickets=$(sql -c "SELECT count(*) FROM csflow.ticket")
verify=$(milliseconds "SELECT count(*) FROM csflow.verify_audit(1)")
read=$(milliseconds "SELECT count(h) FROM (SELECT lag(hash) OVER (PARTITION BY ticket_no ORDER BY seq) AS h FROM csflow.event WHERE desk_id = 1) AS x")
first=$(milliseconds "SELECT csflow.anchor_audit(1)")
sql -c "UPDATE csflow.ticket SET title = 'x' WHERE ticket_no IN (SELECT ticket_no FROM csflow.ticket ORDER BY ticket_no LIMIT 1000)"
next=$(milliseconds "SELECT csflow.anchor_audit(1)")
awk -v n="$tickets" -v verify="$verify" -v read="$read" -v first="$first" -v next_="$next" 'BEGIN {
	printf "verify_audit of %d tickets: %.0f ms, ratio %.2f of reading their events in order\n", n, verify, verify / read
	printf "anchor of all %d chains: %.0f ms; of 1000 that moved among them: %.0f ms, ratio %.3f\n", n, first, next_, next_ / first }'
