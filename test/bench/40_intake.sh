#!/bin/bash
# Ticket intake (classify, number, clocks, event, chain; handbook A, B), 4 clients, prepared, against two rivals in the same
# run: one CTE statement that writes the same rows into the same tables with the same keys and indexes but decides
# nothing (our triggers are off for it), and keyword routing and deadlines in PL/pgSQL triggers on tables of its own. Then
# bulk intake against bare bulk INSERTs of the same rows.
#
# All of that again with customers, where intake also looks for the ticket it repeats (A8) and queues it for the later pass,
# as the rivals do: drawn from 100,000, and one account that everybody shares. At last what the index ticket_category costs.
# Ratios of the medians of ROUNDS rounds measured in turn.
# Takes about 4 minutes on two free cores.
set -euo pipefail
ROUNDS=${ROUNDS:-3} SECONDS_EACH=${SECONDS_EACH:-5} BULK=${BULK:-300000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

text='昨天下午申请的提现失败，钱一直没到账，客服电话也打不通，请尽快帮我查一下到底是怎么回事，订单号已经发过两次了'
replica='-c session_replication_role=replica'

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
per_second() { # SCRIPT [PGOPTIONS]
	PGOPTIONS="${2-}" pgbench -n -M prepared -c 4 -j 2 -T "$SECONDS_EACH" -f "$work/$1" 2>/dev/null |
		awk '/^tps/ { print $3 }'
}
milliseconds() { # PGOPTIONS SQL
	PGOPTIONS="$1" psql -XAt -v ON_ERROR_STOP=1 -c '\timing on' -c "$2" | awk '/^Time:/ { sum += $2 } END { print sum }'
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# Four clients, ours against the bare CTE; leaves our tickets a second in $ours.
clients() { # WHAT [CUSTOMER, as pgbench writes it]
	local round bare customer=NULL
	: >"$work/ours"
	: >"$work/cte"
	if [ $# -gt 1 ]; then
		customer=:customer
		echo "\set customer $2" | tee "$work/ours" >"$work/cte"
	fi
	echo "\set number random(1, 1000000000)" >>"$work/ours"
	echo "INSERT INTO csflow.ticket (desk_id, channel, customer_id, body) VALUES (1, 'live_chat', $customer, '$text' || :number);" >>"$work/ours"
	sql -c "SELECT bench.cte_text($([ $# -lt 2 ] || echo "':customer::bigint'"))" >>"$work/cte"
	rm -f "$work"/*.tps
	for ((round = 1; round <= ROUNDS; round++)); do
		per_second ours >>"$work/ours.tps"
		per_second cte "$replica" >>"$work/cte.tps"
	done
	ours=$(median <"$work/ours.tps") bare=$(median <"$work/cte.tps")
	echo "intake$1, 4 clients: $ours tickets/s; bare CTE $bare/s: ratio $(ratio "$ours" "$bare") (target 0.60 or more)"
}

# Many rows at once, ours against bare INSERT … SELECT, in turn, a share of the rows in each round.
bulk() { # WHAT ROWS [CUSTOMER, an expression over n.place]
	local round ours bare rows=$(($2 / ROUNDS)) customer=${3:+", '$3'"}
	rm -f "$work"/*.ms
	for ((round = 1; round <= ROUNDS; round++)); do
		milliseconds '' "INSERT INTO csflow.ticket (desk_id, channel, customer_id, body)
			SELECT 1, 'live_chat', ${3-NULL}, '昨天下午申请的提现失败，钱一直没到账，请尽快帮我查一下到底是怎么回事' || n.place || '-$round'
			FROM generate_series(1, $rows) AS n (place)" >>"$work/ours.ms"
		milliseconds "$replica" "SELECT bench.bulk($rows$customer)" >>"$work/bare.ms"
	done
	ours=$(median <"$work/ours.ms") bare=$(median <"$work/bare.ms")
	echo "bulk intake$1, $rows rows: $ours ms; bare INSERT … SELECT of the same rows $bare ms: ratio $(ratio "$bare" "$ours") (target 0.50 or more)"
}

sql -f "$(dirname "$0")/intake.sql" >/dev/null
clients ''
cat >"$work/plpgsql" <<SQL
INSERT INTO bench.ticket (channel, body) VALUES ('live_chat', '$text');
SQL
for ((round = 1; round <= ROUNDS; round++)); do
	per_second plpgsql >>"$work/plpgsql.tps"
done
plpgsql=$(median <"$work/plpgsql.tps")
echo "intake: PL/pgSQL triggers $plpgsql tickets/s: ratio $(ratio "$ours" "$plpgsql")"
clients ' of 100,000 customers' 'random(1, 100000)'
clients ' of one shared account' 100001

bulk '' "$BULK"
bulk ' of 100,000 customers' "$BULK" '1 + n.place % 100000'
bulk ' of one shared account' "$((BULK / 3))" 100001

index=$(sql -c "SELECT indexdef FROM pg_indexes WHERE schemaname = 'csflow' AND indexname = 'ticket_category'")
for ((round = 1; round <= ROUNDS; round++)); do
	for with in with without; do
		[ "$with" = with ] || sql -c 'DROP INDEX csflow.ticket_category'
		milliseconds '' "INSERT INTO csflow.ticket (desk_id, channel, body)
			SELECT 1, 'live_chat', '$text' FROM generate_series(1, $((BULK / 3)))" >>"$work/$with.ms"
		[ "$with" = with ] || sql -c "$index"
	done
done
with=$(median <"$work/with.ms") without=$(median <"$work/without.ms")
echo "index ticket_category: $with ms with it, $without ms without, for $((BULK / 3)) rows: intake takes $(ratio "$with" "$without") times as long"
