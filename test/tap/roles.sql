-- What setup_roles() makes, and what each role sees and changes: handbook H2, A5, F1, H1; design 2.10, 2.11.
\ir ../lib/internet_desk.sql
\set prefix roles_test
SELECT no_plan();
SELECT is_empty($$SELECT FROM pg_class WHERE relnamespace = 'csflow'::regnamespace AND relrowsecurity$$, '2.11: no row security before setup_roles()');
SELECT throws_ok($$SELECT * FROM setup_roles('No')$$, '22023', NULL, 'H2: a prefix is a name');
CREATE ROLE roles_test_agent LOGIN;
SELECT throws_ok($$SELECT * FROM setup_roles('roles_test')$$, '42710', 'role "roles_test_agent" exists and is more than a group', '2.11: a role somebody made before is no group of ours');
DROP ROLE roles_test_agent;
\ir ../lib/two_desks.sql
SELECT is_empty($$SELECT * FROM setup_roles('roles_test')$$, 'H2: setup_roles() again does nothing');
SELECT throws_ok($$SELECT * FROM setup_roles('other')$$, '42710', NULL, 'H2: one prefix a flow');
REVOKE SELECT ON csflow.clock FROM roles_test_agent;
SELECT results_eq($$SELECT object, done FROM setup_roles('roles_test')$$, $$VALUES ('csflow.clock', 'GRANT SELECT ON csflow.clock TO roles_test_agent')$$, 'H2: and makes only what is missing');
-- A policy somebody altered, one of an older definition, one that is no longer wanted, and one of somebody's own.
ALTER POLICY "select" ON csflow.clock USING (true);
COMMENT ON POLICY "select" ON csflow.event IS 'Row security of csflow.setup_roles() (definition 0123456789ab, as stored 0123456789ab).';
CREATE POLICY gone ON csflow.desk FOR SELECT TO roles_test_agent USING (true);
COMMENT ON POLICY gone ON csflow.desk IS 'Row security of csflow.setup_roles() (definition 0123456789ab, as stored 0123456789ab).';
CREATE POLICY theirs ON csflow.desk AS RESTRICTIVE FOR DELETE TO roles_test_agent USING (true);
SELECT results_eq($$SELECT object, done FROM setup_roles('roles_test')$$, $$VALUES ('csflow.clock', 'policy select made anew'), ('csflow.desk', 'policy gone dropped'),
  ('csflow.event', 'policy select made anew')$$, 'H2: what differs is made anew, what is somebody''s own stays');
SELECT is_empty($$SELECT * FROM setup_roles('roles_test')$$, 'H2: once');
SELECT ok((SELECT pg_get_expr(polqual, polrelid) <> 'true' FROM pg_policy WHERE polrelid = 'csflow.clock'::regclass AND polname = 'select'), 'H2: as it was');
DROP POLICY theirs ON csflow.desk;
SELECT is((SELECT count(*) FROM pg_roles WHERE rolname ~ '^roles_test_(reader|agent|supervisor|administrator)$' AND NOT rolcanlogin AND NOT rolsuper), 4::bigint, 'H2: four groups that cannot log in');

-- Who sees which tickets: names of the tickets as external ids.
CREATE FUNCTION seen() RETURNS text LANGUAGE sql AS $$SELECT string_agg(external_id, ' ' ORDER BY external_id) FROM csflow.ticket$$;
CREATE FUNCTION texts() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(t.kind_of || ':' || t.form, ' ' ORDER BY t.kind_of COLLATE "C") FROM (
    SELECT CASE WHEN m.agent_id IS NULL THEN '' ELSE m.agent_id::text END || '@' || g.code AS kind_of,
      CASE WHEN concat(m.title, m.body, m.attributes, b.body) LIKE '%[mobile]%[mobile]%[mobile]%' AND concat(m.title, m.body, m.attributes, b.body) NOT LIKE '%138%' THEN 'masked'
        WHEN concat(m.title, m.body, m.attributes, b.body) LIKE '%13812345678%13812345678%13812345678%' THEN 'written' ELSE concat(m.title, m.body, m.attributes, b.body) END AS form
    FROM csflow.my_ticket m JOIN csflow.team g USING (desk_id, team_id)
    LEFT JOIN csflow.my_message b ON b.desk_id = m.desk_id AND b.ticket_no = m.ticket_no) t
$$;
GRANT EXECUTE ON FUNCTION seen, texts TO PUBLIC;
SET ROLE :"lin";
SELECT is(seen(), 's s11', 'H2: an agent sees the tickets of their team');
SELECT is(texts(), '11@customer_service:written @customer_service:masked', 'A5: texts as written of their own, masked of the others');
SELECT ok((SELECT count(*) > 0 FROM csflow.explain_ticket(:desk, :'s11')), 'B2: an agent has the classification of their own ticket explained');
SELECT throws_ok(format('SELECT * FROM csflow.explain_ticket(%s, %L)', :desk, :'s'), '42501', format('the texts of ticket %s of desk %s are masked for role "%s"', :'s', :desk, :'lin'), 'A5: not of one whose texts are masked for them');
SELECT throws_ok(format('SELECT * FROM csflow.explain_ticket(%s, %L)', :desk, :'t'), 'SF004', NULL, 'H2: nor of one they do not see');
SELECT is_empty(format('SELECT FROM csflow.similar_tickets(%s, %L)', :desk, :'s11'), 'B9: of another team''s tickets none is shown as similar');
RESET ROLE;
SET ROLE :"pool";
SELECT results_eq(format('SELECT similar_no FROM csflow.similar_tickets(%s, %L) ORDER BY 1', :desk, :'s11'), format('VALUES (%L::csflow.ticket_no), (%L)', :'t', :'t21'), 'B9: who sees the desk finds them');
RESET ROLE;
SET ROLE :"tao";
SELECT is(seen(), 't t21', 'H2: another agent those of another');
RESET ROLE;
SET ROLE :"sue";
SELECT is(seen(), 's s11', 'H2: a supervisor those of the teams they supervise');
SELECT is(texts(), '11@customer_service:written @customer_service:written', 'A5: as written');
RESET ROLE;
SET ROLE :"ada";
SELECT is(seen(), 's s11 t t21', 'H2: an administrator those of the desk, and of no other');
SELECT is((SELECT count(*) FILTER (WHERE body LIKE '%13812345678%') FROM csflow.ticket), 4::bigint, 'A5: as written, in the table too');
SELECT is(texts(), '11@customer_service:written 21@technical_team:written @customer_service:written @technical_team:written', 'A5: and in the view');
RESET ROLE;
SET ROLE :"pool";
SELECT is(seen(), 's s11 t t21', 'H2: a pooled application sees its desk');
SELECT is((SELECT count(*) FROM csflow.my_ticket WHERE is_as_written), 4::bigint, 'A5: it answers for whom it shows texts to');
RESET ROLE;
SET ROLE :"rea";
SELECT is(seen(), 's s11 t t21', 'H2: a reader counts the whole desk');
SELECT throws_ok(format('SELECT %s', q), '42501', NULL, 'A5: but reads no text: ' || q) FROM unnest(ARRAY['title FROM csflow.ticket', 'body FROM csflow.ticket', 'attributes FROM csflow.ticket',
  'change_reason FROM csflow.ticket', 'body FROM csflow.message', 'text FROM csflow.event_text', 'comment FROM csflow.survey', 't FROM csflow.ticket t', '* FROM csflow.timeline', '* FROM csflow.customer']) q;
SELECT is_empty('SELECT * FROM csflow.my_ticket', 'A5: nor through the view');
SELECT lives_ok(format('SELECT * FROM csflow.%I', v), 'H2: a reader has figures: ' || v) FROM unnest('{attainment,clock_status,health_daily,backlog,net_flow,first_response,transfers,backlog_ageing,heatmap,agent_load,hot_issues,late,satisfaction,surge,missing_update}'::text[]) v;
SELECT throws_ok(format($$UPDATE csflow.ticket SET state = 'closed' WHERE ticket_no = %L$$, :'s'), '42501', NULL, 'H2: a reader changes nothing');
RESET ROLE;
SET ROLE :"far";
SELECT is(seen(), 'far', 'H2: an agent of another desk with the same number sees that desk');
SELECT is((SELECT string_agg(DISTINCT name, ' ') FROM csflow.desk), 'elsewhere', 'H2: and knows of no other');
SELECT is((SELECT count(*) FROM csflow.agent WHERE desk_id = :desk), 0::bigint, 'H2: nor of its people');
RESET ROLE;
SET ROLE :"stranger";
SELECT throws_ok('SELECT FROM csflow.ticket', '42501', NULL, 'H2: a stranger sees nothing');
SELECT is_empty('SELECT FROM csflow.my_ticket', 'H2: a stranger''s own tickets are none');
RESET ROLE;
SELECT is(seen(), 'far s s11 t t21', '2.6: the owner sees all, as without roles');

-- Whatever hangs on a ticket is seen with it.
SELECT set_config('test.hidden', :'t', false) IS NULL AS x \gset
SET ROLE :"lin";
SELECT is_empty(format('SELECT FROM csflow.%I WHERE ticket_no = %L', x, :'t'), 'H2: hidden with its ticket: ' || x)
FROM unnest('{event,clock,task,attachment,approval,late_cause,review,outbox,ticket_fact,reply_gap,clock_status,queue,timeline,escalation,my_ticket,my_message,my_event,my_survey}'::text[]) x;
SELECT is((SELECT count(message_no) FROM csflow.message), 2::bigint, 'H2: messages of two tickets');
SELECT isnt_empty(format('SELECT FROM csflow.%I WHERE ticket_no = %L', x, :'s'), 'H2: shown with its ticket: ' || x) FROM unnest('{event,clock,clock_status,queue,timeline,my_message,my_event}'::text[]) x;
SELECT is((SELECT string_agg(title, ' ' ORDER BY title) FROM csflow.queue), '闪退 13812345678 闪退 [mobile]', 'A5: the queue shows titles as my_ticket does');
SELECT is((SELECT string_agg(text, ' ' ORDER BY text) FROM csflow.timeline WHERE kind = 'customer_message'), '打13812345678 打[mobile]', 'A5: the timeline texts as my_message does');
SELECT throws_ok(format('SELECT %s', q), '42501', NULL, 'A5: an agent reads no text in the tables: ' || q) FROM unnest(ARRAY['title FROM csflow.ticket', 'body FROM csflow.ticket', 'attributes FROM csflow.ticket',
  'change_reason FROM csflow.ticket', 'body FROM csflow.message', 'text FROM csflow.event_text', 'comment FROM csflow.survey', 'attributes FROM csflow.customer', '* FROM csflow.message_default', '* FROM csflow.event_default', '* FROM csflow.clock_default']) q;

-- The customer's history and what is like a ticket, as far as one sees the tickets
SELECT results_eq(format('SELECT earlier_no, title, similarity < 1 FROM csflow.customer_history(%s, %L)', :desk, :'s11'), format('VALUES (%L::csflow.ticket_no, %L, true)', :'s', '闪退 [mobile]'), 'A7: an agent has the customer''s history, masked as elsewhere');
SELECT results_eq(format('SELECT candidate_no, title FROM csflow.duplicate_candidates(%s, %L, 0)', :desk, :'s11'), format('VALUES (%L::csflow.ticket_no, %L)', :'s', '闪退 [mobile]'), 'A8: and what may be its duplicate');
SELECT throws_ok(format('SELECT * FROM csflow.%s(%s, %L)', f, :desk, :'t'), 'SF004', NULL, 'H2: of no ticket they do not see: ' || f) FROM unnest('{customer_history,duplicate_candidates}'::text[]) f;
SELECT is(known_workaround(:desk, :'s11'), NULL, 'B9: nor is asking for a workaround refused');
SELECT is_empty(format('SELECT * FROM csflow.duplicate_outcome(%s, %L)', :desk, :'s11'), 'A8: or for what became of an original');

-- What an agent does with a ticket
SELECT is(open_ticket(:desk, 'hotline', '打不开') IS NOT NULL, true, 'H2: opens one, whatever team the rules give it to');
SELECT throws_ok(format('SELECT csflow.open_ticket(%s, ''hotline'', ''x'', external_id => ''t'')', :desk), 'SF004', NULL, 'I1, H2: one that is there already and hidden is refused, not left out without a word');
SELECT is(accept(:desk, :'s'), 'in_progress', 'H2: accepts');
SELECT is((SELECT is_as_written FROM csflow.my_ticket WHERE ticket_no = :'s'), true, 'A5: whose texts they read as written now');
SELECT ok(reply(:desk, :'s', '好') > 0, 'H2: replies');
SELECT ok(note(:desk, :'s', '…') > 0, 'H2: notes');
SELECT ok(add_task(:desk, :'s', '回电', now() + interval '1 day', 11) > 0, 'H2: makes a task');
SELECT is(finish_task(:desk, :'s', (SELECT task_no FROM csflow.task)) IS NOT NULL, true, 'H2: and ends it');
SELECT ok(open_review(:desk, :'s', 'escalation', '{supervisor}') > 0, 'D3: opens a review');
SELECT lives_ok(format('SELECT close_review(%s, %L, (SELECT review_no FROM csflow.review), %L)', :desk, :'s', 'so'), 'D3: and closes it');
RESET ROLE;
INSERT INTO csflow.approval_limit (desk_id, subject, approver) SELECT a.desk_id, 'plan', t.code FROM csflow.agent a JOIN csflow.team t USING (desk_id, team_id) WHERE a.role_name = :'sue';
SET ROLE :"lin";
SELECT is(request_approval(:desk, :'s', '赔'), 'waiting_approval', 'E2: asks for an approval');
SELECT is((SELECT approver FROM csflow.approval WHERE ticket_no = :'s'), (SELECT t.code FROM csflow.agent a JOIN csflow.team t USING (desk_id, team_id) WHERE a.role_name = :'sue'), 'E2: sees who decides');
SELECT is((SELECT string_agg(recipient_kind || ' ' || recipient, ', ') FROM csflow.outbox WHERE ticket_no = :'s' AND topic = 'approval'), (SELECT 'team ' || t.code FROM csflow.agent a JOIN csflow.team t USING (desk_id, team_id) WHERE a.role_name = :'sue'), 'E2: who is told by their doing');
SELECT throws_ok(format($$INSERT INTO csflow.outbox (desk_id, ticket_no, created_at, topic, recipient_kind, payload) VALUES (%s, %L, now(), 'approval', 'role', '{}')$$, :desk, :'s'), '42501', NULL, 'H2: with no text of their own beside it');
SELECT throws_ok(format($$INSERT INTO csflow.outbox (desk_id, ticket_no, created_at, topic, recipient_kind, recipient%s) VALUES (%s, %L, now(), 'review', %L, %L%s)$$, c, :desk, :'s', k, r, v), '42501', NULL,
  format('H2: nor in another column, nor to a customer: %s %s', k, r)) FROM (VALUES ('customer', NULL, '', ''), ('role', 'words of their own', '', ''), ('team', 'supervisor', ', clock', $$, 'words'$$)) v (k, r, c, v);
SELECT throws_ok('LOCK TABLE csflow.survey IN ACCESS EXCLUSIVE MODE', '42501', NULL, 'H2: and locks out nobody');
SELECT throws_ok(format('SELECT decide(%s, %L, true)', :desk, :'s'), 'SF010', NULL, 'E2: decides not on their own');
SELECT throws_ok(format('UPDATE csflow.approval SET is_approved = true, decided_by = 91, decided_at = now()'), '42501', NULL, 'E2: nor in another''s name');
SELECT throws_ok(format('INSERT INTO csflow.approval (desk_id, ticket_no, subject, proposal, proposed_by, proposed_at) VALUES (%s, %L, %L, %L, 91, now())', :desk, :'s', 'plan', 'x'), '42501', NULL, 'E2: nor puts up in another''s name');
RESET ROLE;
SET ROLE :"sue";
SELECT is(decide(:desk, :'s', true, '好'), 'in_progress', 'E2: the supervisor does');
RESET ROLE;
SET ROLE :"lin";
SELECT is(transfer(:desk, :'s', 'technical_team', '要技术'), 'assigned', 'H2: transfers to another team');
SELECT is((SELECT is_as_written FROM csflow.my_ticket WHERE ticket_no = :'s'), false, 'H2: and still sees what they changed last, masked');
SELECT throws_ok(format('SELECT accept(%s, %L)', :desk, :'s'), 'SF004', NULL, 'H2: but changes it no more');
RESET ROLE;
SET ROLE :"tao";
SELECT is(accept(:desk, :'s'), 'in_progress', 'H2: the other team takes it');
RESET ROLE;
SET ROLE :"lin";
SELECT is(seen(), 's11', 'H2: and it is gone from the first');
SELECT throws_ok(format('SELECT %s(%s, %L, %L)', f, :desk, :'t', 'x'), 'SF004', NULL, 'H2: nothing can be done to a ticket not seen: ' || f) FROM unnest('{reply,note,reopen,object,mark_invalid}'::text[]) f;
SELECT throws_ok(format('INSERT INTO csflow.message (desk_id, ticket_no, body) VALUES (%s, %L, %L)', :desk, :'t', 'x'), '42501', NULL, 'H2: nor by rows');
SELECT throws_ok(format('INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (%s, %L, %L)', :elsewhere, 'email', 'x'), '42501', NULL, 'H2: no ticket in another desk');
SELECT throws_ok(format('UPDATE csflow.%s', u), '42501', NULL, 'H2: no agent configures: ' || u) FROM unnest('{agent SET may_act_for_others = true,team SET supervisor_id = 11,desk SET caption = caption,target SET duration = duration,caption SET text = text,flow SET zone = zone}'::text[]) u;
SELECT throws_ok(format('SELECT csflow.%s', f), '42501', NULL, 'H2: nor does what is the owner''s: ' || f) FROM unnest(ARRAY['setup_roles()', 'create_desk(''x'')', 'migrate()', 'escalate_batch()', 'load_playbook(1, ''{}'')']) f;

-- The customer's words on the telephone, and false flags
SELECT lives_ok(format($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, channel, body) VALUES (%s, %L, 'customer', 'hotline', '还是不行')$$, :desk, :'s11'), '2.10: an agent takes down what the customer says on the telephone');
SELECT is((SELECT author_kind || ' ' || changed_by FROM csflow.my_message WHERE body = '还是不行'), 'customer 11', '2.10: with the writer''s name');
SELECT throws_ok(format($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, channel, body) VALUES (%s, %L, 'customer', 'email', 'x')$$, :desk, :'s11'), 'SF010', NULL, '2.10: but writes no mail of theirs');
SELECT throws_ok(format($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, channel, changed_by, body) VALUES (%s, %L, 'customer', 'hotline', 12, 'x')$$, :desk, :'s11'), 'SF010', NULL, '2.10: nor in another agent''s name');
RESET ROLE;
CREATE ROLE roles_test_front;
GRANT USAGE ON SCHEMA csflow TO roles_test_front;
GRANT INSERT ON csflow.message TO roles_test_front;
GRANT USAGE ON SEQUENCE csflow.message_no_seq TO roles_test_front;
ALTER TABLE csflow.message DISABLE ROW LEVEL SECURITY;
SET ROLE roles_test_front;
SELECT throws_ok(format($$INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body) VALUES (%s, %L, 'agent', 'x')$$, :desk, :'s11'), 'SF010', 'role "roles_test_front" may not act as "agent"', '2.10: a role that is no agent writes as none');
RESET ROLE;
ALTER TABLE csflow.message ENABLE ROW LEVEL SECURITY;

-- Nobody hides behind "unknown"
SET ROLE :"lin";
UPDATE csflow.ticket SET complexity = 'complex', changed_by_kind = 'unknown' WHERE ticket_no = :'s11';
SELECT is((SELECT (actor_kind, actor_id)::text FROM csflow.event WHERE ticket_no = :'s11' ORDER BY seq DESC LIMIT 1), '(agent,11)', 'H1: an agent is not unknown, whatever they say');
SELECT is(change_state(:desk, :'s11', 'in_progress', actor_kind => 'unknown') IS NOT NULL, true, 'H1: nor to a verb');
SELECT is((SELECT (kind, actor_kind, actor_id)::text FROM csflow.event WHERE ticket_no = :'s11' AND new_state = 'in_progress'), '(accepted,agent,11)', 'H1: which names them');
-- The words of a reason are text, wherever they go.
SELECT is(correct(:desk, :'s11', '张三的电话13812345678打不通', priority => 'C') IS NOT NULL, true, 'B7: an agent corrects');
RESET ROLE;
SET ROLE :"rea";
SELECT is((SELECT priority_reason FROM csflow.ticket WHERE ticket_no = :'s11'), 'corrected', 'A5: and the reason''s words are in no column that a reader reads');
RESET ROLE;

-- Why it was late, one's own word for it
SELECT clock AS late_clock FROM clock WHERE ticket_no = :'s11' AND stopped_at IS NULL AND due_at < now() ORDER BY clock LIMIT 1 \gset
SET ROLE :"lin";
SELECT is(record_late_cause(:desk, :'s11', 'resources', '人手', :'late_clock'), 1, 'G5: an agent records why it was late');
SELECT is(record_late_cause(:desk, :'s11', 'staff_skill', '新手', :'late_clock'), 1, 'G5: and corrects it');
RESET ROLE;

-- Rights that lapse by themselves
SET ROLE :"lin";
SELECT throws_ok(format('SELECT grant_temporary_right(%s, 12, now() + interval ''1 h'', ''x'', %L)', :desk, :'s11'), '42501', NULL, 'H2: an agent grants no rights');
RESET ROLE;
SET ROLE :"sue";
SELECT throws_ok(format('SELECT grant_temporary_right(%s, 91, now() + interval ''1 h'', ''x'', %L)', :desk, :'s11'), 'SF010', NULL, 'H2: nobody to themselves');
SELECT throws_ok(format('SELECT grant_temporary_right(%s, 21, now() - interval ''1 h'', ''x'', %L)', :desk, :'s11'), 'SF008', NULL, 'H2: none that has lapsed');
SELECT throws_ok(format('SELECT grant_temporary_right(%s, 21, ''infinity'', ''x'', %L)', :desk, :'s11'), 'SF008', NULL, 'H2: none that never lapses');
SELECT throws_ok(format('SELECT grant_temporary_right(%s, 12, now() + interval ''1 h'', ''x'', team => ''technical_team'')', :desk), '42501', NULL, 'H2: nor to what is not theirs');
SELECT grant_temporary_right(:desk, 21, now() + interval '1 hour', '同一客户', :'s11') AS right_no \gset
RESET ROLE;
SET ROLE :"tao";
SELECT ok(seen() LIKE '%s11%', 'H2: the right shows the ticket');
SELECT is((SELECT is_as_written || body FROM csflow.my_ticket WHERE ticket_no = :'s11'), 'false我的手机[mobile]打不开', 'A5: masked');
SELECT ok(note(:desk, :'s11', '看过') > 0, 'H2: and lets them work on it');
SELECT throws_ok(format('UPDATE csflow.temporary_right SET expires_at = %L', 'infinity'), '42501', NULL, 'H2: nobody prolongs a right');
RESET ROLE;
SELECT is((SELECT kind || ' ' || actor_id || ' ' || new_value || ' ' || text FROM event e JOIN event_text x USING (desk_id, ticket_no, seq) WHERE kind = 'right_granted'), 'right_granted 91 21 同一客户', 'H1: the ticket''s record has it');
SELECT is_empty(format('SELECT * FROM verify_audit(%s)', :desk), 'H1: in its chain');
SET ROLE :"lin";
SELECT ok(note(:desk, :'s11', '继续') > 0, 'H2: its own agent goes on');
RESET ROLE;
SET ROLE :"tao";
SELECT lives_ok(format('SELECT give_back_right(%s, %s)', :desk, :right_no), 'H2: given back');
SELECT ok(seen() NOT LIKE '%s11%', 'H2: and gone');
SELECT throws_ok(format('SELECT give_back_right(%s, %s)', :desk, :right_no), 'SF007', NULL, 'H2: once');
RESET ROLE;
SELECT is((SELECT count(*) FROM event WHERE kind = 'right_given_back'), 1::bigint, 'H1: recorded');
SET ROLE :"ada";
SELECT lives_ok(format('SELECT grant_temporary_right(%s, 21, now() + interval ''1 hour'', ''x'', team => ''customer_service'', as_written => true)', :desk), 'H2: an administrator grants a whole team');
RESET ROLE;
SET ROLE :"tao";
SELECT is((SELECT is_as_written FROM csflow.my_ticket WHERE ticket_no = :'s11'), true, 'A5: as written when it says so');
RESET ROLE;
-- Time passes: the same right, granted and lapsed an hour ago.
ALTER TABLE csflow.temporary_right DISABLE TRIGGER temporary_right_before;
UPDATE temporary_right SET granted_at = granted_at - interval '2 hours', expires_at = expires_at - interval '2 hours' WHERE given_back_at IS NULL;
ALTER TABLE csflow.temporary_right ENABLE TRIGGER temporary_right_before;
SET ROLE :"tao";
SELECT ok(seen() NOT LIKE '%s11%', 'H2: it lapsed by itself');
SELECT is_empty(format('SELECT FROM csflow.my_ticket WHERE ticket_no = %L', :'s11'), 'H2: from the views too');
RESET ROLE;

-- In a transaction that began before it did, too.
BEGIN;
SET LOCAL ROLE :"sue";
SELECT grant_temporary_right(:desk, 21, now() + interval '1 microsecond', 'x', :'s11') AS short_no \gset
SET LOCAL ROLE :"tao";
SELECT ok(seen() NOT LIKE '%s11%', 'H2: a right lapses in a transaction that began before');
COMMIT;

-- An administrator and their desk
SET ROLE :"ada";
SELECT lives_ok(format('UPDATE csflow.%s', u), 'H2: an administrator configures: ' || u) FROM unnest('{agent SET capacity = 21,target SET duration = duration,caption SET text = text,desk SET caption = caption}'::text[]) u;
SELECT lives_ok(format('SELECT * FROM csflow.load_playbook(%s, csflow.export_playbook(%s))', :desk, :desk), 'H2: and loads its playbook');
SELECT throws_ok(format('SELECT * FROM csflow.load_playbook(%s, csflow.standard_playbook())', :elsewhere), 'SF001', NULL, 'H2: not another''s');
SELECT throws_ok(format('INSERT INTO csflow.agent (desk_id, name, role_name) VALUES (%s, %L, current_user)', :elsewhere, 'me'), '42501', NULL, 'H2: nobody lets themselves into another desk');
SELECT throws_ok(format('UPDATE csflow.agent SET desk_id = %s WHERE agent_id = 101', :elsewhere), NULL, NULL, 'H2: nor moves there');
SELECT is_empty(format('SELECT * FROM verify_audit(%s)', :desk), 'H1: an administrator verifies the record');
RESET ROLE;
SELECT is((SELECT count(*) FROM agent WHERE desk_id = :elsewhere AND capacity = 21), 0::bigint, 'H2: their UPDATE has not reached the other desk');

-- One query asks once how far rights reach, and a ticket is found by its key.
CREATE FUNCTION plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; whole text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || query LOOP whole := whole || line || E'\n'; END LOOP;
  RETURN whole;
END $$;
INSERT INTO ticket (desk_id, channel, body, team_id, opened_at) SELECT :desk, 'email', 'x', :technical, '2025-03-03 09:00' FROM generate_series(1, 500);
ANALYZE csflow.ticket;
SET ROLE :"lin";
SELECT ok(plan(format('SELECT state FROM csflow.ticket WHERE desk_id = %s AND ticket_no = %L', :desk, :'s')) ~ 'Index.*ticket_pkey', 'H2: row security leaves the key of a ticket usable');
SELECT ok(plan(format('SELECT body FROM csflow.my_ticket WHERE desk_id = %s AND ticket_no = %L', :desk, :'s')) ~ 'Index.*ticket_pkey', 'H2: so does my_ticket');
SELECT ok(plan(format('SELECT at FROM csflow.event WHERE desk_id = %s AND ticket_no = %L', :desk, :'s')) ~ 'ticket_pkey', 'H2: an event asks for its ticket by the key');
SELECT ok(plan('SELECT state FROM csflow.ticket') ~ 'hashed SubPlan', 'H2: rights are hashed, not asked for each row');
RESET ROLE;

\ir ../lib/drop_roles.sql
SELECT * FROM finish();
