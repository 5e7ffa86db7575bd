-- Every clock of the internet playbook (playbooks.md 1.1) at exact instants: started, stopped, paused, voided, its steps.
-- Handbook A2, B3, D2, D3, D4, D6, D9, D12, F2; design 2.2, 2.3, 2.9.
\ir ../lib/internet_desk.sql
SELECT no_plan();

CREATE FUNCTION opened(channel text, at timestamptz, priority csflow.priority DEFAULT 'B', customer_id bigint DEFAULT NULL, agent_id bigint DEFAULT NULL)
RETURNS csflow.ticket_no LANGUAGE sql AS $$
  INSERT INTO csflow.ticket (desk_id, channel, body, opened_at, priority, customer_id, agent_id)
  VALUES (csflow.desk_id('support'), channel, '闪退', at, priority, customer_id, agent_id) RETURNING ticket_no
$$;
CREATE FUNCTION said(no csflow.ticket_no, author text, at timestamptz, milestone text DEFAULT NULL, news timestamptz DEFAULT NULL,
  public boolean DEFAULT true, agent bigint DEFAULT NULL) RETURNS boolean LANGUAGE sql AS $$
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, at, milestone, next_news_at, is_public, changed_by, body)
  VALUES (csflow.desk_id('support'), no, author, at, milestone, news, public, agent, '…') RETURNING true
$$;
CREATE FUNCTION moved(no csflow.ticket_no, state text, at timestamptz) RETURNS text LANGUAGE sql AS $$
  UPDATE csflow.ticket t SET state = moved.state, changed_at = at, changed_by = NULL, close_reason = CASE WHEN moved.state = 'closed' THEN 'customer_confirmed' END
  WHERE ticket_no = no RETURNING t.state
$$;
CREATE FUNCTION given(no csflow.ticket_no, team bigint, agent bigint, at timestamptz) RETURNS text LANGUAGE sql AS $$
  UPDATE csflow.ticket t SET team_id = coalesce(team, team_id), agent_id = agent, changed_at = at, change_reason = 'needs them'
  WHERE ticket_no = no RETURNING t.state
$$;
CREATE FUNCTION ranked(no csflow.ticket_no, priority csflow.priority, at timestamptz) RETURNS text LANGUAGE sql AS $$
  UPDATE csflow.ticket t SET priority = ranked.priority, changed_at = at, change_reason = 'corrected'
  WHERE ticket_no = no RETURNING t.priority::text
$$;

-- acknowledge: instant channel, not VIP; the first public message, an automatic one counts; 1 minute
SELECT opened('live_chat', '2025-03-03 09:00', 'A') AS chat, opened('hotline', '2025-03-03 09:00', 'A') AS call,
  opened('live_chat', '2025-03-03 09:00', 'A', 2) AS vip, opened('email', '2025-03-03 09:00', 'A') AS mail \gset
SELECT set_eq($$SELECT ticket_no FROM csflow.clock WHERE clock = 'acknowledge'$$, ARRAY[:'chat', :'call']::ticket_no[], 'A2: acknowledge is for instant channels without VIP');
SELECT said(:'chat', 'system', '2025-03-03 09:01') AND said(:'call', 'system', '2025-03-03 09:01:00.000001') AS said \gset
SELECT is(clocks(:'chat', 'acknowledge'), 'acknowledge/1 03-03 09:00..03-03 09:01 due 03-03 09:01 met', 'A2: an automatic reply acknowledges; exactly when due is in time');
SELECT is(clocks(:'call', 'acknowledge'), 'acknowledge/1 03-03 09:00..03-03 09:01:00.000001 due 03-03 09:01 breached', 'A2: a microsecond later is not');

-- human_standby: the same tickets; a person is assigned
SELECT given(:'chat', NULL, 21, '2025-03-03 09:01') IS NULL OR given(:'call', NULL, 21, '2025-03-03 09:01:00.000001') IS NULL AS given \gset
SELECT is(clocks(:'chat', 'human_standby'), 'human_standby/1 03-03 09:00..03-03 09:01 due 03-03 09:01 met', 'A2: a person reserved within the minute');
SELECT is(clocks(:'call', 'human_standby'), 'human_standby/1 03-03 09:00..03-03 09:01:00.000001 due 03-03 09:01 breached', 'A2: or a microsecond too late');
SELECT is_empty(format('SELECT clocks(%L, %L)', :'vip', 'human_standby'), 'A2: none for VIP');
SELECT opened('live_chat', '2025-03-03 09:00', 'A', NULL, 21) AS reserved, opened('live_chat', '2025-03-03 09:00', 'A') AS waiting \gset
SELECT is(clocks(:'reserved', 'human_standby'), 'human_standby/1 03-03 09:00..03-03 09:00 due 03-03 09:01 met', 'A2: opened with its person, nobody waits for one');
SELECT is(escalate_batch('2025-03-03 09:00:59') > 0, true, 'A2: warned at 75 %');
UPDATE agent SET team_id = :technical WHERE desk_id = :desk AND agent_id = 41;
SELECT is(escalate_batch('2025-03-03 09:01') > 0, true, 'A2: the minute is over');
SELECT is((SELECT agent_id FROM ticket WHERE ticket_no = :'waiting'), 41::bigint, 'A2: at 100 % the next free person has it');
SELECT is(clocks(:'waiting', 'human_standby'), 'human_standby/1 03-03 09:00..03-03 09:01 due 03-03 09:01 met', 'A2: which is in time to the microsecond');
SELECT results_eq(format('SELECT steps(%L, %L)', :'waiting', 'human_standby'), ARRAY[
  'human_standby/1 step 1 warning notify due 03-03 09:00:45 fired 03-03 09:00:59',
  'human_standby/1 step 2 breach notify due 03-03 09:01 fired 03-03 09:01',
  'human_standby/1 step 3 escalation offer_next due 03-03 09:01 fired 03-03 09:01'], 'D6: steps at one instant fire in their order');
SELECT opened('live_chat', '2025-03-03 09:30', 'A') AS w1, opened('live_chat', '2025-03-03 09:30', 'A') AS w2, opened('live_chat', '2025-03-03 09:30', 'A') AS w3 \gset
INSERT INTO agent (desk_id, agent_id, name, team_id, capacity) VALUES (:desk, 42, 'Qin', :technical, 1);
SELECT escalate_batch('2025-03-03 09:31') > 0 AS swept \gset
SELECT is((SELECT array_agg(agent_id ORDER BY ticket_no) FROM ticket WHERE ticket_no IN (:'w1', :'w2', :'w3')), '{42,41,41}'::bigint[], 'C2: one sweep spreads its offers, within everybody''s capacity');
DELETE FROM step WHERE desk_id = :desk AND action = 'offer_next';
UPDATE agent SET team_id = :product WHERE desk_id = :desk AND agent_id = 41;

-- first_response
SELECT is(clocks(:'vip', 'first_response'), 'first_response/1 03-03 09:00..- due 03-03 09:00:30 running', 'A2: VIP on an instant channel: 30 s');
SELECT said(:'vip', 'system', '2025-03-03 09:01:10') AND said(:'vip', 'agent', '2025-03-03 09:01:15', NULL, NULL, true, 71)
  AND said(:'vip', 'agent', '2025-03-03 09:01:20', NULL, NULL, false, 21) AND said(:'vip', 'customer', '2025-03-03 09:01:25') AS said \gset
SELECT is(clocks(:'vip', 'first_response'), 'first_response/1 03-03 09:00..- due 03-03 09:00:30 running',
  'A2: an automatic reply, a bot, a note and the customer are no person''s public reply');
SELECT said(:'vip', 'agent', '2025-03-03 09:01:30', NULL, NULL, true, 21) AS said \gset
SELECT is(clocks(:'vip', 'first_response'), 'first_response/1 03-03 09:00..03-03 09:01:30 due 03-03 09:00:30 breached', 'A2: a person''s is');
SELECT opened('hotline', '2025-03-03 09:10', 'C', 2) AS vip2 \gset
SELECT said(:'vip2', 'agent', '2025-03-03 09:10:30', NULL, NULL, true, 21) AS said \gset
SELECT is(clocks(:'vip2', 'first_response'), 'first_response/1 03-03 09:10..03-03 09:10:30 due 03-03 09:10:30 met', 'A2: after exactly 30 s');
SELECT said(:'chat', 'agent', '2025-03-03 09:07', NULL, NULL, true, 21) AS said \gset
SELECT is(clocks(:'chat', 'first_response'), 'first_response/1 03-03 09:00..03-03 09:07 due - measured', 'A2: others on an instant channel: measured only');
SELECT is(clocks(:'mail', 'first_response'), 'first_response/1 03-03 09:00..- due 03-04 09:00 running', 'A2: asynchronous: 24 h');
SELECT said(:'mail', 'agent', '2025-03-03 10:00', NULL, NULL, true, 21) AS said \gset
SELECT is(clocks(:'mail', 'first_response'), 'first_response/1 03-03 09:00..- due 03-04 09:00 running', 'A2: a reply that names no time does not count');
SELECT said(:'mail', 'system', '2025-03-04 09:00', NULL, '2025-03-04 12:00') AS said \gset
SELECT is(clocks(:'mail', 'first_response'), 'first_response/1 03-03 09:00..03-04 09:00 due 03-04 09:00 met', 'A2: one that names it does, automatic or not');

-- promise (D12)
SELECT is(clocks(:'mail', 'promise'), 'promise/1 03-04 09:00..- due 03-04 12:00 running', 'D12: a time named is a promise');
SELECT said(:'mail', 'agent', '2025-03-04 11:00', 'cause_located', NULL, false, 21) AND said(:'mail', 'customer', '2025-03-04 11:30') AS said \gset
SELECT is(clocks(:'mail', 'promise'), 'promise/1 03-04 09:00..- due 03-04 12:00 running', 'D12: not kept by a note, nor by the customer');
SELECT said(:'mail', 'agent', '2025-03-04 12:00', NULL, '2025-03-04 13:00', true, 21) AND said(:'mail', 'agent', '2025-03-04 13:00:00.000001', NULL, '2025-03-04 15:00', true, 21)
  AND said(:'mail', 'agent', '2025-03-04 14:00', 'promise_kept', NULL, false, 21) AS said \gset
SELECT results_eq(format('SELECT clocks(%L, %L)', :'mail', 'promise'), ARRAY[
  'promise/1 03-04 09:00..03-04 12:00 due 03-04 12:00 met', 'promise/2 03-04 12:00..03-04 13:00:00.000001 due 03-04 13:00 breached',
  'promise/3 03-04 13:00:00.000001..03-04 14:00 due 03-04 15:00 met'], 'D12: kept by the next message or the thing done, broken a microsecond late; each time named anew');
SELECT opened('email', '2025-03-05 09:00', 'A') AS broken \gset
SELECT given(:'broken', NULL, 21, '2025-03-05 09:00') IS NULL OR said(:'broken', 'agent', '2025-03-05 09:00', NULL, '2025-03-05 11:00', true, 21) AS said \gset
SELECT escalate_batch('2025-03-05 11:00') > 0 AS swept \gset
SELECT results_eq(format('SELECT steps(%L, %L)', :'broken', 'promise'), ARRAY[
  'promise/1 step 1 warning notify due 03-05 10:30 fired 03-05 11:00', 'promise/1 step 2 breach notify due 03-05 11:00 fired 03-05 11:00'], 'D12: warned, then owner and supervisor told');
SELECT results_eq(format($$SELECT topic, recipient_id FROM csflow.outbox WHERE ticket_no = %L AND clock = 'promise' ORDER BY outbox_id$$, :'broken'),
  $$VALUES ('warning', 21::bigint), ('breach', 21), ('breach', 91)$$, 'D12: owner first, then owner and supervisor');
SELECT moved(:'broken', 'closed', '2025-03-05 12:00') FROM (SELECT moved(:'broken', 'in_progress', '2025-03-05 11:59')) m \gset closed_
SELECT is(clocks(:'broken', 'promise'), 'promise/1 03-05 09:00..03-05 12:00 due 03-05 11:00 breached', 'D12: closing does not mend a broken promise');

-- interim_solution: priority E, 30 minutes
SELECT opened('email', '2025-03-06 09:00', 'B') AS worse \gset
SELECT is_empty(format('SELECT clocks(%L, %L)', :'worse', 'interim_solution'), 'B3: none below E');
SELECT ranked(:'worse', 'E', '2025-03-06 10:00') AS ranked \gset
SELECT is(clocks(:'worse', 'interim_solution'), 'interim_solution/1 03-06 10:00..- due 03-06 10:30 running', 'B3: from the moment it becomes E');
SELECT escalate_batch('2025-03-06 10:00') > 0 AS swept \gset
SELECT is(steps(:'worse'), 'interim_solution/1 step 1 escalation open_review due 03-06 10:00 fired 03-06 10:00', 'B3: the step at 0 % is due at once');
SELECT is((SELECT (topic, recipient_kind, recipient_id)::text FROM outbox WHERE ticket_no = :'worse'), ('review', 'team', :emergency)::text, 'B3: emergency response group');
SELECT is((SELECT (kind, participants, participant_ids)::text FROM review WHERE ticket_no = :'worse'), ('emergency', '{emergency_response_group}'::text[], '{NULL}'::bigint[])::text,
  'B3: the group is opened');
SELECT said(:'worse', 'agent', '2025-03-06 10:30', 'interim_solution', NULL, false, 21) AS said \gset
SELECT is(clocks(:'worse', 'interim_solution'), 'interim_solution/1 03-06 10:00..03-06 10:30 due 03-06 10:30 met', 'B3: a short-term solution within 30 min');
SELECT ranked(:'worse', 'A', '2025-03-06 10:40') || ranked(:'worse', 'E', '2025-03-06 10:50') AS ranked \gset
SELECT is((SELECT count(*) FROM clocks(:'worse', 'interim_solution')), 1::bigint, 'B3: what is solved is not asked again');
SELECT opened('email', '2025-03-06 11:00', 'E') AS mistaken \gset
SELECT ranked(:'mistaken', 'A', '2025-03-06 11:10') || ranked(:'mistaken', 'E', '2025-03-06 11:20') AS ranked \gset
SELECT results_eq(format('SELECT clocks(%L, %L)', :'mistaken', 'interim_solution'), ARRAY[
  'interim_solution/1 03-06 11:00..03-06 11:10 due 03-06 11:30 void', 'interim_solution/2 03-06 11:20..- due 03-06 11:50 running'],
  'B3: void when it is no longer E, anew when it is again');
SELECT said(:'mistaken', 'agent', '2025-03-06 11:50:00.000001', 'solution_recorded', NULL, false, 21) AS said \gset
SELECT is((SELECT outcome FROM clock WHERE ticket_no = :'mistaken' AND clock = 'interim_solution' AND run = 2), 'breached', 'B3: a microsecond late');

-- cause_located: priority A, 4 hours, pauses in both waiting states
SELECT opened('email', '2025-03-07 09:00', 'A') AS cause \gset
SELECT moved(:'cause', 'in_progress', '2025-03-07 09:30') || moved(:'cause', 'waiting_customer', '2025-03-07 10:00') AS moved \gset
SELECT is(clocks(:'cause', 'cause_located'), 'cause_located/1 03-07 09:00..- due - paused', 'D9: waiting for the customer it stands');
SELECT moved(:'cause', 'waiting_partner', '2025-03-07 10:30') AS moved \gset
SELECT is((SELECT paused_at FROM clock WHERE ticket_no = :'cause' AND clock = 'cause_located'), '2025-03-07 10:00'::timestamptz, 'D9: one pause through both waiting states');
SELECT moved(:'cause', 'in_progress', '2025-03-07 12:00') AS moved \gset
SELECT is((SELECT (clocks(:'cause', 'cause_located'), spent_microseconds, paused_microseconds)::text FROM clock WHERE ticket_no = :'cause' AND clock = 'cause_located'),
  ('cause_located/1 03-07 09:00..- due 03-07 15:00 running', 3600000000, 7200000000)::text, 'D9: it goes on with what was left; spent and paused are both known');
SELECT moved(:'cause', 'waiting_approval', '2025-03-07 13:00') AS moved \gset
SELECT is(clocks(:'cause', 'cause_located'), 'cause_located/1 03-07 09:00..- due 03-07 15:00 running', 'D9: waiting for an approval pauses nothing');
SELECT said(:'cause', 'agent', '2025-03-07 15:00', 'cause_located', NULL, false, 21) AS said \gset
SELECT is(clocks(:'cause', 'cause_located'), 'cause_located/1 03-07 09:00..03-07 15:00 due 03-07 15:00 met', 'B3: cause within 4 h of work');
SELECT is((SELECT (spent_microseconds, paused_microseconds)::text FROM clock WHERE ticket_no = :'cause' AND clock = 'cause_located'), '(14400000000,7200000000)', 'D9: exactly');

-- missed: the technical lead is told, and the head of support of an emergency
SELECT opened('email', '2025-03-07 09:00', 'A') AS missed, opened('email', '2025-03-07 09:00', 'E') AS blaze \gset
SELECT fire_steps(:desk, '2025-03-07 13:00', 1000, false, :'missed') + fire_steps(:desk, '2025-03-07 09:30', 1000, false, :'blaze') AS fired \gset
SELECT results_eq(format($$SELECT clock, recipient, recipient_id FROM csflow.outbox WHERE ticket_no IN (%L, %L) AND topic = 'breach' AND clock IN ('cause_located', 'interim_solution') ORDER BY outbox_id$$, :'missed', :'blaze'),
  $$VALUES ('cause_located', 'supervisor', 91::bigint), ('cause_located', 'technical_team/head', 92), ('interim_solution', 'supervisor', 91), ('interim_solution', 'customer_service/head', 92), ('interim_solution', 'technical_team/head', 92)$$,
  'B3: no cause after 4 h: the technical lead; no interim solution after 30 min: the head of support, too');

-- A pause that begins exactly when due leaves nothing, but is not late; resuming, it is due at once.
SELECT opened('email', '2025-03-07 09:00', 'A') AS edge, opened('email', '2025-03-07 09:00', 'A') AS over \gset
SELECT moved(:'edge', 'in_progress', '2025-03-07 09:00') || moved(:'edge', 'waiting_customer', '2025-03-07 13:00') || moved(:'edge', 'in_progress', '2025-03-07 18:00') AS moved \gset
SELECT is(clocks(:'edge', 'cause_located'), 'cause_located/1 03-07 09:00..- due 03-07 18:00 running', 'D9: paused with nothing left, due when it goes on');
SELECT moved(:'over', 'in_progress', '2025-03-07 09:00') || moved(:'over', 'waiting_customer', '2025-03-07 13:00:00.000001') AS moved \gset
SELECT is(clocks(:'over', 'cause_located'), 'cause_located/1 03-07 09:00..- due 03-07 13:00 paused', 'D9: paused when overdue, it stays overdue');
SELECT moved(:'over', 'in_progress', '2025-03-07 18:00') AS moved \gset
SELECT bool_and(said(no, 'agent', '2025-03-07 18:00', 'cause_located', NULL, false, 21)) AS said FROM (VALUES (:'edge'::ticket_no), (:'over')) v (no) \gset
SELECT is((SELECT array_agg(outcome ORDER BY ticket_no) FROM clock WHERE ticket_no IN (:'edge', :'over') AND clock = 'cause_located'), '{met,breached}'::text[],
  'D9: decided by the time used');

-- resolve: priority B 24 hours, E and A measured; answered stops it
SELECT opened('email', '2025-03-10 09:00', 'B') AS intime, opened('email', '2025-03-10 09:00', 'B') AS late, opened('email', '2025-03-10 09:00', 'A') AS measured \gset
SELECT moved(:'intime', 'answered', '2025-03-11 09:00') || moved(:'late', 'answered', '2025-03-11 09:00:00.000001') || moved(:'measured', 'answered', '2025-03-12 09:00') AS moved \gset
SELECT is(clocks(:'intime', 'resolve'), 'resolve/1 03-10 09:00..03-11 09:00 due 03-11 09:00 met', 'B3: answered exactly when due');
SELECT is(clocks(:'late', 'resolve'), 'resolve/1 03-10 09:00..03-11 09:00:00.000001 due 03-11 09:00 breached', 'D6: late between two sweeps is a breach, whether a sweep has looked or not');
SELECT is(clocks(:'measured', 'resolve'), 'resolve/1 03-10 09:00..03-12 09:00 due - measured', 'D11: A and E are measured');
-- reopened: the time used before counts, the time answered does not
SELECT moved(:'intime', 'in_progress', '2025-03-11 19:00') AS moved \gset
SELECT is(clocks(:'intime', 'resolve'), 'resolve/1 03-10 09:00..- due 03-11 19:00 running', 'F1: not solved, and nothing left of the 24 hours');
SELECT opened('email', '2025-03-10 09:00', 'B') AS again \gset
SELECT moved(:'again', 'answered', '2025-03-10 19:00') || moved(:'again', 'in_progress', '2025-03-11 09:00') AS moved \gset
SELECT is(clocks(:'again', 'resolve'), 'resolve/1 03-10 09:00..- due 03-11 23:00 running', 'F1: 10 hours used before, 14 left');
SELECT moved(:'late', 'in_progress', '2025-03-11 19:00') || moved(:'late', 'answered', '2025-03-11 20:00') AS moved \gset
SELECT is(clocks(:'late', 'resolve'), 'resolve/1 03-10 09:00..03-11 20:00 due 03-11 09:00 breached', 'F1: what was breached stays breached');
-- a change of priority: another target, the time used stays
SELECT opened('email', '2025-03-12 09:00', 'A') AS lower \gset
SELECT moved(:'lower', 'in_progress', '2025-03-12 09:00') || moved(:'lower', 'waiting_customer', '2025-03-12 10:00') || moved(:'lower', 'in_progress', '2025-03-12 12:00') AS moved \gset
SELECT ranked(:'lower', 'B', '2025-03-12 14:00') AS ranked \gset
SELECT is(clocks(:'lower', 'resolve'), 'resolve/1 03-12 09:00..- due 03-13 11:00 running', 'B7: a correction moves the deadline, 3 of 24 hours are used');
SELECT is((SELECT (next_at, priority::text)::text FROM clock WHERE ticket_no = :'lower' AND clock = 'resolve'), ('2025-03-13 05:00'::timestamptz, 'B')::text,
  'D6: and its steps are those of the new target, 75 % first');
SELECT escalate_batch('2025-03-13 23:00') > 0 AS swept \gset
SELECT results_eq(format('SELECT steps(%L, %L)', :'lower', 'resolve'), ARRAY[
  'resolve/1 step 1 warning notify due 03-13 05:00 fired 03-13 23:00', 'resolve/1 step 2 breach notify due 03-13 11:00 fired 03-13 23:00',
  'resolve/1 step 3 escalation notify due 03-13 23:00 fired 03-13 23:00'], 'D6: after a downtime all steps in order, each with the instant due and the instant fired');
SELECT ranked(:'lower', 'A', '2025-03-14 00:00') || ranked(:'lower', 'B', '2025-03-14 01:00') AS ranked \gset
SELECT is((SELECT next_at FROM clock WHERE ticket_no = :'lower' AND clock = 'resolve'), NULL, 'D6: no step fires twice, whatever the detour');

-- direction: priority C, 72 hours, pauses only for the customer
SELECT opened('email', '2025-03-17 09:00', 'C') AS wish \gset
SELECT moved(:'wish', 'waiting_partner', '2025-03-17 10:00') AS moved \gset
SELECT is(clocks(:'wish', 'direction'), 'direction/1 03-17 09:00..- due 03-20 09:00 running', 'D9: a partner does not pause what the customer is to hear');
SELECT moved(:'wish', 'waiting_customer', '2025-03-17 12:00') AS moved \gset
SELECT said(:'wish', 'customer', '2025-03-18 12:00') AS said \gset
SELECT is((SELECT (state, clocks(:'wish', 'direction'))::text FROM ticket WHERE ticket_no = :'wish'),
  ('in_progress', 'direction/1 03-17 09:00..- due 03-21 09:00 running')::text, 'D9: the customer''s message ends the waiting, a day later');
SELECT said(:'wish', 'agent', '2025-03-21 09:00', 'direction_given', NULL, true, 11) AS said \gset
SELECT is(clocks(:'wish', 'direction'), 'direction/1 03-17 09:00..03-21 09:00 due 03-21 09:00 met', 'B3: direction within 72 h');

-- progress_update: each day before 10:00, first on the day after joining
SELECT opened('email', '2025-03-18 08:00', 'A') AS shared \gset
SELECT is_empty(format('SELECT clocks(%L, %L)', :'shared', 'progress_update'), 'D2: no collaborator yet');
SELECT given(:'shared', :product, 41, '2025-03-18 09:00') AS given \gset
SELECT is(clocks(:'shared', 'progress_update'), 'progress_update/1 03-18 09:00..- due 03-19 10:00 running', 'D2: joined before 10:00, due on the next day');
SELECT said(:'shared', 'agent', '2025-03-18 09:30', 'progress_entered', NULL, false, 41) AS said \gset
SELECT is((SELECT count(*) FROM clocks(:'shared', 'progress_update')), 1::bigint, 'D2: an entry before the last 10:00 says nothing of the next day');
SELECT said(:'shared', 'agent', '2025-03-18 17:00', 'progress_entered', NULL, false, 41) AND said(:'shared', 'agent', '2025-03-19 09:00', 'progress_entered', NULL, false, 41) AS said \gset
SELECT results_eq(format('SELECT clocks(%L, %L)', :'shared', 'progress_update'), ARRAY['progress_update/1 03-18 09:00..03-18 17:00 due 03-19 10:00 met',
  'progress_update/2 03-18 17:00..- due 03-20 10:00 running'], 'D2: one since then does, a second one does not pay for the day after');
SELECT said(:'shared', 'agent', '2025-03-20 10:00', 'progress_entered', NULL, false, 41) AND said(:'shared', 'agent', '2025-03-21 10:00:00.000001', 'progress_entered', NULL, false, 41) AS said \gset
SELECT results_eq(format('SELECT clocks(%L, %L) OFFSET 1', :'shared', 'progress_update'), ARRAY['progress_update/2 03-18 17:00..03-20 10:00 due 03-20 10:00 met',
  'progress_update/3 03-20 10:00..03-21 10:00 due 03-21 10:00 breached', 'progress_update/4 03-21 10:00..03-21 10:00:00.000001 due 03-22 10:00 met',
  'progress_update/5 03-21 10:00:00.000001..- due 03-23 10:00 running'], 'D2: at 10:00 sharp in time; a microsecond later the day is missed and the entry is the next day''s');
SELECT said(:'shared', 'agent', '2025-03-26 12:00', 'progress_entered', NULL, false, 41) AS said \gset
SELECT results_eq(format('SELECT clocks(%L, %L) OFFSET 4', :'shared', 'progress_update'), ARRAY['progress_update/5 03-21 10:00:00.000001..03-23 10:00 due 03-23 10:00 breached',
  'progress_update/6 03-23 10:00..03-24 10:00 due 03-24 10:00 breached', 'progress_update/7 03-24 10:00..03-25 10:00 due 03-25 10:00 breached',
  'progress_update/8 03-25 10:00..03-26 10:00 due 03-26 10:00 breached', 'progress_update/9 03-26 10:00..03-26 12:00 due 03-27 10:00 met',
  'progress_update/10 03-26 12:00..- due 03-28 10:00 running'], 'D2: each day missed counts, though no sweep has looked; weekends too');
SELECT said(:'shared', 'agent', '2025-03-27 12:00', 'part_completed', NULL, false, 41) AS said \gset
SELECT is((SELECT outcome FROM clock WHERE ticket_no = :'shared' AND clock = 'progress_update' AND run = 10), 'met', 'D2: until the part is done');
SELECT given(:'shared', :technical, 21, '2025-03-27 13:00') AS given \gset
SELECT is((SELECT (run, due_at)::text FROM clock WHERE ticket_no = :'shared' AND clock = 'progress_update' AND stopped_at IS NULL),
  (11, '2025-03-28 10:00'::timestamptz)::text, 'D2: the next department owes its own');
-- the same with sweeps: chased once a day, with the warning at 09:00
SELECT progress_check_batch('2025-03-28 09:00') + progress_check_batch('2025-03-28 10:00') + progress_check_batch('2025-03-28 11:00')
  + progress_check_batch('2025-03-30 10:00') AS swept \gset
SELECT results_eq(format('SELECT steps(%L, %L)', :'shared', 'progress_update'), (SELECT array_agg(format('progress_update/%s step %s due %s fired 03-28 09:00', run, step, due) ORDER BY run, step) FROM (VALUES
    (3, '1 warning notify', '03-21 09:00'), (3, '2 breach notify', '03-21 10:00'), (5, '1 warning notify', '03-23 09:00'), (5, '2 breach notify', '03-23 10:00'),
    (6, '1 warning notify', '03-24 09:00'), (6, '2 breach notify', '03-24 10:00'), (7, '1 warning notify', '03-25 09:00'), (7, '2 breach notify', '03-25 10:00'),
    (8, '1 warning notify', '03-26 09:00'), (8, '2 breach notify', '03-26 10:00')) AS m (run, step, due)) || ARRAY[
  'progress_update/11 step 1 warning notify due 03-28 09:00 fired 03-28 09:00', 'progress_update/11 step 2 breach notify due 03-28 10:00 fired 03-28 10:00',
  'progress_update/12 step 1 warning notify due 03-29 09:00 fired 03-30 10:00', 'progress_update/12 step 2 breach notify due 03-29 10:00 fired 03-30 10:00',
  'progress_update/13 step 1 warning notify due 03-30 09:00 fired 03-30 10:00', 'progress_update/13 step 2 breach notify due 03-30 10:00 fired 03-30 10:00'],
  'D2: chased each day, after a downtime for each day missed, also the days that ended before a sweep had looked');
SELECT results_eq(format($$SELECT recipient_kind, recipient_id FROM csflow.outbox WHERE ticket_no = %L AND clock = 'progress_update' AND topic = 'breach'
  AND due_at = '2025-03-28 10:00' ORDER BY outbox_id$$, :'shared'), format($$VALUES ('team', %s::bigint), ('agent', 21)$$, :technical), 'D2: department and owner');

-- breakthrough: 24 hours from the first hand-over
SELECT opened('email', '2025-03-18 08:00', 'C') AS stuck \gset
SELECT given(:'stuck', :product, 41, '2025-03-18 09:00') AS given \gset
SELECT moved(:'stuck', 'in_progress', '2025-03-18 09:10') || moved(:'stuck', 'waiting_partner', '2025-03-18 10:00') || moved(:'stuck', 'waiting_customer', '2025-03-18 12:00')
  || moved(:'stuck', 'in_progress', '2025-03-18 13:00') || given(:'stuck', :technical, 21, '2025-03-18 14:00') AS moved \gset
SELECT is(clocks(:'stuck', 'breakthrough'), 'breakthrough/1 03-18 09:00..- due 03-19 10:00 running', 'D3: from the first hand-over only, paused for the customer only');
SELECT escalate_batch('2025-03-19 10:00') > 0 AS swept \gset
SELECT is((SELECT count(*) FROM review WHERE ticket_no = :'stuck'), 1::bigint, 'D3: an escalation review is opened');
SELECT is((SELECT (opened_at, clock, run, participants)::text FROM review WHERE ticket_no = :'stuck'),
  ('2025-03-19 10:00'::timestamptz, 'breakthrough', 1, '{customer_service/head,technical_team/head,product/head}'::text[])::text, 'D3: head of support, technical lead and product manager take part');
SELECT results_eq(format($$SELECT recipient_id FROM csflow.outbox WHERE ticket_no = %L AND topic = 'review' ORDER BY outbox_id$$, :'stuck'),
  ARRAY[92, 92, 92]::bigint[], 'D3: and are told');
SELECT is((SELECT participant_ids FROM review WHERE ticket_no = :'stuck'), '{92,92,92}'::bigint[], 'D3: who they were is kept');
SELECT escalate_batch('2025-03-25 10:00') > 0 AS swept \gset
SELECT is((SELECT count(*) FROM review WHERE ticket_no = :'stuck'), 1::bigint, 'D3: once');
SELECT results_eq(format('SELECT steps(%L, %L)', :'stuck', 'breakthrough'), ARRAY['breakthrough/1 step 1 warning notify due 03-19 04:00 fired 03-19 10:00',
  'breakthrough/1 step 2 breach notify due 03-19 10:00 fired 03-19 10:00', 'breakthrough/1 step 3 escalation open_review due 03-19 10:00 fired 03-19 10:00',
  'breakthrough/1 step 4 escalation notify due 03-19 22:00 fired 03-25 10:00'], 'D6: each step once, at the right shares');
SELECT opened('email', '2025-03-18 08:00', 'C') AS found1, opened('email', '2025-03-18 08:00', 'C') AS found2, opened('email', '2025-03-18 08:00', 'C') AS found3 \gset
SELECT min(given(no, :product, 41, '2025-03-18 09:00')) AS given FROM (VALUES (:'found1'::ticket_no), (:'found2'), (:'found3')) v (no) \gset
SELECT said(:'found1', 'agent', '2025-03-19 09:00', 'cause_located', NULL, false, 41) AND said(:'found2', 'agent', '2025-03-19 09:00', 'interim_solution', NULL, false, 41) AS said \gset
SELECT moved(:'found3', 'answered', '2025-03-19 09:00:00.000001') AS moved \gset
SELECT is((SELECT array_agg(outcome ORDER BY ticket_no) FROM clock WHERE clock = 'breakthrough' AND ticket_no IN (:'found1', :'found2', :'found3')),
  '{met,met,breached}'::text[], 'D3: a cause, any solution or the answer ends it');

-- partner_checkpoint and customer_update: waiting for a partner
SELECT opened('email', '2025-03-20 08:00', 'A') AS third, opened('email', '2025-03-20 08:00', 'A') AS silent \gset
SELECT moved(:'third', 'waiting_partner', '2025-03-20 09:00') || moved(:'silent', 'waiting_partner', '2025-03-20 09:00') AS moved \gset
SELECT is(clocks(:'third', 'partner_checkpoint'), 'partner_checkpoint/1 03-20 09:00..- due - running', 'D4: no figure before one is agreed');
SELECT said(:'third', 'agent', '2025-03-20 09:30', 'checkpoint_agreed', '2025-03-20 15:00', false, 21) AND said(:'third', 'agent', '2025-03-20 15:00:00.000001', 'partner_replied', '2025-03-21 09:00', false, 21)
  AS said \gset
SELECT moved(:'third', 'in_progress', '2025-03-21 09:00') AS moved \gset
SELECT results_eq(format('SELECT clocks(%L, %L)', :'third', 'partner_checkpoint'), ARRAY['partner_checkpoint/1 03-20 09:00..03-20 09:30 due - measured',
  'partner_checkpoint/2 03-20 09:30..03-20 15:00:00.000001 due 03-20 15:00 breached', 'partner_checkpoint/3 03-20 15:00:00.000001..03-21 09:00 due 03-21 09:00 met'],
  'D4: as agreed with the partner, armed for the next checkpoint');
SELECT is_empty(format('SELECT clocks(%L, %L)', :'third', 'promise'), 'D12: what is agreed with a partner is no promise to the customer');
SELECT said(:'silent', 'agent', '2025-03-20 15:00', NULL, NULL, true, 21) AND said(:'silent', 'agent', '2025-03-20 17:00', NULL, NULL, true, 21)
  AND said(:'silent', 'agent', '2025-03-20 18:00', NULL, NULL, false, 21) AS said \gset
SELECT moved(:'silent', 'in_progress', '2025-03-21 12:00') AS moved \gset
SELECT results_eq(format('SELECT clocks(%L, %L)', :'silent', 'customer_update'), ARRAY['customer_update/1 03-20 09:00..03-20 15:00 due 03-20 15:00 met',
  'customer_update/2 03-20 15:00..03-20 17:00 due 03-20 21:00 met', 'customer_update/3 03-20 17:00..03-20 23:00 due 03-20 23:00 breached',
  'customer_update/4 03-20 23:00..03-21 05:00 due 03-21 05:00 breached', 'customer_update/5 03-21 05:00..03-21 11:00 due 03-21 11:00 breached',
  'customer_update/6 03-21 11:00..03-21 12:00 due 03-21 17:00 met'], 'D4: the customer hears something every 6 h; each public message arms it again, silence counts');
SELECT opened('email', '2025-03-20 08:00', 'A') AS swept \gset
SELECT moved(:'swept', 'waiting_partner', '2025-03-20 09:00') AS moved \gset
SELECT sum(escalate_batch(at)) > 0 AS done FROM generate_series('2025-03-20 09:00', '2025-03-21 11:30', interval '30 minutes') AS at \gset
SELECT is((SELECT count(*) FROM clocks(:'swept', 'customer_update')), 5::bigint, 'D4: swept every half hour, four runs are over');
SELECT moved(:'swept', 'in_progress', '2025-03-21 12:00') AS moved \gset
SELECT opened('email', '2025-03-20 08:00', 'A') AS unswept \gset
SELECT moved(:'unswept', 'waiting_partner', '2025-03-20 09:00') || moved(:'unswept', 'in_progress', '2025-03-21 12:00') AS moved \gset
SELECT results_eq(format('SELECT clocks(%L, %L)', :'swept', 'customer_update'), format('SELECT clocks(%L, %L)', :'unswept', 'customer_update'),
  'D4: the same runs with and without sweeps');

-- approval: 3 days
SELECT opened('email', '2025-03-20 08:00', 'A') AS refund \gset
SELECT moved(:'refund', 'waiting_approval', '2025-03-20 09:00') || moved(:'refund', 'in_progress', '2025-03-23 09:00') || moved(:'refund', 'waiting_approval', '2025-03-24 09:00')
  || moved(:'refund', 'in_progress', '2025-03-27 09:00:00.000001') AS moved \gset
SELECT results_eq(format('SELECT clocks(%L, %L)', :'refund', 'approval'), ARRAY['approval/1 03-20 09:00..03-23 09:00 due 03-23 09:00 met',
  'approval/2 03-24 09:00..03-27 09:00:00.000001 due 03-27 09:00 breached'], 'E2: each approval has its own 3 days');

-- auto_close: 72 hours from each answer
SELECT opened('email', '2025-03-20 08:00', 'B') AS quiet, opened('email', '2025-03-20 08:00', 'B') AS talks, opened('email', '2025-03-20 08:00', 'B') AS reopens \gset
SELECT min(moved(no, 'answered', '2025-03-20 09:00')) AS moved FROM (VALUES (:'quiet'::ticket_no), (:'talks'), (:'reopens')) v (no) \gset
SELECT said(:'talks', 'customer', '2025-03-22 09:00') AS said \gset
SELECT moved(:'reopens', 'in_progress', '2025-03-22 09:00') || moved(:'reopens', 'answered', '2025-03-22 10:00') AS moved \gset
SELECT auto_close_batch('2025-03-23 08:59:59.999999') AS early \gset
SELECT is((SELECT state FROM ticket WHERE ticket_no = :'quiet'), 'answered', 'F2: not a microsecond before 72 h');
SELECT auto_close_batch('2025-03-23 09:00') AS closed \gset
SELECT is((SELECT (state, close_reason, closed_at, changed_by_kind)::text FROM ticket WHERE ticket_no = :'quiet'), ('closed', 'no_new_request', '2025-03-23 09:00'::timestamptz, 'system')::text,
  'F2: at 72 h exactly, with its reason');
SELECT is(clocks(:'quiet', 'auto_close'), 'auto_close/1 03-20 09:00..03-23 09:00 due 03-23 09:00 measured', 'F2: no breach of anything');
SELECT is((SELECT state FROM ticket WHERE ticket_no = :'talks'), 'answered', 'F2: a message from the customer stops it');
SELECT results_eq(format('SELECT clocks(%L, %L)', :'reopens', 'auto_close'), ARRAY['auto_close/1 03-20 09:00..03-22 09:00 due 03-23 09:00 measured',
  'auto_close/2 03-22 10:00..- due 03-25 10:00 running'], 'F2: from zero with each answer');
INSERT INTO ticket (desk_id, channel, body, state, opened_at) VALUES (:desk, 'email', '闪退', 'answered', '2025-03-20 09:00') RETURNING ticket_no AS at_once \gset
SELECT is(clocks(:'at_once', 'auto_close'), 'auto_close/1 03-20 09:00..- due 03-23 09:00 running', 'F2: also from an answer given when it was opened');
INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body, at) VALUES (:desk, :'at_once', 'customer', '还有一个问题', '2025-03-21 09:00');
INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body, at) VALUES (:desk, :'at_once', 'agent', '是这样的', '2025-03-21 10:00');
INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body, at) VALUES (:desk, :'at_once', 'agent', '再补充一点', '2025-03-21 11:00');
SELECT results_eq(format('SELECT clocks(%L, %L)', :'at_once', 'auto_close'), ARRAY['auto_close/1 03-20 09:00..03-21 09:00 due 03-23 09:00 measured',
  'auto_close/2 03-21 10:00..03-21 11:00 due 03-24 10:00 measured', 'auto_close/3 03-21 11:00..- due 03-24 11:00 running'],
  'F2: a customer who writes stops it; what a person writes to them then is an answer again, and each answer starts from zero');

-- H4: steps and targets taken away while clocks run
SELECT opened('email', '2025-03-24 09:00', 'B') AS orphan, opened('email', '2025-03-24 09:00', 'C') AS orphan2 \gset
DELETE FROM step WHERE desk_id = :desk AND target_id IN (SELECT target_id FROM target WHERE desk_id = :desk AND (clock = 'resolve' AND priority = 'B' OR clock = 'direction'));
DELETE FROM target WHERE desk_id = :desk AND clock = 'direction';
SELECT lives_ok($$SELECT csflow.escalate_batch('2025-03-30 09:00')$$, 'H4: a sweep survives steps and targets that are gone');
SELECT is((SELECT (next_at, outcome)::text FROM clock WHERE ticket_no = :'orphan' AND clock = 'resolve'), '(,)', 'H4: a clock without steps runs on in silence');
SELECT is((SELECT outcome FROM clock WHERE ticket_no = :'orphan2' AND clock = 'direction'), 'void', 'H4: one without its target is void');
SELECT is_empty(format('SELECT steps(ticket_no, clock) FROM csflow.clock WHERE ticket_no IN (%L, %L) AND clock IN (%L, %L)', :'orphan', :'orphan2', 'resolve', 'direction'), 'H4: and nothing fired');

-- Closing ends what is left: void in time, breached when late. Nothing runs on a closed ticket.
SELECT opened('email', '2025-03-24 09:00', 'B') AS swift \gset
SELECT moved(:'swift', 'in_progress', '2025-03-24 10:00') || moved(:'swift', 'closed', '2025-03-25 09:00') AS moved \gset
SELECT results_eq(format('SELECT clocks(%L)', :'swift'), ARRAY['first_response/1 03-24 09:00..03-25 09:00 due 03-25 09:00 void', 'resolve/1 03-24 09:00..03-25 09:00 due 03-25 09:00 void'],
  'F2: closed in time, what was still to come is void');
SELECT opened('email', '2025-03-24 09:00', 'B') AS tardy \gset
SELECT moved(:'tardy', 'in_progress', '2025-03-24 10:00') || moved(:'tardy', 'closed', '2025-03-25 09:00:00.000001') AS moved \gset
SELECT is((SELECT array_agg(outcome ORDER BY clock) FROM clock WHERE ticket_no = :'tardy'), '{breached,breached}'::text[], 'F2: closed late, it is a breach');
SELECT is((SELECT count(*) FROM clock c JOIN ticket t USING (desk_id, ticket_no) WHERE t.state = 'closed' AND (c.stopped_at IS NULL OR c.next_closes OR c.next_at > c.stopped_at)), 0::bigint, 'no clock runs on a closed ticket');
SELECT is((SELECT count(*) FROM clock WHERE (stopped_at IS NULL) <> (outcome IS NULL) OR stopped_at < started_at OR (stopped_at IS NOT NULL AND run_since IS NOT NULL)), 0::bigint, 'every stopped clock has an outcome, and only those');
SELECT * FROM finish();
