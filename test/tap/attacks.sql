-- Attacks on the rights: design 2.9-2.11, handbook H1, H2, F1; examples 3. Each is tried as somebody would, and comes to nothing.
\ir ../lib/internet_desk.sql
\set prefix attacks
SELECT no_plan();
\ir ../lib/two_desks.sql
CREATE SCHEMA attacker;
GRANT ALL ON SCHEMA attacker TO :"lin", :"tao", :"stranger";
SELECT format('GRANT TEMPORARY ON DATABASE %I TO %I, %I', current_database(), :'lin', :'stranger') \gexec

-- Hidden tickets through functions: a ticket of another team, and one of another desk. Every function that takes desk and ticket.
CREATE FUNCTION leak(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE row text; all_rows text := ''; detail text; hint text;
BEGIN
  FOR row IN EXECUTE 'SELECT x::text FROM ' || call || ' x' LOOP all_rows := all_rows || coalesce(row, ''); END LOOP;
  RETURN CASE WHEN all_rows ~ '闪退|手机|1381234|technical_fault' THEN 'leak: ' || all_rows WHEN replace(all_rows, '()', '') IN ('', '(,)', 'f', '0') THEN 'nothing' ELSE all_rows END;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN CASE WHEN concat(SQLERRM, detail, hint) ~ '闪退|手机|1381234|technical_fault' THEN 'leak: ' || concat(SQLERRM, detail, hint) WHEN SQLSTATE ~ '^(42501|SF)' THEN 'refused' ELSE SQLSTATE || ' ' || SQLERRM END;
END $$;
CREATE TABLE hidden AS SELECT * FROM (VALUES (:desk::bigint, :'t'::ticket_no), (:elsewhere::bigint, :'far_no'::ticket_no)) v (desk_id, ticket_no);
GRANT SELECT ON hidden TO PUBLIC;
SET ROLE :"lin";
SELECT ok(leak(format('csflow.%s(%s, %L)', f, desk_id, ticket_no)) IN ('nothing', 'refused'), format('H2: %s(%s) tells nothing of a hidden ticket: %s', f, desk_id, leak(format('csflow.%s(%s, %L)', f, desk_id, ticket_no))))
FROM hidden, unnest('{explain_ticket,similar_tickets,duplicate_candidates,customer_history,duplicate_outcome,send_survey,request_confirmation}'::text[]) f;
SELECT ok(leak(format(f, :elsewhere)) IN ('nothing', 'refused'), 'H2: nothing of another desk: ' || f || leak(format(f, :elsewhere))) FROM unnest(ARRAY['csflow.classify(%s, ''闪退'')', 'csflow.explain_classification(%s, ''闪退'')', 'csflow.queue_at(%s)',
  'csflow.clock_status_at(%s)', 'csflow.late_at(%s)', 'csflow.due_within(%s, ''100 years'', ''2025-03-03'')', 'csflow.attainment_at(%s)', 'csflow.satisfaction_at(%s)', 'csflow.negative_feedback_between(%s, ''2025-01-01'')',
  'csflow.export_playbook(%s)', 'csflow.desk_rows(%s)', 'csflow.find_duplicates(%s, now(), NULL)', 'csflow.verify_audit(%s)', 'csflow.surge_counts(%s)', 'csflow.suggest_keywords(%s)', 'csflow.classifier_confusion(%s)']) f;
SELECT ok(leak(format('csflow.%s(%s, %L, %L)', f, desk_id, ticket_no, 'x')) IN ('refused'), format('H2: %s(%s) does nothing to a hidden ticket: %s', f, desk_id, leak(format('csflow.%s(%s, %L, %L)', f, desk_id, ticket_no, 'x'))))
FROM hidden, unnest('{reply,note,receive,answer,wait_for_customer,wait_for_partner,resume,reopen,object,mark_invalid,close_ticket,correct,add_task,request_approval,record_late_cause}'::text[]) f;
SELECT is(leak('csflow.window_has_lapsed(' || desk_id || ',''' || ticket_no || ''', ''objection_window'', now())') ~ 't', false, 'H2: nor whether a window of it lapsed') FROM hidden;
SELECT throws_ok(format('SELECT mark_duplicate(%s, %L, %L)', :desk, :'s11', :'t'), 'SF004', NULL, 'H2: a hidden ticket is not named as an original');
SELECT throws_ok(format('INSERT INTO csflow.task (desk_id, ticket_no, title, agent_id) VALUES (%s, %L, %L, 11)', :desk, :'t', 'x'), '42501', NULL, 'H2: no task lets into a hidden ticket');
SELECT throws_ok(format('UPDATE csflow.ticket SET desk_id = %s', :elsewhere), '42501', NULL, 'H2: no ticket moves to another desk');
SELECT throws_ok('UPDATE csflow.ticket SET opened_at = now()', '42501', NULL, '2.9: nor to another time');

-- A function that tells what it is shown, as cheap as can be: security barriers and policies come first.
CREATE TEMPORARY TABLE told (what text);
CREATE FUNCTION attacker.tell(what anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN INSERT INTO told VALUES (what::text); RETURN true; END $$;
SELECT count(*) IS NULL AS x FROM csflow.ticket WHERE attacker.tell(external_id) \gset
SELECT count(*) IS NULL AS x FROM csflow.my_ticket WHERE attacker.tell(body) \gset
SELECT count(*) IS NULL AS x FROM csflow.my_message WHERE attacker.tell(body) \gset
SELECT count(*) IS NULL AS x FROM csflow.queue WHERE attacker.tell(title) \gset
SELECT count(*) IS NULL AS x FROM csflow.timeline WHERE attacker.tell(text) \gset
SELECT count(*) IS NULL AS x FROM csflow.agent WHERE attacker.tell(name) \gset
SELECT isnt_empty('SELECT FROM told', 'H2: the spy was called');
SELECT is_empty($$SELECT what FROM told WHERE what IN ('t', 't21', 'far', 'Far', 'Boss')$$, 'H2: and shown no hidden row');
SELECT is((SELECT count(*) FROM told WHERE what LIKE '%我的手机13812345678%'), 1::bigint, 'A5: nor a text before it was masked');
-- By an operator of one's own, and by casting errors.
CREATE FUNCTION attacker.same(text, text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN INSERT INTO told VALUES ($1); RETURN true; END $$;
CREATE OPERATOR attacker.= (FUNCTION = attacker.same, LEFTARG = text, RIGHTARG = text);
TRUNCATE told;
SET search_path = attacker, pg_catalog, csflow;
SELECT count(*) IS NULL AS x FROM csflow.ticket WHERE state = 'new'::text \gset
SET search_path = public, csflow;
SELECT isnt_empty('SELECT FROM told', 'H2: an operator of one''s own was called');
SELECT is_empty($$SELECT what FROM told WHERE what ~ '^(t|far)'$$, 'H2: and shown no hidden row');
TRUNCATE told;
SET search_path = attacker, pg_catalog, csflow;
SELECT csflow.accept(:desk, :'s') AS reached, csflow.reply(:desk, :'s', '好') > 0 AS x \gset
RESET ROLE;
SELECT count(*) AS figures FROM csflow.ticket_figures(:desk, ARRAY[:'s'::csflow.ticket_no], now()) \gset
SELECT count(*) AS replayed FROM csflow.replay_attainment(:desk, csflow.export_playbook(:desk), NULL, NULL, now()) \gset
SET ROLE :"lin";
SET search_path = public, csflow;
SELECT is(:'reached'::text, 'in_progress', '2.11: verbs work whatever the search path');
SELECT is(:figures, 1, '2.11: so do the functions in C that read with the caller''s rights');
SELECT is_empty('SELECT FROM told', '2.11: and call no operator from it');
SELECT throws_ok('SELECT body::int FROM csflow.ticket', '42501', NULL, 'A5: no text through an error');
SELECT ok((SELECT SQLERRM_of) NOT LIKE '%1381234%', 'A5: a casting error shows masked text only')
FROM (SELECT leak('(SELECT title::int FROM csflow.my_ticket WHERE NOT is_as_written)') AS SQLERRM_of) x;
-- EXPLAIN shows no values of hidden rows, and statistics are hidden from whom rows are.
RESET ROLE;
ANALYZE csflow.ticket, csflow.customer, csflow.agent;
SET ROLE :"lin";
SELECT is_empty($$SELECT tablename, attname FROM pg_stats WHERE schemaname = 'csflow' AND tablename IN ('ticket', 'customer', 'agent', 'message', 'event')$$, 'H2: statistics of tables with row security are not shown');
CREATE FUNCTION attacker.explained(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; whole text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING off, SUMMARY off) ' || query LOOP whole := whole || line; END LOOP;
  RETURN whole;
END $$;
SELECT ok(attacker.explained('SELECT * FROM csflow.my_ticket') !~ '1381234|t21', 'H2: EXPLAIN ANALYZE shows no value');
RESET ROLE;

-- Shadowing: pg_temp and a schema before ours hold functions, types and tables of our names.
SET ROLE :"lin";
CREATE TEMPORARY TABLE ticket (desk_id bigint, ticket_no bigint, state text);
CREATE TEMPORARY TABLE agent AS SELECT 1::bigint AS desk_id, 12::bigint AS agent_id, current_user::name AS role_name, true AS is_active, true AS may_act_for_others;
CREATE TEMPORARY VIEW my_right AS SELECT desk_id, 'desk'::text AS reach, 1::bigint AS id, true AS as_written, NULL::timestamptz AS expires_at FROM csflow.desk;
CREATE FUNCTION attacker.my_reach(text, boolean DEFAULT false) RETURNS TABLE (desk_id bigint, id bigint) LANGUAGE sql AS 'SELECT 1::bigint, 1::bigint UNION SELECT 2, 1';
CREATE FUNCTION attacker.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT '2001-01-01'::timestamptz$$;
CREATE FUNCTION attacker.row_security_active(text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
SET search_path = pg_temp, attacker, public, csflow;
SELECT is((SELECT count(*) FROM csflow.ticket), 2::bigint, '2.11: names of one''s own change nothing about what is seen');
SELECT is((SELECT count(*) FROM csflow.my_ticket), 2::bigint, '2.11: in the views neither');
SELECT is(csflow.current_agent(:desk), 11::bigint, '2.11: nor about who one is');
SELECT throws_ok(format('SELECT csflow.reply(%s, %L, %L, agent_id => 12)', :desk, :'s11', 'x'), 'SF010', NULL, '2.11: nor whom one may act for');
SELECT lives_ok(format('SELECT csflow.note(%s, %L, %L)', :desk, :'s11', 'x'), '2.11: the engine works through its own names');
DROP VIEW pg_temp.my_right;
DROP TABLE pg_temp.ticket, pg_temp.agent;
SET search_path = public, csflow;
SELECT is_empty($$SELECT rolname FROM pg_roles WHERE rolname LIKE 'attacks\_%' AND rolname NOT IN ('attacks_lin', 'attacks_agent') AND pg_has_role('attacks_lin', oid, 'MEMBER')$$, 'H2: an agent''s role is no member of another''s');
SELECT throws_ok('SET row_security = off; SELECT FROM csflow.ticket', '42501', NULL, 'H2: row security cannot be switched off');
SET row_security = on;
SELECT throws_ok('ALTER TABLE csflow.ticket DISABLE ROW LEVEL SECURITY', '42501', NULL, 'H2: nor taken off');
SELECT throws_ok('CREATE TRIGGER t BEFORE UPDATE ON csflow.ticket FOR EACH ROW EXECUTE FUNCTION csflow.ticket_before()', '42501', NULL, '2.11: no trigger on our tables');
-- A table of one's own with our triggers, which write with the owner's rights.
CREATE TABLE attacker.temporary_right (LIKE csflow.temporary_right);
CREATE TRIGGER climb AFTER INSERT ON attacker.temporary_right REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION csflow.temporary_right_after();
SELECT throws_ok(format($$INSERT INTO attacker.temporary_right VALUES (%s, 1, 11, %L, NULL, true, 'x', NULL, now(), now() + interval '1 day', NULL)$$, :desk, :'t'), 'SF016', NULL, '2.11: our triggers serve no table of anybody else''s');
SELECT throws_ok('SELECT csflow.temporary_right_after()', NULL, NULL, '2.11: nor a call by hand');
SELECT is(current_user::text, :'lin', '2.11: and lend nothing');
RESET ROLE;
SELECT is((SELECT count(*) FROM event WHERE kind = 'right_granted'), 0::bigint, 'H1: nothing was recorded');

-- A table owner's trigger on another table of the flow's owner runs with that statement's rights, not with the engine's.
CREATE ROLE attacks_owner;
CREATE TABLE attacker.notes (n integer);
ALTER TABLE attacker.notes OWNER TO attacks_owner;
GRANT USAGE, CREATE ON SCHEMA attacker TO attacks_owner;
GRANT INSERT ON attacker.notes TO :"ada";
SET ROLE attacks_owner;
CREATE FUNCTION attacker.climb() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM FROM csflow.ticket_month; RETURN NEW; END $$;
CREATE TRIGGER climb BEFORE INSERT ON attacker.notes FOR EACH ROW EXECUTE FUNCTION attacker.climb();
RESET ROLE;
SET ROLE :"ada";
SELECT throws_ok('INSERT INTO attacker.notes VALUES (1)', '42501', NULL, '2.11: a trigger of somebody''s gains the rights of whoever sets it off, no more');
RESET ROLE;

-- SQL in texts, and a playbook as code
SELECT set_config('test.before', (SELECT count(*)::text FROM pg_class WHERE relnamespace = 'csflow'::regnamespace), false) IS NULL AS x \gset
CREATE TABLE evil AS SELECT * FROM unnest(ARRAY[$$'; DROP TABLE csflow.event CASCADE; --$$, $$$$ || '$csflow_do$; DROP TABLE csflow.event; $csflow_do$', '%I %L %s %1$s', '\copy x', $$"); ALTER ROLE CURRENT_USER SUPERUSER; --$$, E'\\''; --', '{"$ref": "x"}', '${jndi:x}']) t (text);
GRANT SELECT ON evil TO PUBLIC;
SET ROLE :"lin";
SELECT lives_ok(format('SELECT open_ticket(%s, %L, %L, %L, attributes => jsonb_build_object(%L, %L))', :desk, 'email', text, text, text, text), 'H2: SQL in a ticket is text: ' || text) FROM evil;
SELECT lives_ok(format('SELECT note(%s, %L, %L)', :desk, :'s11', text), 'H2: in a note: ' || text) FROM evil;
SELECT lives_ok(format('SELECT * FROM classify(%s, %L, %L)', :desk, text, text), 'H2: to the rules: ' || text) FROM evil;
RESET ROLE;
SELECT is((SELECT count(DISTINCT body) FROM ticket JOIN evil ON body = text), (SELECT count(*) FROM evil), 'H2: and kept as it was written');
CREATE FUNCTION with_captions(playbook jsonb, words text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_set(playbook, '{kinds}', (SELECT jsonb_agg(k || jsonb_build_object('caption', jsonb_build_object('zh', words, 'en', words))) FROM jsonb_array_elements(playbook -> 'kinds') k))
$$;
CREATE FUNCTION loaded(desk bigint, playbook jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM csflow.load_playbook(desk, playbook);
  RETURN 'text';
EXCEPTION WHEN OTHERS THEN RETURN CASE WHEN SQLSTATE ~ '^(SF|22)' THEN 'refused' ELSE SQLSTATE || ' ' || SQLERRM END;
END $$;
GRANT EXECUTE ON FUNCTION with_captions, loaded TO PUBLIC;
SET ROLE :"ada";
SELECT ok(loaded(:desk, with_captions(export_playbook(:desk), text)) IN ('text', 'refused'), format('6: a playbook is data: %s: %s', text, loaded(:desk, with_captions(export_playbook(:desk), text)))) FROM evil;
SELECT ok(loaded(:desk, jsonb_build_object(text, text)) = 'refused', '6: as a key it is refused: ' || text) FROM evil;
SELECT lives_ok(format('UPDATE csflow.caption SET text = %L WHERE code = %L', text, 'E'), '6: as a caption it is text: ' || text) FROM evil;
SELECT throws_ok(format('UPDATE csflow.step SET template = %L', text), NULL, NULL, '6: as a template it must name one: ' || text) FROM evil WHERE EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'csflow.step'::regclass AND attname = 'template');
SELECT isnt_empty(format('SELECT * FROM csflow.queue WHERE desk_id = %s', :desk), '6: and the views go on');
RESET ROLE;
SELECT is((SELECT count(*)::text FROM pg_class WHERE relnamespace = 'csflow'::regnamespace), current_setting('test.before'), '6: no table came or went');
SELECT is_empty($$SELECT FROM pg_roles WHERE rolname LIKE 'attacks\_%' AND rolsuper$$, '6: nobody became a superuser');

-- A customer's token: kept as a hash, good once, and not after it has expired (handbook F1, F5)
SET ROLE :"lin";
SELECT throws_ok(format('SELECT send_survey(%s, %L)', :desk, :'s11'), '42501', NULL, 'F1: an agent makes no link to answer it themselves');
RESET ROLE;
SET ROLE :"pool";
SELECT is(send_survey(:desk, :'s11'), 1, 'F1: the pooled application does');
RESET ROLE;
SELECT payload ->> 'token' AS token FROM outbox WHERE payload ? 'token' \gset
SELECT is_empty(format('SELECT FROM customer_link l WHERE l::text LIKE %L OR encode(token_hash, %L) LIKE %L', '%' || :'token' || '%', 'escape', '%' || :'token' || '%'), 'F1: the token itself is in no link');
SELECT is((SELECT token_hash FROM customer_link), sha256(convert_to(:'token', 'UTF8')), 'F1: its SHA-256 is');
SET ROLE :"lin";
SELECT is_empty('SELECT FROM csflow.outbox WHERE payload ? ''token''', 'F1: an agent does not see it on its way');
SELECT is_empty('SELECT FROM csflow.customer_link', 'F1: nor the links');
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 5)', :'token'), 'SF020', NULL, 'F1: nor could use one');
SELECT throws_ok('UPDATE csflow.survey SET overall = 5 RETURNING 1/0', '42501', NULL, 'F5: nor see whom it would be')  WHERE false;
SELECT lives_ok('UPDATE csflow.survey SET overall = 5, answered_at = now()', 'F5: an UPDATE reaches no survey');
RESET ROLE;
SELECT is((SELECT overall FROM survey), NULL, 'F5: the score is the customer''s');
SET ROLE :"pool";
SELECT is(answer_survey(:'token', overall => 4), false, 'F1: good');
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 5)', :'token'), 'SF020', 'this survey token was used already', 'F1: once');
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 5)', left(:'token', -1) || '0'), 'SF020', NULL, 'F1: another one is unknown');
SELECT send_survey(:desk, :'s11') IS NULL AS x \gset
RESET ROLE;
SELECT payload ->> 'token' AS token FROM outbox WHERE payload ? 'token' ORDER BY outbox_id DESC LIMIT 1 \gset
UPDATE customer_link SET sent_at = sent_at - interval '30 days', expires_at = now() - interval '1 second' WHERE used_at IS NULL;
SET ROLE :"pool";
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 5)', :'token'), 'SF020', 'this survey token has expired', 'F1: not after it has expired');
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 5, at => now() - interval ''10 days'')', :'token'), 'SF020', 'this survey token has expired', 'F1: nor by an instant in the past');
SELECT is((SELECT count(*) FROM csflow.outbox WHERE topic = 'survey'), 2::bigint, 'F1: whoever delivers sees what must go out');
UPDATE csflow.outbox SET sent_at = now() WHERE topic = 'survey';
RESET ROLE;
SELECT is_empty('SELECT FROM outbox WHERE payload ? ''token''', 'F1: delivered, the token is gone');

-- Objects that somebody made in schema csflow before: the extension and the flow refuse to grow around them.
\ir ../lib/drop_roles.sql
DROP SCHEMA attacker CASCADE;
RESET search_path;
SELECT format('DROP TABLE csflow.%I CASCADE', relname) FROM pg_class WHERE relnamespace = 'csflow'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition \gexec
DROP EXTENSION pgtap;
DROP EXTENSION csflow CASCADE;
DROP SCHEMA IF EXISTS csflow CASCADE;
CREATE EXTENSION pgtap;
CREATE SCHEMA csflow;
CREATE FUNCTION csflow.fold(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
SELECT throws_ok('CREATE EXTENSION csflow', NULL, NULL, '2.11: a function somebody made before is not taken over');
DROP FUNCTION csflow.fold(text);
CREATE OPERATOR csflow.= (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);
CREATE TABLE csflow.ticket (desk_id bigint);
SELECT lives_ok('CREATE EXTENSION csflow', '2.11: what has another name stands beside');
SELECT throws_ok($$SELECT csflow.create_desk('support')$$, '42P07', NULL, '2.11: a table somebody made before is not taken for ours');
SELECT * FROM finish();
