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
	}
	$node->safe_psql('postgres',
		'DROP EXTENSION IF EXISTS pg_cron; SET client_min_messages = warning; DROP SCHEMA csflow CASCADE');
}

done_testing();
