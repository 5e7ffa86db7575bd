#!/bin/bash
# The demonstration: a desk, a week of its work (or the event log on standard input), the scheduled jobs, the figures.
#
#   test/private.sh test/demo/run.sh             a generated week
#   test/private.sh test/demo/run.sh NAME <LOG   an event log of one's own, shown under that name; doc/demo.md
#
# Environment: WEEK=2026-03-02   the generated week, by its Monday (default: the last that is over)
#              ZONE=Asia/Shanghai   time zone of instants that name none, and of the desk
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d "${TMPDIR:-/tmp}/csflow-demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
name=${1-}
log=$work/log.csv
one_second=1 # between two looks at pg_cron's work, which nothing announces
export PGTZ=${ZONE:-Asia/Shanghai} PGOPTIONS='--client-min-messages=notice'

# Errors without psql's file and line, which are not the reader's.
sql() { { psql -X -q -At -v ON_ERROR_STOP=1 -v SHOW_CONTEXT="${context:-never}" "$@" 2>&1 >&3 | sed -E 's/^psql:[^ ]*: //' >&2; } 3>&1; }
table() { sql -P format=aligned -P tuples_only=off -P border=1 -P linestyle=unicode -P footer=off "$@"; }
step() { printf '\n── %s\n' "$*"; }

fetch_log() {
	if [ -n "$name" ]; then
		step "1/5 读取日志  the log $name"
		cat >"$log"
		source=$name
	else
		week=${WEEK:-$(sql -c "SELECT (date_trunc('week', now()) - interval '7 days')::date")}
		step "1/5 生成一周的工单  writing a week of tickets, from Monday $week"
		perl generate.pl "$week" >"$log"
		source=demo
	fi
	[ -s "$log" ] || {
		echo "the log is empty" >&2
		exit 66
	}
	echo "$(($(wc -l <"$log") - 1)) rows"
}

recognise_log() { # sets layout and copy
	local header
	header=$(head -n 1 "$log")
	sql -c 'CREATE EXTENSION IF NOT EXISTS csflow' -f log.sql
	layout=$(sql -v header="$header" <<<"SELECT csflow_demo.prepare(:'header')")
	copy=$(sql -v header="$header" <<<"SELECT csflow_demo.copy_command(:'header')")
}

make_desk() { # sets desk
	local playbook=internet document=
	if [ "$layout" = events ]; then
		step '2/5 建立服务台  a desk from the playbook "internet"'
	else
		step '2/5 建立服务台  a desk from the playbook test/demo/incidents.json'
		playbook='' document=$(cat incidents.json)
	fi
	desk=$(sql -v playbook="$playbook" -v zone="$PGTZ" -v caption="${name:-演示服务台 demo desk}" \
		<<<"SELECT csflow.create_desk('demo', nullif(:'playbook', ''), :'zone', :'caption')")
	[ -z "$document" ] || sql -v desk="$desk" -v document="$document" <<<"SELECT csflow.load_playbook(:desk, :'document')" >/dev/null
	[ -n "$name" ] || sql -v desk="$desk" -f desk.sql
	sql -v desk="$desk" <<-'SQL'
		SELECT format('%s categories, %s keyword rules, %s priority rules, %s targets, %s steps',
		  (SELECT count(*) FROM csflow.category WHERE desk_id = :desk), (SELECT count(*) FROM csflow.keyword_rule WHERE desk_id = :desk),
		  (SELECT count(*) FROM csflow.priority_rule WHERE desk_id = :desk), (SELECT count(*) FROM csflow.target WHERE desk_id = :desk),
		  (SELECT count(*) FROM csflow.step WHERE desk_id = :desk));
	SQL
}

play_log() { # sets at, the instant up to which it was played
	step "3/5 回放  replaying the log; clocks are swept at simulated minutes, as a scheduler would"
	sql -f incidents.sql -f replay.sql -f report_functions.sql
	context=errors sql -c "$copy" <"$log" # which line of the file
	sql -v source="$source" -v desk="$desk" >/dev/null <<-'SQL'
		SELECT csflow_demo.load(:'source', :desk);
		SELECT csflow_demo.create_people(:desk, :'source');
		SELECT csflow.create_partitions(min(l.at)::date, least(240, 1 + (EXTRACT(year FROM age(max(l.at), min(l.at))) * 12 + EXTRACT(month FROM age(max(l.at), min(l.at))))::integer))
		FROM csflow_demo.log AS l WHERE l.source = :'source';
	SQL
	sql -v source="$source" -v desk="$desk" -f play.sql
	at=$(sql -v source="$source" <<<"SELECT max(until) FROM csflow_demo.spans(:'source')")
	sql -v source="$source" -v desk="$desk" <<-'SQL'
		SELECT format('%s events applied, %s refused by the flow; %s sweeps found something due', count(*) FILTER (WHERE l.applied_at IS NOT NULL), count(l.refusal),
		  (SELECT sum(s.sweeps) FROM csflow_demo.scheduler AS s WHERE s.desk_id = :desk))
		FROM csflow_demo.log AS l WHERE l.source = :'source';
		SELECT format('  refused: row %s, %s "%s": %s', l.row_no, l.event, l.ticket, l.refusal) FROM csflow_demo.log AS l
		WHERE l.source = :'source' AND l.refusal IS NOT NULL ORDER BY l.row_no LIMIT 5;
	SQL
}

wait_for_job() {
	local since waited=0 run
	since=$(sql -c 'SELECT clock_timestamp()')
	table -v desk="$desk" -v live="$([ "$source" = demo ] && echo true || echo false)" -f jobs.sql
	if sql -c "SELECT 1 FROM csflow.job WHERE job = 'escalation' AND schedule LIKE '%second%'" | grep -q 1; then
		echo "pg_cron runs the escalation every 15 seconds; waiting for it"
	else
		echo "This pg_cron has no seconds: it starts jobs when a minute begins, so the first can take up to a minute."
		sql -c "SELECT format('It is %s now; waiting for %s', to_char(now(), 'HH24:MI:SS'), to_char(date_trunc('minute', now()) + interval '1 minute', 'HH24:MI:SS'))"
	fi
	while :; do
		run=$(sql -c "SELECT 1 FROM csflow.job_run WHERE job = 'escalation' AND started_at > '$since' AND finished_at IS NOT NULL")
		[ -z "$run" ] || break
		[ "$waited" -lt 180 ] || {
			echo
			echo "no run of the job has ended after $waited seconds" >&2
			sql -c "SELECT * FROM cron.job_run_details ORDER BY runid DESC LIMIT 5" >&2
			exit 1
		}
		sleep "$one_second"
		waited=$((waited + one_second))
		printf .
	done
	echo
	table -v since="$since" -v desk="$desk" -f fired.sql
}

fetch_log
recognise_log
make_desk
play_log
# The jobs carry the desk on to the present, so the figures of the log are taken before and shown after.
table -v desk="$desk" -v at="$at" -f report.sql >"$work/report" || {
	cat "$work/report"
	exit 1
}
step "4/5 定时任务  the scheduled jobs, with a real pg_cron"
wait_for_job
step "5/5 主管看板  what a support lead wants to see, at the end of the log"
cat "$work/report"
[ "${KEEP-}" = 1 ] || printf '\nmake demo KEEP=1 leaves the server up, to look around: csflow.queue, csflow.attainment, csflow.timeline …\n'
