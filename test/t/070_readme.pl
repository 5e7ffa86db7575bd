# README.md keeps its word: its SQL runs as it stands, in order, in a database without csflow. So do the statements of
# doc/operations.md, chapter Monitoring, on the desk that README.md has made.

use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('readme');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.use_background_workers = on\n");
$node->start;

foreach my $page ('README.md', 'doc/README.zh.md')
{
	my $text = slurp_file("$FindBin::RealBin/../../$page");
	my @blocks = $text =~ /^```sql\n(.*?)^```/msg;
	cmp_ok(scalar(@blocks), '>=', 3, "$page has SQL to run");

	my $number = 0;
	foreach my $block (@blocks)
	{
		$number++;
		my ($result, $output, $errors) =
		  $node->psql('postgres', $block, extra_params => [ '-v', 'ON_ERROR_STOP=1' ]);
		is($errors, '', "$page: block $number of SQL runs");
	}
	if ($page eq 'README.md')
	{
		my ($monitoring) = slurp_file("$FindBin::RealBin/../../doc/operations.md") =~ /^## Monitoring\n(.*?)^## /ms;
		my ($statements) = $monitoring =~ /^```sql\n(.*?)^```/ms;
		my ($result, $output, $errors) =
		  $node->psql('postgres', $statements, extra_params => [ '-v', 'ON_ERROR_STOP=1' ]);
		is($errors, '', 'doc/operations.md: what is to be monitored can be asked');
		unlike($output // '', qr/^csflow\.event_/m, 'doc/operations.md: next month has its partitions');
		my ($jobs) = $statements =~ /(SELECT j\.job, .*?;)/s;
		is($node->safe_psql('postgres', $jobs), '', 'doc/operations.md: a new flow owes no run of a job yet');
		$node->safe_psql('postgres', q{INSERT INTO csflow.job_run (job, at, started_at, finished_at)
			SELECT job, now(), now() - age, CASE WHEN finishes THEN now() - age END FROM csflow.wanted_jobs(), (VALUES (interval '2 minutes', true), ('1 minute', false)) v (age, finishes)});
		is($node->safe_psql('postgres', $jobs), '', 'doc/operations.md: nor is a run that is under way a fault');
		$node->safe_psql('postgres', q{UPDATE csflow.flow SET created_at = now() - interval '1 year';
			UPDATE csflow.job_run SET started_at = started_at - interval '26 hours', finished_at = finished_at - interval '26 hours'});
		is($node->safe_psql('postgres', "SELECT count(*) FROM (${\($jobs =~ s/;//r)}) x WHERE job <> 'weekly_sample'"),
			$node->safe_psql('postgres', 'SELECT count(*) - 1 FROM csflow.wanted_jobs()'), 'doc/operations.md: one that has not finished for a day is');
	}
	$node->safe_psql('postgres',
		'DROP EXTENSION IF EXISTS pg_cron; SET client_min_messages = warning; DROP SCHEMA csflow CASCADE');
}

done_testing();
