# From one version of the flow's tables to the next (design 2.6): the library serves the version before its own and refuses
# others with the cure; migrate() goes step by step, each recorded, goes on where it was killed, and ends with the tables of a
# fresh flow. The older version is planted: its tables lack a column, which is to be filled, and a view.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../lib";
use Picture;
use Planted;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('migration');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
my $folder = planted_folder($node) or plan skip_all => 'this server finds extensions in its own folders only';
$node->start;

# The steps are files as a release would add them, assembled as it would.
my $sql = $node->basedir . '/sql';
system_or_bail('cp', '-r', "$FindBin::RealBin/../../sql", $sql);
system_or_bail('mkdir', '-p', "$sql/migrate/1");
append_to_file("$sql/migrate/1/10-added_at.sql", "ALTER TABLE csflow.attachment ADD COLUMN added_at timestamptz;\n");
append_to_file("$sql/migrate/1/20-added_at_filled.repeated.sql", q{
UPDATE csflow.attachment AS a SET added_at = t.opened_at
FROM csflow.ticket AS t
WHERE t.desk_id = a.desk_id AND t.ticket_no = a.ticket_no
  AND a.ctid = ANY (ARRAY(SELECT w.ctid FROM csflow.attachment AS w WHERE w.added_at IS NULL LIMIT 20));
});
append_to_file("$sql/migrate/1/30-added_at_needed.sql", "ALTER TABLE csflow.attachment ALTER COLUMN added_at SET DEFAULT now(), ALTER COLUMN added_at SET NOT NULL;\n");
append_to_file("$sql/migrate/1/100-waiting_time.sql", slurp_file("$sql/flow/65-waiting_time.sql"));
my $script = `sh $sql/assemble.sh`;
like($script, qr/\(1, 20, \$csflow_step\$added_at_filled\$csflow_step\$, true, /, 'the steps are in the extension script');
append_to_file("$folder/csflow--0.1.99.sql", $script);

$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE ROLE clerk LOGIN');
my $create = sub {
	my ($database, $planted) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, q{CREATE EXTENSION csflow VERSION '0.1.99'; GRANT CREATE, USAGE ON SCHEMA csflow TO keeper; GRANT USAGE ON SCHEMA csflow TO clerk;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA csflow TO keeper, clerk;
SET SESSION AUTHORIZATION keeper; SET client_min_messages = warning; SELECT csflow.create_desk('support', 'internet'); GRANT SELECT ON csflow.flow TO clerk;});
	return unless $planted;
	$node->safe_psql($database, q{SET SESSION AUTHORIZATION keeper;
INSERT INTO csflow.ticket (desk_id, ticket_no, channel, body, opened_at)
  SELECT 1, csflow.ticket_no('2025-03-01', n), 'email', '登录后闪退', '2025-03-03 09:00+08'::timestamptz + n * interval '1 minute' FROM generate_series(1, 50) AS n;
INSERT INTO csflow.attachment (desk_id, ticket_no, name, uri) SELECT desk_id, ticket_no, 'log.txt', 'file:///log' FROM csflow.ticket;
DROP VIEW csflow.waiting_time; DROP FUNCTION csflow.waiting_time_at; ALTER TABLE csflow.attachment DROP COLUMN added_at; UPDATE csflow.flow SET flow_version = 0;});
};
$create->('fresh', 0);
$create->($_, 1) for 'step_by_step', 'at_once';

# Output, or SQLSTATE and hint.
sub answer
{
	my ($database, $query) = @_;
	my ($out, $err);
	$node->psql($database, "SET SESSION AUTHORIZATION keeper; SET client_min_messages = error; $query", stdout => \$out, stderr => \$err, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	my ($state) = $err =~ /ERROR:\s+(\w+):/;
	my ($hint) = $err =~ /HINT:\s+(.*)/;
	return $state ? join ' ', $state, $hint // () : $out;
}

# -- Which versions are served ---------------------------------------------------------------------------------------
my $work = q{INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (1, 'email', '登录后闪退', '2025-03-05 09:00+08') RETURNING tag;
UPDATE csflow.ticket SET state = 'in_progress' WHERE opened_at = '2025-03-05 09:00+08' AND state IN ('new', 'assigned') RETURNING state;
SELECT csflow.escalate_batch('2025-03-10 09:00+08') > 0; SELECT count(*) > 0 FROM csflow.queue; SELECT kind FROM csflow.classify(csflow.desk_id('support'), '闪退');};
is(answer('at_once', "BEGIN; $work; ROLLBACK"), "故障-登录-A级\nin_progress\nt\nt\ntechnical_fault", '2.6: the library serves the version before its own');
my @engine = (q{INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (1, 'email', 'x')}, q{UPDATE csflow.ticket SET state = 'in_progress'}, q{SELECT csflow.next_ticket_no()},
	q{SELECT csflow.classify(1, 'x')}, q{SELECT csflow.escalate_batch()}, q{SELECT csflow.desk_id('support')}, q{SELECT csflow.create_partitions()}, q{SELECT * FROM csflow.schedule_jobs()});
is(answer('at_once', "UPDATE csflow.flow SET flow_version = -1; $_"), 'SF015 Bring the tables to this version of csflow with SELECT csflow.migrate().', "2.6: older ones get the hint: $_"),
  is(answer('at_once', "UPDATE csflow.flow SET flow_version = 2; $_"), 'SF015 Install the version of csflow they were migrated with, or a newer one.', "2.6: newer ones too: $_")
  for @engine;
is(answer('at_once', 'UPDATE csflow.flow SET flow_version = -1; SELECT csflow.migrate()'), 'SF015 Migrate with the versions of csflow in between first.', '2.6: no step leads from there');
is(answer('at_once', 'UPDATE csflow.flow SET flow_version = 2; SELECT csflow.migrate()'), 'SF015 Install the version of csflow they were migrated with, then ALTER EXTENSION csflow UPDATE.', '2.6: nor back');
is(answer('at_once', "UPDATE csflow.flow SET flow_version = 0; SELECT csflow.next_ticket_no() > '202001001'; BEGIN; UPDATE csflow.flow SET flow_version = -1; SAVEPOINT here; SELECT csflow.next_ticket_no() ; "),
	'SF015 Bring the tables to this version of csflow with SELECT csflow.migrate().', 'a connection that has seen one version sees the other');
is(answer('at_once', "BEGIN; UPDATE csflow.flow SET flow_version = 2; ROLLBACK; SELECT csflow.next_ticket_no() > '202001001'"), 't', 'and that it was undone');
# A look that was cut short is none.
$node->safe_psql('at_once', 'UPDATE csflow.flow SET flow_version = 2');
my ($holder, $asker) = map { $node->background_psql('at_once', on_error_stop => 0, extra_params => [ '-v', 'VERBOSITY=sqlstate' ]) } 1, 2;
$holder->query('BEGIN; LOCK TABLE csflow.flow');
$asker->query("SET lock_timeout = '1ms'; SELECT csflow.next_ticket_no()");
like($asker->{stderr}, qr/55P03/, 'a connection that cannot look at the version is told so');
$asker->{stderr} = '';
$holder->query('ROLLBACK');
$asker->query('SELECT csflow.next_ticket_no()');
like($asker->{stderr}, qr/SF015/, 'and looks again');
$asker->{stderr} = '';
$_->quit for $holder, $asker;
$node->safe_psql('at_once', 'UPDATE csflow.flow SET flow_version = 0');

# -- Step by step, killed in between ---------------------------------------------------------------------------------
$node->safe_psql('step_by_step', q{CREATE SEQUENCE public.rows_filled; GRANT USAGE ON SEQUENCE public.rows_filled TO keeper;
CREATE FUNCTION public.cut_short() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('public.rows_filled') = 25 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$;
CREATE TRIGGER cut_short BEFORE UPDATE ON csflow.attachment FOR EACH ROW EXECUTE FUNCTION public.cut_short();});
is($node->psql('step_by_step', 'CALL csflow.run_migration()', extra_params => [ '-U', 'keeper' ]), 2, 'killed among the rows of the second step');
my $done = q{SELECT string_agg(position || ' ' || name, ', ' ORDER BY position) FROM csflow.migration};
is($node->safe_psql('step_by_step', $done), '10 added_at', '2.6: the first step is done and recorded');
is($node->safe_psql('step_by_step', 'SELECT count(added_at), count(*) FROM csflow.attachment'), '20|50', 'of the second so many rows as were committed');
is($node->safe_psql('step_by_step', 'SELECT flow_version FROM csflow.flow'), '0', 'the version is still the one before');
is(answer('step_by_step', "BEGIN; $work; ROLLBACK"), "故障-登录-A级\nin_progress\nt\nt\ntechnical_fault", 'with which all goes on');
is(answer('step_by_step', 'RESET SESSION AUTHORIZATION; SET SESSION AUTHORIZATION clerk; SELECT csflow.migrate()'), '42501', 'who does not own the tables may not go on');
my ($out, $err);
$node->psql('step_by_step', 'CALL csflow.run_migration()', stderr => \$err);
is(join("\n", $err =~ /NOTICE:\s+(.*)/g), join("\n", map { "version 1, step $_" } '20: added_at_filled (20 rows)', '20: added_at_filled (10 rows)', '20: added_at_filled (0 rows)',
	'30: added_at_needed', '100: waiting_time'), '2.6: called again it goes on where it was');
is($node->safe_psql('step_by_step', $done), '10 added_at, 20 added_at_filled, 30 added_at_needed, 100 waiting_time', 'each step is recorded once');
is($node->safe_psql('step_by_step', 'SELECT flow_version FROM csflow.flow'), '1', 'and the version is the next');
is($node->safe_psql('step_by_step', 'SELECT count(*) FROM csflow.attachment JOIN csflow.ticket USING (desk_id, ticket_no) WHERE added_at = opened_at'), '50', 'every row is filled, once');
is(answer('step_by_step', 'CALL csflow.run_migration(); SELECT csflow.migrate(), csflow.migrate_step() IS NULL'), '1|t', '2.6: called once more it changes nothing');
is(answer('step_by_step', "BEGIN; $work; ROLLBACK"), "故障-登录-A级\nin_progress\nt\nt\ntechnical_fault", 'and all goes on');

# -- At once ---------------------------------------------------------------------------------------------------------
is(answer('at_once', 'BEGIN; SELECT csflow.migrate(); ROLLBACK; SELECT flow_version FROM csflow.flow'), "1\n0", '2.6: all steps in one transaction can be undone');
is($node->safe_psql('at_once', 'SELECT csflow.migrate()'), '1', '2.6: run by a superuser');

# -- As fresh --------------------------------------------------------------------------------------------------------
$node->safe_psql('step_by_step', 'DROP TRIGGER cut_short ON csflow.attachment');
my $fresh = flow_picture($node, 'fresh');
for my $database ('step_by_step', 'at_once')
{
	my $picture = flow_picture($node, $database);
	my %definitions = map { $_ => $picture->{$_} } grep { !/^rows of/ } keys %$picture;
	my %expected = map { $_ => $fresh->{$_} } grep { !/^rows of/ } keys %$fresh;
	is(different(\%definitions, \%expected), '', "2.6: migrated is as fresh, and whoever owned the tables owns them: $database");
}

$node->stop;
done_testing();
