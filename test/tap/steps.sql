-- What steps do beyond telling people, and what people record in return: handling tiers, messages to the customer, linked tickets,
-- reviews and their reviewers, approvals, late cases and their causes (handbook B3, B4, B5, D3, D6, D12, E2, F3, F6, G5, G9, H3).
\set ON_ERROR_STOP 1
SET TimeZone = 'Asia/Shanghai';
SET search_path = public, csflow;
SET client_min_messages = warning;
SELECT no_plan();

CREATE TABLE book AS
SELECT name, csflow.create_desk(name, name) AS desk_id FROM unnest('{tiered,complaint,reception,record}'::text[]) AS b (name);
INSERT INTO agent (desk_id, agent_id, name, team_id)
SELECT t.desk_id, 10 + row_number() OVER (PARTITION BY t.desk_id ORDER BY t.team_id, n), t.code || ' ' || n, t.team_id
FROM team AS t, generate_series(1, 2) AS n;
INSERT INTO agent (desk_id, agent_id, name) SELECT desk_id, 901, 'Supervisor' FROM book UNION ALL SELECT desk_id, 902, 'Head' FROM book;
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) SELECT desk_id, 999, 'application', current_user, true FROM book;
UPDATE team SET supervisor_id = 901, head_id = 902;
INSERT INTO customer (desk_id, customer_id, nickname, language) SELECT desk_id, 1, 'panda1', 'zh' FROM book UNION ALL SELECT desk_id, 2, 'jay2', 'en' FROM book;
SELECT desk_id AS tiered FROM book WHERE name = 'tiered' \gset
SELECT desk_id AS complaint FROM book WHERE name = 'complaint' \gset
SELECT desk_id AS reception FROM book WHERE name = 'reception' \gset
SELECT desk_id AS record FROM book WHERE name = 'record' \gset
CREATE FUNCTION swept(desk bigint, at timestamptz, closing boolean DEFAULT false) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  fired integer;
  total integer := 0;
BEGIN
  LOOP
    fired := csflow.fire_steps(desk, at, 1000, closing);
    EXIT WHEN fired = 0;
    total := total + fired;
  END LOOP;
  RETURN total;
END
$$;
CREATE FUNCTION clock_of(no ticket_no, wanted text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT string_agg(concat_ws(' ', to_char(due_at, 'MM-DD HH24:MI'), coalesce(outcome, CASE WHEN run_since IS NULL THEN 'paused' ELSE 'running' END)), '; ' ORDER BY run)
  FROM csflow.clock WHERE ticket_no = no AND clock = wanted
$$;

-- B5: a tier that was not kept
SELECT open_ticket(:tiered, 'live_chat', '上传失败', customer_id => 1, at => '2025-03-03 09:00') AS fault \gset
SELECT assign(:tiered, :'fault', (SELECT min(a.agent_id) FROM agent a JOIN team t USING (desk_id, team_id) WHERE a.desk_id = :tiered AND t.code = 'front_line'), at => '2025-03-03 09:00') AS given \gset
SELECT swept(:tiered, '2025-03-03 11:01') > 0 AS swept \gset
SELECT is((SELECT (k.handling_tier, t.code)::text FROM ticket k JOIN team t USING (desk_id, team_id) WHERE ticket_no = :'fault'), '(3,senior_staff)', 'B5: after 2 h the ticket is one of tier 3');
SELECT is((SELECT array_agg(new_value ORDER BY seq) FROM event WHERE ticket_no = :'fault' AND kind = 'step_fired' AND clock = 'handle'),
  '{notify,notify,assign_team,raise_tier}'::text[], 'B5, D6: its steps in order');
SELECT is((SELECT count(*) FROM event WHERE ticket_no = :'fault' AND kind = 'step_fired' AND clock = 'handle' AND due_at IN ('2025-03-03 10:30', '2025-03-03 11:00') AND at = '2025-03-03 11:01'),
  4::bigint, 'D6: missed ones too, with the instant due and the instant fired');
SELECT is(clock_of(:'fault', 'handle'), '03-03 11:00 running', 'B5: what was missed stays missed, though tier 3 has no such promise');
SELECT swept(:tiered, '2025-03-03 15:02') > 0 AS swept \gset
SELECT is((SELECT (k.handling_tier, t.code)::text FROM ticket k JOIN team t USING (desk_id, team_id) WHERE ticket_no = :'fault'), '(4,special_group)', 'B5: nobody senior within 4 h: tier 4');
SELECT is((SELECT count(*) FROM clock WHERE ticket_no = :'fault' AND clock = 'special_group'), 1::bigint, 'B5: a special group has to be formed');
SELECT answer(:tiered, :'fault', '…', at => '2025-03-03 16:00') AS answered \gset
SELECT is(clock_of(:'fault', 'handle'), '03-03 11:00 breached', 'B5: and was breached');

-- B5: by a senior: people who are no novices, and no bots
INSERT INTO agent (desk_id, agent_id, name, tier, is_bot) VALUES (:tiered, 801, 'expert', 'expert', false), (:tiered, 802, 'bot', 'expert', true), (:tiered, 803, 'novice', 'novice', false);
SELECT open_ticket(:tiered, 'live_chat', '账号被封', customer_id => 1, at => '2025-03-03 09:00') AS banned \gset
SELECT reply(:tiered, :'banned', '…', agent_id => 803, at => '2025-03-03 09:10'), note(:tiered, :'banned', '…', agent_id => 803, at => '2025-03-03 09:10'),
  reply(:tiered, :'banned', '…', agent_id => 802, at => '2025-03-03 09:20'), receive(:tiered, :'banned', '…', at => '2025-03-03 09:30') \g /dev/null
SELECT is(clock_of(:'banned', 'follow_up'), '03-03 13:00 running', 'B5: neither a novice nor a bot nor the customer takes it up');
SELECT note(:tiered, :'banned', '…', agent_id => 801, at => '2025-03-03 10:00') \g /dev/null
SELECT is(clock_of(:'banned', 'follow_up'), '03-03 13:00 met', 'B5: a senior''s note does');

-- B4: personal safety: special team, and the customer is promised the call, once, in their language
SELECT open_ticket(:reception, 'live_chat', '外卖配送途中事故，骑手受伤了', customer_id => 1, at => '2025-03-03 09:00') AS zh,
  open_ticket(:reception, 'live_chat', '外卖配送途中事故，骑手受伤了', customer_id => 2, at => '2025-03-03 09:00') AS en,
  open_ticket(:reception, 'live_chat', '外卖配送途中事故，骑手受伤了', at => '2025-03-03 09:00') AS nobody,
  open_ticket(:reception, 'live_chat', '律师函，法院见', customer_id => 1, at => '2025-03-03 09:00') AS law \gset
SELECT swept(:reception, '2025-03-03 09:00:10') > 0 AS swept \gset
SELECT is((SELECT body FROM message WHERE ticket_no = :'zh'), format('您好，您反映的情况我们已列为紧急事项，专项团队将在2025-03-03 09:10前致电您。工单号：%s', :'zh'), 'B4: the call is promised');
SELECT is((SELECT (author_kind, is_public, at)::text FROM message WHERE ticket_no = :'zh'), ('system', true, '2025-03-03 09:00:10'::timestamptz)::text, 'B4: by an automatic message');
SELECT ok((SELECT body LIKE 'We treat%by 2025-03-03 09:10.%' FROM message WHERE ticket_no = :'en'), 'B4: in the customer''s language');
SELECT is((SELECT (o.recipient_kind, o.recipient_id, o.message_no = m.message_no, e.new_value)::text FROM outbox o JOIN message m USING (desk_id, ticket_no)
    JOIN event e ON e.desk_id = o.desk_id AND e.ticket_no = o.ticket_no AND e.seq = o.event_seq WHERE o.ticket_no = :'zh' AND o.topic = 'message'),
  '(customer,1,t,message_customer)', 'I8: it waits in the outbox, with the step that said it');
SELECT is((SELECT count(*) FROM message WHERE ticket_no = :'nobody'), 1::bigint, 'B4: also where the customer is not known');
SELECT is((SELECT count(*) FROM message WHERE ticket_no = :'law'), 0::bigint, 'B4: legal trouble is no such emergency');
SELECT is(swept(:reception, '2025-03-03 09:00:20'), 0, 'B4: once');
SELECT is((SELECT array_agg(clock ORDER BY clock) FROM clock WHERE ticket_no = :'zh' AND stopped_at IS NOT NULL AND clock IN ('first_response', 'emergency_call_back')), NULL,
  'A2, B4: an automatic message is neither a response nor the call');
SELECT is((SELECT detail_zh FROM timeline WHERE ticket_no = :'zh' AND new_value = 'message_customer'), '升级: 告知客户', 'F7: the timeline tells it');

-- D12: a broken promise is a new complaint, once
SELECT open_ticket(:record, 'email', '页面打不开', customer_id => 1, at => '2025-03-03 09:00') AS promised \gset
SELECT reply(:record, :'promised', '我们将在2小时内修复', next_news_at => '2025-03-03 11:00', agent_id => 11, at => '2025-03-03 09:00') AS replied \gset
SELECT swept(:record, '2025-03-03 11:00') > 0 AS swept \gset
SELECT is((SELECT (t.parent_no = :'promised', c.code, t.kind, t.customer_id, t.channel, t.body, t.body_origin, t.opened_at, t.state)::text FROM ticket t
    JOIN category c USING (desk_id, category_id) WHERE t.parent_no = :'promised'),
  (true, 'broken_promise', 'customer_complaint', 1, 'email', format('工单%s向客户承诺的时间已过，承诺未兑现。', :'promised'), 'staff', '2025-03-03 11:00'::timestamptz, 'new')::text,
  'D12: opened by the step, linked to the ticket whose promise it was');
SELECT ok((SELECT count(*) > 0 FROM clock c JOIN ticket t USING (desk_id, ticket_no) WHERE t.parent_no = :'promised'), 'D12: with clocks of its own');
SELECT swept(:record, '2025-03-05 11:00') > 0 AS swept \gset
SELECT is((SELECT count(*) FROM ticket WHERE parent_no = :'promised'), 1::bigint, 'D12: one');
SELECT reply(:record, :'promised', '明天', next_news_at => '2025-03-06 11:00', agent_id => 11, at => '2025-03-05 12:00') AS replied \gset
SELECT swept(:record, '2025-03-06 11:00') > 0 AS swept \gset
SELECT is((SELECT count(*) FROM ticket WHERE parent_no = :'promised'), 2::bigint, 'D12: and another for the next');
UPDATE channel SET is_active = false WHERE desk_id = :record AND channel = 'email';
SELECT reply(:record, :'promised', '后天', next_news_at => '2025-03-07 11:00', agent_id => 11, at => '2025-03-06 12:00') AS replied \gset
SELECT swept(:record, '2025-03-07 11:00') > 0 AS swept \gset
SELECT is((SELECT count(*) FROM ticket WHERE parent_no = :'promised' AND channel <> 'email'), 1::bigint, 'D12: by another channel where that one is out of use');

-- F3: the reviewer is somebody else
SELECT open_ticket(:complaint, 'email', '页面打不开', customer_id => 1, at => '2025-03-03 09:00') AS disputed \gset
SELECT accept(:complaint, :'disputed', agent_id => 11, at => '2025-03-03 10:00') AS accepted \gset
SELECT assign(:complaint, :'disputed', 12, at => '2025-03-03 11:00') AS assigned \gset
SELECT throws_ok(format($$SELECT csflow.name_reviewer(%s, %L, 12)$$, :complaint, :'disputed'), 'SF010', NULL, 'F3: no review, no reviewer');
SELECT answer(:complaint, :'disputed', '…', agent_id => 12, at => '2025-03-04 08:00') AS answered \gset
SELECT object(:complaint, :'disputed', '不接受', at => '2025-03-05 09:00') AS objected \gset
SELECT swept(:complaint, '2025-03-05 09:00') > 0 AS swept \gset
SELECT is((SELECT (kind, participants, participant_ids, opened_at)::text FROM review WHERE ticket_no = :'disputed'),
  ('objection', '{supervisor}'::text[], '{901}'::bigint[], '2025-03-05 09:00'::timestamptz)::text, 'F3: a review is opened at once, the supervisor takes part');
SELECT throws_ok(format($$SELECT csflow.name_reviewer(%s, %L, 11)$$, :complaint, :'disputed'), 'SF010', 'agent 11 handled ticket ' || :'disputed' || ' of desk ' || :complaint || ' first and cannot review it',
  'F3: not the first handler');
SELECT throws_ok(format($$UPDATE csflow.ticket SET reviewer_id = 11 WHERE ticket_no = %L$$, :'disputed'), 'SF010', NULL, 'F3: nor by an UPDATE');
SELECT throws_ok(format($$SELECT csflow.name_reviewer(%s, %L, 77777)$$, :complaint, :'disputed'), 'SF005', NULL, 'F3: nor somebody unknown');
SELECT assign(:complaint, :'disputed', 901, at => '2025-03-05 10:00') AS assigned \gset
SELECT is(clock_of(:'disputed', 'review_start'), '03-07 09:00 running', 'F3: another handler is no reviewer');
SELECT name_reviewer(:complaint, :'disputed', 12, at => '2025-03-06 09:00') AS named \gset
SELECT is(clock_of(:'disputed', 'review_start'), '03-07 09:00 met', 'F3: a reviewer is');
SELECT is((SELECT (caption_zh, detail_zh)::text FROM timeline WHERE ticket_no = :'disputed' AND kind = 'reviewer_named'), format('(指定复核人,"%s")', (SELECT name FROM agent WHERE desk_id = :complaint AND agent_id = 12)), 'F7: it is in the timeline');
SELECT throws_ok(format($$SELECT csflow.close_review(%s, %L, (SELECT review_no FROM csflow.review WHERE ticket_no = %L), 'forgotten')$$, :complaint, :'disputed', :'disputed'), 'SF005', NULL,
  'F3: the outcomes are uphold, amend, higher level');
SELECT close_review(:complaint, :'disputed', (SELECT review_no FROM review WHERE ticket_no = :'disputed'), 'amend', '…', agent_id => 12, at => '2025-03-06 10:00') \g /dev/null
SELECT is((SELECT (outcome, closed_by)::text FROM review WHERE ticket_no = :'disputed'), '(amend,12)', 'F3: amended');
SELECT throws_ok(format($$SELECT csflow.close_review(%s, %L, (SELECT review_no FROM csflow.review WHERE ticket_no = %L), 'uphold')$$, :complaint, :'disputed', :'disputed'), 'SF006', NULL, 'F3: once');
SELECT change_state(:complaint, :'disputed', 'answered', at => '2025-03-06 11:00'), object(:complaint, :'disputed', '还是不接受', at => '2025-03-06 12:00') \g /dev/null
SELECT is((SELECT reviewer_id FROM ticket WHERE ticket_no = :'disputed'), NULL, 'F3: another objection, another reviewer');
SELECT swept(:complaint, '2025-03-06 12:00') > 0 AS swept \gset
SELECT is((SELECT count(*) FROM review WHERE ticket_no = :'disputed' AND kind = 'objection'), 2::bigint, 'F3: and another review');

-- F6, B3: the other kinds of review; by hand
SELECT open_ticket(:reception, 'live_chat', '外卖延迟', customer_id => 1, at => '2025-03-03 09:00') AS scored \gset
SELECT add_message(:reception, :'scored', 'customer', true, '2', milestone => 'low_score_received', at => '2025-03-03 10:00') AS scored_at \gset
SELECT swept(:reception, '2025-03-03 10:00') > 0 AS swept \gset
SELECT is((SELECT (kind, participant_ids, clock)::text FROM review WHERE ticket_no = :'scored'), '(supervisor,{901},low_score_explanation)', 'F6: a low score opens the supervisor''s review');
SELECT open_review(:reception, :'scored', 'escalation', '{technology/head,food_safety,owner}', at => '2025-03-03 11:00') AS review \gset
SELECT is((SELECT (participants, participant_ids)::text FROM review WHERE review_no = :review), ('{technology/head,food_safety,owner}'::text[], '{902,NULL,NULL}'::bigint[])::text, 'D3: a review by hand');
SELECT results_eq(format($$SELECT recipient_kind, recipient_id, recipient FROM outbox WHERE ticket_no = %L AND topic = 'review' AND created_at = '2025-03-03 11:00' ORDER BY outbox_id$$, :'scored'),
  (SELECT format($$VALUES ('agent', 902::bigint, 'technology/head'), ('team', %s, 'food_safety'), ('team', %s, 'owner')$$, g.team_id, t.team_id) FROM ticket t JOIN team g ON g.desk_id = t.desk_id AND g.code = 'food_safety' WHERE t.ticket_no = :'scored'),
  'D3: its participants are told, as by a step: the team while nobody has the ticket');
SELECT is(open_review(:reception, :'scored', 'escalation', '{supervisor}'), :review::bigint, 'D3: one of a kind at a time');
SELECT throws_ok(format($$SELECT csflow.open_review(%s, %L, 'party', '{owner}')$$, :reception, :'scored'), 'SF005', NULL, 'D3: kinds are known');
SELECT throws_ok(format($$SELECT csflow.open_review(%s, %L, NULL, '{owner}')$$, :reception, :'scored'), 'SF017', NULL, 'D3: and one is named');
SELECT throws_ok(format($$SELECT csflow.open_review(%s, %L, 'emergency', '{}')$$, :reception, :'scored'), 'SF017', NULL, 'D3: somebody takes part');

-- E2: approval
SELECT open_ticket(:complaint, 'email', '页面打不开', customer_id => 1, at => '2025-03-03 09:00') AS refund \gset
SELECT accept(:complaint, :'refund', agent_id => 11, at => '2025-03-03 10:00') AS accepted \gset
SELECT request_approval(:complaint, :'refund', '退款 80 元', agent_id => 11, at => '2025-03-03 11:00', subject => 'refund', amount => 80) AS asked \gset
SELECT throws_ok(format($$SELECT csflow.decide(%s, %L, true, agent_id => 11)$$, :complaint, :'refund'), 'SF010', NULL, 'E2: nobody approves their own proposal');
SELECT throws_ok(format($$INSERT INTO csflow.approval (desk_id, ticket_no, subject, proposal, proposed_by, proposed_at, decided_by, decided_at, is_approved)
  VALUES (%s, %L, 'plan', 'x', 11, now(), 11, now(), true)$$, :complaint, :'refund'), '23514', NULL, 'E2: nor as a row');
SELECT throws_ok(format($$SELECT csflow.answer(%s, %L, '…', agent_id => 11)$$, :complaint, :'refund'), 'SF010', NULL, 'E2: nothing is sent before the decision');
SELECT decide(:complaint, :'refund', false, '先核实', agent_id => 901, at => '2025-03-03 12:00') AS decided \gset
SELECT is((SELECT (subject, amount, proposed_by, decided_by, is_approved, decision)::text FROM approval WHERE ticket_no = :'refund'), '(refund,80,11,901,f,先核实)', 'E2: what was asked and decided, by whom');
SELECT throws_ok(format($$SELECT csflow.request_approval(%s, %L, 'x', subject => 'holiday')$$, :complaint, :'refund'), 'SF005', NULL, 'E2: subjects are known');
-- E2: who may approve up to what amount
SELECT open_ticket(:complaint, 'email', '页面打不开', customer_id => 1, at => '2025-03-03 09:00') AS limited \gset
SELECT accept(:complaint, :'limited', agent_id => 11, at => '2025-03-03 10:00') AS accepted \gset
CREATE FUNCTION asked(desk bigint, no ticket_no, about text, amount numeric, at timestamptz) RETURNS text LANGUAGE sql AS
  $$SELECT request_approval(desk, no, about, 11, at, about, amount)$$;
CREATE FUNCTION approver_of(no ticket_no) RETURNS text LANGUAGE sql STABLE AS $$SELECT approver FROM approval WHERE ticket_no = no ORDER BY approval_no DESC LIMIT 1$$;
SELECT results_eq(format($$SELECT approver, up_to, may_approve, agent_ids FROM csflow.approvers(%s, %L, 'refund', 1000.01)$$, :complaint, :'limited'),
  $$VALUES ('supervisor', 1000::numeric, false, '{901}'::bigint[]), ('head', NULL, true, '{902}')$$, 'E2: the playbook names a higher role above 1,000');
SELECT asked(:complaint, :'limited', 'refund', 1000.01, '2025-03-03 12:10') AS asked \gset
SELECT is(approver_of(:'limited'), 'head', 'E2: above the limit the higher role is named');
SELECT throws_like(format($$SELECT csflow.decide(%s, %L, true, agent_id => 901, at => '2025-03-03 12:20')$$, :complaint, :'limited'), 'agent 901 may not decide on a refund of 1000.01', 'E2: the supervisor cannot approve it');
SELECT throws_ok(format($$UPDATE csflow.approval SET is_approved = true, decided_by = 901, decided_at = now() WHERE ticket_no = %L AND decided_at IS NULL$$, :'limited'), 'SF010', NULL, 'E2: nor by UPDATE');
SELECT throws_ok(format($$SELECT csflow.decide(%s, %L, true, agent_id => 12, at => '2025-03-03 12:20')$$, :complaint, :'limited'), 'SF010', NULL, 'E2: nor who is no approver at all');
SELECT throws_ok(format($$SELECT csflow.decide(%s, %L, false, agent_id => 12, at => '2025-03-03 12:20')$$, :complaint, :'limited'), 'SF010', NULL, 'E2: nor reject it');
SELECT is(decide(:complaint, :'limited', true, agent_id => 902, at => '2025-03-03 12:20'), 'in_progress', 'E2: the head can');
SELECT asked(:complaint, :'limited', 'refund', 1000, '2025-03-03 12:21') AS asked \gset
SELECT is(approver_of(:'limited'), 'supervisor', 'E2: up to the limit the supervisor is named');
SELECT is(decide(:complaint, :'limited', true, agent_id => 901, at => '2025-03-03 12:22'), 'in_progress', 'E2: and approves');
SELECT asked(:complaint, :'limited', 'refund', 1000, '2025-03-03 12:23') AS asked \gset
SELECT is(decide(:complaint, :'limited', true, agent_id => 902, at => '2025-03-03 12:24'), 'in_progress', 'E2: a higher role may approve less');
SELECT asked(:complaint, :'limited', 'refund', 5000, '2025-03-03 12:25') AS asked \gset
SELECT is(decide(:complaint, :'limited', false, agent_id => 901, at => '2025-03-03 12:26'), 'in_progress', 'E2: to reject, any approver will do');
SELECT asked(:complaint, :'limited', 'large_compensation', NULL, '2025-03-03 12:27') AS asked \gset
SELECT is(approver_of(:'limited'), 'head', 'E2: without an amount it takes one without a limit');
SELECT is(decide(:complaint, :'limited', true, agent_id => 902, at => '2025-03-03 12:28'), 'in_progress', 'E2: which the head is');
SELECT request_approval(:complaint, :'limited', '…', agent_id => 902, at => '2025-03-03 12:29', subject => 'refund', amount => 10) AS asked \gset
SELECT throws_ok(format($$SELECT csflow.decide(%s, %L, true, agent_id => 902, at => '2025-03-03 12:30')$$, :complaint, :'limited'), 'SF010', NULL, 'E2: nobody approves their own, whatever their limit');
SELECT decide(:complaint, :'limited', false, agent_id => 901, at => '2025-03-03 12:30') AS decided \gset
UPDATE approval_limit SET up_to = 50000 WHERE desk_id = :complaint AND subject = 'refund' AND approver = 'head';
SELECT throws_like(format($$SELECT asked(%s, %L, 'refund', 50001, '2025-03-03 12:31')$$, :complaint, :'limited'), 'nobody may approve a refund of 50001', 'E2: what nobody may approve is not put up');
-- E2: whoever is to decide is told, once
CREATE FUNCTION told(no ticket_no) RETURNS SETOF text LANGUAGE sql STABLE AS
  $$SELECT concat_ws(' ', recipient_kind, recipient_id, recipient) FROM csflow.outbox WHERE ticket_no = no AND topic = 'approval' ORDER BY outbox_id$$;
CREATE FUNCTION put_up(no ticket_no, about text, amount numeric, proposer bigint) RETURNS text LANGUAGE sql AS $$
  INSERT INTO csflow.approval (desk_id, ticket_no, subject, amount, proposal, proposed_by, proposed_at)
  SELECT desk_id, no, about, put_up.amount, about, proposer, '2025-03-03 13:00' FROM csflow.ticket WHERE ticket_no = no;
  SELECT string_agg(t, ', ') FROM told(no) WITH ORDINALITY AS s (t, n) WHERE n = (SELECT count(*) FROM told(no))
$$;
SELECT results_eq(format('SELECT told(%L)', :'refund'), ARRAY['agent 901 supervisor'], 'E2: the approver is told that a proposal waits; the decision tells nobody');
SELECT results_eq(format('SELECT told(%L)', :'limited'), '{agent 902 head,agent 901 supervisor,agent 901 supervisor,agent 902 head,agent 902 head,agent 901 supervisor}'::text[],
  'E2: of each proposal the lowest who may decide, once; of what is refused nobody');
SELECT is((SELECT (created_at, sent_at, payload)::text FROM outbox WHERE ticket_no = :'refund' AND topic = 'approval'), ('2025-03-03 11:00'::timestamptz, NULL::timestamptz, NULL::jsonb)::text, 'I8: in the outbox, at the instant of the proposal');
SELECT open_ticket(:complaint, 'email', '页面打不开', customer_id => 1, at => '2025-03-03 09:00') AS waits \gset
SELECT is(put_up(:'waits', 'refund', 10, 11), 'agent 901 supervisor', 'E2: a row is a proposal, too');
SELECT is(put_up(:'waits', 'refund', 10, 901), 'agent 902 head', 'E2: who cannot approve their own need not be told');
SELECT is(put_up(:'waits', 'plan', NULL, 11), 'agent 901 supervisor', 'E2: without limits the supervisor');
SELECT is(put_up(:'waits', 'plan', NULL, 901), 'agent 902 head', 'E2: the head where that is who proposes');
SELECT team_id AS handling FROM ticket WHERE ticket_no = :'waits' \gset
UPDATE team SET supervisor_id = NULL WHERE desk_id = :complaint AND team_id = :handling;
SELECT is(put_up(:'waits', 'refund', 10, 11), 'agent 902 head', 'E2: while the supervisor''s post is vacant the next');
UPDATE team SET head_id = NULL WHERE desk_id = :complaint AND team_id = :handling;
SELECT is(put_up(:'waits', 'refund', 10, 11), format('role %s supervisor', :'handling'), 'E2: while both are, the role, so that it is not lost');
UPDATE team SET supervisor_id = 901, head_id = 902 WHERE desk_id = :complaint AND team_id = :handling;
SELECT count(*) AS told_before FROM told(:'waits') \gset
INSERT INTO approval (desk_id, ticket_no, subject, amount, proposal, proposed_by, proposed_at, is_approved, decided_by, decided_at) VALUES
  (:complaint, :'waits', 'refund', 10, 'a', 11, '2025-03-03 13:00', NULL, NULL, NULL), (:complaint, :'waits', 'refund', 10, 'b', 11, '2025-03-03 13:00', true, 901, '2025-03-03 14:00'),
  (:complaint, :'waits', 'refund', 2000, 'c', 11, '2025-03-03 13:00', NULL, NULL, NULL);
SELECT results_eq(format('SELECT told(%L) OFFSET %s', :'waits', :told_before), '{agent 901 supervisor,agent 902 head}'::text[], 'E2: several in one statement; what is decided already tells nobody');
UPDATE approval SET amount = amount + 1 WHERE ticket_no = :'waits' AND decided_at IS NULL AND amount > 1000;
SELECT is((SELECT count(*) FROM told(:'waits')), :told_before::bigint + 2, 'E2: nor does another word about the same proposal');
SELECT asked(:complaint, :'limited', 'refund', 40000, '2025-03-03 12:32') AS asked \gset
UPDATE approval_limit SET up_to = 30000 WHERE desk_id = :complaint AND subject = 'refund' AND approver = 'head';
SELECT throws_like(format($$SELECT csflow.decide(%s, %L, true, agent_id => 902, at => '2025-03-03 12:33')$$, :complaint, :'limited'), 'nobody may approve a refund of 40000', 'E2: nor approved once the limits are lower');
SELECT throws_ok(format($$SELECT csflow.decide(%s, %L, false, agent_id => 12, at => '2025-03-03 12:33')$$, :complaint, :'limited'), 'SF010', NULL, 'E2: nor rejected by who is no approver');
SELECT is(decide(:complaint, :'limited', false, agent_id => 901, at => '2025-03-03 12:33'), 'in_progress', 'E2: but any approver can reject it');
UPDATE approval_limit SET up_to = 50000 WHERE desk_id = :complaint AND subject = 'refund' AND approver = 'head';
INSERT INTO approval_limit (desk_id, subject, approver) SELECT :complaint, 'all', code FROM team WHERE desk_id = :complaint AND team_id = (SELECT team_id FROM agent WHERE desk_id = :complaint AND agent_id = 14);
SELECT is((SELECT agent_ids FROM approvers(:complaint, :'limited', 'plan')), '{13,14}'::bigint[], 'E2: a department; and what has no rows of its own');
SELECT is(put_up(:'waits', 'plan', NULL, 11), (SELECT format('team %s %s', team_id, code) FROM team JOIN agent a USING (desk_id, team_id) WHERE desk_id = :complaint AND agent_id = 14), 'E2: a department is told as such');
SELECT is((SELECT array_agg(approver) FROM approvers(:complaint, :'limited', 'refund', 1)), '{supervisor,head}', 'E2: other than what has');
DELETE FROM approval_limit WHERE desk_id = :complaint AND subject = 'all';
SELECT throws_ok(format($$INSERT INTO csflow.approval_limit (desk_id, subject, approver) VALUES (%s, 'refund', 'owner')$$, :complaint), 'SF005', NULL, 'E2: the owner is no approver');
SELECT throws_ok(format($$INSERT INTO csflow.approval_limit (desk_id, subject, approver) VALUES (%s, 'refund', 'moon/head')$$, :complaint), 'SF005', NULL, 'E2: posts are known');
SELECT throws_ok(format($$INSERT INTO csflow.approval_limit (desk_id, subject, approver) VALUES (%s, 'holiday', 'head')$$, :complaint), 'SF005', NULL, 'E2: so are subjects');
SELECT throws_ok(format($$DELETE FROM csflow.caption WHERE desk_id = %s AND kind = 'approval_subject' AND code = 'refund'$$, :complaint), 'SF005', NULL, 'E2: a subject with limits stays');
SELECT is((SELECT (export_playbook(:complaint) -> 'approvals')::text), '[{"subject": "large_compensation", "up_to": 1000, "approver": "supervisor"}, {"subject": "large_compensation", "approver": "head"}, {"subject": "other_departments", "up_to": 1000, "approver": "supervisor"}, {"subject": "other_departments", "approver": "head"}, {"subject": "refund", "up_to": 1000, "approver": "supervisor"}, {"subject": "refund", "up_to": 50000, "approver": "head"}]'::jsonb::text, 'E2: limits are part of the playbook');
SELECT is_empty(format('SELECT * FROM csflow.load_playbook(%s, csflow.export_playbook(%s)) WHERE added + changed + removed > 0', :complaint, :complaint), 'E2: loading an export changes nothing');
SELECT is((SELECT (added, changed, removed)::text FROM load_playbook(:complaint, shipped_playbook('complaint')) WHERE what = 'approval_limit'), '(1,0,1)', 'E2: loading puts them back');

UPDATE desk SET approval_for = '{all}' WHERE desk_id = :complaint;
SELECT throws_ok(format($$SELECT csflow.answer(%s, %L, '…', agent_id => 11, at => '2025-03-03 13:00')$$, :complaint, :'refund'), 'SF010', NULL, 'E2: approval_for = all: every plan is approved first');
SELECT request_approval(:complaint, :'refund', '解释说明', agent_id => 11, at => '2025-03-03 13:00') AS asked, decide(:complaint, :'refund', true, agent_id => 902, at => '2025-03-03 14:00') AS decided \gset
SELECT is(answer(:complaint, :'refund', '…', agent_id => 11, at => '2025-03-03 15:00'), 'answered', 'E2: approved, it may be sent');
SELECT reopen(:complaint, :'refund', '没解决', at => '2025-03-03 16:00') AS reopened \gset
SELECT throws_ok(format($$SELECT csflow.answer(%s, %L, '…', agent_id => 11, at => '2025-03-03 17:00')$$, :complaint, :'refund'), 'SF010', NULL, 'E2: another plan, another approval');
UPDATE desk SET approval_for = '{}' WHERE desk_id = :complaint;
SELECT throws_ok(format($$UPDATE csflow.desk SET approval_for = '{everything}' WHERE desk_id = %s$$, :complaint), 'SF005', NULL, 'E2: an unknown subject is refused');

-- G5, G9: what is late or about to be is found by its due instant, not by reading all clocks there ever were
CREATE FUNCTION uses(statement text, index_name text) RETURNS boolean LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE line text; BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || statement LOOP IF line LIKE '%' || index_name || '%' THEN RETURN true; END IF; END LOOP; RETURN false;
END $$;
SELECT ok(uses(format('SELECT * FROM csflow.late_at(%s, %L)', :complaint, '2025-03-03 09:00'), 'desk_id_due_at_idx'), 'G5: late_at by index');
SELECT ok(uses(format('SELECT * FROM csflow.due_within(%s, %L, %L)', :complaint, '15 minutes', '2025-03-03 09:00'), 'desk_id_due_at_idx'), 'G9: due_within by index');
SELECT ok(uses(format('SELECT * FROM csflow.late WHERE desk_id = %s', :complaint), 'desk_id_due_at_idx'), 'G5: late by index');

-- G5: late cases: who waits for whom, at which step, since when, by how much, why
SELECT open_ticket(:complaint, 'email', '页面打不开', customer_id => 1, at => '2025-03-10 09:00') AS slow \gset
SELECT is((SELECT count(*) FROM late_at(:complaint, '2025-03-11 09:00') WHERE ticket_no = :'slow' AND clock = 'resolve'), 0::bigint, 'G5: due is not yet late');
SELECT is((SELECT (waiting_for, waiting_for_id = team_id, last_step, due_at, overdue_seconds, elapsed_seconds, cause, cause_is_asked)::text FROM late_at(:complaint, '2025-03-11 10:00') WHERE ticket_no = :'slow' AND clock = 'resolve'),
  ('team', true, NULL::int, '2025-03-11 09:00'::timestamptz, 3600::float8, 3600::float8, NULL::text, true)::text, 'G5: late, sweep or no sweep; the team has it');
SELECT accept(:complaint, :'slow', agent_id => 11, at => '2025-03-11 10:00') AS accepted \gset
SELECT swept(:complaint, '2025-03-11 10:00') > 0 AS swept \gset
SELECT is((SELECT (waiting_for, waiting_for_id, last_step, level, action)::text FROM late_at(:complaint, '2025-03-11 11:00') WHERE ticket_no = :'slow' AND clock = 'resolve'),
  '(owner,11,3,breach,ask_late_cause)', 'G5: the owner, and how far it has escalated');
SELECT is((SELECT (topic, recipient_id)::text FROM outbox WHERE ticket_no = :'slow' AND clock = 'resolve' AND topic = 'late_cause'), '(late_cause,11)', 'G5: who is asked why');
SELECT wait_for_customer(:complaint, :'slow', at => '2025-03-11 12:00') AS waits \gset
SELECT is((SELECT (waiting_for, waiting_for_id, state_since, overdue_seconds, elapsed_seconds)::text FROM late_at(:complaint, '2025-03-11 20:00') WHERE ticket_no = :'slow' AND clock = 'resolve'),
  ('customer', 1, '2025-03-11 12:00'::timestamptz, 10800::float8, 39600::float8)::text, 'G5: now the customer; business time stands still, elapsed time does not');
SELECT change_state(:complaint, :'slow', 'waiting_partner', at => '2025-03-11 21:00') AS waits \gset
SELECT is((SELECT waiting_for FROM late_at(:complaint, '2025-03-11 22:00') WHERE ticket_no = :'slow' AND clock = 'resolve'), 'partner', 'G5: the partner');
SELECT request_approval(:complaint, :'slow', '方案', at => '2025-03-11 23:00') AS waits \gset
SELECT is((SELECT waiting_for FROM late_at(:complaint, '2025-03-11 23:30') WHERE ticket_no = :'slow' AND clock = 'resolve'), 'approver', 'G5: the approver');
SELECT is((SELECT array_agg(clock) FROM late_cause_missing WHERE ticket_no = :'slow'), '{resolve}'::text[], 'G5: the cause is missing');
SELECT throws_ok(format($$SELECT csflow.record_late_cause(%s, %L, 'weather')$$, :complaint, :'slow'), 'SF005', NULL, 'G5: causes are known');
SELECT is(record_late_cause(:complaint, :'slow', 'staff_skill', agent_id => 11, at => '2025-03-12 09:00') + record_late_cause(:complaint, :'slow', 'resources', '三人休假', agent_id => 11, at => '2025-03-12 09:00'), 2,
  'G5: recorded, and corrected');
SELECT is((SELECT (cause, cause_zh, cause_en)::text FROM late WHERE ticket_no = :'slow' AND clock = 'resolve'), '(resources,资源不足,"too few resources")', 'G5: with its captions');
SELECT is((SELECT count(*) FROM late_cause_missing WHERE ticket_no = :'slow'), 0::bigint, 'G5: no longer missing');
SELECT open_ticket(:complaint, 'email', '页面打不开', customer_id => 1) AS fresh \gset
SELECT throws_ok(format($$SELECT csflow.record_late_cause(%s, %L, 'resources')$$, :complaint, :'fresh'), 'SF010', NULL, 'G5: only of what was late');
SELECT is((SELECT count(*) FROM late WHERE ticket_no = :'fresh'), 0::bigint, 'G5: in time is not late');

-- G9: what is about to time out
SELECT is((SELECT array_agg(clock || ' ' || seconds_to_due ORDER BY due_at) FROM due_within(:reception, '5 minutes', '2025-03-03 09:06') WHERE ticket_no = :'zh'), '{"emergency_call_back 240"}'::text[], 'G9: due within 5 minutes');
SELECT is((SELECT count(*) FROM due_within(:reception, '3 minutes', '2025-03-03 09:06') WHERE ticket_no = :'zh'), 0::bigint, 'G9: not within 3');
SELECT is((SELECT count(*) FROM due_within(:reception, '3 minutes', '2025-03-03 09:11') WHERE ticket_no = :'zh'), 0::bigint, 'G9: what is late is not about to be');

-- H3: what was set aside is tried again at once when somebody says so
INSERT INTO set_aside (desk_id, ticket_no, job, at, retry_at, error_code, error) VALUES
  (:record, :'promised', 'escalation', now(), 'infinity', 'XX000', 'x'), (:record, :'promised', 'auto_close', now(), 'infinity', 'XX000', 'x'), (:reception, :'zh', 'escalation', now(), 'infinity', 'XX000', 'x');
SELECT is(retry_set_aside(:record, :'promised', 'auto_close') * 100 + retry_set_aside(:record) * 10 + retry_set_aside(), 111, 'H3: one, those of a desk, all');

-- H4: bad steps are refused
SELECT throws_ok(format($$INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, action, template) SELECT %s, min(target_id), 90, 9000, 'message_customer', 'nothing' FROM csflow.target WHERE desk_id = %s$$, :record, :record),
  'SF005', 'unknown template: "nothing"', 'H4: a text that is not there');
SELECT throws_ok(format($$INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, action) SELECT %s, min(target_id), 90, 9000, 'open_ticket' FROM csflow.target WHERE desk_id = %s$$, :record, :record),
  '23514', NULL, 'H4: a ticket about nothing');
SELECT throws_ok(format($$DELETE FROM csflow.caption WHERE desk_id = %s AND kind = 'template' AND code = 'broken_promise'$$, :record), 'SF005', NULL, 'H4: a text that a step sends stays');
SELECT throws_ok(format($$DELETE FROM csflow.caption WHERE desk_id = %s AND (kind, code) = (%L, %L)$$, :record, kind, code), 'SF005', NULL, 'H4: so does ' || what)
FROM (VALUES ('customer_tier', 'vip', 'a tier that only a priority rule names'), ('approval_subject', 'refund', 'a subject that only approval_for names')) AS v (kind, code, what);
SELECT throws_ok(format($$INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, action, recipients) SELECT %s, min(target_id), 90, 9000, 'notify', '{technology/cook}' FROM csflow.target WHERE desk_id = %s$$, :record, :record),
  'SF005', NULL, 'H4: a post that is none');
-- F2: all three ways to close, by the job, each with its reason
SELECT csflow.create_desk('support', 'internet') AS support \gset
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:support, 999, 'application', current_user, true);
SELECT open_ticket(:support, 'email', '闪退', at => '2025-03-03 09:00') AS confirmed, open_ticket(:support, 'email', '闪退', at => '2025-03-03 09:00') AS quiet,
  open_ticket(:support, 'email', '闪退', at => '2025-03-03 09:00') AS explained, open_ticket(:support, 'email', '闪退', at => '2025-03-03 09:00') AS early \gset
SELECT answer(:support, no, '…', agent_id => 999, at => '2025-03-03 10:00') FROM unnest(ARRAY[:'confirmed', :'quiet']::ticket_no[]) AS t (no) \g /dev/null
SELECT add_message(:support, :'confirmed', 'customer', true, '好了', milestone => 'solution_confirmed', at => '2025-03-03 11:00') AS said \gset
SELECT add_message(:support, :'early', 'customer', true, '自己好了', milestone => 'solution_confirmed', at => '2025-03-03 11:00') AS said \gset
SELECT accept(:support, :'explained', agent_id => 999, at => '2025-03-03 10:00') AS accepted, reply(:support, :'explained', '下个版本解决', milestone => 'plan_explained', agent_id => 999, at => '2025-03-03 12:00') AS said \gset
SELECT auto_close_batch('2025-03-06 10:00') AS closed \gset
SELECT is((SELECT array_agg(close_reason ORDER BY ticket_no) FROM ticket WHERE ticket_no IN (:'confirmed', :'quiet', :'explained')),
  '{customer_confirmed,no_new_request,long_term_plan_explained}'::text[], 'F2: confirmed, nothing new for 72 h, plan explained');
SELECT is((SELECT array_agg(due_at ORDER BY ticket_no) FROM event WHERE ticket_no IN (:'confirmed', :'quiet', :'explained') AND new_value = 'close'),
  '{2025-03-03 11:00,2025-03-06 10:00,2025-03-03 12:00}'::timestamptz[], 'F2: with the instants at which it was due');
SELECT is((SELECT state FROM ticket WHERE ticket_no = :'early'), 'new', 'F2: what nobody has taken up waits for somebody');
SELECT is((SELECT count(*) FROM escalation WHERE ticket_no IN (:'confirmed', :'quiet', :'explained') AND action = 'close'), 0::bigint, 'F2: closing is no escalation');
SELECT is((SELECT count(*) FROM set_aside WHERE desk_id = :support), 0::bigint, 'F2: nor a failure');

-- C3: offered to the next, the supervisor is told; D6: a department, a post
INSERT INTO step (desk_id, target_id, position, at_share_pct, level, action, recipients)
SELECT :support, target_id, 90, 200, 'escalation', 'notify', '{technical_team,product/head}' FROM target WHERE desk_id = :support AND clock = 'resolve' AND priority = 'B';
SELECT open_ticket(:support, 'email', '怎么用', at => '2025-03-10 09:00') AS asked \gset
SELECT escalate_batch('2025-03-12 09:00') > 0 AS swept \gset
SELECT is((SELECT array_agg(recipient_kind || ' ' || recipient ORDER BY outbox_id) FROM outbox WHERE ticket_no = :'asked' AND due_at = '2025-03-12 09:00' AND clock = 'resolve'),
  '{team technical_team,role product/head}'::text[], 'D6: a department, and a post, vacant as yet');
SELECT * FROM finish();
