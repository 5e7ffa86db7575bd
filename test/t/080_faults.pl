# The server killed with −9 ten times at random, under intake, replies, sweeps, health figures and passes for duplicates by four
# clients: nothing lost that a client was told is committed, nothing doubled, no step fired twice or skipped, the audit chain
# whole, the health figures as computed anew (handbook H1, D6, G1; design 2.3, 2.12, 2.14, 2.19).
# Another seed, more rounds or longer ones: CSFLOW_SEED=7 CSFLOW_ROUNDS=100 CSFLOW_LIFE=1000 make check-server TESTS=080_faults

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{CSFLOW_SEED} // int(rand(1_000_000));
my $rounds = $ENV{CSFLOW_ROUNDS} // 10;
my $life = $ENV{CSFLOW_LIFE} // 150; # tickets opened in a life, on the average
my $clients = 4;
srand($seed);
diag("seed $seed, $rounds kills");

my $node = PostgreSQL::Test::Cluster->new('faults');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "restart_after_crash = on\ncheckpoint_timeout = 30s\nmax_wal_size = 64MB");
$node->start;

# Warnings and breaches of three clocks, one that closes; those of the resolution are due at different times for what is urgent.
$node->safe_psql('postgres', q{
CREATE EXTENSION csflow;
SELECT csflow.create_desk('faults', NULL);
UPDATE csflow.desk SET duplicate_at_intake = false, duplicate_window = '3 days';
INSERT INTO csflow.team (desk_id, team_id, code, name_zh, name_en) SELECT desk_id, 1, 'service', '客服', 'service' FROM csflow.desk;
INSERT INTO csflow.agent (desk_id, agent_id, name, team_id, role_name, may_act_for_others) SELECT desk_id, 1, 'Lin', 1, current_user, true FROM csflow.desk;
INSERT INTO csflow.customer (desk_id, customer_id, nickname) SELECT desk_id, n, 'panda' || n FROM csflow.desk, generate_series(1, 40) AS n;
INSERT INTO csflow.target (desk_id, target_id, clock, duration, calendar, mode, starts_on, stops_on, rearms_on, pauses_in, on_reopen)
  SELECT d.desk_id, t.* FROM csflow.desk AS d, (VALUES
    (1, 'first_response', '1 hour'::interval, 'around_the_clock', 'once', '{opened}'::text[], '{person_message}'::text[], '{}'::text[], '{}'::text[], 'none'),
    (2, 'resolve', '24 hours', 'around_the_clock', 'once', '{opened}', '{answered}', '{}', '{waiting_customer}', 'resume'),
    (3, 'auto_close', '1 millisecond', 'around_the_clock', 'each', '{answered}', '{customer_message,reopened,closed}', '{}', '{}', 'none')) AS t;
INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, level, action, recipients, close_reason)
  SELECT d.desk_id, s.* FROM csflow.desk AS d, (VALUES
    (1, 1, 50, 'warning', 'notify', '{team}'::text[], NULL), (1, 2, 100, 'breach', 'notify', '{team}', NULL),
    (2, 1, 50, 'warning', 'notify', '{team}', NULL), (2, 2, 75, 'warning', 'notify', '{team}', NULL),
    (2, 3, 100, 'breach', 'raise_priority', '{team}', NULL), (2, 4, 150, 'escalation', 'notify', '{team}', NULL),
    (3, 1, 100, 'escalation', 'close', '{}', 'no_new_request')) AS s;
});
my $desk = $node->safe_psql('postgres', 'SELECT desk_id FROM csflow.desk');

# -- What clients do. Each line of a client's log stands for what it was told is committed. ---------------------------
my $serial = 0;

sub opening
{
	my $customer = 1 + int(rand(40));
	my $before = int(rand(2 * 86400));
	return ($customer, "now() - interval '$before seconds'", 'c-' . ++$serial);
}

my %deeds = (
	intake => sub {
		my ($customer, $at, $id) = opening();
		return qq{INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, team_id, priority, external_id, opened_at)
VALUES ($desk, 'email', $customer, md5('$id'), 1, 'B', '$id', $at) RETURNING 'ticket ' || ticket_no;\n};
	},
	# Alike ones of few customers: what the duplicates' pass looks for.
	bulk => sub {
		my ($customer, $at, $id) = opening();
		my $n = 2 + int(rand(20));
		return qq{INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, team_id, priority, external_id, opened_at)
SELECT $desk, 'web_form', $customer, 'the parcel of customer $customer has not arrived', 1, 'B', '$id-' || n, $at + n * interval '1 second'
FROM generate_series(1, $n) AS n RETURNING 'ticket ' || ticket_no;\n};
	},
	# A whole life in transactions of their own: question, reply, waiting, answer.
	reply => sub {
		my ($customer, $at, $id) = opening();
		my $text = qq{INSERT INTO csflow.ticket (desk_id, channel, body, team_id, priority, external_id, opened_at)
VALUES ($desk, 'email', md5('$id'), 1, 'B', '$id', $at) RETURNING ticket_no \\gset
\\echo ticket :ticket_no
INSERT INTO csflow.message (desk_id, ticket_no, author_kind, changed_by, body) VALUES ($desk, :'ticket_no', 'agent', 1, 'we look into it')
RETURNING 'message ' || ticket_no || ' ' || message_no;
BEGIN;
UPDATE csflow.ticket SET state = 'in_progress' WHERE desk_id = $desk AND ticket_no = :'ticket_no';
INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body) VALUES ($desk, :'ticket_no', 'customer', 'please hurry') RETURNING message_no \\gset
COMMIT;
\\echo message :ticket_no :message_no
};
		$text .= qq{UPDATE csflow.ticket SET state = 'waiting_customer' WHERE desk_id = $desk AND ticket_no = :'ticket_no';
UPDATE csflow.ticket SET state = 'in_progress' WHERE desk_id = $desk AND ticket_no = :'ticket_no';\n} if rand() < 0.3;
		$text .= qq{UPDATE csflow.ticket SET state = 'answered' WHERE desk_id = $desk AND ticket_no = :'ticket_no' RETURNING 'answered ' || ticket_no;\n}
		  if rand() < 0.7;
		return $text;
	},
	sweep => sub { return 'SELECT csflow.escalate_batch(NULL, ' . (1 + int(rand(40))) . ") AS done \\gset\n" },
	procedure => sub { return "CALL csflow.run_escalation(NULL, 15);\n" },
	closing => sub { return 'SELECT csflow.auto_close_batch(NULL, ' . (1 + int(rand(40))) . ") AS done \\gset\n" },
	health => sub { return 'SELECT csflow.refresh_health_batch(NULL, ' . (1 + int(rand(200))) . ") AS done \\gset\n" },
	duplicates => sub { return 'SELECT csflow.duplicate_check_batch(NULL, ' . (1 + int(rand(100))) . ") AS done \\gset\n" },
	anchor => sub { return "SELECT csflow.anchor_audit($desk) AS done \\gset\n" },
);
my @choice = (('intake') x 5, ('bulk') x 4, ('reply') x 8, ('sweep') x 3, 'procedure', ('closing') x 2, ('health') x 2, ('duplicates') x 2, 'anchor');

sub start_client
{
	my ($round, $number) = @_;
	my $script = $node->basedir . "/client-$round-$number.sql";
	append_to_file($script, join '', map { $deeds{ $choice[ rand @choice ] }->() } 1 .. 2000);
	return {
		out => "$script.out",
		err => "$script.err",
		run => IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-h', $node->host, '-p', $node->port, '-f', $script, 'postgres' ],
			'<', '/dev/null', '>', "$script.out", '2>', "$script.err")
	};
}

# -- Killing ---------------------------------------------------------------------------------------------------------
# Either every process of the server at once, as a machine that stops, or one backend in the middle of its work, after which the
# postmaster stops the others and recovers.
sub kill_all
{
	my $postmaster = $node->{_pid};
	my @children = split ' ', `ps -o pid= --ppid $postmaster`;
	kill 'KILL', $postmaster, @children;
	$node->{_pid} = undef;
	1 while grep { kill 0, $_ } $postmaster, @children; # a signal takes its time, and a server that is dying still holds its lock
	return 'the whole server';
}

sub kill_one
{
	my ($pid, $query) = split /\|/, $node->safe_psql('postgres', q{SELECT pid, left(regexp_replace(query, '\s+', ' ', 'g'), 60) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle' ORDER BY random() LIMIT 1});
	return kill_all() unless $pid && kill 'KILL', $pid;
	return "a backend in: $query";
}

# -- Invariants ------------------------------------------------------------------------------------------------------
my %told;    # what clients were told, all rounds

sub take_log
{
	my ($client) = @_;
	my $out = slurp_file($client->{out});
	push @{ $told{$1} }, $2 while $out =~ /^(ticket|message|answered) ([\d ]+)$/mg;
	return grep { !/server closed the connection|connection to server was lost|no connection to the server|terminated abnormally|before or while processing|57P0[123]|08006|08003|^\s*$|could not (?:receive|send)|in recovery mode|starting up|SSL|Broken pipe|Connection reset/ }
	  split /\n/, slurp_file($client->{err});
}

sub lost
{
	my $file = $node->basedir . '/told.copy';
	unlink $file;
	append_to_file($file, join '', map { my $kind = $_; map { my ($no, $message) = split / /; join("\t", $kind, $no, $message // '\N') . "\n" } @{ $told{$kind} } } sort keys %told);
	return $node->safe_psql('postgres', qq{
CREATE TEMP TABLE told (kind text, ticket_no csflow.ticket_no, message_no bigint);
\\copy told FROM '$file'
ANALYZE told;
SELECT 'a ticket told twice: ' || ticket_no FROM told WHERE kind = 'ticket' GROUP BY ticket_no HAVING count(*) > 1;
SELECT 'lost: ' || w::text FROM told AS w
LEFT JOIN csflow.ticket AS t ON t.desk_id = $desk AND t.ticket_no = w.ticket_no
WHERE NOT coalesce(CASE w.kind
  WHEN 'ticket' THEN EXISTS (SELECT FROM csflow.event AS e WHERE e.desk_id = $desk AND e.ticket_no = t.ticket_no AND e.seq = 1 AND e.kind = 'opened')
    AND (SELECT count(*) FROM csflow.clock AS c WHERE c.desk_id = $desk AND c.ticket_no = t.ticket_no AND c.clock IN ('first_response', 'resolve')) = 2
  WHEN 'message' THEN EXISTS (SELECT FROM csflow.message AS m WHERE m.desk_id = $desk AND m.ticket_no = t.ticket_no AND m.message_no = w.message_no)
    AND EXISTS (SELECT FROM csflow.event AS e WHERE e.desk_id = $desk AND e.ticket_no = t.ticket_no AND e.message_no = w.message_no)
  ELSE EXISTS (SELECT FROM csflow.event AS e WHERE e.desk_id = $desk AND e.ticket_no = t.ticket_no AND e.kind = 'answered')
    AND EXISTS (SELECT FROM csflow.clock AS c WHERE c.desk_id = $desk AND c.ticket_no = t.ticket_no AND c.clock = 'auto_close') END, false);
});
}

# Nothing half done, whether a client was told of it or not: each line names what is wrong.
my $unsound = qq{
SELECT 'audit: ' || v::text FROM csflow.verify_audit($desk) AS v;
SELECT 'clocks of ' || t.ticket_no FROM csflow.ticket AS t
LEFT JOIN csflow.clock AS c ON c.desk_id = t.desk_id AND c.ticket_no = t.ticket_no AND c.clock IN ('first_response', 'resolve')
GROUP BY t.ticket_no HAVING count(c) <> 2;
SELECT 'message without event: ' || m.message_no FROM csflow.message AS m WHERE NOT EXISTS (SELECT FROM csflow.event AS e
  WHERE e.desk_id = m.desk_id AND e.ticket_no = m.ticket_no AND e.message_no = m.message_no);
SELECT 'event without message: ' || e.message_no FROM csflow.event AS e WHERE e.message_no IS NOT NULL AND NOT EXISTS (SELECT FROM csflow.message AS m
  WHERE m.desk_id = e.desk_id AND m.ticket_no = e.ticket_no AND m.message_no = e.message_no);
SELECT 'fired twice: ' || min(e::text) FROM csflow.event AS e WHERE e.kind IN ('step_fired', 'step_skipped')
GROUP BY e.desk_id, e.ticket_no, e.clock, e.run, e.step_position HAVING count(*) > 1;
SELECT 'fired too many or too few: ' || c::text FROM csflow.clock AS c
LEFT JOIN csflow.event AS e ON e.desk_id = c.desk_id AND e.ticket_no = c.ticket_no AND e.clock = c.clock AND e.run = c.run AND e.kind IN ('step_fired', 'step_skipped')
GROUP BY c.desk_id, c.ticket_no, c.clock, c.run
HAVING count(e) <> coalesce(max(e.step_position), 0) OR c.outcome IS DISTINCT FROM 'void' AND c.next_position IS NOT NULL AND c.next_position <> count(e) + 1;
SELECT 'notices of ' || e.ticket_no FROM csflow.event AS e
LEFT JOIN csflow.outbox AS o ON o.desk_id = e.desk_id AND o.ticket_no = e.ticket_no AND o.event_seq = e.seq AND o.clock = e.clock
WHERE e.kind = 'step_fired' AND e.clock <> 'auto_close' GROUP BY e.ticket_no, e.seq HAVING count(o) <> 1;
SELECT 'notice without a step: ' || o::text FROM csflow.outbox AS o WHERE o.clock IS NOT NULL AND NOT EXISTS (SELECT FROM csflow.event AS e
  WHERE e.desk_id = o.desk_id AND e.ticket_no = o.ticket_no AND e.seq = o.event_seq AND e.kind = 'step_fired');
SELECT 'priority of ' || t.ticket_no FROM csflow.ticket AS t
WHERE (t.priority = 'A') <> EXISTS (SELECT FROM csflow.event AS e WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no AND e.kind = 'step_fired' AND e.clock = 'resolve' AND e.step_position = 3);
SELECT 'not marked to be counted: ' || t.ticket_no FROM csflow.ticket AS t LEFT JOIN csflow.ticket_fact AS f ON f.desk_id = t.desk_id AND f.ticket_no = t.ticket_no
WHERE f.ticket_no IS NULL AND t.state <> 'duplicate' AND NOT EXISTS (SELECT FROM csflow.health_dirty AS h WHERE h.desk_id = t.desk_id AND h.ticket_no = t.ticket_no);
SELECT 'set aside: ' || s::text FROM csflow.set_aside AS s;
};

# After a sweep: the steps of a clock that still runs are those its age asks for, by its target alone.
my $sweep = q{
SELECT clock_timestamp() AS at \gset
CREATE TEMP TABLE swept AS SELECT :'at'::timestamptz AS at;
CALL csflow.run_escalation(:'at', 500);
CALL csflow.run_auto_close(:'at', 500);
};
my $left_over = q{
SELECT 'left over: ' || c::text FROM csflow.clock AS c, swept WHERE c.next_at <= swept.at;
SELECT 'skipped: ' || c::text FROM csflow.clock AS c
JOIN csflow.target AS t USING (desk_id, target_id) CROSS JOIN swept CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM csflow.step AS s WHERE s.desk_id = t.desk_id AND s.target_id = t.target_id
    AND (c.spent_microseconds * interval '1 microsecond') + (swept.at - c.run_since) >= t.duration * (s.at_share_pct / 100.0)) AS owed
WHERE c.run_since IS NOT NULL AND owed.n <> (SELECT count(*) FROM csflow.event AS e WHERE e.desk_id = c.desk_id AND e.ticket_no = c.ticket_no
  AND e.clock = c.clock AND e.run = c.run AND e.kind = 'step_fired');
};

# The figures as they have grown, and as computed anew from the events; the latter is rolled back.
my $figures = join ' UNION ALL ',
  map { "SELECT '$_' AS source, to_jsonb(h) - 'desk_id' AS figures FROM csflow.$_ AS h" . (/value|fact/ ? '' : ' WHERE h.event_count <> 0 OR h.cal IS NOT NULL') }
  qw(health_hour health_day health_month health_value ticket_fact);
my $rollups = qq{
CALL csflow.refresh_health(NULL, 1000);
SELECT 'not counted: ' || count(*) FROM csflow.health_dirty HAVING count(*) > 0;
BEGIN;
CREATE TEMP TABLE grown ON COMMIT DROP AS $figures;
SELECT csflow.rebuild_health($desk) AS done \\gset
SELECT csflow.refresh_health_batch(NULL, 1000000) AS done \\gset
CREATE TEMP TABLE anew ON COMMIT DROP AS $figures;
(SELECT 'grown: ' || g::text FROM (TABLE grown EXCEPT ALL TABLE anew) AS g LIMIT 5);
(SELECT 'anew: ' || g::text FROM (TABLE anew EXCEPT ALL TABLE grown) AS g LIMIT 5);
SELECT 'no figures' WHERE NOT EXISTS (SELECT FROM grown);
ROLLBACK;
};

# -- Ten lives -------------------------------------------------------------------------------------------------------
my @unexpected;
for my $round (1 .. $rounds)
{
	$node->safe_psql('postgres', 'DROP TABLE IF EXISTS public.survived; CREATE TABLE public.survived AS SELECT count(*) AS n FROM csflow.ticket');
	my @running = map { start_client($round, $_) } 1 .. $clients;
	my $tickets = int($life * (0.25 + rand(1.5)));
	$node->poll_query_until('postgres', "SELECT count(*) >= (SELECT n FROM public.survived) + $tickets FROM csflow.ticket");
	my $victim = rand() < 0.6 ? kill_all() : kill_one();
	eval { $_->{run}->finish } for @running;
	push @unexpected, map { take_log($_) } @running;
	if ($node->{_pid})
	{
		# Not by psql: while the server recovers it can end before its statement is written to it, and that ends the test.
		my @is_ready = ('pg_isready', '-q', '-t', '10', '-h', $node->host, '-p', $node->port);
		for my $try (1 .. 18000)
		{
			last if system(@is_ready) == 0;
			select(undef, undef, undef, 0.01);
		}
	}
	else
	{
		$node->start;
	}
	is(lost() . $node->safe_psql('postgres', $unsound), '', "round $round, killed $victim: nothing lost, nothing half done");
}
is(join("\n", @unexpected[ 0 .. ($#unexpected > 9 ? 9 : $#unexpected) ]), '', 'no client met another error than the loss of its connection');
is($node->safe_psql('postgres', "$sweep $left_over $unsound"), '', '2.3: after a sweep every step that was due has fired, once');
is($node->safe_psql('postgres', $rollups), '', '2.14: the figures are what they are when computed anew');
is($node->safe_psql('postgres', 'SELECT count(*) = count(DISTINCT ticket_no) FROM csflow.ticket'), 't', 'A4: no number was given twice');
diag(sprintf '%d tickets, %d messages, %d answers told as committed; %s', (map { scalar @{ $told{$_} // [] } } qw(ticket message answered)),
	$node->safe_psql('postgres', q{SELECT format('%s step_fired, %s duplicates, %s closed', count(*) FILTER (WHERE kind = 'step_fired'),
		count(*) FILTER (WHERE new_state = 'duplicate'), count(*) FILTER (WHERE kind = 'closed')) FROM csflow.event}));
cmp_ok(scalar @{ $told{$_} // [] }, '>=', 10 * $rounds, "there was something to lose: $_") for qw(ticket message answered);

$node->stop;
done_testing();
