# Ticket numbers with many connections (handbook A4, design 2.15): distinct, well-formed, without a gap in their month, and
# nobody waits for another's commit; also where the month changes while all draw at once.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('numbers');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 1');
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION csflow;
SELECT csflow.create_desk('numbers', NULL);
INSERT INTO csflow.target (desk_id, clock, duration, calendar) SELECT desk_id, 'resolve', '1 hour', 'around_the_clock' FROM csflow.desk;
CREATE TABLE drawn (round integer NOT NULL, ticket_no csflow.ticket_no NOT NULL);
});
# Whoever waited for the transaction that is held open below would fail by this.
$ENV{PGOPTIONS} = '-c lock_timeout=20s -c statement_timeout=60s';

sub eight_clients
{
	my ($each, $variables, $name, $script) = @_;
	$node->pgbench("-n -c 8 -j 2 -t $each $variables", 0, [qr{processed: @{[ 8 * $each ]}/@{[ 8 * $each ]}}], [qr{}], $name,
		{ "$name " =~ s/\W+/_/gr => $script });
}

# A prepared transaction is one that has inserted and does not commit.
$node->safe_psql('postgres', q{
BEGIN;
INSERT INTO csflow.ticket (desk_id, channel, body) SELECT desk_id, 'email', 'held open' FROM csflow.desk;
PREPARE TRANSACTION 'held open';
});
eight_clients(40, '', 'A4: tickets of eight clients, with one that does not commit',
	q{INSERT INTO csflow.ticket (desk_id, channel, body) SELECT desk_id, 'email', 'a question' FROM csflow.desk;});
is($node->safe_psql('postgres', 'SELECT count(*) FROM csflow.ticket'), '320', 'A4: all went in while the first was open');
$node->safe_psql('postgres', q{COMMIT PREPARED 'held open'});

my $of_each_month = q{
SELECT sum(count(*)) OVER () AS numbers, bool_and(count(*) = count(DISTINCT ticket_no)) OVER () AS are_distinct,
  bool_and(min(csflow.ticket_serial(ticket_no)) = 1 AND max(csflow.ticket_serial(ticket_no)) = count(*)) OVER () AS without_gap,
  bool_and(bool_and(ticket_no::text ~ '^[0-9]{4}(0[1-9]|1[0-2])([0-9]{3}|[1-9][0-9]{3,})$')) OVER () AS well_formed,
  bool_and(csflow.ticket_month(ticket_no) >= date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai' - interval '1 hour')) OVER () AS of_this_month
FROM %s GROUP BY csflow.ticket_month(ticket_no) LIMIT 1};
is($node->safe_psql('postgres', sprintf($of_each_month, 'csflow.ticket')), '321|t|t|t|t',
	'A4: distinct, from 1 without a gap, well-formed, of this month');
is( $node->safe_psql('postgres', q{
SELECT count(*), bool_and(seq = 1), (SELECT count(*) FROM csflow.clock), (SELECT count(*) FROM csflow.ticket_chain) FROM csflow.event}),
	'321|t|321|321', 'each with its event, clock and chain');

# The month changes: the sequence still stands in an earlier one, and eight clients that were made to wait for one another draw
# at once.
my $script = $node->basedir . '/draw.sql';
append_to_file($script, q{
BEGIN;
SELECT pg_advisory_xact_lock_shared(1);
INSERT INTO drawn SELECT :round, csflow.next_ticket_no() FROM generate_series(1, 3);
COMMIT;
});
for my $round (1 .. 5)
{
	$node->safe_psql('postgres', qq{
SELECT setval('csflow.ticket_no_seq', to_char(now() - interval '$round months', 'YYYYMM')::bigint * 10000000000 + 40 + $round);
BEGIN; SELECT pg_advisory_xact_lock(1); PREPARE TRANSACTION 'start';
});
	my ($in, $out, $err) = ('', '', '');
	my $clients = IPC::Run::start([ 'pgbench', '-n', '-c', '8', '-t', '20', '-D', "round=$round", '-f', $script,
		'-h', $node->host, '-p', $node->port, 'postgres' ], '<', \$in, '>', \$out, '2>', \$err);
	$node->poll_query_until('postgres', "SELECT count(*) = 8 FROM pg_stat_activity WHERE wait_event = 'advisory'");
	$node->safe_psql('postgres', q{COMMIT PREPARED 'start'});
	ok($clients->finish, "2.15: eight clients draw as the month changes, $round") or diag($err);
	is($node->safe_psql('postgres', sprintf($of_each_month, "drawn WHERE round = $round")), '480|t|t|t|t',
		"2.15: distinct and without a gap from the first of the month, change $round");
}
$node->safe_psql('postgres', q{
BEGIN;
SELECT setval('csflow.ticket_no_seq', 2020010000000007);
INSERT INTO drawn SELECT 6, csflow.next_ticket_no();
PREPARE TRANSACTION 'held open';
});
eight_clients(5, '', '2.15: the one that moved the month does not commit', 'INSERT INTO drawn SELECT 6, csflow.next_ticket_no();');
$node->safe_psql('postgres', q{COMMIT PREPARED 'held open'});
is($node->safe_psql('postgres', sprintf($of_each_month, 'drawn WHERE round = 6')), '41|t|t|t|t', '2.15: and nobody waited for it');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE locktype IN ('object', 'advisory') AND database IS NOT NULL"), '0',
	'2.15: the lock of the month change is given back');

# A lock that cannot be had is no lock that is kept: an error in the change of month leaves nothing behind.
my $errors;
$node->psql('postgres', q{
SELECT setval('csflow.ticket_no_seq', 2020010000000007);
ALTER SEQUENCE csflow.ticket_no_seq MAXVALUE 2020010000000008;
INSERT INTO drawn SELECT 7, csflow.next_ticket_no();
}, stderr => \$errors);
like($errors, qr/bounds|maximum value/, 'an error in the change of month is raised');
is($node->safe_psql('postgres', q{
ALTER SEQUENCE csflow.ticket_no_seq NO MAXVALUE;
INSERT INTO drawn SELECT 7, csflow.next_ticket_no() RETURNING csflow.ticket_serial(ticket_no);
}), '1', 'and the next connection is not blocked by it');

# Where the sequence has a cache, a connection that holds numbers of an earlier month back does not move the month on again.
my $drawn;
$node->psql('postgres', q{
ALTER SEQUENCE csflow.ticket_no_seq CACHE 10;
SELECT setval('csflow.ticket_no_seq', 2020010000000007) AS set \gset
SELECT nextval('csflow.ticket_no_seq') AS held_back \gset
\! psql -XAtqc 'SELECT csflow.ticket_serial(csflow.next_ticket_no())' "} . $node->connstr('postgres') . q{"
SELECT csflow.ticket_serial(csflow.next_ticket_no());
ALTER SEQUENCE csflow.ticket_no_seq CACHE 1;
}, stdout => \$drawn);
is($drawn, "1\n11", '2.15: of another connection\'s month, though numbers of an earlier one were held back');

# Imports into a past month: counted in a row, so they do wait, and are as distinct and gapless.
eight_clients(10, '', '2.15: imports into a past month',
	q{INSERT INTO drawn SELECT 8, csflow.next_ticket_no('2020-05-15 12:00+08') FROM generate_series(1, 2);});
is( $node->safe_psql('postgres', q{
SELECT count(DISTINCT ticket_no), min(ticket_no), max(ticket_no) FROM drawn WHERE round = 8}),
	'160|202005001|202005160', '2.15: distinct and without a gap too');

$node->stop;
done_testing();
