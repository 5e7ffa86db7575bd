# One connection that outlives what it has cached (design 2.6, 2.8): the extension dropped and made anew, the flow dropped and
# made anew, columns added and dropped, the owner changed, rules changed by a prepared transaction.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('same_connection');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 2\nlock_timeout = '60s'");
$node->start;

# A desk whose one rule sends 闪退 to the kind given, with a clock of the hours given.
my $helpers = q{
CREATE FUNCTION public.make_desk(kind text, hours integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE desk bigint := csflow.create_desk('same', NULL);
BEGIN
  INSERT INTO csflow.team (desk_id, team_id, code, name_zh, name_en) VALUES (desk, 1, 'service', '客服', 'service');
  INSERT INTO csflow.category (desk_id, category_id, code, caption_zh, caption_en) VALUES (desk, 1, 'fault', '故障', 'fault'), (desk, 2, 'inquiry', '咨询', 'inquiry');
  INSERT INTO csflow.keyword_rule (desk_id, any_of, category_id) SELECT desk, '{闪退}', category_id FROM csflow.category WHERE code = make_desk.kind;
  INSERT INTO csflow.target (desk_id, target_id, clock, duration, calendar) VALUES (desk, 1, 'resolve', make_interval(hours => make_desk.hours), 'around_the_clock');
  INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, level, action, recipients) VALUES (desk, 1, 1, 100, 'breach', 'notify', '{team}');
  RETURN desk;
END $$;
-- A ticket through all of the engine: number, classification, clock, message, sweep, events.
CREATE FUNCTION public.work() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  opened record;
BEGIN
  INSERT INTO csflow.ticket (desk_id, channel, body, team_id, opened_at) SELECT desk_id, 'email', '闪退', 1, '2025-03-03 09:00+08' FROM csflow.desk
    RETURNING desk_id, ticket_no, csflow.ticket_serial(ticket_no) AS serial, kind INTO opened;
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body, at) VALUES (opened.desk_id, opened.ticket_no, 'customer', '?', '2025-03-03 10:00+08');
  PERFORM csflow.escalate_batch('2025-03-05 09:00+08');
  RETURN format('%s %s %s: %s; %s', opened.serial, opened.kind, (SELECT kind FROM csflow.classify(opened.desk_id, '闪退')),
    (SELECT extract(hour FROM c.due_at - c.started_at) FROM csflow.clock AS c WHERE c.ticket_no = opened.ticket_no),
    (SELECT string_agg(e.kind, ' ' ORDER BY seq) FROM csflow.event AS e WHERE e.ticket_no = opened.ticket_no));
END $$;
};
my $all = 'opened customer_message step_fired';

sub session
{
	my ($name, $script, @expected) = @_;
	my ($out, $err);
	$node->psql('postgres', "SET client_min_messages = error;\n$script", stdout => \$out, stderr => \$err, on_error_stop => 0,
		extra_params => [ '-v', 'VERBOSITY=sqlstate' ]);
	is($out, join("\n", @expected), $name);
	return $err;
}

my $errors = session('2.6: DROP EXTENSION refuses while the tables stand; after CASCADE and a new start all works',
	qq{
CREATE EXTENSION csflow;
$helpers
SELECT make_desk('fault', 4);
SELECT work();
SELECT work();
SELECT csflow.next_ticket_no('2020-05-15 12:00+08');
DROP EXTENSION csflow;
SELECT work();
DROP EXTENSION csflow CASCADE;
SELECT work();
CREATE EXTENSION csflow;
SELECT csflow.create_desk('again', NULL);
SELECT work();
DROP SCHEMA csflow CASCADE;
SELECT work();
CREATE EXTENSION csflow;
SELECT work();
SELECT make_desk('inquiry', 2);
SELECT csflow.next_ticket_no('2020-05-15 12:00+08');
SELECT work();
SELECT work();
}, '1', "1 fault fault: 4; $all", "2 fault fault: 4; $all", '202005001', "3 fault fault: 4; $all",
	'1', '202005001', "1 inquiry inquiry: 2; $all", "2 inquiry inquiry: 2; $all");
# Refused as others depend on it; then columns, the flow (SF014 by create_desk), columns, and tables are missing.
is(join(' ', $errors =~ /ERROR:\s+(\w+)/g), '2BP01 42703 SF014 42703 42P01 42P01', '2.6: errors that say what is missing, no crash')
  or diag($errors);

session('2.6: a drop that is rolled back', qq{
SELECT work();
BEGIN;
DROP SCHEMA csflow CASCADE;
CREATE EXTENSION csflow;
SELECT make_desk('fault', 8);
SELECT work();
SAVEPOINT s;
DROP EXTENSION csflow CASCADE;
ROLLBACK TO s;
SELECT work();
ROLLBACK;
SELECT work();
}, "3 inquiry inquiry: 2; $all", '1', "1 fault fault: 8; $all", "2 fault fault: 8; $all", "4 inquiry inquiry: 2; $all");

session('columns added and dropped between statements, also before and among those the engine knows', qq{
SELECT work();
ALTER TABLE csflow.ticket ADD COLUMN region text DEFAULT 'north';
SELECT work();
UPDATE csflow.ticket SET region = 'south' WHERE csflow.ticket_serial(ticket_no) = 1;
SELECT string_agg(new_value, ' ') FROM csflow.event WHERE kind = 'edited';
ALTER TABLE csflow.ticket DROP COLUMN parent_no;
SELECT work();
ALTER TABLE csflow.ticket DROP COLUMN region;
ALTER TABLE csflow.message ADD COLUMN language text;
ALTER TABLE csflow.clock ADD COLUMN remark text;
ALTER TABLE csflow.event ADD COLUMN remark text;
SELECT work();
BEGIN;
ALTER TABLE csflow.ticket ADD COLUMN region text;
ALTER TABLE csflow.ticket DROP COLUMN domain CASCADE;
SELECT work();
ROLLBACK;
SELECT work();
}, "5 inquiry inquiry: 2; $all", "6 inquiry inquiry: 2; $all", 'region', "7 inquiry inquiry: 2; $all", "8 inquiry inquiry: 2; $all",
	"10 inquiry inquiry: 2; $all");

# The tables alone dropped and made anew: the functions stay.
session('2.6: a flow dropped and made anew, the functions staying', q{
SELECT work();
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT format('DROP %s IF EXISTS csflow.%I CASCADE', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.relname)
    FROM pg_class AS c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relkind = 'S'
  LOOP EXECUTE name; END LOOP;
  -- The flow's own functions and row types: those that are not the extension's.
  FOR name IN SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure) FROM pg_proc AS p WHERE p.pronamespace = 'csflow'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL SELECT format('DROP TYPE IF EXISTS csflow.%I CASCADE', c.relname) FROM pg_class AS c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind = 'c'
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_type'::regclass AND d.objid = c.reltype AND d.deptype = 'e')
  LOOP EXECUTE name; END LOOP;
END $$;
SELECT work();
SELECT make_desk('fault', 5);
SELECT work();
}, "11 inquiry inquiry: 2; $all", '1', "1 fault fault: 5; $all");

# Rules that a prepared transaction changed: they act when it is committed, by whomever, and never when it is rolled back.
my $prepare = q{
BEGIN;
UPDATE csflow.keyword_rule SET category_id = (SELECT category_id FROM csflow.category WHERE code = 'inquiry');
SELECT work();
};
session('2.8: rules changed by a prepared transaction', qq{
SELECT work();
$prepare PREPARE TRANSACTION 'rules';
SELECT work();
ROLLBACK PREPARED 'rules';
SELECT work();
$prepare PREPARE TRANSACTION 'rules';
SELECT work();
COMMIT PREPARED 'rules';
SELECT work();
SELECT count(*) = max(seq) FROM csflow.event GROUP BY ticket_no HAVING count(*) <> max(seq);
}, "2 fault fault: 5; $all", "3 inquiry inquiry: 5; $all", "4 fault fault: 5; $all", "5 fault fault: 5; $all",
	"6 inquiry inquiry: 5; $all", "7 fault fault: 5; $all", "8 inquiry inquiry: 5; $all");

# Rules that a statement changed and that were read before it was refused, hence before any trigger could tell of them: the
# connection had not read any before. The same of a savepoint.
my $refused = q{UPDATE csflow.keyword_rule SET category_id = (SELECT category_id FROM csflow.category WHERE code = 'fault')
  RETURNING 1 / (SELECT count(*) FROM csflow.classify(desk_id, '闪退') WHERE kind <> 'fault');};
my $kind = q{SELECT kind FROM csflow.classify((SELECT desk_id FROM csflow.desk), '闪退');};
$errors = session('2.8: rules of a statement that was refused', "$refused\n$kind", 'inquiry');
like($errors, qr/22012/, 'after they were read');
session('2.8: the same of a savepoint', "BEGIN;\nSAVEPOINT s;\n$refused\nROLLBACK TO s;\n$kind\nCOMMIT;\n$kind", 'inquiry', 'inquiry');
session('2.8: of one within another, which goes later', qq{
BEGIN;
SAVEPOINT one;
UPDATE csflow.keyword_rule SET category_id = (SELECT category_id FROM csflow.category WHERE code = 'fault');
SAVEPOINT two;
$kind
RELEASE two;
$kind
ROLLBACK TO one;
$kind
COMMIT;
}, 'fault', 'fault', 'inquiry');

# In a block of one transaction all snapshots are alike, before and after a savepoint.
session('2.8: rules undone within a block', q{
BEGIN ISOLATION LEVEL REPEATABLE READ;
DO $$
DECLARE
  desk bigint := (SELECT desk_id FROM csflow.desk);
  kinds text := '';
BEGIN
  FOR i IN 1 .. 2 LOOP
    BEGIN
      IF i = 1 THEN
        UPDATE csflow.keyword_rule SET category_id = (SELECT category_id FROM csflow.category WHERE code = 'fault');
      END IF;
      kinds := kinds || ' ' || (csflow.classify(desk, '闪退')).kind;
      RAISE division_by_zero;
    EXCEPTION WHEN division_by_zero THEN NULL;
    END;
  END LOOP;
  PERFORM set_config('test.kinds', kinds, false);
END $$;
COMMIT;
SHOW test.kinds;
}, ' fault inquiry');

# The owner of the tables changes: the engine goes on with the new one's rights.
session('2.11: the tables change hands', q{
SELECT work();
CREATE ROLE heir;
GRANT USAGE, CREATE ON SCHEMA csflow TO heir;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA csflow TO heir;
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT format('ALTER TABLE csflow.%I OWNER TO heir', c.relname)
    FROM pg_class AS c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relkind = 'S'
  LOOP EXECUTE name; END LOOP;
END $$;
SELECT work();
SET ROLE heir;
SELECT work();
UPDATE csflow.keyword_rule SET category_id = (SELECT category_id FROM csflow.category WHERE code = 'fault');
SELECT work();
}, "9 inquiry inquiry: 5; $all", "10 inquiry inquiry: 5; $all", "11 inquiry inquiry: 5; $all", "12 fault fault: 5; $all");

$node->stop;
done_testing();
