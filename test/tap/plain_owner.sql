-- A flow that belongs to a role without superuser's rights: the grants of doc/operations.md, and what they suffice for. Handbook H2,
-- design 2.6, 2.11.
SET client_min_messages = warning;
SELECT no_plan();
\set prefix plain_owner
CREATE ROLE plain_owner_keeper;
SELECT public.is(current_setting('is_superuser'), 'on', 'the grants are a superuser''s');
GRANT USAGE, CREATE ON SCHEMA csflow TO plain_owner_keeper;
SET ROLE plain_owner_keeper;
SELECT throws_ok($$SELECT csflow.create_desk('support')$$, '42501', NULL, '2.11: create_desk is for whom it was granted to');
RESET ROLE;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA csflow TO plain_owner_keeper;
ALTER ROLE plain_owner_keeper CREATEROLE;

SET ROLE plain_owner_keeper;
SELECT lives_ok($$SELECT csflow.create_desk('support')$$, '2.6: the flow is made');
SELECT csflow.desk_id('support') AS desk \gset
SELECT is((SELECT array_agg(DISTINCT c.relowner::regrole::text) FROM pg_class c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')),
  '{plain_owner_keeper}', '2.6: and is its maker''s');
-- An application without the groups: the grants are those of the page.
RESET ROLE;
CREATE ROLE plain_owner_shop;
GRANT USAGE ON SCHEMA csflow TO plain_owner_shop;
SET ROLE plain_owner_keeper;
GRANT SELECT, INSERT, UPDATE ON csflow.ticket, csflow.message TO plain_owner_shop;
GRANT USAGE ON SEQUENCE csflow.ticket_no_seq, csflow.message_no_seq TO plain_owner_shop;
GRANT SELECT ON csflow.agent, csflow.team TO plain_owner_shop;
SET ROLE plain_owner_shop;
SELECT lives_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (%s, 'email', '打不开')$$, :desk), 'A1: an application opens tickets by rows');
SELECT lives_ok($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body) SELECT desk_id, ticket_no, 'customer', '在吗' FROM csflow.ticket WHERE body = '打不开'$$, 'A1: and writes messages');
SELECT lives_ok(format($$SELECT csflow.receive(%s, csflow.open_ticket(%s, 'email', '闪退'), '在吗')$$, :desk, :desk), 'A1: or by verbs');
SELECT throws_ok('SELECT FROM csflow.event', '42501', NULL, 'H2: and nothing else');
RESET ROLE;
DROP OWNED BY plain_owner_shop;
DROP ROLE plain_owner_shop;
SET ROLE plain_owner_keeper;
SELECT throws_ok($$SELECT * FROM csflow.setup_roles('plain_owner')$$, '42501', 'role "plain_owner_keeper" cannot grant USAGE on schema csflow', 'H2: roles need what can be passed on');
SELECT is_empty($$SELECT FROM pg_roles WHERE rolname = 'plain_owner_reader'$$, 'H2: and nothing half made stays');
RESET ROLE;
GRANT USAGE ON SCHEMA csflow TO plain_owner_keeper WITH GRANT OPTION;
SET ROLE plain_owner_keeper;
SELECT throws_ok($$SELECT * FROM csflow.setup_roles('plain_owner')$$, '42501', 'role "plain_owner_keeper" cannot grant EXECUTE on function load_playbook', 'H2: and the one function');
RESET ROLE;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA csflow TO plain_owner_keeper WITH GRANT OPTION;
SET ROLE plain_owner_keeper;
SELECT isnt_empty($$SELECT * FROM csflow.setup_roles('plain_owner')$$, 'H2: then they are made');
SELECT is_empty($$SELECT * FROM csflow.setup_roles('plain_owner')$$, 'H2: once');
RESET ROLE;
SELECT is_empty($$SELECT r.rolname FROM pg_roles r WHERE r.rolname ~ '^plain_owner_(reader|agent|supervisor|administrator)$' AND NOT has_schema_privilege(r.oid, 'csflow', 'USAGE')$$, 'H2: and may use the schema');
SELECT ok(has_function_privilege('plain_owner_administrator', 'csflow.load_playbook(bigint, jsonb)', 'EXECUTE'), 'H2: administrators load playbooks');

-- A day of work, and every job.
SET ROLE plain_owner_keeper;
SELECT lives_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (%s, 'email', '闪退')$$, :desk), 'A3: tickets come in');
CALL csflow.run_escalation();
CALL csflow.run_auto_close();
CALL csflow.run_progress_check();
CALL csflow.run_duplicate_check();
CALL csflow.run_incident_watch();
CALL csflow.run_surge_watch();
CALL csflow.run_weekly_sample();
CALL csflow.refresh_health();
CALL csflow.run_archive();
CALL csflow.run_audit_anchor();
CALL csflow.run_housekeeping();
SELECT set_eq($$SELECT job FROM csflow.job_run WHERE error IS NULL AND finished_at IS NOT NULL$$, $$SELECT job FROM csflow.wanted_jobs()$$, 'F2: every job runs with the owner''s rights');
SELECT lives_ok(q, 'I5: ' || q) FROM unnest(ARRAY[format('SELECT * FROM csflow.verify_audit(%s)', :desk), $$SELECT * FROM csflow.drop_months('2021-01-01', 'law')$$,
  format('SELECT * FROM csflow.recompute_clocks(%s)', :desk), format('SELECT * FROM csflow.load_playbook(%s, csflow.export_playbook(%s))', :desk, :desk)]) q;
RESET ROLE;
DROP OWNED BY plain_owner_keeper CASCADE;
\ir ../lib/drop_roles.sql
SELECT * FROM finish();
