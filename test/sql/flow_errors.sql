-- Bad input of the flow: every refusal with its SQLSTATE, message, detail and hint, and nothing half written. The codes are
-- in doc/errors.md. Handbook A1, A8, B7, C2, D8, F2, H1, H4, I1; design 2.5, 2.9.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET TimeZone = 'Asia/Shanghai';
SET client_min_messages = warning;
SET search_path = public;
SELECT csflow.create_desk('flow_errors_first', NULL) > 0;
INSERT INTO csflow.desk (desk_id, name) VALUES (9001, 'errors'), (9002, 'other');
SELECT count(*) > 0 FROM csflow.load_playbook(9001, csflow.shipped_playbook('internet') || '{"settings": {"review_team": null}}');
INSERT INTO csflow.team (desk_id, team_id, code, name_zh, name_en, is_active) VALUES (9001, 90011, 'night', '夜班', 'night', true), (9001, 90012, 'gone', '撤', 'gone', false),
  (9002, 90021, 'theirs', '他们', 'theirs', true);
INSERT INTO csflow.agent (desk_id, agent_id, name, is_active) VALUES (9001, 90011, 'Lin', true), (9001, 90012, 'Mei', false), (9002, 90021, 'Tao', true);
INSERT INTO csflow.category (desk_id, category_id, code, caption_zh, caption_en) VALUES (9001, 90011, 'spare', '备', 'spare'), (9002, 90021, 'theirs', '他', 'theirs');
INSERT INTO csflow.channel (desk_id, channel, is_instant, is_active) VALUES (9001, 'fax', false, false), (9002, 'email', false, true);
INSERT INTO csflow.customer (desk_id, customer_id, nickname) VALUES (9001, 90011, 'panda');
INSERT INTO csflow.ticket (desk_id, ticket_no, channel, body, opened_at) VALUES (9001, '202503001', 'email', '闪退', '2025-03-03 09:00'), (9001, '202503002', 'email', '闪退', '2025-03-03 09:00'),
  (9001, '202503003', 'live_chat', '闪退', '2025-03-03 09:00');
UPDATE csflow.ticket SET state = 'in_progress', changed_at = '2025-03-03 10:00' WHERE desk_id = 9001 AND ticket_no = '202503002';

CREATE TEMP TABLE account (n serial, line text);
CREATE FUNCTION pg_temp.written() RETURNS text LANGUAGE sql AS $$
  SELECT md5(string_agg(x, '' ORDER BY x)) FROM (
    SELECT to_jsonb(t)::text FROM csflow.ticket t WHERE desk_id IN (9001, 9002) UNION ALL SELECT to_jsonb(t)::text FROM csflow.message t WHERE desk_id IN (9001, 9002)
    UNION ALL SELECT to_jsonb(t)::text FROM csflow.event t WHERE desk_id IN (9001, 9002) UNION ALL SELECT to_jsonb(t)::text FROM csflow.clock t WHERE desk_id IN (9001, 9002)
    UNION ALL SELECT to_jsonb(t)::text FROM csflow.outbox t WHERE desk_id IN (9001, 9002) UNION ALL SELECT to_jsonb(t)::text FROM csflow.ticket_chain t WHERE desk_id IN (9001, 9002)
    UNION ALL SELECT to_jsonb(t)::text FROM csflow.desk t WHERE desk_id IN (9001, 9002) UNION ALL SELECT to_jsonb(t)::text FROM csflow.target t WHERE desk_id IN (9001, 9002)
    UNION ALL SELECT to_jsonb(t)::text FROM csflow.step t WHERE desk_id IN (9001, 9002) UNION ALL SELECT to_jsonb(t)::text FROM csflow.keyword_rule t WHERE desk_id IN (9001, 9002)
    UNION ALL SELECT to_jsonb(t)::text FROM csflow.caption t WHERE desk_id IN (9001, 9002) UNION ALL SELECT to_jsonb(t)::text FROM csflow.working_calendar t WHERE desk_id IN (9001, 9002)) v (x)
$$;
-- What a statement is answered: SQLSTATE and message, then detail and hint. Details of constraints show whole rows, with now() in them.
CREATE PROCEDURE pg_temp.refused(statement text) LANGUAGE plpgsql AS $$
DECLARE
  before text := pg_temp.written();
  shown text := regexp_replace(statement, '^(INSERT INTO|UPDATE|DELETE FROM) csflow\.', '\1 ');
  code text;
  message text;
  detail text;
  hint text;
BEGIN
  EXECUTE statement;
  RAISE EXCEPTION USING MESSAGE = 'accepted', ERRCODE = 'TT000';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  INSERT INTO account (line) VALUES (format(E'%s\n  %s: %s%s%s', left(shown, 200), code, message,
    CASE WHEN detail <> '' AND code !~ '^23' THEN E'\n  ' || detail ELSE '' END, CASE WHEN hint <> '' THEN E'\n  -> ' || hint ELSE '' END));
  IF pg_temp.written() <> before THEN
    INSERT INTO account (line) VALUES ('  SOMETHING WAS WRITTEN');
  END IF;
END
$$;
CREATE FUNCTION pg_temp.told() RETURNS SETOF text LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM account RETURNING *) SELECT line FROM gone ORDER BY n
$$;

\echo '== tickets: what they refer to'
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (4711, 'email', 'x')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (NULL, 'email', 'x')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, ticket_no, channel) VALUES (9001, NULL, 'email')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (9001, 'pigeon', 'x')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (9001, NULL, 'x')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (9001, 'fax', 'x')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (9001, 'Email', 'x')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, customer_id) VALUES (9001, 'email', 4711)$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, customer_id, customer_tier) VALUES (9001, 'email', 4711, 'vip')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, team_id) VALUES (9001, 'email', 90021)$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, team_id) VALUES (9001, 'email', 90012)$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, agent_id) VALUES (9001, 'email', 90021)$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, agent_id) VALUES (9001, 'email', 90012)$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, category_id) VALUES (9001, 'email', 90021)$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, kind) VALUES (9001, 'email', 'nonsense')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, kind) VALUES (9001, 'email', 'crash')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, changed_by) VALUES (9001, 'email', 4711)$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, changed_by_kind) VALUES (9001, 'email', 'robot')$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET channel = 'pigeon' WHERE desk_id = 9001$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET team_id = 4711 WHERE desk_id = 9001$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET agent_id = 90012 WHERE desk_id = 9001$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET kind = 'nonsense', change_reason = 'x' WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
SELECT pg_temp.told();

\echo '== tickets: values'
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, priority) VALUES (9001, 'email', 'D')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, impact) VALUES (9001, 'email', 4)$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, amount) VALUES (9001, 'email', -1)$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, amount) VALUES (9001, 'email', 'NaN')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, attributes) VALUES (9001, 'email', '[]')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body_origin) VALUES (9001, 'email', 'rumour')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body, domain) VALUES (9001, 'email', '闪退', 'a-b')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body, domain) VALUES (9001, 'email', '闪退', '')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (9001, 'email', convert_from('\xe997ff', 'UTF8'))$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, ticket_no, channel) VALUES (9001, '202513001', 'email')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, ticket_no, channel) VALUES (9001, '202503001', 'email')$$);
CALL pg_temp.refused($$SELECT csflow.next_ticket_no('infinity')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (9001, 'email', repeat('退', 699051))$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (9001, 'email', repeat('x', 2097152))$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, title) VALUES (9001, 'email', repeat('x', 1048577))$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET body = repeat('x', 1048577) WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET priority = 'C', change_reason = repeat('x', 1048577) WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body) VALUES (9001, '202503001', 'agent', repeat('x', 1048577))$$);
SELECT pg_temp.told();
-- exactly the limit is accepted
BEGIN;
INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (9001, 'email', repeat('x', 1048576)) RETURNING octet_length(body);
INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body) VALUES (9001, '202503001', 'agent', repeat('x', 1048576)) RETURNING octet_length(body);
ROLLBACK;

\echo '== tickets: the flow'
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, state) VALUES (9001, 'email', 'closed')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, state) VALUES (9001, 'email', 'open')$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET state = 'solved' WHERE desk_id = 9001$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET state = NULL WHERE desk_id = 9001$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET state = 'closed', close_reason = 'customer_confirmed' WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET state = 'closed' WHERE desk_id = 9001 AND ticket_no = '202503002'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET state = 'closed', close_reason = 'bored' WHERE desk_id = 9001 AND ticket_no = '202503002'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET state = 'duplicate' WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET state = 'duplicate', duplicate_of = '209903001' WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET state = 'duplicate', duplicate_of = ticket_no WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET priority = 'E' WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET priority = NULL, change_reason = 'x' WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET category_id = 90011 WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET opened_at = '2025-01-01' WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET ticket_no = '202503009' WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET desk_id = 9002 WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET desk_id = 4711 WHERE desk_id = 9001 AND ticket_no = '202503001'$$);
CALL pg_temp.refused($$DELETE FROM csflow.ticket WHERE desk_id = 9001$$);
SELECT pg_temp.told();

\echo '== instants'
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, opened_at) VALUES (9001, 'email', 'infinity')$$);
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, opened_at) VALUES (9001, 'email', '-infinity')$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET title = 'x', changed_at = '2025-03-03 09:59:59.999999' WHERE desk_id = 9001 AND ticket_no = '202503002'$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET title = 'x', changed_at = 'infinity' WHERE desk_id = 9001 AND ticket_no = '202503002'$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, at) VALUES (9001, '202503002', 'customer', '2025-03-03 09:59')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, at) VALUES (9001, '202503002', 'customer', 'infinity')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, at, next_news_at) VALUES (9001, '202503002', 'agent', '2025-03-03 10:00', '2025-03-03 10:00')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, at, next_news_at) VALUES (9001, '202503002', 'agent', '2025-03-03 10:00', 'infinity')$$);
CALL pg_temp.refused($$SELECT csflow.escalate_batch('infinity')$$);
CALL pg_temp.refused($$SELECT csflow.auto_close_batch('2025-03-03', 0)$$);
CREATE ROLE regress_flow_errors;
GRANT USAGE ON SCHEMA csflow TO regress_flow_errors;
GRANT SELECT, INSERT, UPDATE ON csflow.ticket, csflow.message TO regress_flow_errors;
GRANT USAGE ON SEQUENCE csflow.ticket_no_seq, csflow.message_no_seq TO regress_flow_errors;
CALL pg_temp.refused($$SET LOCAL ROLE regress_flow_errors; INSERT INTO csflow.ticket (desk_id, channel, opened_at) VALUES (9001, 'email', '2999-01-01')$$);
CALL pg_temp.refused($$SET LOCAL ROLE regress_flow_errors; UPDATE csflow.ticket SET title = 'x', changed_at = '2999-01-01' WHERE desk_id = 9001 AND ticket_no = '202503002'$$);
CALL pg_temp.refused($$SET LOCAL ROLE regress_flow_errors; INSERT INTO csflow.message (desk_id, ticket_no, author_kind, at) VALUES (9001, '202503002', 'customer', '2999-01-01')$$);
CALL pg_temp.refused($$SET LOCAL ROLE regress_flow_errors; UPDATE csflow.ticket SET title = 'x', changed_by = 90011 WHERE desk_id = 9001 AND ticket_no = '202503002'$$);
CALL pg_temp.refused($$SET LOCAL ROLE regress_flow_errors; UPDATE csflow.ticket SET title = 'x', changed_by_kind = 'system' WHERE desk_id = 9001 AND ticket_no = '202503002'$$);
CALL pg_temp.refused($$SET LOCAL ROLE regress_flow_errors; SELECT csflow.next_ticket_no('2025-01-01')$$);
SELECT pg_temp.told();
REVOKE ALL ON csflow.ticket, csflow.message FROM regress_flow_errors;
DROP OWNED BY regress_flow_errors;
DROP ROLE regress_flow_errors;

\echo '== messages'
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind) VALUES (4711, '202503001', 'customer')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind) VALUES (9001, '209903001', 'customer')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind) VALUES (9001, '202503001', 'customer'), (9001, '209903001', 'customer'), (9001, '202503002', 'customer')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind) VALUES (9001, NULL, 'customer')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no) VALUES (9001, '202503001')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind) VALUES (9001, '202503001', 'robot')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body) VALUES (9001, '202503001', 'agent', NULL)$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, milestone) VALUES (9001, '202503001', 'agent', 'moon_landing')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, channel) VALUES (9001, '202503001', 'agent', 'pigeon')$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, changed_by) VALUES (9001, '202503001', 'agent', 4711)$$);
CALL pg_temp.refused($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, external_id) VALUES (9001, '202503001', 'customer', 'm-1'), (9001, '202503001', 'customer', 'm-1')$$);
INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body, at) VALUES (9001, '202503001', 'customer', '5.2', '2025-03-03 09:30');
CALL pg_temp.refused($$UPDATE csflow.message SET body = 'never said' WHERE desk_id = 9001$$);
CALL pg_temp.refused($$DELETE FROM csflow.message WHERE desk_id = 9001$$);
CALL pg_temp.refused($$TRUNCATE csflow.message$$);
CALL pg_temp.refused($$UPDATE csflow.event SET actor_kind = 'agent' WHERE desk_id = 9001$$);
CALL pg_temp.refused($$DELETE FROM csflow.event WHERE desk_id = 9001$$);
CALL pg_temp.refused($$TRUNCATE csflow.event$$);
CALL pg_temp.refused($$DELETE FROM csflow.ticket_chain WHERE desk_id = 9001$$);
SELECT pg_temp.told();

\echo '== one bad row spoils the statement'
CALL pg_temp.refused($$INSERT INTO csflow.ticket (desk_id, channel, body) SELECT 9001, CASE WHEN i = 50 THEN 'pigeon' ELSE 'email' END, '闪退' FROM generate_series(1, 50) i$$);
CALL pg_temp.refused($$UPDATE csflow.ticket SET state = 'closed', close_reason = 'no_new_request' WHERE desk_id = 9001$$);

SELECT pg_temp.told();

\echo '== desks and playbooks'
CALL pg_temp.refused($$SELECT csflow.create_desk('Support')$$);
CALL pg_temp.refused($$SELECT csflow.create_desk(NULL)$$);
CALL pg_temp.refused($$SELECT csflow.create_desk('support2', playbook => 'nonsense')$$);
CALL pg_temp.refused($$SELECT csflow.create_desk('support2', zone => 'Mars/Olympus')$$);
CALL pg_temp.refused($$SELECT csflow.create_desk('flow_errors_first', playbook => 'internet')$$);
CALL pg_temp.refused($$SELECT csflow.classify(4711, 'x')$$);
CALL pg_temp.refused($$SELECT * FROM csflow.load_playbook(4711, '{}')$$);
CALL pg_temp.refused($$UPDATE csflow.desk SET zone = 'Mars/Olympus' WHERE desk_id = 9001$$);
CALL pg_temp.refused($$UPDATE csflow.desk SET review_team_id = 90021 WHERE desk_id = 9001$$);
CALL pg_temp.refused($$UPDATE csflow.desk SET maximum_text_bytes = 2000000 WHERE desk_id = 9001$$);
CALL pg_temp.refused($$DELETE FROM csflow.desk WHERE desk_id = 9001$$);
CALL pg_temp.refused($$UPDATE csflow.team SET supervisor_id = 90021 WHERE desk_id = 9001 AND team_id = 90011$$);
CALL pg_temp.refused($$DELETE FROM csflow.channel WHERE desk_id = 9001 AND channel = 'email'$$);
-- what else ships, and what number a desk of this test got, does not matter here
SELECT regexp_replace(pg_temp.told(), '(Playbooks are:|FROM csflow.load_playbook\()[^''].*', '\1 …');

\echo '== keyword rules that could never work'
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, category_id) VALUES (9001, 90011, 90011)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, category_id) VALUES (9001, 90011, '{""}', 90011)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, category_id) VALUES (9001, 90011, '{x}', 90011)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, category_id) VALUES (9001, 90011, '{"  "}', 90011)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, category_id) VALUES (9001, 90011, ARRAY[NULL], 90011)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of) VALUES (9001, 90011, '{闪退}')$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, none_of, category_id) VALUES (9001, 90011, '{闪退}', 90011)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, none_of, category_id) VALUES (9001, 90011, '{闪退}', '{闪退}', 90011)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, within_characters, category_id) VALUES (9001, 90011, '{闪退}', 0, 90011)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, weight, category_id) VALUES (9001, 90011, '{闪退}', 101, 90011)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, category_id) VALUES (9001, 90011, '{闪退}', 90021)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, notify_team_id) VALUES (9001, 90011, '{闪退}', 90021)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, category_id) VALUES (4711, 90011, '{闪退}', 90011)$$);
CALL pg_temp.refused($$INSERT INTO csflow.keyword_alias (desk_id, word, canonical) VALUES (9001, '', '登录')$$);
CALL pg_temp.refused($$INSERT INTO csflow.lexicon (desk_id, word, class) VALUES (9001, '哼', 'boredom')$$);
CALL pg_temp.refused($$INSERT INTO csflow.priority_rule (desk_id, mode, priority) VALUES (9001, 'raise', 'E')$$);
CALL pg_temp.refused($$INSERT INTO csflow.priority_rule (desk_id, mode, priority, kind) VALUES (9001, 'raise', 'E', 'nonsense')$$);
CALL pg_temp.refused($$INSERT INTO csflow.priority_rule (desk_id, mode, priority, amount_at_least) VALUES (9001, 'raise', 'E', -1)$$);
CALL pg_temp.refused($$INSERT INTO csflow.priority_rule (desk_id, mode, priority, impact, urgency) VALUES (9001, 'matrix', 'E', 1, 1)$$);
CALL pg_temp.refused($$INSERT INTO csflow.transition (desk_id, from_state, to_state) VALUES (9001, 'new', 'done')$$);
CALL pg_temp.refused($$INSERT INTO csflow.caption (desk_id, kind, code, lang, text) VALUES (9001, 'state', 'done', 'en', 'done')$$);
CALL pg_temp.refused($$INSERT INTO csflow.caption (desk_id, kind, code, lang, text) VALUES (9001, 'milestone', 'opened', 'en', 'opened')$$);
CALL pg_temp.refused($$DELETE FROM csflow.caption WHERE desk_id = 9001 AND kind = 'milestone' AND code = 'cause_located'$$);
SELECT pg_temp.told();

\echo '== calendars, targets, steps'
CALL pg_temp.refused($$INSERT INTO csflow.working_calendar (desk_id, code, base) VALUES (9001, 'x', 'Mars/Olympus; daily 09:00-18:00')$$);
CALL pg_temp.refused($$INSERT INTO csflow.working_calendar (desk_id, code, base) VALUES (9001, 'x', 'Asia/Shanghai; mon-fri 18:00-09:00')$$);
CALL pg_temp.refused($$INSERT INTO csflow.calendar_day (desk_id, code, day, rule) VALUES (9001, 'around_the_clock', '2025-05-01', 'closed')$$);
CALL pg_temp.refused($$INSERT INTO csflow.calendar_day (desk_id, code, day, rule) VALUES (9001, 'nine_to_five', '2025-05-01', 'off')$$);
CALL pg_temp.refused($$DELETE FROM csflow.working_calendar WHERE desk_id = 9001$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar) VALUES (9001, 'x', '1 month', 'around_the_clock')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar) VALUES (9001, 'x', '87601 hours', 'around_the_clock')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar) VALUES (9001, 'x', '0', 'around_the_clock')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar) VALUES (9001, 'x', '-1 hour', 'around_the_clock')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, calendar) VALUES (9001, 'x', 'around_the_clock')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, mode, calendar) VALUES (9001, 'x', 'daily_at', 'around_the_clock')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar, starts_on) VALUES (9001, 'x', '1 hour', 'around_the_clock', '{}')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar, starts_on) VALUES (9001, 'x', '1 hour', 'around_the_clock', '{sunrise}')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar, pauses_in) VALUES (9001, 'x', '1 hour', 'around_the_clock', '{asleep}')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar, stops_on, rearms_on) VALUES (9001, 'x', '1 hour', 'around_the_clock', '{answered}', '{answered}')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar) VALUES (9001, 'x', '1 hour', 'nine_to_five')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar) VALUES (9001, 'First Response', '1 hour', 'around_the_clock')$$);
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, clock, duration, calendar, customer_tier) VALUES (9001, 'x', '1 hour', 'around_the_clock', 'gold')$$);
INSERT INTO csflow.target (desk_id, target_id, clock, duration, calendar, priority) VALUES (9001, 90011, 'x', '1 hour', 'around_the_clock', 'E');
CALL pg_temp.refused($$INSERT INTO csflow.target (desk_id, target_id, clock, duration, calendar, channel) VALUES (9001, 90012, 'x', '1 hour', 'around_the_clock', 'email')$$);
CALL pg_temp.refused($$INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, action) VALUES (9001, 90011, 1, 75, 'notify')$$);
CALL pg_temp.refused($$INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, action, recipients) VALUES (9001, 90011, 1, 75, 'notify', '{moon}')$$);
CALL pg_temp.refused($$INSERT INTO csflow.step (desk_id, target_id, position, action, recipients) VALUES (9001, 90011, 1, 'notify', '{owner}')$$);
CALL pg_temp.refused($$INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, action) VALUES (9001, 90011, 1, 100, 'close')$$);
CALL pg_temp.refused($$INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, action, close_reason) VALUES (9001, 90011, 1, 100, 'close', 'bored')$$);
CALL pg_temp.refused($$INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, action, recipients) VALUES (9001, 90011, 1, 100, 'notify', '{owner}'), (9001, 90011, 2, 75, 'notify', '{owner}')$$);
CALL pg_temp.refused($$INSERT INTO csflow.step (desk_id, target_id, position, at_offset, action, recipients) VALUES (9001, 90011, 1, '1 month', 'notify', '{owner}')$$);
CALL pg_temp.refused($$INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, action, recipients) VALUES (9001, 4711, 1, 75, 'notify', '{owner}')$$);
SELECT pg_temp.told();

-- a text that was accepted once can still be worked on, though the desk takes only shorter ones now
UPDATE csflow.desk SET maximum_text_bytes = 1000 WHERE desk_id = 9002;
UPDATE csflow.desk SET maximum_text_bytes = 2000 WHERE desk_id = 9001;
BEGIN;
UPDATE csflow.desk SET maximum_text_bytes = 10000 WHERE desk_id = 9001;
INSERT INTO csflow.ticket (desk_id, ticket_no, channel, body) VALUES (9001, '202503004', 'email', repeat('x', 10000));
UPDATE csflow.desk SET maximum_text_bytes = 2000 WHERE desk_id = 9001;
UPDATE csflow.ticket SET state = 'in_progress' WHERE desk_id = 9001 AND ticket_no = '202503004' RETURNING state;
ROLLBACK;
