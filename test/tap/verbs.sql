-- The verbs, each driven through SQL and judged by rows: handbook A8, B7, C3, C4, D9, E2, F1, F2, F3, I1.
\ir ../lib/small_desk.sql
SELECT no_plan();

CREATE FUNCTION state_of(ticket_no) RETURNS text LANGUAGE sql AS 'SELECT state FROM ticket WHERE ticket_no = $1';
CREATE FUNCTION events_of(ticket_no) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(kind, ' ' ORDER BY seq) FROM event WHERE ticket_no = $1$$;
CREATE FUNCTION clock_of(ticket_no, text) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(coalesce(outcome, CASE WHEN run_since IS NULL THEN 'paused' ELSE 'running' END), ' ' ORDER BY run)
    FROM clock WHERE ticket_no = $1 AND clock = $2$$;

-- I1: intake
SELECT open_ticket(:desk, 'email', '登录后闪退', customer_id => 7, source => 'mail', external_id => 'm-1', amount => 12.50,
  attributes => '{"device": "P60"}', at => '2025-03-03 09:00') AS first \gset
SELECT is(open_ticket(:desk, 'email', 'something else', source => 'mail', external_id => 'm-1')::text, :'first',
  'I1: the same external id is the same ticket');
SELECT is((SELECT count(*) FROM ticket), 1::bigint, 'I1: and only one row');
SELECT is((SELECT body FROM ticket WHERE ticket_no = :'first'), '登录后闪退', 'I1: unchanged');
SELECT is((SELECT (kind, category_id, team_id, priority::text, amount, attributes ->> 'device', opened_at, changed_by_kind)::text
    FROM ticket WHERE ticket_no = :'first'),
  ('fault', 3, 2, 'B', 12.50, 'P60', '2025-03-03 09:00'::timestamptz, 'customer')::text, 'A1: what was given is kept, the rest filled');
SELECT isnt(open_ticket(:desk, 'email', 'x', source => 'app', external_id => 'm-1', at => '2025-03-03 09:00')::text, :'first',
  'I1: another source, another ticket');
SELECT throws_ok(format('SELECT csflow.open_ticket(%s, %L, %L)', :desk, 'pigeon', 'x'), 'SF005', NULL, 'A1: unknown channel');
SELECT throws_ok($$SELECT csflow.open_ticket(987654, 'email', 'x')$$, 'SF001', NULL, 'unknown desk');

-- C3: assignment and acceptance
SELECT is(assign(:desk, :'first', 21, agent_id => 91, at => '2025-03-03 09:05'), 'assigned', 'C2: assigning makes a new ticket assigned');
SELECT is(clock_of(:'first', 'accept'), 'running', 'C3: the 15 minutes run');
SELECT is(accept(:desk, :'first', agent_id => 21, at => '2025-03-03 09:10', part => 'looks at the crash log'), 'in_progress',
  'C3: acceptance sets in_progress');
SELECT is(clock_of(:'first', 'accept'), 'met', 'C3: in time');
SELECT is((SELECT (agent_id, accepted_at)::text FROM ticket WHERE ticket_no = :'first'), (21, '2025-03-03 09:10'::timestamptz)::text,
  'C3: the handler has it');
SELECT is((SELECT text FROM timeline WHERE ticket_no = :'first' AND kind = 'accepted'), 'looks at the crash log',
  'C3: the handler''s part is recorded');
SELECT open_ticket(:desk, 'email', '怎么用', at => '2025-03-03 09:00') AS pulled \gset
SELECT is(accept(:desk, :'pulled', agent_id => 11, at => '2025-03-03 09:01'), 'in_progress', 'C3: a new ticket may be taken up at once');
SELECT is((SELECT agent_id FROM ticket WHERE ticket_no = :'pulled'), 11::bigint, 'C3: by whoever accepts');
SELECT is(clock_of(:'pulled', 'accept'), NULL, 'C3: nobody waits for that acceptance');
SELECT throws_ok(format('SELECT csflow.assign(%s, %L, 4711)', :desk, :'first'), 'SF005', NULL, 'C2: unknown agent');

-- A2: replies
SELECT is(clock_of(:'first', 'first_response'), 'running', 'A2: no first response yet');
SELECT ok(note(:desk, :'first', 'seen before?', agent_id => 21, at => '2025-03-03 09:20') IS NOT NULL, 'a note has a number');
SELECT is(clock_of(:'first', 'first_response'), 'running', 'A2: a note is none');
SELECT ok(reply(:desk, :'first', '我们正在查看，中午前回复您。', next_news_at => '2025-03-03 12:00', agent_id => 21,
  at => '2025-03-03 09:30') IS NOT NULL, 'a reply has a number');
SELECT is(clock_of(:'first', 'first_response'), 'met', 'A2: a person''s public reply is');
SELECT is((SELECT (first_response_at, next_news_at)::text FROM ticket WHERE ticket_no = :'first'),
  ('2025-03-03 09:30'::timestamptz, '2025-03-03 12:00'::timestamptz)::text, 'A2: with the time of the next news');
SELECT throws_ok(format('SELECT csflow.reply(%s, %L, %L, agent_id => 21)', :desk, :'first', E' \n'), 'SF017', NULL, 'a reply says something');
SELECT throws_ok(format('SELECT csflow.receive(%s, %L, %L, source => NULL)', :desk, :'first', 'x'), 'SF017', 'source of the message is missing', 'I1: and comes from somewhere');
SELECT throws_ok(format('SELECT csflow.add_message(%s, %L, %L, NULL, %L)', :desk, :'first', 'agent', 'x'), 'SF017', 'whether the message is public is missing', 'and is public or not');
SELECT throws_ok(format('SELECT csflow.add_task(%s, NULL, %L)', :desk, 'x'), 'SF004', NULL, 'D7: a task belongs to a ticket');
SELECT throws_ok(format('SELECT csflow.add_task(%s, %L, %L, assignee_id => 987)', :desk, :'first', 'x'), 'SF005',
  format('desk %s has no active agent 987', :desk), 'D7: for somebody of the desk');
SELECT throws_ok(format('SELECT csflow.open_review(%s, %L, %L, %L)', :desk, :'first', 'supervisor', '{supervisor,NULL}'), 'SF017',
  'participant is missing', 'D3: nobody takes part who is not named');
SELECT throws_ok(format('SELECT csflow.note(%s, %L, %L, milestone => %L, agent_id => 21)', :desk, :'first', 'x', 'moon_landing'), 'SF005', NULL,
  'an unknown milestone');

-- D9: waiting
SELECT is(wait_for_customer(:desk, :'first', 'asks for the version', agent_id => 21, at => '2025-03-03 10:00'), 'waiting_customer',
  'D9: waiting for the customer');
SELECT is(clock_of(:'first', 'resolve'), 'paused', 'D9: the clock stands');
SELECT receive(:desk, :'first', '版本 5.2', source => 'mail', external_id => 'm-2', at => '2025-03-03 14:00') AS received \gset
SELECT is(state_of(:'first'), 'in_progress', 'D9: the customer''s message ends it');
SELECT is(clock_of(:'first', 'resolve'), 'running', 'D9: the clock goes on');
SELECT is((SELECT (paused_microseconds, due_at)::text FROM clock WHERE ticket_no = :'first' AND clock = 'resolve'),
  (14400000000, '2025-03-04 13:00'::timestamptz)::text, 'D9: with what was left, the pause reported');
SELECT is(receive(:desk, :'first', '版本 5.2', source => 'mail', external_id => 'm-2', at => '2025-03-03 15:00'), :received::bigint,
  'I1: the same message twice is one');
SELECT is((SELECT count(*) FROM message WHERE ticket_no = :'first' AND author_kind = 'customer'), 1::bigint, 'I1: and one row');
SELECT is(wait_for_partner(:desk, :'first', 'payment channel', agent_id => 21, at => '2025-03-03 14:10'), 'waiting_partner', 'D4: at a partner');
SELECT is(resume(:desk, :'first', 'they answered', agent_id => 21, at => '2025-03-03 14:40'), 'in_progress', 'D4: and back');
SELECT is((SELECT due_at FROM clock WHERE ticket_no = :'first' AND clock = 'resolve'), '2025-03-04 13:30'::timestamptz,
  'D9: that pause counts too');

-- C4: transfer
SELECT is(transfer(:desk, :'first', 'service', 'not a fault after all', agent_id => 21, at => '2025-03-03 15:00'), 'assigned',
  'C4: work in progress is for the receivers to accept');
SELECT is((SELECT (team_id, agent_id, transfer_count)::text FROM ticket WHERE ticket_no = :'first'), (1, NULL::bigint, 1)::text,
  'C4: counted, and nobody''s until then');
SELECT is((SELECT (caption_zh, actor_name, text)::text FROM timeline WHERE ticket_no = :'first' AND kind = 'transferred'),
  ('转交', 'Tao', 'not a fault after all')::text, 'C4: with its reason');
SELECT is(transfer(:desk, :'first', 'technical', 'a fault', assignee_id => 21, agent_id => 91, at => '2025-03-03 15:05'), 'assigned',
  'C4: to a person there');
SELECT is((SELECT (agent_id, transfer_count)::text FROM ticket WHERE ticket_no = :'first'), (21, 2)::text, 'C4: each transfer counts');
SELECT throws_ok(format('SELECT csflow.transfer(%s, %L, %L, %L)', :desk, :'first', 'moon', 'x'), 'SF005',
  format('desk %s has no active team "moon"', :desk), 'C4: unknown department');
SELECT throws_ok(format('SELECT csflow.transfer(%s, %L, %L, NULL)', :desk, :'first', 'service'), 'SF017', NULL, 'C4: no reason');
SELECT is(accept(:desk, :'first', agent_id => 21, at => '2025-03-03 15:10'), 'in_progress', 'C3: accepted again');
SELECT is(clock_of(:'first', 'breakthrough'), 'running', 'D3: the first hand-over started the 24 hours');
SELECT note(:desk, :'first', 'null pointer', 'cause_located', agent_id => 21, at => '2025-03-03 15:30') IS NOT NULL AS noted \gset
SELECT is(clock_of(:'first', 'breakthrough'), 'met', 'D3: until the cause is located');

-- E2: approval
SELECT is(request_approval(:desk, :'first', 'coupon of 20', agent_id => 21, at => '2025-03-03 16:00'), 'waiting_approval', 'E2: asked for');
SELECT is(decide(:desk, :'first', true, 'granted', agent_id => 91, at => '2025-03-03 16:30'), 'in_progress', 'E2: decided');
SELECT throws_ok(format('SELECT csflow.decide(%s, %L, true)', :desk, :'first'), 'SF006', NULL, 'E2: nobody asked for a decision');
SELECT throws_ok(format('SELECT csflow.decide(%s, %L, NULL)', :desk, :'first'), 'SF017', 'decision is missing', 'E2: no decision');
SELECT open_ticket(:desk, 'email', '怎么用', at => '2025-03-03 09:00') AS asked_twice \gset
SELECT accept(:desk, :'asked_twice', agent_id => 21, at => '2025-03-03 09:01') AS accepted,
  request_approval(:desk, :'asked_twice', 'coupon of 20', agent_id => 21, at => '2025-03-03 09:02') AS first_request,
  request_approval(:desk, :'asked_twice', 'another one', agent_id => 11, at => '2025-03-03 09:03') AS second_request \gset
SELECT throws_ok(format('SELECT csflow.decide(%s, %L, true, agent_id => %s)', :desk, :'asked_twice', a), 'SF010',
  format('agent %s cannot decide on their own proposal for ticket %s', a, :'asked_twice'), 'E2: nor on what one has asked for besides')
FROM unnest(ARRAY[11, 21]) AS a;
SELECT is(decide(:desk, :'asked_twice', true, agent_id => 91, at => '2025-03-03 09:04'), 'in_progress', 'E2: a third decides on both');

-- F1, F2: answer and confirmation
SELECT is(answer(:desk, :'first', '已修复，请更新到 5.3。', agent_id => 21, at => '2025-03-03 17:00'), 'answered', 'E4: answered');
SELECT is(clock_of(:'first', 'resolve'), 'met', 'D11: resolved in time');
SELECT is(clock_of(:'first', 'auto_close'), 'running', 'F2: the 72 hours run');
SELECT is(reopen(:desk, :'first', 'still crashes', at => '2025-03-04 09:00'), 'in_progress', 'F1: not solved');
SELECT is((SELECT (reopen_count, changed_by_kind, closed_at)::text FROM ticket WHERE ticket_no = :'first'),
  (1, 'customer', NULL::timestamptz)::text, 'F1: counted, the customer''s doing');
SELECT is(answer(:desk, :'first', '5.4 已修复。', agent_id => 21, at => '2025-03-04 10:00'), 'answered', 'F1: answered again');
SELECT is(confirm(:desk, :'first', at => '2025-03-04 11:00'), 'closed', 'F1: the customer confirms');
SELECT is((SELECT (close_reason, closed_at, changed_by_kind, changed_by)::text FROM ticket WHERE ticket_no = :'first'),
  ('customer_confirmed', '2025-03-04 11:00'::timestamptz, 'customer', NULL::bigint)::text, 'F2: with the reason');
SELECT is((SELECT count(*) FROM clock WHERE ticket_no = :'first' AND stopped_at IS NULL), 0::bigint, 'no clock is left running');

-- F3: objection, also on a closed ticket
SELECT is(object(:desk, :'first', 'the coupon is missing', at => '2025-03-05 09:00'), 'under_review', 'F3: reviewed');
SELECT is(clock_of(:'first', 'objection_response'), 'running', 'F3: 2 hours to respond');
SELECT reply(:desk, :'first', '我们正在复核。', agent_id => 91, at => '2025-03-05 10:00') IS NOT NULL AS replied \gset
SELECT is(clock_of(:'first', 'objection_response'), 'met', 'F3: responded');
SELECT is(answer(:desk, :'first', '优惠券已补发。', agent_id => 91, at => '2025-03-05 11:00'), 'answered', 'F3: the outcome is told');
SELECT is(close_ticket(:desk, :'first', 'long_term_plan_explained', agent_id => 91, at => '2025-03-05 12:00'), 'closed', 'F2: closed by hand');
SELECT throws_ok(format('SELECT csflow.close_ticket(%s, %L, NULL)', :desk, :'first'), 'SF017', NULL, 'F2: never without a reason');
SELECT is(reopen(:desk, :'first', 'once more', agent_id => 91, at => '2025-03-05 13:00'), 'in_progress', 'F1: staff may reopen too');
SELECT throws_ok(format('SELECT csflow.close_ticket(%s, %L, %L)', :desk, :'first', 'because'), 'SF005', NULL, 'F2: unknown reason');
SELECT is((SELECT (changed_by_kind, changed_by)::text FROM ticket WHERE ticket_no = :'first'), ('agent', 91)::text, 'and it is recorded as theirs');

-- A8: duplicates and invalid ones
SELECT open_ticket(:desk, 'email', '白屏', customer_id => 7, at => '2025-03-06 09:00') AS second \gset
SELECT is(mark_duplicate(:desk, :'second', :'first', 'same crash', agent_id => 11, at => '2025-03-06 09:01'), 'duplicate', 'A8: a duplicate');
SELECT is((SELECT duplicate_of FROM ticket WHERE ticket_no = :'second'), :'first'::ticket_no, 'A8: points at the original');
SELECT is(clock_of(:'second', 'resolve'), 'void', 'A8: its clocks are void');
SELECT is(undo_mark(:desk, :'second', agent_id => 11, at => '2025-03-06 09:02'), 'new', 'A8: undone');
SELECT is((SELECT duplicate_of FROM ticket WHERE ticket_no = :'second'), NULL, 'A8: points nowhere');
SELECT is(mark_invalid(:desk, :'second', 'a test', agent_id => 11, at => '2025-03-06 09:03'), 'invalid', 'A8: invalid');
SELECT is(undo_mark(:desk, :'second', agent_id => 11, at => '2025-03-06 09:04'), 'new', 'A8: undone too');
SELECT throws_ok(format('SELECT csflow.undo_mark(%s, %L)', :desk, :'second'), 'SF006', NULL, 'A8: nothing to undo');
SELECT throws_ok(format('SELECT csflow.mark_duplicate(%s, %L, %L)', :desk, :'second', :'second'), 'SF010', NULL, 'A8: not of itself');
SELECT throws_ok(format('SELECT csflow.mark_duplicate(%s, %L, %L)', :desk, :'second', '190001001'), 'SF004',
  format('desk %s has no ticket 190001001', :desk), 'A8: nor of what is not there');

-- B7: corrections
SELECT is(correct(:desk, :'second', 'funds at risk', priority => 'E', agent_id => 91, at => '2025-03-06 10:00'), 'new', 'B7: priority');
SELECT is((SELECT (priority::text, tag::text)::text FROM ticket WHERE ticket_no = :'second'), (SELECT ('E', tag::text)::text FROM ticket
  WHERE ticket_no = :'second'), 'B7: is E now');
SELECT is((SELECT (target_id, due_at)::text FROM clock WHERE ticket_no = :'second' AND clock = 'resolve' AND stopped_at IS NULL),
  (4, '2025-03-06 13:00'::timestamptz)::text, 'B7: the deadline moves, the time used stays');
SELECT is(correct(:desk, :'second', 'only a question', kind => 'inquiry', agent_id => 91, at => '2025-03-06 10:05'), 'new', 'B7: kind');
SELECT is((SELECT (kind, category_id, needs_review)::text FROM ticket WHERE ticket_no = :'second'), ('inquiry', 2, false)::text, 'B7: as corrected');
SELECT is(correct(:desk, :'second', 'a crash', kind => 'fault', category => 'crash', agent_id => 91, at => '2025-03-06 10:10'), 'new', 'B7: category');
SELECT is((SELECT (kind, category_id)::text FROM ticket WHERE ticket_no = :'second'), ('fault', 3)::text, 'B7: within the kind named');
SELECT is((SELECT array_agg(text ORDER BY seq) FROM timeline WHERE ticket_no = :'second' AND kind IN ('priority_changed', 'category_changed')),
  '{funds at risk,only a question,a crash}'::text[], 'B7: remembered with the reasons');
SELECT throws_ok(format('SELECT csflow.correct(%s, %L, %L)', :desk, :'second', 'why'), 'SF017', 'nothing to correct', 'B7: nothing given');
SELECT throws_ok(format('SELECT csflow.correct(%s, %L, NULL, priority => %L)', :desk, :'second', 'A'), 'SF017', NULL, 'B7: no reason');
SELECT throws_ok(format('SELECT csflow.correct(%s, %L, %L, category => %L)', :desk, :'second', 'why', 'moon'), 'SF005',
  format('desk %s has no category "fault/moon"', :desk), 'B7: unknown category');

-- B3: another impact or urgency is another cell of the matrix
SELECT throws_ok(format('UPDATE csflow.ticket SET impact = 1 WHERE external_id = %L', 'severity'), 'SF017', NULL, 'B7: with a reason only')
FROM (SELECT open_ticket(:desk, 'email', '闪退', external_id => 'severity', at => '2025-03-06 11:00')) AS t;
UPDATE ticket SET impact = 1, urgency = 1, change_reason = 'all are affected', changed_at = '2025-03-06 11:01' WHERE external_id = 'severity';
SELECT is((SELECT (priority, tag, priority_reason)::text FROM ticket WHERE external_id = 'severity'),
  ('E', '故障-闪退-E级', 'matrix: impact 1, urgency 1')::text, 'B3: impact and urgency move the priority');
UPDATE ticket SET urgency = 3, priority = 'A', change_reason = 'by a person', changed_at = '2025-03-06 11:02' WHERE external_id = 'severity';
SELECT is((SELECT (priority, priority_reason)::text FROM ticket WHERE external_id = 'severity'), ('A', 'corrected')::text,
  'B7: unless the priority is named too');

-- Every verb names desk and ticket when there is none such.
SELECT throws_ok(format(call, :desk, '202001001'), 'SF004', format('desk %s has no ticket 202001001', :desk), 'unknown ticket: ' || call)
FROM (VALUES ('SELECT csflow.assign(%s, %L, 11)'), ('SELECT csflow.accept(%s, %L)'), ('SELECT csflow.transfer(%s, %L, ''service'', ''x'')'),
  ('SELECT csflow.reply(%s, %L, ''x'')'), ('SELECT csflow.note(%s, %L, ''x'')'), ('SELECT csflow.receive(%s, %L, ''x'')'),
  ('SELECT csflow.wait_for_customer(%s, %L)'), ('SELECT csflow.wait_for_partner(%s, %L)'), ('SELECT csflow.resume(%s, %L)'),
  ('SELECT csflow.request_approval(%s, %L, ''x'')'), ('SELECT csflow.decide(%s, %L, true)'), ('SELECT csflow.answer(%s, %L, ''x'')'),
  ('SELECT csflow.confirm(%s, %L)'), ('SELECT csflow.reopen(%s, %L, ''x'')'), ('SELECT csflow.object(%s, %L, ''x'')'),
  ('SELECT csflow.close_ticket(%s, %L, ''customer_confirmed'')'), ('SELECT csflow.mark_invalid(%s, %L, ''x'')'),
  ('SELECT csflow.undo_mark(%s, %L)'), ('SELECT csflow.correct(%s, %L, ''x'', priority => ''E'')')) AS c (call);

-- 2.11: the verbs give no rights.
DROP ROLE IF EXISTS verbs_stranger;
CREATE ROLE verbs_stranger;
GRANT USAGE ON SCHEMA csflow TO verbs_stranger;
SET ROLE verbs_stranger;
SELECT throws_ok(format('SELECT csflow.confirm(%s, %L)', :desk, :'second'), '42501', NULL, 'a stranger may call a verb and get nowhere');
RESET ROLE;
REVOKE USAGE ON SCHEMA csflow FROM verbs_stranger;
DROP ROLE verbs_stranger;

SELECT throws_ok(format('SELECT mark_duplicate(%s, open_ticket(%s, ''email'', ''x''), NULL)', :desk, :desk), 'SF017', NULL, 'A8: a duplicate of nothing');
-- F1: nothing is reopened that was never answered, least of all by its customer
SELECT open_ticket(:desk, 'email', 'not answered') AS fresh, open_ticket(:desk, 'email', 'to be approved') AS asked \gset
SELECT accept(:desk, :'asked', agent_id => 11), request_approval(:desk, :'asked', 'refund', subject => 'refund', agent_id => 11) \g /dev/null
SELECT throws_ok(format('SELECT reopen(%s, %L, ''still broken'')', :desk, no), 'SF006', NULL, 'F1: ' || what) FROM (VALUES (:'fresh', 'a new ticket stays new'), (:'asked', 'an approval stays asked for')) AS v (no, what);
-- C1, SF007: a department taken out of use, as the hint of SF007 says, turns nobody away
CREATE FUNCTION department(desk bigint, body text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE opened csflow.ticket_no := csflow.open_ticket(desk, 'email', body);
BEGIN RETURN (SELECT t.team_id FROM csflow.ticket AS t WHERE t.desk_id = desk AND t.ticket_no = opened); END $$;
SELECT is(department(:desk, '闪退'), 2::bigint, 'C1: of the category''s department');
UPDATE team SET is_active = false WHERE desk_id = :desk AND team_id = 2;
SELECT is(department(:desk, '闪退'), NULL, 'C1: out of use, the ticket is nobody''s');
UPDATE desk SET review_team_id = 1 WHERE desk_id = :desk;
SELECT is(department(:desk, '闪退'), 1::bigint, 'C1, C2: or the coordinators''');
INSERT INTO keyword_rule (desk_id, any_of, team_id) VALUES (:desk, '{蓝牙}', 2);
SELECT is(department(:desk, '怎么用 蓝牙'), 1::bigint, 'C1: a rule that names it leaves the ticket to the category''s department');
UPDATE team SET is_active = false WHERE desk_id = :desk AND team_id = 1;
SELECT is(department(:desk, '闪退') IS NULL AND department(:desk, 'words of no rule') IS NULL, true, 'C2: nor do coordinators who are out of use');
SELECT throws_ok(format('INSERT INTO csflow.ticket (desk_id, channel, body, team_id) VALUES (%s, ''email'', ''x'', 2)', :desk), 'SF005', NULL, 'C1: but nobody gives it tickets');
SELECT * FROM finish();
