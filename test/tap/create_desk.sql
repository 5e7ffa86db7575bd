-- create_desk, its partitions and its refusals (design 2.6, 2.7, 2.17; handbook A4, A9, D8, H4, I5).
SET client_min_messages = warning;
SET search_path = public, csflow;
SELECT plan(54);

CREATE FUNCTION refusal(statement text, OUT message text) LANGUAGE plpgsql AS $$
BEGIN EXECUTE statement; EXCEPTION WHEN OTHERS THEN message := SQLSTATE || ' ' || SQLERRM; END $$;

-- Before the first desk.
SELECT is(to_regclass('csflow.desk'), NULL, 'design 2.6: CREATE EXTENSION creates no tables of the flow');
SELECT throws_ok($$SELECT csflow.desk_id('support')$$, 'SF014', NULL, 'a look-up without a flow says so');
SELECT throws_ok($$SELECT csflow.migrate()$$, 'SF014', NULL, 'so does migrate');
SELECT throws_ok($$SELECT csflow.start_job('escalation', NULL)$$, 'SF014', NULL, 'so do the jobs');
SELECT throws_ok($$SELECT csflow.recheck_duplicates(1, now())$$, 'SF014', NULL, 'and looking for duplicates again');
SELECT throws_ok($$SELECT csflow.create_desk('support', 'nonsense')$$, 'SF002', 'unknown playbook: "nonsense"', 'an unknown playbook is refused');
SELECT throws_ok($$SELECT csflow.create_desk('Support Desk', NULL)$$, '22023', 'invalid name of a desk: "Support Desk"', 'a bad name is refused');
SELECT throws_ok($$SELECT csflow.create_desk(NULL, NULL)$$, '22023', 'a desk needs a name', 'no name is refused');
SELECT throws_ok($$SELECT csflow.create_desk('support', NULL, 'Mars/Base')$$, '22023', 'unknown time zone: "Mars/Base"', 'an unknown zone is refused');
SELECT is(to_regclass('csflow.desk'), NULL, 'what is refused leaves nothing behind');

-- Who may.
CREATE ROLE csflow_test_builder;
CREATE ROLE csflow_test_stranger;
GRANT USAGE ON SCHEMA csflow TO csflow_test_builder, csflow_test_stranger;
GRANT EXECUTE ON FUNCTION csflow.create_desk(text, text, text, text), csflow.create_partitions(date, integer),
  csflow.load_playbook(bigint, jsonb) TO csflow_test_builder;
SELECT is(array_agg(p.proname::text ORDER BY p.proname), '{create_desk,create_partitions,load_playbook,migrate}'::text[],
  'design 2.11: these functions are not for PUBLIC')
FROM pg_proc AS p
WHERE p.pronamespace = 'csflow'::regnamespace AND p.proname IN ('create_desk', 'create_partitions', 'load_playbook', 'migrate')
  AND NOT has_function_privilege('csflow_test_stranger', p.oid, 'EXECUTE');
SET ROLE csflow_test_builder;
SELECT throws_ok($$SELECT csflow.create_desk('support', NULL)$$, '42501',
  'role "csflow_test_builder" may not create the tables of the flow', 'without CREATE on the schema the first desk is refused');
RESET ROLE;
GRANT CREATE ON SCHEMA csflow TO csflow_test_builder;
SET ROLE csflow_test_builder;
SELECT lives_ok($$SELECT csflow.create_desk('support', NULL)$$, 'with it, anybody can make the first desk');
RESET ROLE;
SELECT is(count(*) FILTER (WHERE pg_get_userbyid(c.relowner) <> 'csflow_test_builder'), 0::bigint,
  'design 2.6: whoever made it owns every table and partition')
FROM pg_class AS c
WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p', 'S', 'v')
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e');
SELECT is((SELECT count(*) FROM pg_class AS c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p')
    AND obj_description(c.oid, 'pg_class') IS NULL), 0::bigint, 'every table has a comment');

-- The empty desk.
SELECT is(csflow.desk_id('support'), 1::bigint, 'desk_id finds it');
SELECT throws_ok($$SELECT csflow.desk_id('nobody')$$, 'SF001', 'unknown desk: "nobody"', 'desk_id refuses others');
SELECT results_eq('SELECT flow_version, zone FROM csflow.flow', $$VALUES (1, 'Asia/Shanghai')$$, 'version and zone of the flow are kept');
SELECT is(csflow.migrate(), 1, 'migrate has nothing to do and can be run again');
SELECT is((SELECT count(*) FROM csflow.channel WHERE desk_id = 1), 8::bigint, 'A1: an empty desk has the usual channels');
SELECT is((SELECT calendar::text FROM csflow.working_calendar WHERE desk_id = 1), 'Asia/Shanghai; daily 00:00-24:00', 'D8: and a 24×7 calendar');
SELECT is((SELECT count(*) FROM csflow.target WHERE desk_id = 1), 0::bigint, 'but no targets');
SELECT lives_ok($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (1, 'email', 'hello')$$, 'it accepts a ticket');
SELECT is((SELECT count(*) FROM csflow.clock), 0::bigint, 'which has no clocks');
SELECT is((SELECT count(*) FROM csflow.states() AS s
    WHERE NOT EXISTS (SELECT FROM csflow.caption AS c WHERE c.desk_id = 1 AND c.kind = 'state' AND c.code = s.state AND c.lang = 'zh')
      OR NOT EXISTS (SELECT FROM csflow.caption AS c WHERE c.desk_id = 1 AND c.kind = 'state' AND c.code = s.state AND c.lang = 'en')),
  0::bigint, 'A9: every state has its caption in both languages');
SELECT is(csflow.create_desk('support', NULL), 1::bigint, 'the same call again returns the desk');
SELECT throws_ok($$SELECT csflow.create_desk('support', 'internet')$$, '42710', 'desk "support" already exists with another playbook',
  'with another playbook it is refused');
SELECT is(csflow.create_desk('berlin', NULL, 'europe/berlin', 'Berliner Pult') > 1, true, 'a second desk');
SELECT results_eq($$SELECT zone, caption FROM csflow.desk WHERE name = 'berlin'$$, $$VALUES ('Europe/Berlin', 'Berliner Pult')$$,
  'with zone and caption of its own');
SELECT is((SELECT calendar::text FROM csflow.working_calendar WHERE desk_id = csflow.desk_id('berlin')),
  'Europe/Berlin; daily 00:00-24:00', 'D8: its calendar is in its zone');

SELECT is_empty($$SELECT name, csflow.zone_name(upper(name)) FROM pg_timezone_names WHERE name !~ '^[A-Z0-9+-]*[0-9][A-Z0-9+-]*$' AND csflow.zone_name(upper(name)) <> name$$,
  'D8: each zone of the server is found in any case, and told as the server spells it');
SELECT set_eq($$SELECT z, public.refusal(format('SELECT csflow.zone_name(%L)', z)) FROM unnest('{"",EST5EDT,+08,UTC+8,CEST,../UTC,Asia,"Asia/Shanghai ",亚洲/上海}'::text[]) z$$,
  $$SELECT z, format('22023 unknown time zone: "%s"', z) FROM unnest('{"",EST5EDT,+08,UTC+8,CEST,../UTC,Asia,"Asia/Shanghai ",亚洲/上海}'::text[]) z$$,
  'D8: rules, offsets, abbreviations and folders are no zones, for desks as for calendars');

-- States.
SELECT results_eq('SELECT state, csflow.state_category(state) FROM csflow.states() ORDER BY sort_order',
  $$VALUES ('new', 'new'), ('assigned', 'open'), ('in_progress', 'open'), ('waiting_customer', 'pending'), ('waiting_partner', 'hold'),
    ('waiting_approval', 'open'), ('answered', 'solved'), ('under_review', 'open'), ('closed', 'closed'),
    ('duplicate', NULL), ('invalid', NULL)$$, 'A9: states and their categories');
SELECT is(csflow.state_category('asleep'), NULL, 'what is no state has no category');
SELECT results_eq('SELECT state, category FROM csflow.states()', 'SELECT state, csflow.state_category(state) FROM csflow.states()',
  'states() and state_category() agree');

-- Partitions.
CREATE VIEW partition AS
SELECT c.relname::text COLLATE "default" AS name, p.relname::text COLLATE "default" AS parent, c.reloptions AS options, pg_get_expr(c.relpartbound, c.oid) COLLATE "default" AS bounds
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_class AS p ON p.oid = i.inhparent
WHERE p.relnamespace = 'csflow'::regnamespace AND p.relkind = 'p';
SELECT results_eq('SELECT parent, count(*) FROM partition GROUP BY 1 ORDER BY 1',
  $$VALUES ('audit_anchor_head', 4::bigint), ('clock', 4), ('event', 4), ('event_text', 4), ('message', 4)$$, 'I5: three months and the default, of five tables');
SELECT is(csflow.create_partitions(NULL, 3), 0, 'running it again creates nothing');
SELECT is(csflow.create_partitions('2020-11-15', 3), 15, 'three months of another year');
SELECT results_eq($$SELECT name, bounds FROM partition WHERE parent = 'event' AND name ~ '_202[01]' AND name < 'event_202102' ORDER BY 1$$,
  $$VALUES ('event_202011', 'FOR VALUES FROM (''202011001'') TO (''202012001'')'),
    ('event_202012', 'FOR VALUES FROM (''202012001'') TO (''202101001'')'),
    ('event_202101', 'FOR VALUES FROM (''202101001'') TO (''202102001'')')$$, 'A4: a partition holds the numbers of its month');
SELECT ok(bool_and(options::text ~ 'fillfactor=75'), 'clocks, which are updated, have room on their pages') FROM partition WHERE parent = 'clock';
SELECT throws_ok('SELECT csflow.create_partitions(NULL, 0)', '22023', 'cannot create partitions for 0 months', 'no months are refused');
SELECT throws_ok('SELECT csflow.create_partitions(NULL, NULL)', '22023', 'cannot create partitions for NULL months', 'unknown months are refused');

-- Rows that came before their partition.
INSERT INTO csflow.ticket (desk_id, ticket_no, channel, body, opened_at) VALUES (1, '202003007', 'email', 'early', '2020-03-05 10:00+08');
INSERT INTO csflow.message (desk_id, ticket_no, at, author_kind, body) VALUES (1, '202003007', '2020-03-05 10:05+08', 'customer', 'early bird');
SELECT is((SELECT count(*) FROM csflow.message_default), 1::bigint, 'a message of a month without a partition lies in the default one');
SELECT is(csflow.create_partitions('2020-03-01', 1), 5, 'creating its partition');
SELECT is((SELECT count(*) FROM csflow.message_202003 WHERE body = 'early bird'), 1::bigint, 'moves it there');
SELECT is((SELECT count(*) FROM csflow.message_default) + (SELECT count(*) FROM csflow.event_default), 0::bigint, 'and nothing stays behind');
SELECT is((SELECT body FROM csflow.message WHERE ticket_no = '202003007'), 'early bird', 'the table shows it as before');
SELECT is(pg_get_expr(c.relpartbound, c.oid) COLLATE "default", 'DEFAULT', 'the default partition is back') FROM pg_class AS c WHERE c.oid = 'csflow.message_default'::regclass;
SELECT is(csflow.create_partitions('2020-03-01', 1), 0, 'and it is idempotent then too');
ALTER TABLE csflow.message ADD COLUMN length integer GENERATED ALWAYS AS (length(body)) STORED, ADD COLUMN own text DEFAULT 'mine';
INSERT INTO csflow.ticket (desk_id, ticket_no, channel, body, opened_at) VALUES (1, '202004007', 'email', 'early', '2020-04-05 10:00+08');
INSERT INTO csflow.message (desk_id, ticket_no, at, author_kind, body) VALUES (1, '202004007', '2020-04-05 10:05+08', 'customer', 'early bird');
SELECT is(csflow.create_partitions('2020-04-01', 1), 5, '2.17: partitions are created beside columns of one''s own, generated ones too');
SELECT results_eq('SELECT length, own FROM csflow.message_202004', $$VALUES (10, 'mine')$$, '2.17: and rows move there with them');
SELECT throws_ok('TRUNCATE csflow.event_202003', 'SF007', NULL, 'H1: a partition of events cannot be truncated either');

SET ROLE csflow_test_stranger;
SELECT throws_ok($$SELECT csflow.create_desk('mine', NULL)$$, '42501', NULL, 'others may not create desks');
RESET ROLE;
-- Tables restored without their rows
BEGIN;
DELETE FROM csflow.flow;
SELECT throws_like($$SELECT csflow.create_desk('again', NULL)$$, '%have no version', '2.6: a flow without its row takes no desk');
ROLLBACK;
SELECT * FROM finish();
REASSIGN OWNED BY csflow_test_builder TO CURRENT_USER;
DROP OWNED BY csflow_test_builder, csflow_test_stranger;
DROP ROLE csflow_test_builder, csflow_test_stranger;
