# A physical standby (design 2.6, 2.8): every view and every function that reads answers as on the primary, what writes is
# refused with 25006 and nothing worse, and a connection of the standby sees rules that changed on the primary.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$primary->append_conf('postgresql.conf', "TimeZone = 'Asia/Shanghai'\nautovacuum = off");
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
# A commit returns when the standby shows it: no waiting in the test.
$primary->append_conf('postgresql.conf', "synchronous_standby_names = '*'\nsynchronous_commit = remote_apply");
$primary->reload;

$primary->safe_psql('postgres', q{
CREATE EXTENSION csflow;
SELECT csflow.create_desk('support', 'internet');
INSERT INTO csflow.agent (desk_id, name, role_name, may_act_for_others) SELECT desk_id, 'Lin', current_user, true FROM csflow.desk;
INSERT INTO csflow.customer (desk_id, nickname) SELECT desk_id, 'panda' || n FROM csflow.desk, generate_series(1, 5) AS n;
INSERT INTO csflow.ticket (desk_id, ticket_no, channel, customer_id, body, opened_at)
  SELECT desk_id, csflow.ticket_no('2025-03-01', n), 'email', 1 + n % 5,
    (ARRAY['登录后闪退，支付失败，马上处理！', '請問退款什麼時候到賬', 'The app crashes after login', '怎么用优惠券'])[1 + n % 4] || ' ' || n,
    '2025-03-03 09:00'::timestamptz + n * interval '1 minute'
  FROM csflow.desk, generate_series(1, 60) AS n;
UPDATE csflow.ticket SET state = 'in_progress', changed_at = '2025-03-03 11:30' WHERE csflow.ticket_serial(ticket_no) % 5 = 1;
UPDATE csflow.ticket SET state = 'answered', changed_at = '2025-03-03 12:20' WHERE csflow.ticket_serial(ticket_no) % 10 = 6;
CALL csflow.run_escalation('2025-03-03 12:30');
CALL csflow.refresh_health('2025-03-03 12:30');
CALL csflow.run_audit_anchor('2025-03-03 12:30');
});

# The result of a query as text, or its SQLSTATE.
sub answer
{
	my ($node, $query, @options) = @_;
	my ($out, $err);
	$node->psql('postgres', $query, stdout => \$out, stderr => \$err, extra_params => [ '-v', 'VERBOSITY=sqlstate', @options ]);
	return $err =~ /ERROR:\s+(\w+)/ ? $1 : $out;
}

# -- Reading ---------------------------------------------------------------------------------------------------------
my @views = split /\n/, $primary->safe_psql('postgres', q{SELECT relname FROM pg_class WHERE relnamespace = 'csflow'::regnamespace AND relkind = 'v' ORDER BY 1});
cmp_ok(scalar @views, '>', 30, 'there are views');
# Some show how much time is left, which differs between two looks: their rows are counted. Functions that take the instant are compared whole.
is_deeply({ map { $_ => answer($standby, "SELECT count(*) FROM csflow.$_") } @views }, { map { $_ => answer($primary, "SELECT count(*) FROM csflow.$_") } @views },
	'2.6: every view answers on a standby as on the primary');

my $at = q{'2025-03-03 13:00'};
my @reads = (
	q{classify(1, '登录后闪退，支付失败')}, q{explain_classification(1, '登录后闪退，支付失败')}, q{explain_ticket(1, '202503001')},
	q{business_add((SELECT calendar FROM csflow.working_calendar ORDER BY code LIMIT 1), '2025-03-03 09:00', '5 hours')},
	"queue_at(1, $at)", "clock_status_at(1, $at)", "attainment_at(1, $at)", "late_at(1, $at)", "due_within(1, '1 day', $at)",
	"backlog_ageing_at(1, $at)", q{heatmap_at(1, '2025-03-01', '2025-03-05')}, q{hot_issues_at(1, '2025-03-01', '2025-03-05')},
	q{health_between(1, '2025-03-01', '2025-03-05')}, "satisfaction_at(1, $at)", "waiting_time_at(1, $at)", "forecast_at(1, $at)",
	q{customer_history(1, '202503001')}, q{similar_tickets(1, '202503001')}, q{duplicate_candidates(1, '202503001')}, q{suggest_keywords(1)},
	q{verify_audit(1)}, q{verify_anchor(1, 1)}, qq{what_if(1, '{"targets": [{"clock": "resolve", "duration": "1 hour"}]}', at => $at)},
	q{export_playbook(1)}, q{check_playbook(csflow.shipped_playbook('internet'))}, q{weekly_sample(1, '2025-03-03')}, q{staff_needed(1, '10 minutes', '2025-03-03')},
	"recompute_clocks(1, true, $at)", 'scheduled_jobs()', "surge_counts(1, $at)", 'flow_version()');
for my $read (@reads)
{
	my $query = "SELECT * FROM csflow.$read";
	my ($name) = $read =~ /^(\w+)/;
	is(answer($standby, $query), answer($primary, $query), "$name reads");
}
like(answer($standby, 'SELECT desk_id, is_current FROM csflow.classify(1, $$闪退$$), csflow.classifier_status()'), qr/^1\|t$/, 'the cache of the rules is the connection\'s own');
is(answer($primary, "SELECT count(*) FROM csflow.verify_audit(1)"), '0', 'H1: and the record is sound');
cmp_ok(answer($standby, "SELECT count(*) FROM csflow.clock_status_at(1, $at)"), '>', 60, 'there was something to read');

# -- Writing ---------------------------------------------------------------------------------------------------------
my @writes = (
	(map { "INSERT INTO csflow.$_" } q{ticket (desk_id, channel, body) VALUES (1, 'email', 'x')}, q{ticket (desk_id, ticket_no, channel, body) VALUES (1, '202503999', 'email', 'x')},
		q{message (desk_id, ticket_no, author_kind, body) VALUES (1, '202503001', 'customer', 'x')}, q{keyword_rule (desk_id, any_of, raise_to) VALUES (1, '{x}', 'A')}),
	q{UPDATE csflow.ticket SET state = 'answered'}, 'DELETE FROM csflow.ticket', 'TRUNCATE csflow.ticket', q{COPY csflow.ticket (desk_id) FROM '/dev/null'},
	'CREATE EXTENSION csflow VERSION "0.1.0" SCHEMA csflow', 'DROP EXTENSION csflow CASCADE', 'ALTER EXTENSION csflow UPDATE',
	(map { "SELECT csflow.$_" } 'next_ticket_no()', "next_ticket_no($at)", q{create_desk('other')}, q{load_playbook(1, '{"name": "bare"}')},
		'create_partitions(NULL, 9)', 'setup_roles()', 'rebuild_health(1)', q{erase_customer(1, 1)},
		q{open_ticket(1, 'email', 'x')}, (map { "$_(1, '202503001')" } 'accept', 'confirm', 'resume'),
		q{reply(1, '202503001', 'x')}, q{note(1, '202503001', 'x')}, q{receive(1, '202503001', 'x')}, q{answer(1, '202503001', 'x')}, q{transfer(1, '202503001', 'technical_team', 'x')},
		q{close_ticket(1, '202503001', 'no_new_request')}, q{mark_duplicate(1, '202503002', '202503001')}, q{add_task(1, '202503001', 'x')},
		(map { "${_}_batch()" } 'escalate', 'auto_close', 'progress_check', 'duplicate_check', 'incident_watch', 'surge_watch', 'weekly_sample', 'archive', 'anchor', 'housekeeping', 'refresh_health')),
	(map { "CALL csflow.$_()" } 'run_escalation', 'run_auto_close', 'refresh_health', 'run_archive', 'run_audit_anchor', 'run_housekeeping'));
my %refused = map { $_ => answer($standby, $_) } @writes;
is(join("\n", map { "$_: $refused{$_}" } grep { $refused{$_} ne '25006' } @writes), '', '2.6: what writes is refused as on any standby (25006)');

# -- Rules that change on the primary --------------------------------------------------------------------------------
my $kind = q{SELECT kind FROM csflow.classify(1, '量子纠缠')};
my $change = sub { '\! psql -X -q -d postgres -h ' . $primary->host . ' -p ' . $primary->port . qq{ -c "$_[0]"\n} };
is( answer($standby, "$kind;\n"
	  . $change->(q{INSERT INTO csflow.keyword_rule (desk_id, any_of, category_id) SELECT 1, '{量子纠缠}', category_id FROM csflow.category WHERE code = 'technical_fault'})
	  . "$kind;\n" . $change->(q{UPDATE csflow.keyword_rule SET is_active = false WHERE any_of = '{量子纠缠}'}) . "$kind;\n"
	  . "BEGIN ISOLATION LEVEL REPEATABLE READ;\n$kind;\n" . $change->(q{UPDATE csflow.keyword_rule SET is_active = true WHERE any_of = '{量子纠缠}'}) . "$kind;\nCOMMIT;"),
	join("\n", '', 'technical_fault', '', '', 'technical_fault'), 'H4: the next statement of a connection of the standby follows');

# -- Promotion -------------------------------------------------------------------------------------------------------
$primary->stop('immediate');
$standby->promote;
is(answer($standby, q{SET client_min_messages = error; CALL csflow.run_escalation('2025-03-10 12:00'); SELECT count(*) FROM csflow.verify_audit(1)}), '0', 'promoted, it goes on');
cmp_ok(answer($standby, q{SELECT count(*) FROM csflow.event WHERE kind = 'step_fired' AND at > '2025-03-04'}), '>', 60, 'and fires what is due');

unlike(slurp_file($standby->logfile), qr/terminated by signal|PANIC|TRAP|XX000|could not write/, 'nothing worse in the log of the standby');
$standby->stop;
done_testing();
