# Work that is cut short: cancelled statements, terminated backends, a deadlock, serialization failures, no space left on the
# device. Each time all of it is undone, the record verifies, and the same work done again gives what it would have given
# (design 2.3, 2.12, 2.14, 2.19).

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('interrupted');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8', '--wal-segsize=1' ]);
$node->append_conf('postgresql.conf', "deadlock_timeout = 20ms\nmin_wal_size = 2MB\nmax_wal_size = 16MB\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION csflow;
SELECT csflow.create_desk('interrupted', NULL);
UPDATE csflow.desk SET duplicate_at_intake = false;
INSERT INTO csflow.team (desk_id, code, name_zh, name_en) SELECT desk_id, 'service', '客服', 'service' FROM csflow.desk;
INSERT INTO csflow.agent (desk_id, name, team_id, role_name, may_act_for_others) SELECT desk_id, 'Lin', 1, current_user, true FROM csflow.desk;
INSERT INTO csflow.customer (desk_id, nickname) SELECT desk_id, 'panda' || n FROM csflow.desk, generate_series(1, 5) AS n;
INSERT INTO csflow.target (desk_id, clock, duration, calendar) SELECT desk_id, 'resolve', '1 hour', 'around_the_clock' FROM csflow.desk;
INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, level, action, recipients)
  SELECT desk_id, 1, n, 50 * n, 'warning', 'notify', '{team}' FROM csflow.desk, generate_series(1, 2) AS n;
INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, team_id, priority, opened_at)
  SELECT desk_id, 'email', 1 + n % 5, 'the parcel has not arrived', 1, 'B', '2025-03-03 09:00+08'::timestamptz + n * interval '1 second'
  FROM csflow.desk, generate_series(1, 60) AS n;
-- Whoever writes one row too many waits here, with everything before it written.
CREATE SEQUENCE rows_written;
CREATE FUNCTION wait_there() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('public.rows_written') = TG_ARGV[0]::bigint THEN PERFORM pg_advisory_xact_lock(1); END IF;
  RETURN NEW;
END $$;
});
my $desk = $node->safe_psql('postgres', 'SELECT desk_id FROM csflow.desk');
my $at = "'2025-03-03 12:00+08'";

sub start_psql
{
	my (@statements) = @_;
	my %session = (in => '', out => '', err => '', timer => IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$session{run} = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-h', $node->host, '-p', $node->port, (map { ('-c', $_) } @statements), 'postgres' ],
		'<', '/dev/null', '>', \$session{out}, '2>', \$session{err}, $session{timer});
	return \%session;
}

sub finish
{
	my ($session) = @_;
	eval { $session->{run}->finish };
	return join ' ', $session->{err} =~ /(?:ERROR|FATAL):\s+(\w+)/g;
}

# Everything a statement can have left, as one line; two of them are equal when nothing was.
my $tables = join ' || ', map { "' $_ ' || (SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '') FROM csflow.$_ AS t)" }
  qw(ticket message event event_text ticket_chain clock outbox health_dirty duplicate_queue ticket_fact health_hour health_day health_month health_value set_aside keyword_rule target step);
sub picture { return $node->safe_psql('postgres', "SELECT $tables") }
sub faults { return $node->safe_psql('postgres', "SELECT * FROM csflow.verify_audit($desk)") }

# -- Cancelled and terminated ----------------------------------------------------------------------------------------
# Name, table and row at which it is stopped, the work.
my $intake = qq{INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, team_id, priority, opened_at)
  SELECT $desk, 'email', 1 + n % 5, 'number ' || n, 1, 'B', '2025-03-03 10:00+08' FROM generate_series(1, 2000) AS n};
my @works = (
	[ 'a bulk INSERT, in its clocks', 'clock', 1500, $intake ],
	[ 'a bulk INSERT, in its events', 'event', 1500, $intake ],
	[ 'messages', 'event', 30, qq{INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body, at) SELECT desk_id, ticket_no, 'customer', 'and?', '2025-03-03 10:30+08' FROM csflow.ticket} ],
	[ 'a sweep', 'outbox', 50, "SELECT csflow.escalate_batch($at, 1000)" ],
	[ 'a sweep, in its events', 'event', 50, "SELECT csflow.escalate_batch($at, 1000)" ],
	[ 'a pass for duplicates', 'event', 20, "SELECT csflow.duplicate_check_batch($at, 1000)" ],
	[ 'a refresh of the health figures', 'ticket_fact', 20, "SELECT csflow.refresh_health_batch($at, 1000)" ],
	[ 'a refresh of the health figures, in its buckets', 'health_hour', 3, "SELECT csflow.refresh_health_batch($at, 1000)" ],
	[ 'recompute_clocks', 'event', 20, "UPDATE csflow.target SET duration = '2 hours'; SELECT count(*) FROM csflow.recompute_clocks($desk, false, $at)" ],
	[ 'a playbook being loaded', 'keyword_rule', 20, "SELECT count(*) FROM csflow.load_playbook($desk, csflow.shipped_playbook('internet'))" ],
);
my $before = picture();
for my $work (@works)
{
	my ($name, $table, $row, $statement) = @$work;
	for my $how ('cancel', 'terminate')
	{
		$node->safe_psql('postgres', "ALTER SEQUENCE rows_written RESTART; CREATE TRIGGER wait_there BEFORE INSERT ON csflow.$table FOR EACH ROW EXECUTE FUNCTION wait_there($row)");
		my $holder = $node->background_psql('postgres');
		$holder->query_safe('SELECT pg_advisory_lock(1)');
		my $session = start_psql($statement);
		my $waiting = q{SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory'};
		my $is_there = $node->poll_query_until('postgres', "SELECT EXISTS ($waiting)");
		$node->safe_psql('postgres', "SELECT pg_${how}_backend(pid) FROM ($waiting) AS w");
		my $error = finish($session);
		$holder->quit;
		$node->safe_psql('postgres', "DROP TRIGGER wait_there ON csflow.$table");
		ok($is_there && $error eq ($how eq 'cancel' ? '57014' : '57P01'), "$name: " . ($how eq 'cancel' ? 'cancelled' : 'terminated') . ' in the middle') or diag("$error $session->{err}");
		is(picture(), $before, "$name: nothing is left of it");
	}
}
is(faults(), '', '2.19: and the record verifies');

# -- A deadlock ------------------------------------------------------------------------------------------------------
my ($one, $two) = split /\n/, $node->safe_psql('postgres', "SELECT ticket_no FROM csflow.ticket ORDER BY ticket_no LIMIT 2");
my $answer = sub { "UPDATE csflow.ticket SET title = '$_[1]' WHERE desk_id = $desk AND ticket_no = '$_[0]'" };
my %session = map { $_ => $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-v', 'VERBOSITY=sqlstate' ]) } qw(a b);
# Whoever waits longest looks for the deadlock first and is refused; this one shall not look.
$session{a}->query("SET deadlock_timeout = '1h'");
$session{a}->query('BEGIN; ' . $answer->($one, 'of a'));
$session{b}->query('BEGIN; ' . $answer->($two, 'of b'));
$session{a}->query_until(qr/waits/, "\\echo waits\n" . $answer->($two, 'of a') . ";\n\\echo goes on\n");
$node->poll_query_until('postgres', q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')});
$session{b}->query($answer->($one, 'of b'));
like($session{b}->{stderr}, qr/40P01/, 'two sessions that change two tickets in opposite order: one of them is refused');
$session{b}->{stderr} = '';
$session{b}->query('COMMIT');
$session{a}->query_until(qr/goes on/, '');
$session{a}->query('COMMIT');
is( $node->safe_psql('postgres', q{SELECT string_agg(t.title, ' ') || ' ' || sum(e.n) FROM csflow.ticket AS t
	CROSS JOIN LATERAL (SELECT count(*) AS n FROM csflow.event AS e WHERE e.ticket_no = t.ticket_no AND e.kind = 'edited') AS e WHERE t.title LIKE 'of _'}),
	'of a of a 2', 'the other has changed both, and of the refused one nothing is left');
is(faults(), '', '2.19: and the record verifies');

# -- Serialization failures ------------------------------------------------------------------------------------------
for my $level ('REPEATABLE READ', 'SERIALIZABLE')
{
	my $events = "SELECT count(*) FROM csflow.event WHERE ticket_no = '$one'";
	my $count = $node->safe_psql('postgres', $events);
	for my $change ([ 'an UPDATE', $answer->($one, "at $level") ],
		[ 'a message', "INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body) VALUES ($desk, '$one', 'customer', 'and?')" ])
	{
		my ($name, $statement) = @$change;
		$session{a}->query("BEGIN ISOLATION LEVEL $level; SELECT count(*) FROM csflow.ticket");
		$session{b}->query($answer->($one, "of b, before $name at $level"));
		$session{a}->{stderr} = '';
		$session{a}->query($statement);
		like($session{a}->{stderr}, qr/40001/, "$level: $name of a ticket that somebody else has changed is refused");
		$session{a}->{stderr} = '';
		$session{a}->query("COMMIT; BEGIN ISOLATION LEVEL $level; $statement; COMMIT");
		is($session{a}->{stderr}, '', "$level: $name tried again succeeds");
		$count += 2;
		is($node->safe_psql('postgres', $events), $count, "$level: one event for each change that was made");
	}

	# A sweep whose snapshot is older than a change leaves that ticket to the next one.
	my $script = $node->basedir . '/' . lc(substr $level, 0, 3) . '.sql';
	append_to_file($script, qq{\\set n random(0, 4)
BEGIN ISOLATION LEVEL $level;
INSERT INTO csflow.message (desk_id, ticket_no, author_kind, changed_by, body)
  SELECT desk_id, ticket_no, 'agent', 1, '$level' FROM csflow.ticket ORDER BY ticket_no DESC LIMIT 1 OFFSET :n;
INSERT INTO csflow.ticket (desk_id, channel, body, team_id, priority) VALUES ($desk, 'email', '$level', 1, 'B');
COMMIT;
});
	# By a desk of few tickets, so that clients meet: the five newest move on with each transaction.
	$node->command_checks_all([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', '4', '-t', '25', '--max-tries=100000', '-f', $script, 'postgres' ],
		0, [qr/actually processed: 100\/100/, qr/failed transactions: 0 /], [qr/^/], "$level: four clients that try again until they succeed");
	is($node->safe_psql('postgres', "SELECT (SELECT count(*) FROM csflow.message WHERE body = '$level'), (SELECT count(*) FROM csflow.ticket WHERE body = '$level')"),
		'100|100', "$level: each transaction once");
	is(faults(), '', "$level: and the record verifies");
}

# A sweep whose snapshot is older than a change of a ticket: that ticket is left to the next one.
my $fired = q{SELECT count(*), count(DISTINCT (ticket_no, clock, run, step_position)) FROM csflow.event WHERE kind = 'step_fired'};
my $owed = $node->safe_psql('postgres', "SELECT 2 * count(*) FROM csflow.clock WHERE next_at <= $at");
$session{a}->query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM csflow.ticket");
$session{b}->query($answer->($two, 'between'));
$session{a}->{stderr} = '';
$session{a}->query("SELECT csflow.escalate_batch($at, 100000); COMMIT");
is($session{a}->{stderr}, '', 'a sweep at REPEATABLE READ beside a change raises nothing');
is($node->safe_psql('postgres', $fired), ($owed - 2) . '|' . ($owed - 2), 'it fires the steps of all other tickets');
is($node->safe_psql('postgres', "SELECT csflow.escalate_batch($at, 100000)"), '2', 'and the next sweep those of that one');
is($node->safe_psql('postgres', "$fired"), "$owed|$owed", '2.3: each step once');
is($node->safe_psql('postgres', 'SELECT count(*) FROM csflow.set_aside') . faults(), '0', '2.12: none is set aside, and the record verifies');
$_->quit for values %session;

# -- No space left ---------------------------------------------------------------------------------------------------
# Events and clocks lie in a tablespace of their own that is full. A memory file system in a namespace of one's own needs no
# privileges where the kernel permits such namespaces; a limit on the size of files is always to be had.
sub run_as_found
{
	my ($script) = @_;
	my ($out, $err) = ('', '');
	my $is_ok = IPC::Run::run([ 'sh', '-c', $script ], '<', '/dev/null', '>', \$out, '2>', \$err);
	return $is_ok ? '' : "$out$err" || 'failed';
}

sub start_server
{
	my ($prefix) = @_;
	my $log = $node->logfile;
	my $trouble = run_as_found("$prefix pg_ctl -w -D '" . $node->data_dir . "' -l '$log' -o '--cluster-name=interrupted' start >'$log.pg_ctl' 2>&1");
	$node->_update_pid(1) unless $trouble;
	return $trouble;
}

sub out_of_space
{
	my ($name, $state, $where, $make_room) = @_;
	my $fill = qq{CREATE TABLE public.filler (t text) $where;
ALTER TABLE public.filler ALTER t SET STORAGE PLAIN;
INSERT INTO public.filler SELECT repeat('x', 7000) FROM generate_series(1, 300);};
	$node->safe_psql('postgres', $fill);
	my $bulk = qq{INSERT INTO csflow.ticket (desk_id, channel, body, team_id, priority, opened_at)
  SELECT $desk, 'email', '$name', 1, 'B', '2025-03-03 09:00+08' FROM generate_series(1, %d)};
	my $before = picture();
	my $error = finish(start_psql(sprintf $bulk, 20000));
	like($error, qr/^(?:$state)$/, "$name: a bulk INSERT fails");
	is(picture(), $before, "$name: nothing is left of it");
	# The pages of what was undone are given back by vacuum only, which itself wants a little room.
	$node->safe_psql('postgres', "DROP TABLE public.filler;\nVACUUM csflow.event;\n$fill");
	my $opened = 0;
	$error = '';
	while ($opened < 20000 && !$error)
	{
		$error = finish(start_psql(sprintf $bulk, 1000));
		$opened += 1000 unless $error;
	}
	like($error, qr/^(?:$state)$/, "$name: intake goes on until nothing fits any more");
	is($node->safe_psql('postgres', "SELECT count(*) FROM csflow.ticket WHERE body = '$name'"), $opened, "$name: what was taken in stands");
	my $owed = $node->safe_psql('postgres', "SELECT 2 * count(*) FROM csflow.clock WHERE next_at <= $at");
	my $former = $node->safe_psql('postgres', q{SELECT count(*) FROM csflow.event WHERE kind = 'step_fired'});
	is(finish(start_psql("SELECT csflow.escalate_batch($at, 100000)")) =~ /^(?:$state)$/ ? 'refused' : 'done',
		$opened ? 'refused' : 'done', "$name: a sweep says so");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM csflow.set_aside'), '0', "$name: and sets no ticket aside, for none is at fault");
	my $whole = q{SELECT count(*) FROM csflow.event AS e FULL JOIN (SELECT * FROM csflow.outbox WHERE clock IS NOT NULL) AS o
  ON o.ticket_no = e.ticket_no AND o.event_seq = e.seq WHERE (e.kind = 'step_fired' OR e.kind IS NULL) AND (e.seq IS NULL OR o.outbox_id IS NULL)};
	is($node->safe_psql('postgres', $whole) . faults(), '0', "$name: a sweep does nothing by half");
	$make_room->();
	$node->safe_psql('postgres', "CALL csflow.run_escalation($at, 100)");
	is($node->safe_psql('postgres', $fired), join('|', ($owed + $former) x 2), "$name: with room again the next sweep fires all that was due, each step once");
	is($node->safe_psql('postgres', $whole) . faults(), '0', "$name: and the record verifies");
	return;
}

my $partitions = join ' ', map { "ALTER TABLE $_ SET TABLESPACE small;" } split /\n/,
  $node->safe_psql('postgres', q{SELECT relid::regclass::text FROM pg_partition_tree('csflow.event') WHERE isleaf});
my $small = $node->basedir . '/small';
mkdir $small;
my ($uid, $gid) = ($>, (split / /, $))[0]);
my $namespace = "unshare -Um --map-root-user sh -c 'mount -t tmpfs -o size=5m,mode=700 tmpfs $small && exec unshare -U --map-user=$uid --map-group=$gid \"\$@\"' -";
$node->stop;
my $trouble = run_as_found("$namespace true") || start_server($namespace);
if (!$trouble)
{
	$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$small'");
	$node->safe_psql('postgres', $partitions);
	out_of_space('no space left on the device', '53100', 'TABLESPACE small', sub { $node->safe_psql('postgres', $partitions =~ s/small/pg_default/gr) });
}
else
{
	diag("no file system of one's own to fill, so files are limited in size instead: $trouble");
	$trouble = start_server('ulimit -f 5120 &&');
	$trouble ? fail("neither a full device nor limited files: $trouble") : out_of_space('no larger file', 'XX000|54000', '', sub { $node->restart });
}
$node->stop('immediate');

done_testing();
