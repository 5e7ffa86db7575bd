# A server that is killed (immediate shutdown: no checkpoint, every backend at once) in the middle of a sweep and of intake:
# nothing lost that was committed, nothing doubled, nothing half done; the next sweep goes on (design 2.3, 2.12, 2.19).

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 1\nrestart_after_crash = on");
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION csflow;
SELECT csflow.create_desk('crash', NULL);
INSERT INTO csflow.team (desk_id, team_id, code, name_zh, name_en) SELECT desk_id, 1, 'service', '客服', 'service' FROM csflow.desk;
INSERT INTO csflow.target (desk_id, target_id, clock, duration, calendar) SELECT desk_id, 1, 'resolve', '1 hour', 'around_the_clock' FROM csflow.desk;
INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, level, action, recipients)
  SELECT desk_id, 1, 1, 50, 'warning', 'notify', ARRAY['team'] FROM csflow.desk
  UNION ALL SELECT desk_id, 1, 2, 100, 'breach', 'raise_priority', ARRAY['team'] FROM csflow.desk;
INSERT INTO csflow.ticket (desk_id, channel, body, team_id, priority, opened_at)
  SELECT desk_id, 'email', 'number ' || n, 1, 'B', '2025-03-03 09:00+08'::timestamptz + n * interval '1 second'
  FROM csflow.desk, generate_series(1, 60) AS n;
-- Stops whoever writes the notice of one ticket, with clocks and events of its batch already written.
CREATE FUNCTION stop_there() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END';
CREATE TRIGGER stop_there BEFORE INSERT ON csflow.outbox FOR EACH ROW
  WHEN (csflow.ticket_serial(NEW.ticket_no) % 1000 = 25) EXECUTE FUNCTION stop_there();
});
my $at = "'2025-03-03 12:00+08'";
my $hold = q{BEGIN; SELECT pg_advisory_xact_lock(1); PREPARE TRANSACTION 'hold'};
my @clients;

sub client
{
	my ($command, @arguments) = @_;
	my ($in, $out, $err) = ('', '', '');
	push @clients,
	  IPC::Run::start([ $command, '-h', $node->host, '-p', $node->port, @arguments, 'postgres' ], '<', \$in, '>', \$out, '2>', \$err);
}

sub kill_server
{
	$node->stop('immediate');
	eval { $_->finish } for @clients;
	@clients = ();
	$node->start;
}

# Every ticket: numbers without doubles, events without gap or fork, opened once, its clock, a notice for each step.
my $unsound = q{
SELECT count(*) FROM csflow.ticket AS t
LEFT JOIN csflow.ticket_chain AS h ON h.desk_id = t.desk_id AND h.ticket_no = t.ticket_no
LEFT JOIN LATERAL (SELECT count(*) AS n, max(seq) AS last, (array_agg(hash ORDER BY seq DESC))[1] AS hash,
    count(*) FILTER (WHERE kind = 'opened') AS opened, count(*) FILTER (WHERE kind = 'step_fired') AS fired,
    count(DISTINCT (clock, run, step_position)) FILTER (WHERE kind = 'step_fired') AS fired_once,
    count(*) FILTER (WHERE kind = 'priority_changed') AS raised
  FROM csflow.event AS e WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no) AS e ON true
LEFT JOIN LATERAL (SELECT count(*) AS n, max(next_position) AS next FROM csflow.clock AS c
  WHERE c.desk_id = t.desk_id AND c.ticket_no = t.ticket_no) AS c ON true
LEFT JOIN LATERAL (SELECT count(*) AS n FROM csflow.outbox AS o
  WHERE o.desk_id = t.desk_id AND o.ticket_no = t.ticket_no) AS o ON true
WHERE NOT coalesce(e.n = e.last AND h.seq = e.last AND h.head = e.hash AND e.opened = 1 AND e.fired = e.fired_once AND c.n = 1
  AND o.n = e.fired AND c.next = e.fired + 1 AND e.raised = (e.fired = 2)::integer
  AND (t.priority::text = 'A') = (e.fired = 2), false)};
my $fired = q{SELECT count(*) FROM csflow.event WHERE kind = 'step_fired'};

# The sweep: batches of ten, killed within the third.
$node->safe_psql('postgres', $hold);
client('psql', '-X', '-c', "CALL csflow.run_escalation($at, 10)");
ok($node->poll_query_until('postgres', q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE 'CALL%')}),
	'a sweep is in the middle of a batch');
kill_server();
is($node->safe_psql('postgres', $fired), '40', '2.12: the batches committed before stand, two steps for each of 20 tickets');
is($node->safe_psql('postgres', $unsound), '0', '2.19: and no ticket is half done');
is($node->safe_psql('postgres', 'SELECT count(*) FROM csflow.job_run WHERE finished_at IS NULL'), '1', 'H3: the run that was killed can be seen');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'hold'});
$node->safe_psql('postgres', "CALL csflow.run_escalation($at, 10)");
is($node->safe_psql('postgres', $fired), '120', '2.3: the next sweep fires what was left');
is($node->safe_psql('postgres', $unsound), '0', '2.3: each step once');
$node->safe_psql('postgres', "CALL csflow.run_escalation($at, 10)");
is($node->safe_psql('postgres', $fired), '120', 'and none again');

# Intake by four clients beside two sweeps, killed as it comes.
my $script = $node->basedir . '/intake.sql';
append_to_file($script, q{
\set n random(2, 5)
INSERT INTO csflow.ticket (desk_id, channel, body, team_id, priority, opened_at)
SELECT desk_id, 'email', 'question ' || n, 1, 'B', '2025-03-03 10:00+08' FROM csflow.desk, generate_series(1, :n) AS n;
});
for my $round (1 .. 3)
{
	my $before = $node->safe_psql('postgres', 'SELECT count(*) FROM csflow.ticket');
	my $fired_before = $node->safe_psql('postgres', $fired);
	$node->safe_psql('postgres', 'DROP TRIGGER IF EXISTS stop_there ON csflow.outbox');
	client('pgbench', '-n', '-c', '4', '-T', '120', '-f', $script);
	client('psql', '-X', '-c', "SELECT csflow.escalate_batch($at, 5) FROM generate_series(1, 100000)") if $round == 2;
	client('pgbench', '-n', '-c', '2', '-T', '120', '-f', sweep_script());
	$node->poll_query_until('postgres', "SELECT (SELECT count(*) FROM csflow.ticket) > $before + 100 AND ($fired) > $fired_before + 20");
	kill_server();
	my $after = $node->safe_psql('postgres', 'SELECT count(*) FROM csflow.ticket');
	cmp_ok($after, '>', $before + 100, "intake and sweeps killed, round $round");
	is($node->safe_psql('postgres', $unsound), '0', "2.19: no ticket is half done, round $round");
}
is( $node->safe_psql('postgres', 'SELECT count(*) = count(DISTINCT ticket_no) FROM csflow.ticket'),
	't', 'A4: no number was given twice over the crashes');
$node->safe_psql('postgres', "CALL csflow.run_escalation($at, 1000)");
is( $node->safe_psql('postgres', "SELECT ($fired) = 2 * count(*) FROM csflow.ticket"),
	't', '2.3: after all that every step has fired once');
is($node->safe_psql('postgres', $unsound), '0', 'and nothing is left half done');
is($node->safe_psql('postgres', 'SELECT count(*) FROM csflow.set_aside'), '0', '2.12: no ticket was set aside');

$node->stop;
done_testing();

sub sweep_script
{
	my $sweep = $node->basedir . '/sweep.sql';
	append_to_file($sweep, "SELECT csflow.escalate_batch($at, 7);\n") unless -e $sweep;
	return $sweep;
}
