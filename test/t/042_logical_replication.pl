# Logical replication of all of csflow's tables to another database that has csflow, for boards and reports (design 2.8, handbook H3): nothing
# on the publisher is refused for want of a replica identity, nothing on the subscriber collides with what its own triggers write, and
# connections there follow the rules.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 'logical', extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "TimeZone = 'Asia/Shanghai'\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', q{
CREATE EXTENSION csflow;
SELECT csflow.create_desk('support', 'internet');
INSERT INTO csflow.agent (desk_id, name, role_name, may_act_for_others) SELECT desk_id, 'Lin', current_user, true FROM csflow.desk;
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish_via_partition_root = true);
});
# Both databases are in one cluster, whose own transaction the slot's creation would wait for: it is made beforehand.
$node->safe_psql('postgres', 'CREATE DATABASE board TEMPLATE shop');
$node->safe_psql('shop', q{SELECT pg_create_logical_replication_slot('board', 'pgoutput')});
my $publisher = $node->connstr . ' dbname=shop';
$node->safe_psql('board', qq{CREATE SUBSCRIPTION board CONNECTION '$publisher application_name=board' PUBLICATION everything
	WITH (create_slot = false, slot_name = 'board', copy_data = false)});

my $board = $node->background_psql('board', on_error_stop => 0);
my $kind = q{SELECT coalesce(kind, 'none') FROM csflow.classify(1, '咕噜咕噜')};
is($board->query($kind), 'none', '2.8: a connection of the subscriber has the rules');

# Rules, a desk, tickets, a job that empties a queue, rules that go.
$node->safe_psql('shop', q{
INSERT INTO csflow.keyword_rule (desk_id, any_of, category_id) SELECT 1, '{咕噜}', min(category_id) FROM csflow.category WHERE desk_id = 1;
UPDATE csflow.desk SET caption = 'Support' WHERE desk_id = 1;
UPDATE csflow.keyword_rule SET is_active = false WHERE rule_id = (SELECT min(rule_id) FROM csflow.keyword_rule WHERE desk_id = 1);
});
is($node->psql('shop', q{SELECT csflow.create_desk('second', 'complaint')}), 0, '2.8: a desk is made while all tables are published');
is($node->psql('shop', q{DELETE FROM csflow.approval_limit}), 0, '2.8: limits can be taken away');
$node->safe_psql('shop', q{SELECT csflow.open_ticket(1, 'email', '登录后闪退'), csflow.open_ticket(2, 'email', '退款')});
is($node->psql('shop', q{CALL csflow.refresh_health()}), 0, 'H3: the figures are refreshed');
is($node->psql('shop', q{SELECT csflow.create_partitions('2020-01-01', 1)}), 0, '2.17: partitions are made');
$node->safe_psql('shop', q{INSERT INTO csflow.ticket (desk_id, ticket_no, channel, body, opened_at) VALUES (1, '202001001', 'email', 'x', '2020-01-02')});
$node->wait_for_catchup('board');

my $same = $node->safe_psql('shop', q{SELECT string_agg(format('SELECT %L, md5(string_agg(x::text, E''\n'' ORDER BY x::text)) FROM csflow.%I AS x', relname, relname), ' UNION ALL ')
	FROM pg_class WHERE relnamespace = 'csflow'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition});
$same .= ' ORDER BY 1';
is($node->safe_psql('board', $same), $node->safe_psql('shop', $same), '2.8: every table has the same rows');
like($board->query($kind), qr/^(?!none)\w+$/, '2.8: and that connection the new rules');
is($node->safe_psql('board', 'SELECT count(*) FROM csflow.verify_audit(1)'), '0', 'H1: the record is whole there as well');
is($node->safe_psql('shop', q{SELECT active FROM pg_replication_slots WHERE slot_name = 'board'}), 't', '2.8: replication goes on');
$board->quit;
$node->safe_psql('board', 'ALTER SUBSCRIPTION board DISABLE; ALTER SUBSCRIPTION board SET (slot_name = NONE); DROP SUBSCRIPTION board');
done_testing();
