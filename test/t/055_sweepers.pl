# Sweepers beside one another, as real sessions: of 10,000 steps none fires twice and none is left (design 2.3, handbook D6). What a
# server killed in the middle of a sweep leaves is in 050_crash.pl.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('sweepers');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION csflow;
SELECT csflow.create_desk('sweepers', NULL);
INSERT INTO csflow.team (desk_id, team_id, code, name_zh, name_en) SELECT desk_id, 1, 'service', '客服', 'service' FROM csflow.desk;
INSERT INTO csflow.target (desk_id, target_id, clock, duration, calendar) SELECT desk_id, n, 'clock_' || n, '1 hour', 'around_the_clock'
  FROM csflow.desk, generate_series(1, 2) AS n;
INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, level, action, recipients)
  SELECT desk_id, t, p, 50 * p, 'warning', 'notify', ARRAY['team'] FROM csflow.desk, generate_series(1, 2) AS t, generate_series(1, 2) AS p;
INSERT INTO csflow.ticket (desk_id, channel, body, team_id, priority, opened_at)
  SELECT desk_id, 'email', 'number ' || n, 1, 'B', '2025-03-03 09:00+08'::timestamptz + n * interval '1 microsecond'
  FROM csflow.desk, generate_series(1, 2500) AS n;
});

# Each sweeps in small batches until there is nothing left; what another has locked is left to the other.
sub sweep_with
{
	my ($sweepers, $at) = @_;
	my @clients = map {
		my ($in, $out, $err) = ('', '', '');
		IPC::Run::start(
			[
				'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-v', 'ON_ERROR_STOP=1', '-c',
				"CALL csflow.run_escalation($at, 37)", 'postgres'
			],
			'<', \$in, '>', \$out, '2>', \$err);
	} 1 .. $sweepers;
	my $failed = grep { !$_->finish } @clients;
	is($failed, 0, "$sweepers sweepers end without an error");
	# The last batches may have been locked by one that was just finishing.
	$node->safe_psql('postgres', "CALL csflow.run_escalation($at, 1000)");
}

sub fired
{
	return $node->safe_psql('postgres',
		q{SELECT count(*), count(DISTINCT (desk_id, ticket_no, clock, run, step_position)) FROM csflow.event WHERE kind = 'step_fired'});
}

sweep_with(2, "'2025-03-03 09:45+08'");
is(fired(), '5000|5000', 'D6: two sweepers fire 5,000 steps, each once');
sweep_with(4, "'2025-03-03 12:00+08'");
is(fired(), '10000|10000', 'D6: four sweepers the other 5,000, each once');
is($node->safe_psql('postgres', 'SELECT count(*) FROM csflow.outbox'), '10000', '2.16: a notice for each');
is($node->safe_psql('postgres', 'SELECT count(*) FROM csflow.set_aside'), '0', '2.12: no ticket was set aside');
is( $node->safe_psql('postgres', q{SELECT count(*) FROM csflow.ticket_chain AS h
	WHERE (h.seq, h.head) <> (SELECT count(*), (array_agg(e.hash ORDER BY e.seq DESC))[1] FROM csflow.event AS e
		WHERE e.desk_id = h.desk_id AND e.ticket_no = h.ticket_no)}), '0', '2.19: the chains stand');

$node->stop;
done_testing();
