#!/bin/bash
# Ticket intake (classify, number, clocks, event, chain; handbook A, B), 4 clients, prepared, against two rivals in the same
# run: one CTE statement that writes the same rows into the same tables with the same keys and indexes but decides
# nothing (our triggers are off for it), and keyword routing and deadlines in PL/pgSQL triggers on tables of its own. Then
# bulk intake against bare bulk INSERTs of the same rows. Ratios of the medians of ROUNDS rounds measured in turn.
set -euo pipefail
here=$(dirname "$0")
ROUNDS=${ROUNDS:-3} SECONDS_EACH=${SECONDS_EACH:-5} BULK=${BULK:-300000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
per_second() { # SCRIPT [PGOPTIONS]
	PGOPTIONS="${2-}" pgbench -n -M prepared -c 4 -j 2 -T "$SECONDS_EACH" -f "$work/$1" 2>/dev/null |
		awk '/^tps/ { print $3 }'
}
milliseconds() { # PGOPTIONS SQL
	PGOPTIONS="$1" psql -XAt -v ON_ERROR_STOP=1 -c '\timing on' -c "$2" | awk '/^Time:/ { sum += $2 } END { print sum }'
}

sql -f "$here/intake.sql" >/dev/null
cat >"$work/csflow" <<'SQL'
INSERT INTO csflow.ticket (desk_id, channel, body)
VALUES (1, 'live_chat', '昨天下午申请的提现失败，钱一直没到账，客服电话也打不通，请尽快帮我查一下到底是怎么回事，订单号已经发过两次了');
SQL
sql -c "SELECT bench.cte_text()" >"$work/cte"
cat >"$work/plpgsql" <<'SQL'
INSERT INTO bench.ticket (channel, body)
VALUES ('live_chat', '昨天下午申请的提现失败，钱一直没到账，客服电话也打不通，请尽快帮我查一下到底是怎么回事，订单号已经发过两次了');
SQL

for ((round = 1; round <= ROUNDS; round++)); do
	per_second csflow >>"$work/csflow.tps"
	per_second cte '-c session_replication_role=replica' >>"$work/cte.tps"
	per_second plpgsql >>"$work/plpgsql.tps"
done
csflow=$(median <"$work/csflow.tps") cte=$(median <"$work/cte.tps") plpgsql=$(median <"$work/plpgsql.tps")
echo "intake, 4 clients: $csflow tickets/s; bare CTE $cte/s; PL/pgSQL triggers $plpgsql/s"
awk -v a="$csflow" -v b="$cte" -v c="$plpgsql" 'BEGIN {
	printf "intake: ratio %.2f of the bare CTE (target 0.60 or more), %.2f of PL/pgSQL triggers\n", a / b, a / c }'

ours=$(milliseconds '' "INSERT INTO csflow.ticket (desk_id, channel, body)
	SELECT 1, 'live_chat', '昨天下午申请的提现失败，钱一直没到账，请尽快帮我查一下到底是怎么回事' || g FROM generate_series(1, $BULK) AS g")
bare=$(milliseconds '-c session_replication_role=replica' "SELECT bench.bulk($BULK)")
echo "bulk intake of $BULK rows: $ours ms; bare INSERT … SELECT of the same rows $bare ms"
awk -v a="$ours" -v b="$bare" 'BEGIN { printf "bulk intake: ratio %.2f of the bare INSERT … SELECT (target 0.50 or more)\n", b / a }'
