-- DROP EXTENSION (design 2.6): refused while the tables of the flow stand; with CASCADE it takes what README.md says, no more
-- and no less.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SELECT plan(9);
SELECT csflow.create_desk('support') AS desk \gset
INSERT INTO csflow.ticket (desk_id, channel, body) SELECT :desk, 'email', '登录后闪退 ' || n FROM generate_series(1, 5) AS n;

CREATE TABLE relation_before AS
SELECT c.oid, c.relname::text AS name, c.relkind,
  c.relkind = 'p' OR c.relispartition AS is_partitioned
FROM pg_class c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S');
CREATE TABLE column_before AS
SELECT a.attrelid, a.attnum, a.attname::text AS name, EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid IN (t.oid, t.typelem) AND d.deptype = 'e') AS is_of_our_type
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped;
SELECT set_has($$SELECT name FROM relation_before WHERE is_partitioned$$, $$VALUES ('message'), ('event'), ('clock')$$, '2.17: messages, events and clocks are partitioned');

SELECT throws_ok('DROP EXTENSION csflow', '2BP01', NULL, '2.6: refused while tickets stand');
SELECT throws_ok('DROP EXTENSION csflow RESTRICT', '2BP01', NULL, 'so it is with RESTRICT');
SELECT is((SELECT count(*) FROM csflow.ticket), 5::bigint, 'and nothing has gone');
\set readme `cat README.md`
SELECT ok(strpos(:'readme', '**`DROP EXTENSION csflow CASCADE` destroys the tickets: it takes every column of csflow''s types, ticket numbers among them,
and the partitioned tables of messages, events and clocks.** Without CASCADE it refuses as long as the flow''s tables stand.') > 0, 'README.md says so in bold');

DROP EXTENSION csflow CASCADE;
SELECT set_eq($$SELECT name FROM relation_before b WHERE relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = b.oid)$$,
  $$SELECT name FROM relation_before WHERE is_partitioned$$, '2.6: CASCADE takes the partitioned tables, and no other table');
SELECT set_eq($$SELECT b.attrelid, b.name FROM column_before b JOIN pg_class c ON c.oid = b.attrelid
    WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = b.attrelid AND a.attnum = b.attnum AND NOT a.attisdropped)$$,
  $$SELECT b.attrelid, b.name FROM column_before b JOIN pg_class c ON c.oid = b.attrelid WHERE b.is_of_our_type$$, 'of the others every column of our types, and no other column');
SELECT is((SELECT count(*) FROM csflow.ticket WHERE body LIKE '登录后闪退%'), 5::bigint, 'what is left of the tickets has lost its numbers');
SELECT hasnt_column('csflow', 'ticket', 'ticket_no', 'ticket numbers among them');
SELECT * FROM finish();
