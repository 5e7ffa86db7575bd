# An anchor after more transactions than xmin can tell apart covers what has moved since (design 2.19, handbook H1).

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION csflow;
SELECT csflow.create_desk('support', 'internet');
INSERT INTO csflow.agent (desk_id, name, role_name, may_act_for_others) SELECT desk_id, 'Lin', current_user, true FROM csflow.desk;
SELECT csflow.open_ticket(1, 'email', body) FROM unnest('{one,two}'::text[]) AS t (body);
SELECT csflow.anchor_audit(1);
});
is($node->safe_psql('postgres', 'SELECT chains FROM csflow.audit_anchor ORDER BY anchor_no'), '2', 'H1: the first anchor sees both tickets');

# The next round of numbers, and an anchor of two and a half thousand million numbers ago.
$node->stop;
command_ok([ 'pg_resetwal', '-e', 1, $node->data_dir ], 'the next round of transaction numbers');
$node->start;
$node->safe_psql('postgres', q{
UPDATE csflow.audit_anchor SET horizon = (pg_current_xact_id()::text::bigint - 2500000000)::text::xid8;
SELECT csflow.receive(1, min(ticket_no), 'something new') FROM csflow.ticket;
SELECT csflow.anchor_audit(1);
});
is($node->safe_psql('postgres', 'SELECT chains FROM csflow.audit_anchor WHERE anchor_no = 2'), '1', 'H1: the next one sees the ticket that has moved since');
done_testing();
