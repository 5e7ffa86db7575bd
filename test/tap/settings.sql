-- Settings of a role or a database that others chose for their own reasons: nothing of csflow depends on them (handbook G6, H3, H4, I5; design 2.12).
\ir ../lib/small_desk.sql
INSERT INTO keyword_rule (desk_id, any_of, category_id) VALUES (:desk, '{glass}', 3);
INSERT INTO ticket (desk_id, ticket_no, channel, kind, body, opened_at)
SELECT :desk, ticket_no('2020-01-01', n), 'email', CASE WHEN n % 2 = 0 THEN 'fault' ELSE 'inquiry' END,
  CASE WHEN n % 2 = 0 THEN 'glass broken' ELSE 'opening hours' END, '2020-01-05 09:00' FROM generate_series(1, 20) AS n;
UPDATE ticket SET state = 'in_progress', agent_id = 11, changed_at = '2020-01-06' WHERE desk_id = :desk;
UPDATE ticket SET state = 'answered', changed_at = '2020-01-07' WHERE desk_id = :desk;
UPDATE ticket SET state = 'closed', close_reason = 'no_new_request', changed_at = '2020-01-08' WHERE desk_id = :desk;
SELECT create_partitions('2020-01-01', 1) \g /dev/null

-- Backslashes. In a connection of its own: what PL/pgSQL has once read keeps its strings.
\connect -
SET search_path = public, csflow;
SET client_min_messages = warning;
SET escape_string_warning = off;
SET standard_conforming_strings = off;
SELECT no_plan();
SELECT is((SELECT partitions FROM drop_months('2020-02-01', 'five years')), '{audit_anchor_head_202001,clock_202001,event_202001,event_text_202001,message_202001}'::text[],
  'I5: months are found with standard_conforming_strings off');
SELECT is((SELECT array_agg(DISTINCT path) FROM check_playbook($${"targets": [{"clock": "x", "duration": "1 hour", "calendar": "around_the_clock", "starts_on": ["opened"],
  "steps": [{"at_pct": 50, "action": "notify"}, {"at_pct": 20, "action": "notify"}]}]}$$)), '{$.targets[0].steps[0],$.targets[0].steps[1]}'::text[], 'H4: faults have their path');
SELECT is((SELECT array_agg(term ORDER BY term) FROM suggest_keywords(:desk, 'fault', minimum_z => 0)), '{broken}', 'B2: what a rule knows is not suggested again');
RESET standard_conforming_strings;

SET quote_all_identifiers = on;
SELECT is(create_partitions('2019-01-01', 1), 5, '2.17: partitions are made with quote_all_identifiers on');
RESET quote_all_identifiers;

-- The level at which transactions begin.
SET default_transaction_isolation = 'repeatable read';
SELECT open_ticket(:desk, 'email', '闪退') AS late \gset
CALL refresh_health();
CALL run_surge_watch();
CALL run_escalation();
RESET default_transaction_isolation;
SELECT results_eq('SELECT job, error FROM job_run ORDER BY run_id', $$VALUES ('refresh_health', NULL), ('surge_watch', NULL), ('escalation', NULL)$$, 'H3: jobs run where transactions are repeatable read');
SELECT is((SELECT count(*) FROM ticket_fact), 21::bigint, 'H3: and do their work');
SELECT * FROM finish();
