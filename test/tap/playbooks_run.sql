-- Clocks of the playbooks tiered, complaint, reception and record at exact instants, those above all that are rows of more than
-- a duration: conditions met later, working days over a holiday, reviews, objections on closed tickets, steps that hand over
-- (handbook A2, A10, B4, B5, C3, C6, D1, D5, D7, D8, D11, D12, E2, E4, F3, F6, F10; design 2.2). Instants lie in 2025, in Shanghai.
\set ON_ERROR_STOP 1
SET TimeZone = 'Asia/Shanghai';
SET search_path = public, csflow;
SET client_min_messages = warning;
SELECT no_plan();

CREATE TABLE book AS
SELECT name, csflow.create_desk(name, name) AS desk_id FROM unnest('{tiered,complaint,reception,record}'::text[]) AS b (name);
-- In each desk every department has two people, a supervisor and a head; a bot and two customers, one of them VIP.
INSERT INTO agent (desk_id, agent_id, name, team_id)
SELECT t.desk_id, row_number() OVER (PARTITION BY t.desk_id ORDER BY t.team_id) * 10 + n, t.code || ' ' || n, t.team_id
FROM team AS t, generate_series(1, 2) AS n;
INSERT INTO agent (desk_id, agent_id, name) SELECT desk_id, 901, 'Supervisor' FROM book UNION ALL SELECT desk_id, 902, 'Head' FROM book;
UPDATE team SET supervisor_id = 901, head_id = 902;
-- The same words again and again here, each as a ticket of its own.
UPDATE desk SET duplicate_at_intake = false;
INSERT INTO customer (desk_id, customer_id, nickname, tier) SELECT desk_id, 1, 'panda1', 'standard' FROM book UNION ALL SELECT desk_id, 2, 'panda2', 'vip' FROM book;

CREATE FUNCTION desk_of(no ticket_no) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT desk_id FROM csflow.ticket WHERE ticket_no = no';
CREATE FUNCTION who(no ticket_no, team text, n integer DEFAULT 1) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT a.agent_id FROM csflow.agent AS a JOIN csflow.team AS t USING (desk_id, team_id)
  WHERE a.desk_id = desk_of(no) AND t.code = team ORDER BY a.agent_id OFFSET n - 1 LIMIT 1
$$;
CREATE FUNCTION opened(book text, channel text, body text, at text, customer_id bigint DEFAULT 1, complexity text DEFAULT NULL, priority csflow.priority DEFAULT NULL)
RETURNS ticket_no LANGUAGE sql AS $$
  INSERT INTO csflow.ticket (desk_id, channel, body, opened_at, customer_id, complexity, priority)
  VALUES (csflow.desk_id(book), channel, body, at::timestamptz, customer_id, complexity, priority) RETURNING ticket_no
$$;
CREATE FUNCTION said(no ticket_no, author text, at text, milestone text DEFAULT NULL, news text DEFAULT NULL, public boolean DEFAULT true)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, at, milestone, next_news_at, is_public, body)
  VALUES (desk_of(no), no, author, at::timestamptz, milestone, news::timestamptz, public, '…')
$$;
CREATE FUNCTION noted(no ticket_no, milestone text, at text, news text DEFAULT NULL) RETURNS void LANGUAGE sql AS
  $$SELECT said(no, 'agent', at, milestone, news, false)$$;
CREATE FUNCTION moved(no ticket_no, state text, at text) RETURNS void LANGUAGE sql AS $$
  UPDATE csflow.ticket AS t SET state = moved.state, changed_at = at::timestamptz, changed_by = NULL,
    close_reason = CASE WHEN moved.state = 'closed' THEN 'customer_confirmed' END
  WHERE ticket_no = no
$$;
CREATE FUNCTION given(no ticket_no, agent bigint, at text) RETURNS void LANGUAGE sql AS
  $$UPDATE csflow.ticket SET agent_id = agent, changed_at = at::timestamptz, changed_by = NULL WHERE ticket_no = no$$;
CREATE FUNCTION became(no ticket_no, at text, complexity text DEFAULT NULL, priority csflow.priority DEFAULT NULL, tier integer DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
  UPDATE csflow.ticket AS t SET complexity = coalesce(became.complexity, t.complexity), priority = coalesce(became.priority, t.priority),
    handling_tier = coalesce(became.tier, t.handling_tier), changed_at = at::timestamptz, changed_by = NULL, change_reason = 'corrected'
  WHERE ticket_no = no
$$;
CREATE FUNCTION swept(no ticket_no, at text) RETURNS void LANGUAGE sql AS
  $$SELECT count(csflow.fire_steps(desk_of(no), at::timestamptz, 1000, false, no))$$;
CREATE FUNCTION team_of(no ticket_no) RETURNS text LANGUAGE sql STABLE AS
  $$SELECT t.code FROM csflow.ticket AS k JOIN csflow.team AS t USING (desk_id, team_id) WHERE k.ticket_no = no$$;
CREATE FUNCTION instant(at timestamptz) RETURNS text LANGUAGE sql STABLE RETURN
  coalesce(regexp_replace(to_char(at, 'MM-DD HH24:MI:SS.US'), '(:00)?\.0{6}$|0+$', ''), '-');
CREATE FUNCTION clocks(no ticket_no, wanted text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT string_agg(format('%s..%s due %s %s', instant(started_at), instant(stopped_at), instant(due_at),
    coalesce(outcome, CASE WHEN run_since IS NULL THEN 'paused' ELSE 'running' END)), '; ' ORDER BY run)
  FROM csflow.clock WHERE ticket_no = no AND clock = wanted
$$;

-- complaint: first contact, acknowledgement
SELECT opened('complaint', 'live_chat', '页面打不开', '2025-03-03 09:00') AS chat, opened('complaint', 'email', '页面打不开', '2025-03-03 09:00') AS mail,
  opened('complaint', 'live_chat', '页面打不开', '2025-03-03 09:00', 1, 'complex') AS complex \gset
SELECT said(:'chat', 'system', '2025-03-03 09:01'), said(:'chat', 'agent', '2025-03-03 09:03'), said(:'mail', 'agent', '2025-03-03 09:30'), said(:'complex', 'agent', '2025-03-03 09:10') \g /dev/null
SELECT is(clocks(:'chat', 'first_contact'), '03-03 09:00..03-03 09:03 due 03-03 09:02 breached', 'A2: contact within 2 minutes, by a person');
SELECT is(clocks(:'chat', 'acknowledge'), '03-03 09:00..03-03 09:03 due 03-03 09:10 met', 'A2: online at least acknowledged within 10 minutes');
SELECT is(clocks(:'mail', 'acknowledge'), '03-03 09:00..03-03 09:30 due 03-03 09:30 met', 'A2: e-mail within 30');
SELECT is(clocks(:'mail', 'first_contact'), NULL, 'A2: an e-mail cannot be answered at once');
SELECT is(clocks(:'complex', 'first_contact') || clocks(:'complex', 'acknowledge'), NULL, 'A2: nor can what needs a complex investigation');
SELECT is(clocks(:'complex', 'acknowledge'), '03-03 09:00..03-03 09:10 due 03-03 09:10 met', 'A2: it is acknowledged within 10 minutes');

SELECT opened('complaint', 'web_form', '页面打不开', '2025-03-03 09:00') AS form, opened('complaint', 'help_centre', '页面打不开', '2025-03-03 09:00') AS centre, opened('complaint', 'in_app_feedback', '页面打不开', '2025-03-03 09:00') AS zone \gset
SELECT is(array_agg(DISTINCT clocks(no, 'acknowledge')), '{"03-03 09:00..- due 03-03 09:30 running"}', 'A2: a form within 30, and the help centre and the feedback zone like one')
FROM unnest(ARRAY[:'form', :'centre', :'zone']::ticket_no[]) AS t (no);

-- complaint: acceptance
SELECT is(team_of(:'chat'), 'technical_support', 'C1, C2: a page that does not load goes to technical support');
SELECT given(:'chat', who(:'chat', 'technical_support'), '2025-03-03 09:10') \g /dev/null
SELECT swept(:'chat', '2025-03-03 09:26') \g /dev/null
SELECT is((SELECT agent_id FROM ticket WHERE ticket_no = :'chat'), who(:'chat', 'technical_support', 2), 'C3: not accepted within 15 minutes, the next has it');
SELECT is(clocks(:'chat', 'accept'), '03-03 09:10..03-03 09:26 due 03-03 09:25 breached; 03-03 09:26..- due 03-03 09:41 running', 'C3: and 15 minutes of their own');
SELECT ok(EXISTS (SELECT FROM outbox WHERE ticket_no = :'chat' AND clock = 'accept' AND recipient_id = 901), 'C3: the supervisor is told');
SELECT moved(:'chat', 'in_progress', '2025-03-03 09:30') \g /dev/null
SELECT is(clocks(:'chat', 'accept'), '03-03 09:10..03-03 09:26 due 03-03 09:25 breached; 03-03 09:26..03-03 09:30 due 03-03 09:41 met', 'C3: accepted');
SELECT given(:'chat', who(:'chat', 'technical_support', 1), '2025-03-03 10:00') \g /dev/null
SELECT is(clocks(:'chat', 'accept'), '03-03 09:10..03-03 09:26 due 03-03 09:25 breached; 03-03 09:26..03-03 09:30 due 03-03 09:41 met', 'C3: work already in progress waits for nobody''s acceptance');

SELECT opened('complaint', 'email', '忘记密码', '2025-03-03 09:00') AS lone, opened('complaint', 'email', '忘记密码', '2025-03-03 09:00') AS other, opened('complaint', 'email', '忘记密码', '2025-03-03 09:00') AS third \gset
SELECT given(no, who(no, team_of(no), n), '2025-03-03 09:00') FROM (VALUES (:'lone'::ticket_no, 1), (:'other', 2), (:'third', 2)) AS v (no, n) \g /dev/null
SELECT swept(:'lone', '2025-03-03 09:15') \g /dev/null
SELECT is((SELECT agent_id FROM ticket WHERE ticket_no = :'lone'), who(:'lone', team_of(:'lone'), 2), 'C3: the next is somebody else, though they have more to do');

-- complaint: investigation; working days over a holiday with a Saturday worked instead
SELECT is(clocks(:'chat', 'preliminary_investigation'), '03-03 09:30..- due 03-04 09:30 running', 'D1: first finding within 24 h of acceptance');
SELECT is(clocks(:'chat', 'investigation'), '03-03 09:30..- due 03-05 09:30 running', 'D1: general investigation within 48 h');
SELECT noted(:'chat', 'finding_recorded', '2025-03-04 09:00'), noted(:'chat', 'report_recorded', '2025-03-04 10:00') \g /dev/null
SELECT is(clocks(:'chat', 'preliminary_investigation') || ' ' || clocks(:'chat', 'investigation'),
  '03-03 09:30..03-04 09:00 due 03-04 09:30 met 03-03 09:30..03-04 10:00 due 03-05 09:30 met', 'D1: finding and report are recorded');
SELECT opened('complaint', 'web_form', '页面打不开', '2025-03-03 09:00') AS stands \gset
SELECT moved(:'stands', 'in_progress', '2025-03-03 10:00'), moved(:'stands', 'waiting_partner', '2025-03-03 11:00'), moved(:'stands', 'waiting_customer', '2025-03-03 15:00'), moved(:'stands', 'in_progress', '2025-03-03 16:00') \g /dev/null
SELECT is(clocks(:'stands', 'preliminary_investigation') || ' ' || clocks(:'stands', 'investigation'), '03-03 10:00..- due 03-04 11:00 running 03-03 10:00..- due 03-05 15:00 running',
  'D1, D9: the first finding waits for the customer only, the investigation for a partner, too');
SELECT opened('complaint', 'web_form', '页面打不开', '2025-09-30 09:00', 1, 'complex') AS long, opened('complaint', 'web_form', '页面打不开', '2025-09-30 09:00') AS later \gset
SELECT moved(:'long', 'in_progress', '2025-09-30 10:00'), moved(:'later', 'in_progress', '2025-09-30 10:00') \g /dev/null
SELECT is(clocks(:'long', 'investigation'), '09-30 10:00..- due 10-11 10:00 running', 'D1, D8: complex: 3 working days, 1 to 8 October off, Saturday the 11th worked');
SELECT is(clocks(:'long', 'stage_report'), '09-30 10:00..- due 10-11 10:00 running', 'D1: with a stage report by then');
SELECT is(clocks(:'long', 'resolve'), '09-30 09:00..- due 10-03 09:00 running', 'D11: complex: 72 h');
SELECT is(clocks(:'later', 'resolve'), '09-30 09:00..- due 10-01 09:00 running', 'D11: general: 24 h');
SELECT became(:'later', '2025-09-30 17:00', complexity => 'complex') \g /dev/null
SELECT is(clocks(:'later', 'stage_report'), '09-30 10:00..- due 10-11 10:00 running', 'D1: found to be complex only later: counted from acceptance');
SELECT is(clocks(:'later', 'resolve'), '09-30 09:00..- due 10-03 09:00 running', 'D11: 72 h in all');
SELECT said(:'long', 'agent', '2025-10-09 10:00', 'stage_report') \g /dev/null
SELECT is(clocks(:'long', 'stage_report'), '09-30 10:00..10-09 10:00 due 10-11 10:00 met', 'D1: sent to the customer');

-- complaint: approval, notice, objection on a closed ticket
SELECT noted(:'chat', 'solution_recorded', '2025-03-04 11:00'), moved(:'chat', 'waiting_approval', '2025-03-04 12:00') \g /dev/null
SELECT csflow.decide(desk_of(:'chat'), :'chat', true, '同意退款', 901, '2025-03-04 15:00') \g /dev/null
SELECT is(clocks(:'chat', 'approval'), '03-04 12:00..03-04 15:00 due - measured', 'E2: approval is measured');
SELECT is(clocks(:'chat', 'feedback'), '03-04 15:00..- due 03-05 15:00 running', 'E4: the answer goes out within 24 h of the decision');
SELECT moved(:'chat', 'waiting_customer', '2025-03-04 16:00'), said(:'chat', 'customer', '2025-03-04 18:00'), said(:'chat', 'agent', '2025-03-04 20:00'), moved(:'chat', 'answered', '2025-03-04 20:00') \g /dev/null
SELECT is(clocks(:'chat', 'feedback'), '03-04 15:00..03-04 20:00 due 03-05 15:00 met', 'E4: answered');
SELECT is((SELECT paused_microseconds / 3600000000 FROM clock WHERE ticket_no = :'chat' AND clock = 'resolve'), 2::bigint, 'D9: waiting for the customer stood still');
SELECT is(clocks(:'chat', 'objection_window'), '03-04 20:00..- due 03-11 20:00 running', 'F3: 7 days to object');
SELECT moved(:'chat', 'closed', '2025-03-05 09:00') \g /dev/null
SELECT is(clocks(:'chat', 'objection_window'), '03-04 20:00..- due 03-11 20:00 running', 'F3: closing does not end the right to object');
SELECT csflow.object(desk_of(:'chat'), :'chat', '不接受', NULL, '2025-03-06 09:00') \g /dev/null
SELECT is((SELECT state FROM ticket WHERE ticket_no = :'chat'), 'under_review', 'F3: an objection on a closed ticket');
SELECT is(clocks(:'chat', 'objection_response'), '03-06 09:00..- due 03-06 11:00 running', 'F3: response within 2 h');
SELECT is(clocks(:'chat', 'review_start'), '03-06 09:00..- due 03-08 09:00 running', 'F3: review starts within 2 days');
SELECT is(clocks(:'chat', 'resolve') LIKE '% paused', true, 'D11: while the objection is undecided nothing is owed again');
SELECT said(:'chat', 'agent', '2025-03-06 10:00'), csflow.name_reviewer(desk_of(:'chat'), :'chat', 901, at => '2025-03-07 09:00'), noted(:'chat', 'review_amended', '2025-03-07 12:00'),
  moved(:'chat', 'in_progress', '2025-03-07 12:00') \g /dev/null
SELECT is(clocks(:'chat', 'objection_response') || ' ' || clocks(:'chat', 'review_start'),
  '03-06 09:00..03-06 10:00 due 03-06 11:00 met 03-06 09:00..03-07 09:00 due 03-08 09:00 met', 'F3: answered, another reviewer named');
SELECT is(clocks(:'chat', 'feedback') LIKE '%; 03-07 12:00..- due 03-08 12:00 running', true, 'E4, F3: the outcome of the review is told within 24 h');
SELECT is(clocks(:'chat', 'resolve') LIKE '% running', true, 'D11: upheld, the time used before counts on');

-- complaint: call-backs of high-value customers and major complaints, others when planned
SELECT opened('complaint', 'email', '页面打不开', '2025-03-03 09:00', 2) AS vip, opened('complaint', 'live_chat', '账号里的资金损失', '2025-03-03 09:00') AS major,
  opened('complaint', 'email', '页面打不开', '2025-03-03 09:00') AS plain \gset
SELECT moved(no, 'answered', '2025-03-04 09:00') FROM unnest(ARRAY[:'vip', :'major', :'plain']::ticket_no[]) AS t (no) \g /dev/null
SELECT is(clocks(:'vip', 'call_back') || clocks(:'major', 'call_back'), '03-04 09:00..- due - running03-04 09:00..- due - running', 'F10: a call-back without a date as yet');
SELECT noted(:'vip', 'call_back_planned', '2025-03-04 10:00', '2025-03-07 10:00'), noted(:'plain', 'call_back_planned', '2025-03-04 10:00', '2025-03-08 10:00'),
  noted(:'vip', 'call_logged', '2025-03-07 09:00') \g /dev/null
SELECT is(clocks(:'vip', 'call_back'), '03-04 09:00..03-04 10:00 due - measured; 03-04 10:00..03-07 09:00 due 03-07 10:00 met', 'F10: the plan names it');
SELECT is(clocks(:'plain', 'call_back'), '03-04 10:00..- due 03-08 10:00 running', 'F10: other customers where somebody plans one');

-- reception: emergency call-back
SELECT opened('reception', 'live_chat', '外卖配送途中事故，骑手受伤了', '2025-03-03 09:00') AS accident, opened('reception', 'live_chat', '外卖延迟', '2025-03-03 09:00') AS late \gset
SELECT is((SELECT priority FROM ticket WHERE ticket_no = :'accident'), 'E'::priority, 'B4: personal safety');
SELECT is(team_of(:'accident'), 'special_team', 'B4: goes to the special team');
SELECT is(clocks(:'accident', 'emergency_call_back'), '03-03 09:00..- due 03-03 09:10 running', 'B4: call back within 10 minutes');
SELECT said(:'accident', 'agent', '2025-03-03 09:02'), noted(:'accident', 'call_logged', '2025-03-03 09:09') \g /dev/null
SELECT is(clocks(:'accident', 'emergency_call_back'), '03-03 09:00..03-03 09:09 due 03-03 09:10 met', 'B4: only the call counts');
SELECT became(:'late', '2025-03-03 09:20', priority => 'E'), swept(:'late', '2025-03-03 09:20') \g /dev/null
SELECT is(team_of(:'late') || ' ' || clocks(:'late', 'emergency_call_back'), 'special_team 03-03 09:20..- due 03-03 09:30 running', 'B4: raised later, it is handed to the special team at once');

-- reception: news every 3 minutes
SELECT opened('reception', 'live_chat', '外卖延迟', '2025-03-03 09:00') AS live, opened('reception', 'email', '外卖延迟', '2025-03-03 09:00') AS letter \gset
SELECT moved(:'live', 'in_progress', '2025-03-03 09:01'), moved(:'letter', 'in_progress', '2025-03-03 09:01') \g /dev/null
SELECT swept(:'live', '2025-03-03 09:03') \g /dev/null
SELECT results_eq(format('SELECT topic, due_at FROM outbox WHERE ticket_no = %L AND clock = %L', :'live', 'customer_update'), $$VALUES ('warning', timestamptz '2025-03-03 09:03')$$,
  'D5: two minutes without news: the owner is warned');
SELECT said(:'live', 'agent', '2025-03-03 09:03:30', NULL, '2025-03-03 09:08:30'), said(:'live', 'agent', '2025-03-03 09:07'), noted(:'live', 'conversation_ended', '2025-03-03 09:08') \g /dev/null
SELECT is(clocks(:'live', 'customer_update'), '03-03 09:01..03-03 09:03:30 due 03-03 09:04 met; 03-03 09:03:30..03-03 09:06:30 due 03-03 09:06:30 breached; '
  || '03-03 09:06:30..03-03 09:07 due 03-03 09:09:30 met; 03-03 09:07..03-03 09:08 due 03-03 09:10 met', 'D5: every 3 minutes until the conversation ends');
SELECT is(clocks(:'live', 'promise'), '03-03 09:03:30..03-03 09:07 due 03-03 09:08:30 met', 'D12: "reply expected in 5 minutes"');
SELECT is(clocks(:'letter', 'customer_update'), NULL, 'D5: in a live session only');

SELECT opened('reception', 'live_chat', '外卖延迟', '2025-03-03 09:00') AS asks \gset
SELECT moved(:'asks', 'in_progress', '2025-03-03 09:01'), moved(:'asks', 'waiting_customer', '2025-03-03 09:02'), said(:'asks', 'customer', '2025-03-03 09:30') \g /dev/null
SELECT is(clocks(:'asks', 'customer_update'), '03-03 09:01..- due 03-03 09:32 running', 'D5, D9: while the customer is asked nothing is owed; two of the three minutes are left');

-- reception: a low score, a follow-up, a right for the time of a conversation
SELECT noted(:'live', 'low_score_received', '2025-03-03 09:10'), (SELECT add_task(t.desk_id, t.ticket_no, '核实退款', '2025-03-04 12:00', at => '2025-03-03 09:11') FROM ticket t WHERE t.ticket_no = :'live'), noted(:'live', 'right_granted', '2025-03-03 09:12', '2025-03-03 10:12') \g /dev/null
SELECT swept(:'live', '2025-03-03 09:12') \g /dev/null
SELECT results_eq(format('SELECT clock, participants FROM review WHERE ticket_no = %L', :'live'), $$VALUES ('low_score_explanation', '{supervisor}'::text[])$$,
  'F6: a score of 3 or less opens the supervisor''s review at once');
SELECT noted(:'live', 'second_call_begun', '2025-03-03 18:00'), noted(:'live', 'explanation_written', '2025-03-04 09:10:00.000001'), (SELECT finish_task(k.desk_id, k.ticket_no, k.task_no, at => '2025-03-04 11:00') FROM task k WHERE k.ticket_no = :'live'),
  noted(:'live', 'right_returned', '2025-03-04 11:00') \g /dev/null
SELECT is(clocks(:'live', 'low_score_explanation') || ' ' || clocks(:'live', 'second_call'),
  '03-03 09:10..03-04 09:10:00.000001 due 03-04 09:10 breached 03-03 09:10..03-03 18:00 due 03-04 09:10 met', 'F6: explanation and second call within the same 24 h');
SELECT is(clocks(:'live', 'follow_up_task'), '03-03 09:11..03-04 11:00 due 03-04 12:00 met', 'D7: a to-do with its own instant');
SELECT is(clocks(:'live', 'temporary_right'), '03-03 09:12..03-04 11:00 due 03-03 10:12 breached', 'H2: a right kept too long shows');

SELECT noted(:'live', 'call_back_planned', '2025-03-04 12:00', '2025-03-06 12:00'), noted(:'live', 'call_logged', '2025-03-04 13:00'), noted(:'live', 'call_back_planned', '2025-03-04 14:00', '2025-03-05 12:00'),
  noted(:'live', 'call_back_logged', '2025-03-05 12:00') \g /dev/null
SELECT is(clocks(:'live', 'call_back'), '03-04 12:00..03-04 14:00 due 03-06 12:00 void; 03-04 14:00..03-05 12:00 due 03-05 12:00 met', 'D7, F10: the call-back of the plan, moved to another day; only it counts');

-- record: start, handling, plan
SELECT opened('record', 'email', '系统崩溃', '2025-03-07 17:00') AS urgent, opened('record', 'email', '投诉升级，服务态度差', '2025-03-07 17:00') AS high,
  opened('record', 'email', '服务态度差', '2025-03-07 17:00') AS medium, opened('record', 'email', '界面体验不好', '2025-03-07 17:00') AS low \gset
SELECT is(clocks(:'urgent', 'start_handling'), '03-07 17:00..- due 03-07 17:05 running', 'B3: urgent: taken up immediately');
SELECT moved(:'urgent', 'in_progress', '2025-03-07 17:04'), moved(:'medium', 'in_progress', '2025-03-07 17:04') \g /dev/null
SELECT is(clocks(:'urgent', 'start_handling'), '03-07 17:00..03-07 17:04 due 03-07 17:05 met', 'B3: in progress');
SELECT is(clocks(:'high', 'handle') || '; ' || clocks(:'medium', 'handle'), '03-07 17:00..- due 03-08 17:00 running; 03-07 17:00..- due 03-12 17:00 running',
  'B3, D8: high 24 h; medium 3 working days, the weekend is none');
SELECT became(:'medium', '2025-03-07 17:30', priority => 'E') \g /dev/null
SELECT swept(:'medium', '2025-03-07 20:00') \g /dev/null
SELECT is(coalesce(clocks(:'medium', 'start_handling'), 'none') || ' ' || clocks(:'medium', 'handle'), 'none 03-07 17:00..03-07 17:30 due 03-12 17:00 void',
  'B3: urgent only now but in progress already: nothing is missed');
SELECT ok(NOT EXISTS (SELECT FROM outbox WHERE ticket_no = :'medium'), 'B3: and nobody is told so');
SELECT noted(:'low', 'plan_linked', '2025-03-20 10:00') \g /dev/null
SELECT is(clocks(:'low', 'plan_link'), '03-07 17:00..03-20 10:00 due - measured', 'B3: low: the time to the iteration plan is measured');
SELECT (SELECT add_task(t.desk_id, t.ticket_no, '修复', '2025-03-10 18:00', at => '2025-03-07 18:00') FROM ticket t WHERE t.ticket_no = :'high'), swept(:'high', '2025-03-10 18:00') \g /dev/null
SELECT results_eq(format('SELECT topic, recipient, due_at FROM outbox WHERE ticket_no = %L AND clock = %L ORDER BY outbox_id', :'high', 'task'),
  $$VALUES ('warning', 'owner', timestamptz '2025-03-10 00:00'), ('breach', 'supervisor', '2025-03-10 18:00'), ('escalation', 'coordinator', '2025-03-10 18:00')$$,
  'D6, D7: a task warns before its date and is escalated to coordination at it');

-- tiered: bot, hand-over
SELECT opened('tiered', 'live_chat', '请问会员怎么续费', '2025-03-03 09:00') AS simple, opened('tiered', 'live_chat', '请问会员怎么续费', '2025-03-03 09:00') AS silent \gset
SELECT said(:'simple', 'system', '2025-03-03 09:00:05'), said(:'simple', 'customer', '2025-03-03 09:01'), said(:'simple', 'system', '2025-03-03 09:01:11') \g /dev/null
SELECT is(team_of(:'simple') || ' ' || clocks(:'simple', 'bot_answer'), 'bot 03-03 09:00..03-03 09:00:05 due 03-03 09:00:10 met; 03-03 09:01..03-03 09:01:11 due 03-03 09:01:10 breached',
  'B5: tier 1: the bot answers each message at once');
SELECT swept(:'silent', '2025-03-03 09:00:10') \g /dev/null
SELECT is(team_of(:'silent'), 'front_line', 'B5: a silent bot loses the ticket to the front line');
SELECT noted(:'simple', 'handover_triggered', '2025-03-03 09:02'), given(:'simple', who(:'simple', 'front_line'), '2025-03-03 09:02:20'), moved(:'simple', 'in_progress', '2025-03-03 09:02:40') \g /dev/null
SELECT is(clocks(:'simple', 'handover'), '03-03 09:02..03-03 09:02:40 due 03-03 09:03 met', 'A10: a person has taken over');
SELECT said(:'simple', 'customer', '2025-03-03 09:05') \g /dev/null
SELECT is(clocks(:'simple', 'bot_answer') LIKE '%; 03-03 09:05..- due - paused', true, 'A10: from then on the bot owes nothing');

SELECT opened('tiered', 'live_chat', '请问会员怎么续费', '2025-03-03 09:00') AS nobody \gset
SELECT noted(:'nobody', 'handover_triggered', '2025-03-03 09:02') \g /dev/null
SELECT priority AS was FROM ticket WHERE ticket_no = :'nobody' \gset
SELECT swept(:'nobody', '2025-03-03 09:03') \g /dev/null
SELECT is((SELECT (priority > :'was', array_agg(o.recipient ORDER BY o.outbox_id))::text FROM ticket t JOIN outbox o USING (desk_id, ticket_no) WHERE t.ticket_no = :'nobody' AND o.clock = 'handover' AND o.topic <> 'warning' GROUP BY t.priority),
  ('t'::boolean, '{supervisor,team}'::text[])::text, 'A10: nobody has taken over within a minute: ahead in the queue, the supervisor is told');

-- tiered: tiers 2 to 4, task force
SELECT opened('tiered', 'live_chat', '上传失败', '2025-03-03 09:00') AS second, opened('tiered', 'live_chat', '账号被封', '2025-03-03 09:00') AS third,
  opened('tiered', 'live_chat', '重大投诉', '2025-03-03 09:00') AS fourth \gset
SELECT is(array_agg(team_of(no) ORDER BY no), '{front_line,senior_staff,special_group}', 'B5: tiers reach their departments')
FROM unnest(ARRAY[:'second', :'third', :'fourth']::ticket_no[]) AS t (no);
SELECT is(clocks(:'second', 'handle'), NULL, 'B5: tier 2: not before it is assigned');
SELECT given(:'second', who(:'second', 'front_line'), '2025-03-03 09:30') \g /dev/null
SELECT is(clocks(:'second', 'handle'), '03-03 09:30..- due 03-03 11:30 running', 'B5: handled within 2 h of assignment');
SELECT swept(:'second', '2025-03-03 11:30') \g /dev/null
SELECT is(team_of(:'second'), 'senior_staff', 'B5: else it is for the seniors');
SELECT is((SELECT handling_tier FROM ticket WHERE ticket_no = :'second'), 3::smallint, 'B5: as a ticket of tier 3');
SELECT is(clocks(:'second', 'follow_up'), '03-03 11:30..- due 03-03 15:30 running', 'B5: which somebody senior takes up within 4 h');
SELECT is(clocks(:'third', 'follow_up') || '; ' || clocks(:'fourth', 'special_group'), '03-03 09:00..- due 03-03 13:00 running; 03-03 09:00..- due 03-03 09:15 running',
  'B5: tier 3 taken up within 4 h, tier 4 a group within 15 minutes');
UPDATE agent SET tier = 'expert' WHERE desk_id = desk_of(:'third') AND agent_id = who(:'third', 'senior_staff');
SELECT csflow.note(desk_of(:'third'), :'third', '…', agent_id => who(:'third', 'front_line'), at => '2025-03-03 09:50') \g /dev/null
SELECT is(clocks(:'third', 'follow_up'), '03-03 09:00..- due 03-03 13:00 running', 'B5: a novice''s note is not enough');
SELECT csflow.note(desk_of(:'third'), :'third', '…', agent_id => who(:'third', 'senior_staff'), at => '2025-03-03 10:00'), noted(:'fourth', 'group_formed', '2025-03-03 09:14') \g /dev/null
SELECT is(clocks(:'third', 'follow_up') || '; ' || clocks(:'fourth', 'special_group'), '03-03 09:00..03-03 10:00 due 03-03 13:00 met; 03-03 09:00..03-03 09:14 due 03-03 09:15 met',
  'B5: a senior''s note shows that it is taken up');
SELECT noted(:'fourth', 'task_force_opened', '2025-03-03 09:20'), noted(:'fourth', 'task_force_entry', '2025-03-03 12:00'), noted(:'fourth', 'solution_recorded', '2025-03-04 09:20') \g /dev/null
SELECT is(clocks(:'fourth', 'task_force_response') || '; ' || clocks(:'fourth', 'task_force_solution'),
  '03-03 09:20..03-03 12:00 due 03-03 13:20 met; 03-03 09:20..03-04 09:20 due 03-04 09:20 met', 'C6: a task force: 4 h to respond, 24 h to a solution');
SELECT opened('tiered', 'live_chat', '重大投诉', '2025-03-03 09:00') AS forced \gset
SELECT noted(:'forced', 'task_force_opened', '2025-03-03 09:00'), moved(:'forced', 'waiting_customer', '2025-03-03 10:00'), moved(:'forced', 'in_progress', '2025-03-03 12:00') \g /dev/null
SELECT is(clocks(:'forced', 'task_force_response') || '; ' || clocks(:'forced', 'task_force_solution'), '03-03 09:00..- due 03-03 13:00 running; 03-03 09:00..- due 03-04 11:00 running',
  'C6, D9: the solution may wait for the customer, the response may not');
SELECT given(:'third', who(:'third', 'senior_staff'), '2025-03-03 10:30'), became(:'third', '2025-03-03 11:00', tier => 2) \g /dev/null
SELECT is(clocks(:'third', 'handle'), '03-03 10:30..- due 03-03 12:30 running', 'B5: tier 2 only later: counted from assignment');
SELECT * FROM finish();
