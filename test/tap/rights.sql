-- Who did it, who may say so, and what nobody gains by a trigger function: design 2.9, 2.10, 2.11; handbook H1, H2.
\ir ../lib/internet_desk.sql
SELECT no_plan();

CREATE ROLE rights_agent;
CREATE ROLE rights_pool;
CREATE ROLE rights_application;
CREATE ROLE rights_former;
CREATE ROLE rights_stranger;
CREATE ROLE rights_maker;
UPDATE agent SET role_name = 'rights_agent' WHERE desk_id = :desk AND agent_id = 21;
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others, is_active) VALUES
  (:desk, 99, 'pool', 'rights_pool', true, true), (:desk, 98, 'former', 'rights_former', true, false);
GRANT USAGE ON SCHEMA csflow TO rights_agent, rights_pool, rights_application, rights_former, rights_stranger, rights_maker;
GRANT SELECT, INSERT, UPDATE ON csflow.ticket, csflow.message TO rights_agent, rights_pool, rights_application, rights_former;
GRANT USAGE ON SEQUENCE csflow.ticket_no_seq, csflow.message_no_seq TO rights_agent, rights_pool, rights_application, rights_former;
SELECT set_config('test.desk', :'desk', false) IS NULL AS s \gset
INSERT INTO ticket (desk_id, channel, body, opened_at) VALUES (:desk, 'email', '闪退', '2025-03-03 09:00') RETURNING ticket_no AS no \gset

CREATE FUNCTION inserted(as_kind text DEFAULT NULL, agent bigint DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
  INSERT INTO csflow.ticket (desk_id, channel, body, changed_by_kind, changed_by) VALUES (current_setting('test.desk')::bigint, 'email', '闪退', as_kind, agent)
  RETURNING changed_by_kind || ' ' || coalesce(changed_by::text, '-')
$$;
CREATE FUNCTION edited(no csflow.ticket_no, as_kind text DEFAULT NULL, agent bigint DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
  UPDATE csflow.ticket SET title = coalesce(title, '') || '!', changed_by_kind = as_kind, changed_by = agent WHERE ticket_no = no
  RETURNING changed_by_kind || ' ' || coalesce(changed_by::text, '-')
$$;
CREATE FUNCTION said(no csflow.ticket_no, as_kind text DEFAULT NULL, agent bigint DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, changed_by, body) VALUES (current_setting('test.desk')::bigint, no, as_kind, agent, '…')
  RETURNING author_kind || ' ' || coalesce(changed_by::text, '-')
$$;

-- 2.10: the role is the agent
SET ROLE rights_agent;
SELECT is(inserted(), 'agent 21', '2.10: what the agent''s role opens is the agent''s doing');
SELECT is(edited(:'no'), 'agent 21', '2.10: what it changes too');
SELECT is(said(:'no'), 'agent 21', '2.10: and what it says');
SELECT is(edited(:'no', 'agent', 21), 'agent 21', '2.10: it may say so');
SELECT throws_ok(format('SELECT %s(%s, %L, %s)', f, quote_nullable(n), 'agent', 11), 'SF010', 'role "rights_agent" may not act as agent 11', '2.10: nobody else''s name: ' || f)
FROM (VALUES ('edited', :'no'), ('said', :'no')) v (f, n);
SELECT throws_ok($$SELECT inserted('agent', 11)$$, 'SF010', NULL, '2.10: nor in an INSERT');
SELECT throws_ok(format('SELECT %s(%L, %L)', f, :'no', k), 'SF010', format('role "rights_agent" may not act as "%s"', k), format('2.10: %s as %s', f, k))
FROM unnest('{edited,said}'::text[]) f, unnest('{customer,system}'::text[]) k;
SELECT throws_ok($$SELECT inserted('robot')$$, NULL, NULL, '2.10: a kind of actor that does not exist');
SELECT is(current_user::text, 'rights_agent', '2.11: the engine gives its rights back, also after an error');
SELECT throws_ok('SELECT FROM csflow.clock', '42501', NULL, '2.11: the record is written without any right on it');
SELECT throws_ok('INSERT INTO csflow.event SELECT * FROM csflow.event', '42501', NULL, '2.11: which is not lent out');
RESET ROLE;
SELECT is((SELECT array_agg(kind || ' ' || actor_id ORDER BY seq) FROM event WHERE ticket_no = :'no' AND actor_id IS NOT NULL), '{edited 21,reply 21,edited 21}'::text[], 'H1: the record has the name');

-- a pooled application acts for others, by name
SET ROLE rights_pool;
SELECT is(edited(:'no'), 'agent 99', '2.10: without a name, its own');
SELECT is(edited(:'no', NULL, 11), 'agent 11', '2.10: a pooled application names others');
SELECT is(said(:'no', 'customer'), 'customer -', '2.10: speaks for customers');
SELECT is(said(:'no', 'system'), 'system -', '2.10: and for the system');
SELECT throws_ok(format('SELECT edited(%L, NULL, 4711)', :'no'), 'SF005', 'desk "support" has no agent 4711', '2.10: but not for people who are not there');
RESET ROLE;

-- an application without an agent: a customer's front end
SET ROLE rights_application;
SELECT is(inserted(), 'customer -', '2.10: opened by nobody of the desk: by the customer');
SELECT is(edited(:'no'), 'unknown -', '2.10: changed by nobody of the desk: unknown');
SELECT is(said(:'no', 'customer'), 'customer -', '2.10: a message from the customer');
SELECT throws_ok(format('SELECT said(%L)', :'no'), 'SF017', 'a message needs an author_kind', '2.10: it must be said whose message it is');
SELECT throws_ok(format('SELECT edited(%L, NULL, 11)', :'no'), 'SF010', NULL, '2.10: it may not name agents');
SELECT throws_ok(format('SELECT said(%L, %L)', :'no', 'system'), 'SF010', NULL, '2.10: nor be the system');
RESET ROLE;
SET ROLE rights_former;
SELECT is(edited(:'no'), 'unknown -', '2.10: the role of an agent who has left is nobody');
SELECT throws_ok(format('SELECT edited(%L, NULL, 11)', :'no'), 'SF010', NULL, '2.10: and acts for nobody');
RESET ROLE;

-- 2.9: instants
SET ROLE rights_agent;
SELECT throws_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (%s, 'email', 'x', now() + interval '1 second')$$, :desk), 'SF009', NULL, '2.9: no ticket from the future');
SELECT throws_ok(format($$UPDATE csflow.ticket SET state = 'in_progress', changed_at = now() + interval '1 second' WHERE ticket_no = %L$$, :'no'), 'SF009', NULL, '2.9: no change');
SELECT throws_ok(format($$INSERT INTO csflow.message (desk_id, ticket_no, body, at) VALUES (%s, %L, 'x', now() + interval '1 second')$$, :desk, :'no'), 'SF009', NULL, '2.9: no message');
RESET ROLE;
SELECT lives_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (%s, 'email', 'x', now() + interval '1 year')$$, :desk), '2.9: the owner may, to rehearse');
REVOKE INSERT, UPDATE ON csflow.ticket FROM rights_application;
GRANT INSERT (desk_id, channel, body), UPDATE (title) ON csflow.ticket TO rights_application;
SET ROLE rights_application;
SELECT lives_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (%s, 'email', 'x')$$, :desk), '2.9: rights on few columns are enough');
SELECT throws_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (%s, 'email', 'x', '2025-03-03')$$, :desk), '42501', NULL, '2.9: dating back is a right on the column');
SELECT throws_ok($$UPDATE csflow.ticket SET priority = 'E', change_reason = 'x'$$, '42501', NULL, '2.11: as is raising the priority');
RESET ROLE;

-- H2: row security holds, the engine writes all the same
ALTER TABLE csflow.ticket ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_team ON csflow.ticket TO rights_agent USING (team_id = 0) WITH CHECK (true);
SET ROLE rights_agent;
SELECT is_empty(format('SELECT FROM csflow.ticket WHERE ticket_no = %L', :'no'), 'H2: a ticket hidden is not seen');
SELECT is(edited(:'no'), NULL, 'H2: nor changed');
SELECT lives_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (%s, 'email', 'x')$$, :desk), 'H2: one opened into the dark is complete');
RESET ROLE;
SELECT ok((SELECT count(*) = count(*) FILTER (WHERE EXISTS (SELECT FROM event e WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no)) FROM ticket t), 'H1: no ticket without its event');
DROP POLICY own_team ON csflow.ticket;
ALTER TABLE csflow.ticket DISABLE ROW LEVEL SECURITY;

-- 2.11: trigger functions are no ladder
SELECT is_empty($$SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'csflow'::regnamespace AND p.prosecdef$$, '2.11: no SECURITY DEFINER anywhere');
GRANT CREATE ON SCHEMA csflow TO rights_maker;
CREATE SCHEMA rights_maker AUTHORIZATION rights_maker;
GRANT SELECT ON csflow.ticket, csflow.message, csflow.keyword_rule TO rights_maker;
SET ROLE rights_maker;
DO $$
DECLARE
  place text;
BEGIN
  FOREACH place IN ARRAY '{rights_maker,csflow}'::text[] LOOP
    EXECUTE format('CREATE TABLE %I.made_ticket AS SELECT * FROM csflow.ticket LIMIT 1', place);
    EXECUTE format('CREATE TABLE %I.made_message AS SELECT * FROM csflow.message LIMIT 1', place);
    EXECUTE format('CREATE TABLE %I.made_rule AS SELECT * FROM csflow.keyword_rule LIMIT 1', place);
    EXECUTE format('CREATE TRIGGER t BEFORE INSERT OR UPDATE ON %I.made_ticket FOR EACH ROW EXECUTE FUNCTION csflow.ticket_before()', place);
    EXECUTE format('CREATE TRIGGER a AFTER DELETE ON %I.made_ticket REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION csflow.ticket_after()', place);
    EXECUTE format('CREATE TRIGGER t BEFORE INSERT OR UPDATE ON %I.made_message FOR EACH ROW EXECUTE FUNCTION csflow.message_before()', place);
    EXECUTE format('CREATE TRIGGER a AFTER DELETE ON %I.made_message FOR EACH STATEMENT EXECUTE FUNCTION csflow.message_after()', place);
    EXECUTE format('CREATE TRIGGER t BEFORE INSERT OR UPDATE ON %I.made_rule FOR EACH ROW EXECUTE FUNCTION csflow.keyword_rule_check()', place);
    EXECUTE format('CREATE TRIGGER a AFTER DELETE ON %I.made_rule FOR EACH ROW EXECUTE FUNCTION csflow.configuration_changed()', place);
    EXECUTE format('CREATE TRIGGER s AFTER TRUNCATE ON %I.made_rule FOR EACH STATEMENT EXECUTE FUNCTION csflow.configuration_changed()', place);
  END LOOP;
END
$$;
SELECT throws_ok(format(s, p), 'SF016', NULL, '2.11: on a table of one''s own it refuses: ' || format(s, p)) FROM unnest('{rights_maker,csflow}'::text[]) p, unnest(ARRAY[
  'UPDATE %I.made_ticket SET body = body', 'DELETE FROM %I.made_ticket', 'UPDATE %I.made_message SET body = body', 'DELETE FROM %I.made_message',
  'UPDATE %I.made_rule SET weight = 1', 'DELETE FROM %I.made_rule', 'TRUNCATE %I.made_rule']) s;
SELECT is(current_user::text, 'rights_maker', '2.11: and has lent nothing');
CREATE FUNCTION rights_maker.climb() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN CREATE ROLE rights_climbed SUPERUSER; RETURN NEW; END $$;
SELECT throws_ok('CREATE TRIGGER climb BEFORE UPDATE ON csflow.ticket FOR EACH ROW EXECUTE FUNCTION rights_maker.climb()', '42501', NULL, '2.11: the flow''s tables take no trigger from others');
SELECT throws_ok(format('SELECT csflow.%s()', f), 'SF016', format('csflow.%s() can only be called as a trigger', f), '2.11: called by hand: ' || f) FROM unnest('{ticket_before,ticket_after,message_before,message_after,configuration_changed,keyword_rule_check}'::text[]) f;
RESET ROLE;
-- on the right table, but at the wrong time
CREATE TRIGGER wrong AFTER UPDATE ON csflow.ticket FOR EACH ROW EXECUTE FUNCTION csflow.ticket_before();
SELECT throws_ok(format('SELECT edited(%L)', :'no'), 'SF016', 'trigger "wrong" fires csflow.ticket_before() at the wrong time', '2.11: the owner''s own mistake is named');
DROP TRIGGER wrong ON csflow.ticket;
CREATE TRIGGER wrong AFTER UPDATE ON csflow.ticket FOR EACH STATEMENT EXECUTE FUNCTION csflow.ticket_after();
SELECT throws_ok(format('SELECT edited(%L)', :'no'), 'SF016', 'trigger "wrong" lacks its transition tables', '2.11: likewise');
DROP TRIGGER wrong ON csflow.ticket;

-- 2.11: what PUBLIC may execute
SELECT bag_eq($$SELECT DISTINCT proname::text FROM pg_proc p WHERE pronamespace = 'csflow'::regnamespace
    AND proname ~ '^(create_desk|create_partitions|load_playbook|migrate|run_.*|schedule_jobs|unschedule_jobs|.*_batch|fire_.*|sweep_.*|set_ticket_aside)$' AND prokind IN ('f', 'p')
    AND has_function_privilege('rights_stranger', oid, 'EXECUTE')$$, '{sweep_instant}'::text[],
  '2.11: nothing that creates, loads, migrates, sweeps or schedules');
SET ROLE rights_stranger;
SELECT throws_ok(s, '42501', NULL, '2.11: not for everybody: ' || s) FROM (VALUES ('SELECT csflow.create_desk(''x'')'), ('SELECT csflow.escalate_batch()'), ('SELECT csflow.auto_close_batch()'),
  ('SELECT csflow.migrate()'), ('CALL csflow.run_escalation()'), ('SELECT csflow.fire_steps(1, now(), 1, false)'), ('SELECT csflow.schedule_jobs()'), ('SELECT csflow.create_partitions()')) v (s);
SELECT throws_ok(format('SELECT csflow.next_ticket_no(%L)', '2023-10-05'), 'SF010', NULL, '2.15: numbers of chosen months are the owner''s');
-- classification reads the rules with the owner's rights, so it asks for access to the desk first
SELECT throws_ok(format('SELECT * FROM csflow.%s(%s, %L)', f, :desk, '闪退'), '42501', NULL, '2.11: no reading of rules without the desk: ' || f)
FROM unnest('{classify,explain_classification}'::text[]) f;
RESET ROLE;
GRANT SELECT ON csflow.desk TO rights_stranger;
SET ROLE rights_stranger;
SELECT is((SELECT kind FROM classify(:desk, '闪退')), 'technical_fault', '2.11: with it, yes');
RESET ROLE;
ALTER TABLE csflow.desk ENABLE ROW LEVEL SECURITY;
SET ROLE rights_stranger;
SELECT throws_ok(format('SELECT * FROM csflow.classify(%s, %L)', :desk, '闪退'), 'SF001', format('unknown desk %s', :desk), '2.11: a desk hidden by row security is unknown');
RESET ROLE;
ALTER TABLE csflow.desk DISABLE ROW LEVEL SECURITY;

REVOKE ALL ON ALL TABLES IN SCHEMA csflow FROM rights_agent, rights_pool, rights_application, rights_former, rights_stranger, rights_maker;
DROP OWNED BY rights_agent, rights_pool, rights_application, rights_former, rights_stranger, rights_maker CASCADE;
DROP ROLE rights_agent, rights_pool, rights_application, rights_former, rights_stranger, rights_maker;
SELECT * FROM finish();
