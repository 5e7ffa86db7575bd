# pg_dump and restore of a desk with running clocks (design 2.6): into another database and into another cluster, by a
# superuser and by the tables' owner who is none; what was restored is dumped and restored again. Equal rows, sequences,
# partitions, triggers, rights, policies; the next sweep fires what it would have fired; new tickets go on with the next
# number. The commands are those of doc/operations.md.

use strict;
use warnings;
use FindBin;
use IPC::Run;
use lib "$FindBin::RealBin/../lib";
use Picture;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub new_node
{
	my $node = PostgreSQL::Test::Cluster->new(shift);
	$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
	$node->start;
	$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE ROLE clerk LOGIN;');
	return $node;
}

my $node = new_node('origin');
my $other = new_node('other');
my $rights = q{
CREATE EXTENSION csflow;
GRANT CREATE, USAGE ON SCHEMA csflow TO keeper;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA csflow TO keeper;
GRANT USAGE ON SCHEMA csflow TO clerk;
};
my $as_keeper = 'SET SESSION AUTHORIZATION keeper;';

$node->safe_psql('postgres', 'CREATE DATABASE origin');
$node->safe_psql('origin', $rights);
$node->safe_psql('origin', qq{$as_keeper
SET TimeZone = 'Asia/Shanghai';
SELECT csflow.create_desk('support', 'internet');
SELECT csflow.create_desk('second', NULL);
INSERT INTO csflow.calendar_day (desk_id, code, day, rule, reason)
  SELECT desk_id, min(code), '2025-03-05', 'off', '盘点' FROM csflow.working_calendar WHERE desk_id = csflow.desk_id('support') GROUP BY desk_id;
INSERT INTO csflow.customer (desk_id, nickname, attributes) SELECT csflow.desk_id('support'), 'panda' || n, '{"vip": true}' FROM generate_series(1, 5) AS n;
INSERT INTO csflow.agent (desk_id, name, role_name, may_act_for_others) VALUES (csflow.desk_id('support'), 'Lin', 'keeper', true);
INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, attributes, source, external_id, opened_at)
  SELECT csflow.desk_id('support'), (ARRAY['email', 'email', 'email'])[1 + n % 3], 1 + n % 5,
    (ARRAY['登录后闪退，支付失败，马上处理！', '請問退款什麼時候到賬', 'The app crashes after login', '怎么用优惠券'])[1 + n % 4] || ' ' || n,
    jsonb_build_object('device', 'P' || n), 'mail', 'm-' || n, '2025-03-03 09:00'::timestamptz + n * interval '1 minute'
  FROM generate_series(1, 120) AS n;
INSERT INTO csflow.ticket (ticket_no, desk_id, channel, body, opened_at)
  VALUES (csflow.next_ticket_no('2024-12-31 12:00+08'), csflow.desk_id('support'), 'email', '去年的问题', '2024-12-31 12:00');
UPDATE csflow.ticket SET state = 'in_progress', changed_at = '2025-03-03 11:30' WHERE csflow.ticket_serial(ticket_no) % 5 = 1 AND opened_at > '2025-01-01';
UPDATE csflow.ticket SET state = 'waiting_customer', changed_at = '2025-03-03 12:00', change_reason = '等待客户补充信息'
  WHERE csflow.ticket_serial(ticket_no) % 10 = 1 AND opened_at > '2025-01-01';
INSERT INTO csflow.message (desk_id, ticket_no, at, author_kind, body)
  SELECT desk_id, ticket_no, '2025-03-03 12:10', 'agent', '正在处理' FROM csflow.ticket WHERE state = 'in_progress';
UPDATE csflow.ticket SET state = 'answered', changed_at = '2025-03-03 12:20' WHERE csflow.ticket_serial(ticket_no) % 10 = 6 AND opened_at > '2025-01-01';
INSERT INTO csflow.attachment (desk_id, ticket_no, name, uri) SELECT desk_id, ticket_no, 'log.txt', 'file:///log' FROM csflow.ticket LIMIT 3;
INSERT INTO csflow.target (desk_id, clock, calendar, mode, due_from, starts_on, stops_on, rearms_on, subject, outlives_closing)
  VALUES (csflow.desk_id('support'), 'task', 'around_the_clock', 'each', 'named', '{task_created}', '{task_done}', '{task_created}', 'task', true);
INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, level, action, recipients)
  SELECT desk_id, target_id, 1, 100, 'breach', 'notify', '{owner}' FROM csflow.target WHERE clock = 'task';
INSERT INTO csflow.task (desk_id, ticket_no, title, due_at, created_at)
  SELECT desk_id, ticket_no, '核对退款', '2025-03-03 18:00', '2025-03-03 12:25' FROM csflow.ticket WHERE csflow.ticket_serial(ticket_no) % 10 < 3 AND opened_at > '2025-01-01';
UPDATE csflow.task SET done_at = '2025-03-03 12:26' WHERE csflow.ticket_serial(ticket_no) % 10 = 2;
CALL csflow.run_escalation('2025-03-03 12:30');
GRANT SELECT, INSERT ON csflow.ticket TO clerk;
});
$node->safe_psql('origin', q{SET client_min_messages = warning; SELECT csflow.setup_roles('desk'); GRANT desk_agent TO clerk});
cmp_ok($node->safe_psql('origin', 'SELECT count(*) FROM csflow.clock WHERE run_since IS NOT NULL AND next_at IS NOT NULL'), '>', 50, 'clocks run');
cmp_ok($node->safe_psql('origin', 'SELECT count(*) FROM csflow.clock WHERE paused_at IS NOT NULL'), '>', 5, 'others are paused');
cmp_ok($node->safe_psql('origin', q{SELECT count(*) FROM csflow.event WHERE kind = 'step_fired'}), '>', 10, 'steps have fired');
cmp_ok($node->safe_psql('origin', q{SELECT count(*) FROM csflow.clock JOIN csflow.task USING (desk_id, ticket_no) WHERE clock = 'task' AND subject_id = task_no AND stopped_at IS NULL}),
	'>', 10, 'tasks are under way');

# What happens next: the sweeps of a later instant, then a new ticket, its clocks and the rules behind it.
sub future
{
	my ($at, $database) = @_;
	return $at->safe_psql($database, qq{$as_keeper
SET TimeZone = 'Asia/Shanghai';
SELECT csflow.escalate_batch('2025-03-04 12:00', 10000), csflow.auto_close_batch('2025-03-10 12:00', 10000);
SELECT e.ticket_no, e.clock, e.run, e.step_position, e.due_at, e.at, e.new_value FROM csflow.event AS e WHERE e.kind = 'step_fired' ORDER BY 1, e.seq;
SELECT ticket_no, clock, run, due_at, next_at, spent_microseconds, outcome FROM csflow.clock ORDER BY 1, 2, 3;
SELECT ticket_no, topic, recipient_kind, recipient FROM csflow.outbox ORDER BY outbox_id;
INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (csflow.desk_id('support'), 'email', '登录后闪退', '2025-03-05 10:00')
  RETURNING ticket_no, kind, domain, priority, tag, team_id, state, rules_version;
SELECT clock, due_at, next_at FROM csflow.clock AS c JOIN csflow.ticket AS t USING (desk_id) WHERE t.ticket_no = c.ticket_no
  AND t.opened_at = '2025-03-05 10:00' ORDER BY 1;
UPDATE csflow.keyword_rule SET is_active = false WHERE desk_id = csflow.desk_id('support');
INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (csflow.desk_id('support'), 'email', '登录后闪退', '2025-03-05 11:00')
  RETURNING ticket_no, kind, needs_review;
SELECT csflow.create_partitions();
});
}

my $origin = flow_picture($node, 'origin');
cmp_ok(scalar(split /\n/, $origin->{policies}), '>', 20, 'there are policies');

sub same
{
	my ($at, $database, $what) = @_;
	is(different(flow_picture($at, $database), $origin), '', "$what: equal tables, rows, sequences, partitions, triggers, rights, policies");
}

sub restore
{
	my ($at, $database, $role, @command) = @_;
	my ($out, $err);
	local $ENV{PGUSER} = $role if $role;
	IPC::Run::run([ @command, '-h', $at->host, '-p', $at->port, '-d', $database ], '<', '/dev/null', '>', \$out, '2>', \$err);
	my %message = map { $_ => 1 } map { /(?:ERROR|error|WARNING|warning):\s+(.*)/ ? $1 : () } grep { !/^Command was|^pg_restore: warning: errors ignored/ } split /\n/, $err;
	return join "\n", sort keys %message;
}

# -- Restores --------------------------------------------------------------------------------------------------------
my $plain = $node->basedir . '/desk.sql';
my $archive = $node->basedir . '/desk.dump';
$node->command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-f', $plain, 'origin' ], 'pg_dump');
$node->command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-Fc', '-f', $archive, 'origin' ], 'pg_dump -Fc');
{
	local $ENV{PGUSER} = 'keeper';
	$node->command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-Fc', '-f', "$archive.keeper", 'origin' ], 'pg_dump by the owner');
}

# Roles belong to the cluster, not to the database.
my $roles = $node->basedir . '/roles.sql';
$node->command_ok([ 'pg_dumpall', '-h', $node->host, '-p', $node->port, '--roles-only', '-f', $roles ], 'pg_dumpall --roles-only');
like(restore($other, 'postgres', undef, 'psql', '-X', '-q', '-f', $roles), qr/^(role "\w+" already exists\n?)+$/, 'roles that are there already are told');

$node->safe_psql('postgres', 'CREATE DATABASE by_superuser');
is(restore($node, 'by_superuser', undef, 'psql', '-X', '-q', '-f', $plain), '', 'a superuser restores without a message');
same($node, 'by_superuser', 'by a superuser');

$other->safe_psql('postgres', 'CREATE DATABASE elsewhere');
is(restore($other, 'elsewhere', undef, 'pg_restore', '-j', '2', $archive), '', 'into another cluster, in parallel, too');
same($other, 'elsewhere', 'in another cluster');

my $second = $node->basedir . '/second.dump';
$other->command_ok([ 'pg_dump', '-h', $other->host, '-p', $other->port, '-Fc', '-f', $second, 'elsewhere' ], 'what was restored is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE again');
is(restore($node, 'again', undef, 'pg_restore', $second), '', 'and restored without a message');
same($node, 'again', 'restored twice');

# The owner is no superuser: one has made the extension before. The schema stands with it, and its comment and the
# extension's are not the owner's to write.
$other->safe_psql('postgres', 'CREATE DATABASE by_owner OWNER keeper');
my $expected_messages = join("\n", map { "could not execute query: ERROR:  $_" }
		'must be owner of extension csflow', 'must be owner of schema csflow', 'schema "csflow" already exists');
$other->safe_psql('by_owner', $rights);
my $rights_again = q{SET client_min_messages = warning; SELECT csflow.setup_roles('desk')};
is(restore($other, 'by_owner', 'keeper', 'pg_restore', "$archive.keeper"), $expected_messages, 'the owner restores with three messages and no other');
$other->safe_psql('by_owner', $rights_again);
same($other, 'by_owner', 'by the owner');

{
	local $ENV{PGUSER} = 'keeper';
	$other->command_ok([ 'pg_dump', '-h', $other->host, '-p', $other->port, '-Fc', '-f', "$second.keeper", 'by_owner' ], 'the owner dumps what the owner restored');
}
$other->safe_psql('postgres', 'CREATE DATABASE owner_again OWNER keeper');
$other->safe_psql('owner_again', $rights);
is(restore($other, 'owner_again', 'keeper', 'pg_restore', "$second.keeper"), $expected_messages, 'and restores it with the same messages');
$other->safe_psql('owner_again', $rights_again);
same($other, 'owner_again', 'by the owner, twice');

# -- Afterwards ------------------------------------------------------------------------------------------------------
my $expected = future($node, 'origin');
like($expected, qr/step_fired|breach|notify/, 'the next sweep has something to fire');
is(difference(future(@$_), $expected), '', "$_->[1]: the next sweep and new tickets as they would have been")
  for [ $node, 'by_superuser' ], [ $other, 'elsewhere' ], [ $node, 'again' ], [ $other, 'by_owner' ], [ $other, 'owner_again' ];

$node->stop;
$other->stop;
done_testing();
