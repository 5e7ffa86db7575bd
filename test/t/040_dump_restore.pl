# pg_dump and restore of a desk with running clocks (design 2.6): into another database and into another cluster, by a
# superuser and by the tables' owner who is none. Equal rows, sequences, partitions, triggers; the next sweep fires what it
# would have fired; new tickets go on with the next number.

use strict;
use warnings;
use IPC::Run;
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
GRANT USAGE ON SCHEMA csflow TO clerk;
GRANT SELECT, INSERT ON csflow.ticket TO clerk;
});
cmp_ok($node->safe_psql('origin', 'SELECT count(*) FROM csflow.clock WHERE run_since IS NOT NULL AND next_at IS NOT NULL'), '>', 50, 'clocks run');
cmp_ok($node->safe_psql('origin', 'SELECT count(*) FROM csflow.clock WHERE paused_at IS NOT NULL'), '>', 5, 'others are paused');
cmp_ok($node->safe_psql('origin', q{SELECT count(*) FROM csflow.event WHERE kind = 'step_fired'}), '>', 10, 'steps have fired');
cmp_ok($node->safe_psql('origin', q{SELECT count(*) FROM csflow.clock JOIN csflow.task USING (desk_id, ticket_no) WHERE clock = 'task' AND subject_id = task_no AND stopped_at IS NULL}),
	'>', 10, 'tasks are under way');

# -- What is compared: text, so that a difference is shown. ----------------------------------------------------------
my $relations = q{c.relnamespace = 'csflow'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend AS x
  WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')};
my %queries = (
	'tables, views, sequences and indexes' => qq{SELECT c.oid::regclass::text, relkind, relispartition, pg_get_userbyid(relowner), relacl, reloptions,
		pg_get_expr(relpartbound, c.oid), obj_description(c.oid, 'pg_class'), CASE WHEN relkind = 'v' THEN pg_get_viewdef(c.oid) END,
		CASE WHEN relkind = 'i' THEN pg_get_indexdef(c.oid) END FROM pg_class AS c WHERE $relations AND relkind <> 't' ORDER BY 1},
	'columns' => qq{SELECT a.attrelid::regclass::text, attname, atttypid::regtype, attnotnull, pg_get_expr(adbin, adrelid), col_description(c.oid, attnum)
		FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
		WHERE $relations AND attnum > 0 AND NOT attisdropped AND relkind NOT IN ('i', 'I', 't') ORDER BY 1, attnum},
	'constraints' => qq{SELECT conrelid::regclass::text, conname, pg_get_constraintdef(k.oid) FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = conrelid
		WHERE $relations ORDER BY 1, 2},
	'triggers' => qq{SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = tgrelid
		WHERE $relations AND NOT tgisinternal ORDER BY 1, 2},
);

sub picture
{
	my ($at, $database) = @_;
	my %picture = map { $_ => $at->safe_psql($database, $queries{$_}) } keys %queries;
	for my $line (split /\n/, $at->safe_psql($database, "SELECT relkind, relname FROM pg_class AS c WHERE $relations AND relkind IN ('r', 'S') ORDER BY 2"))
	{
		my ($kind, $name) = split /\|/, $line;
		$picture{"rows of $name"} = $at->safe_psql($database,
			$kind eq 'S' ? "SELECT last_value, is_called FROM csflow.$name" : "SELECT t::text FROM csflow.$name AS t ORDER BY 1");
	}
	return \%picture;
}

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

my $origin = picture($node, 'origin');

# The lines of two texts that are not in both.
sub difference
{
	my ($got, $expected) = @_;
	my %count;
	$count{$_}++ for split /\n/, $got;
	$count{$_}-- for split /\n/, $expected;
	return join '', map { ($count{$_} > 0 ? '+ ' : '- ') . "$_\n" } sort grep { $count{$_} } keys %count;
}

sub same
{
	my ($at, $database, $what) = @_;
	my $restored = picture($at, $database);
	is(join(' ', sort keys %$restored), join(' ', sort keys %$origin), "$what: the same tables");
	my @different = grep { $restored->{$_} ne $origin->{$_} } sort keys %$origin;
	is("@different", '', "$what: equal rows, sequences, partitions, triggers, rights") or diag(map { difference($restored->{$_}, $origin->{$_}) } @different);
}

sub restore
{
	my ($at, $database, $role, @command) = @_;
	my ($out, $err);
	local $ENV{PGUSER} = $role if $role;
	IPC::Run::run([ @command, '-h', $at->host, '-p', $at->port, '-d', $database ], '<', '/dev/null', '>', \$out, '2>', \$err);
	return join "\n", sort map { /(?:ERROR|error|WARNING|warning):\s+(.*)/ ? $1 : () } grep { !/^Command was|^pg_restore: warning: errors ignored/ } split /\n/, $err;
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

$node->safe_psql('postgres', 'CREATE DATABASE by_superuser');
is(restore($node, 'by_superuser', undef, 'psql', '-X', '-q', '-f', $plain), '', 'a superuser restores without a message');
same($node, 'by_superuser', 'by a superuser');

$other->safe_psql('postgres', 'CREATE DATABASE elsewhere');
is(restore($other, 'elsewhere', undef, 'pg_restore', '-j', '2', $archive), '', 'into another cluster, in parallel, too');
same($other, 'elsewhere', 'in another cluster');

# The owner is no superuser: one has made the extension before. The schema stands with it, and its comment and the
# extension's are not the owner's to write.
$other->safe_psql('postgres', 'CREATE DATABASE by_owner OWNER keeper');
$other->safe_psql('by_owner', "$rights GRANT USAGE ON SCHEMA csflow TO keeper WITH GRANT OPTION");
is( restore($other, 'by_owner', 'keeper', 'pg_restore', "$archive.keeper"),
	join("\n", map { "could not execute query: ERROR:  $_" }
		'must be owner of extension csflow', 'must be owner of schema csflow', 'schema "csflow" already exists'),
	'the owner restores with three messages and no other');
same($other, 'by_owner', 'by the owner');

# -- Afterwards ------------------------------------------------------------------------------------------------------
my $expected = future($node, 'origin');
like($expected, qr/step_fired|breach|notify/, 'the next sweep has something to fire');
is(difference(future($node, 'by_superuser'), $expected), '', 'by a superuser: the next sweep and new tickets as they would have been');
is(difference(future($other, 'elsewhere'), $expected), '', 'in another cluster: the next sweep and new tickets as they would have been');
is(difference(future($other, 'by_owner'), $expected), '', 'by the owner: the next sweep and new tickets as they would have been');

$node->stop;
$other->stop;
done_testing();
