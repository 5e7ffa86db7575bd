# The rules by logical replication, their first copy included, into a database with the same version of csflow (design 2.8): they act
# there, and what is kept of them comes along and stays what it is. 042_logical_replication has all that happens to tickets.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('replication');
$node->init(allows_streaming => 'logical', extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', q{
max_worker_processes = 20
max_logical_replication_workers = 12
max_sync_workers_per_subscription = 8
wal_retrieve_retry_interval = '50ms'
});
$node->start;

$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->safe_psql('postgres', q{
CREATE EXTENSION csflow;
SELECT csflow.create_desk('same', NULL);
INSERT INTO csflow.category (desk_id, category_id, code, caption_zh, caption_en) VALUES (1, 1, 'fault', '故障', 'fault'), (1, 2, 'inquiry', '咨询', 'inquiry');
INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, category_id) VALUES (1, 1, '{闪退}', 1);
CREATE PUBLICATION all_tables FOR ALL TABLES WITH (publish_via_partition_root = true);
});
my $dump = $node->basedir . '/tables.sql';
command_ok([ 'pg_dump', '--schema-only', '--no-publications', '-f', $dump, $node->connstr('postgres') ], 'the tables are dumped');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('copy') ], 'and made');
$node->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('copy', 'pgoutput')});
my $origin = sprintf('host=%s port=%s dbname=postgres', $node->host, $node->port);
$node->safe_psql('copy', "CREATE SUBSCRIPTION copy CONNECTION '$origin' PUBLICATION all_tables WITH (create_slot = false, slot_name = copy)");
ok($node->poll_query_until('copy', q{SELECT count(*) > 20 AND bool_and(srsubstate IN ('s', 'r')) FROM pg_subscription_rel}), 'all rows are copied');

my $kept = q{SELECT count(*), coalesce(string_agg(format('%s/%s %s', table_name, row_key, version), ', ' ORDER BY version, table_name, row_key), '') FROM csflow.rule_history};
is($node->safe_psql('copy', $kept), $node->safe_psql('postgres', $kept), '2.8: what is kept of the rules is what was');

# Each change arrives, though it is kept where it comes from and its version counted.
for my $kind ('inquiry', 'fault', 'inquiry')
{
	$node->safe_psql('postgres', "UPDATE csflow.keyword_rule SET category_id = (SELECT category_id FROM csflow.category WHERE code = '$kind')");
	ok($node->poll_query_until('copy', "SELECT kind = '$kind' FROM csflow.classify(1, '闪退')"), "2.8: the rule acts: $kind") or last;
}
$node->safe_psql('postgres', q{
SELECT csflow.create_desk('other', NULL);
TRUNCATE csflow.keyword_rule;
});
ok($node->poll_query_until('copy', q{SELECT (SELECT count(*) FROM csflow.configuration_version) = 2 AND NOT EXISTS (SELECT FROM csflow.keyword_rule)}), '2.8: so do a new desk and rules that are gone');
is($node->safe_psql('copy', $kept), $node->safe_psql('postgres', $kept), '2.8: and what was kept of them is the same');

$node->stop;
done_testing();
