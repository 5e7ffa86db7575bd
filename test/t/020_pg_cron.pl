# The scheduled jobs with a real pg_cron (design 2.13, handbook H3): what schedule_jobs() says where pg_cron is not loaded, not
# installed, in another database, or here, and that a job really fires in each. Works with pg_cron 1.4 and later.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('cron');
$node->init;
$node->start;

sub refusal
{
	my ($database, $statement) = @_;
	my $errors;
	$node->psql($database, $statement, stderr => \$errors, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return $errors;
}

if ($node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'") eq '0')
{
	plan skip_all => 'pg_cron is not installed';
}

$node->safe_psql('postgres', 'CREATE EXTENSION csflow');
like(refusal('postgres', 'SELECT * FROM csflow.schedule_jobs()'), qr/SF014/, 'H3: no desk, nothing to schedule');
$node->safe_psql('postgres', "SELECT csflow.create_desk('head_office', NULL)");

my $refused = refusal('postgres', 'SELECT * FROM csflow.schedule_jobs()');
like($refused, qr/SF019.*pg_cron is not loaded/, 'H3: pg_cron not loaded');
like($refused, qr/HINT:.*shared_preload_libraries/, 'with the cure');
my $jobs = $node->safe_psql('postgres', 'SELECT count(*) FROM csflow.wanted_jobs()');
is($node->safe_psql('postgres', 'SELECT count(*), count(present) FROM csflow.job'), "$jobs|0", 'the view shows the jobs, presence unknown');
$node->safe_psql('postgres', 'CALL csflow.run_escalation()');
is($node->safe_psql('postgres', "SELECT last_rows, last_error IS NULL FROM csflow.job WHERE job = 'escalation'"),
	'0|t', 'nothing depends on pg_cron: a job runs by hand');

$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'pg_cron'
cron.use_background_workers = on
max_worker_processes = 20
});
$node->restart;
$refused = refusal('postgres', 'SELECT * FROM csflow.schedule_jobs()');
like($refused, qr/SF019.*not installed in database "postgres"/, 'H3: pg_cron not installed in its database');
like($refused, qr/HINT:.*CREATE EXTENSION pg_cron/, 'with the cure');
$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron');

# Another database, whose name asks for quotes and is too long for a job's name, with a flow that no superuser owns.
my $branch = q{branch 'office' with a name longer than most};
my $as_keeper = 'SET SESSION AUTHORIZATION keeper;';
$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN');
$node->safe_psql('postgres', qq{CREATE DATABASE "$branch"});
my $rights = q{
CREATE EXTENSION csflow;
GRANT CREATE, USAGE ON SCHEMA csflow TO keeper;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA csflow TO keeper;
};
$node->safe_psql($branch, "$rights $as_keeper SELECT csflow.create_desk('branch', NULL)");
$refused = refusal($branch, "$as_keeper SELECT * FROM csflow.schedule_jobs()");
like($refused, qr/SF019.*settings are hidden from role "keeper"/, 'H3: a role that cannot know where pg_cron is, is told');
$node->safe_psql('postgres', 'GRANT pg_read_all_settings TO keeper');
is($node->safe_psql($branch, "$as_keeper SELECT count(*), count(job_id) FROM csflow.schedule_jobs()"),
	"$jobs|0", 'H3: pg_cron in another database: statements to run there');
is($node->safe_psql($branch, 'SELECT count(present) FROM csflow.job'), '0', 'and whether they were is unknowable here');
my $statements = $node->safe_psql($branch, "$as_keeper SELECT command FROM csflow.schedule_jobs()");
$node->safe_psql('postgres', $_) for split /\n/, $statements;

# Here, twice over.
$node->safe_psql('postgres', 'SELECT * FROM csflow.schedule_jobs()') for 1 .. 2;
is($node->safe_psql('postgres', "SELECT count(*), count(DISTINCT jobname) FROM cron.job"),
	2 * $jobs . '|' . 2 * $jobs, 'H3: scheduling again doubles nothing, databases keep apart');
is($node->safe_psql('postgres', 'SELECT bool_and(present), bool_and(schedule = wanted_schedule) FROM csflow.job'),
	't|t', 'the view shows them as scheduled');
is($node->safe_psql('postgres', q{SELECT count(*) FROM cron.job WHERE command !~ '^CALL csflow\.[a-z_]+\(\)$'}),
	'0', 'each command is one bare CALL');
my $seconds = $node->safe_psql('postgres',
	q{SELECT regexp_match(extversion, '^(\d+)\.(\d+)')::integer[] >= '{1,5}' FROM pg_extension WHERE extname = 'pg_cron'});
is($node->safe_psql('postgres', "SELECT schedule LIKE '%seconds' FROM csflow.job WHERE job = 'escalation'"),
	$seconds, 'the sweep runs every few seconds where pg_cron can');

# A DBA's own schedule is shown and kept, and set back when asked for.
$node->safe_psql('postgres',
	"SELECT cron.alter_job(job_id, schedule => '7 * * * *', active => false) FROM csflow.job WHERE job = 'auto_close'");
is($node->safe_psql('postgres', "SELECT schedule, is_active FROM csflow.job WHERE job = 'auto_close'"),
	'7 * * * *|f', 'H3: a schedule is adjusted with cron.alter_job');
is($node->safe_psql('postgres', "SELECT schedule FROM csflow.schedule_jobs() WHERE job = 'auto_close'"), '7 * * * *', 'H3: scheduling again keeps it');
is($node->safe_psql('postgres', "SELECT schedule, is_active FROM csflow.job WHERE job = 'auto_close'"),
	'7 * * * *|f', 'H3: and that it is switched off');
is($node->safe_psql('postgres', "SELECT schedule = (SELECT schedule FROM csflow.wanted_jobs() AS w WHERE w.job = s.job) FROM csflow.schedule_jobs(reset => true) AS s WHERE job = 'auto_close'"),
	't', 'H3: unless it is asked to reset');
is($node->safe_psql('postgres', "SELECT schedule = wanted_schedule, is_active FROM csflow.job WHERE job = 'auto_close'"),
	't|t', 'H3: back on');

# Real firings, in both databases.
for my $database ('postgres', $branch)
{
	$node->safe_psql($database, 'DELETE FROM csflow.job_run');
}
for my $database ('postgres', $branch)
{
	ok( $node->poll_query_until(
			$database, "SELECT EXISTS (SELECT FROM csflow.job_run WHERE job = 'escalation' AND finished_at IS NOT NULL)"),
		"H3: pg_cron ran the escalation sweep in database $database");
}
for my $database ('postgres', $branch)
{
	is($node->safe_psql($database, "SELECT last_error IS NULL, last_at <= last_started_at FROM csflow.job WHERE job = 'escalation'"),
		't|t', 'without an error, for the instant it started');
}
is( $node->safe_psql('postgres', q{SELECT DISTINCT username FROM cron.job WHERE database LIKE 'branch%'}),
	'keeper', 'there with the rights of the owner of the flow');

# Removal.
is($node->safe_psql('postgres', 'SELECT count(*) FROM csflow.unschedule_jobs()'), $jobs, 'unschedule_jobs() removes them');
is($node->safe_psql('postgres', 'SELECT count(*) FROM csflow.unschedule_jobs()'), '0', 'and has nothing left to remove');
is($node->safe_psql('postgres', 'SELECT bool_or(present) FROM csflow.job'), 'f', 'the view shows that they are gone');
is($node->safe_psql('postgres', 'SELECT count(*) FROM cron.job'), $jobs, 'the other database keeps its own');
$statements = $node->safe_psql($branch, 'SELECT command FROM csflow.unschedule_jobs()');
$node->safe_psql('postgres', $_) for split /\n/, $statements;
is($node->safe_psql('postgres', 'SELECT count(*) FROM cron.job'), '0', 'until the statements it returns are run');

# A role that owns the flow without being a superuser, and pg_cron in its database.
$node->safe_psql('postgres', 'CREATE DATABASE keepers');
$node->append_conf('postgresql.conf', "cron.database_name = 'keepers'");
$node->restart;
$node->safe_psql('keepers', "$rights $as_keeper SELECT csflow.create_desk('kept', NULL)");
$node->safe_psql('keepers', 'CREATE EXTENSION pg_cron');
$refused = refusal('keepers', "$as_keeper SELECT * FROM csflow.schedule_jobs()");
like($refused, qr/SF019.*role "keeper" may not use pg_cron/, 'H3: a role without rights on pg_cron is told');
$node->safe_psql('keepers', 'GRANT USAGE ON SCHEMA cron TO keeper');
is($node->safe_psql('keepers', "$as_keeper SELECT count(present) FROM csflow.job"),
	'0', 'what it cannot see of other roles is unknown to it, not absent');
is($node->safe_psql('keepers', "$as_keeper SELECT count(job_id) FROM csflow.schedule_jobs()"), $jobs, 'it schedules its jobs');
is($node->safe_psql('keepers', "$as_keeper SELECT count(*) FROM csflow.job WHERE present"), $jobs, 'and sees them');
$node->safe_psql('keepers', 'SELECT * FROM csflow.schedule_jobs()');
is($node->safe_psql('keepers', 'SELECT count(*) FROM cron.job WHERE username = current_user'),
	$jobs, 'another role that schedules takes the jobs over');
is($node->safe_psql('keepers', 'SELECT count(*) FROM cron.job'), $jobs, 'instead of running them twice');

$node->stop;
done_testing();
