-- Departments and tasks as subjects of clocks, goals reached before, windows, late steps, whose turn it was, instants written
-- back. Handbook C3, D2, D6, D7, D9, D12, F3; design 2.2, 2.9.
\ir ../lib/internet_desk.sql
SELECT no_plan();
CREATE FUNCTION opened(at timestamptz, priority csflow.priority DEFAULT 'B', desk text DEFAULT 'support') RETURNS csflow.ticket_no LANGUAGE sql AS $$
  INSERT INTO csflow.ticket (desk_id, channel, body, opened_at, priority) VALUES (csflow.desk_id(desk), 'email', '闪退', at, priority) RETURNING ticket_no
$$;
CREATE FUNCTION noted(no csflow.ticket_no, at timestamptz, milestone text, agent bigint, named timestamptz DEFAULT NULL, public boolean DEFAULT false) RETURNS boolean LANGUAGE sql AS $$
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, at, milestone, next_news_at, is_public, changed_by, body)
  SELECT desk_id, no, 'agent', noted.at, milestone, named, public, agent, '…' FROM csflow.ticket WHERE ticket_no = no RETURNING true
$$;
CREATE FUNCTION changed(no csflow.ticket_no, at timestamptz, state text DEFAULT NULL, team bigint DEFAULT NULL, agent bigint DEFAULT NULL, priority csflow.priority DEFAULT NULL)
RETURNS text LANGUAGE sql AS $$
  UPDATE csflow.ticket t SET state = coalesce(changed.state, t.state), team_id = coalesce(team, t.team_id), agent_id = coalesce(agent, t.agent_id), priority = coalesce(changed.priority, t.priority),
    changed_at = at, change_reason = 'so', close_reason = CASE changed.state WHEN 'closed' THEN 'customer_confirmed' END WHERE ticket_no = no RETURNING t.state
$$;

-- D2, D12: each collaborating department owes its own progress, and keeps its own promises
SELECT opened('2025-03-03 08:00', 'A') AS shared \gset
SELECT changed(:'shared', '2025-03-03 09:00', team => :product, agent => 41), changed(:'shared', '2025-03-03 11:00', team => :technical, agent => 21) \g /dev/null
SELECT noted(:'shared', '2025-03-03 12:00', 'progress_entered', 41, '2025-03-03 18:00') \g /dev/null
SELECT results_eq(format($$SELECT subject_id, due_at, outcome FROM csflow.clock WHERE ticket_no = %L AND clock = 'progress_update' ORDER BY run$$, :'shared'),
  format($$VALUES (%s::bigint, '2025-03-04 10:00'::timestamptz, 'met'), (%s, '2025-03-04 10:00', NULL), (%s, '2025-03-05 10:00', NULL)$$, :product, :technical, :product),
  'D2: what one department enters does not pay for another');
SELECT is((SELECT (subject_id, due_at)::text FROM clock WHERE ticket_no = :'shared' AND clock = 'department_promise'), (:product::bigint, '2025-03-03 18:00'::timestamptz)::text, 'D12: a time named by a department is its promise');
SELECT noted(:'shared', '2025-03-03 13:00', 'part_completed', 41) \g /dev/null
SELECT progress_check_batch('2025-03-04 10:00') > 0 AS swept \gset
SELECT results_eq(format($$SELECT recipient_id FROM csflow.outbox WHERE ticket_no = %L AND clock = 'progress_update' AND recipient = 'team'$$, :'shared'), ARRAY[:technical]::bigint[],
  'D2: the department whose update is missing is chased, not the one that has done its part');

-- D2, D12: whoever writes, for whichever department
SELECT opened('2025-03-03 08:00', 'A') AS written \gset
SELECT note(:desk, :'written', 'they will look', NULL, '2025-03-03 18:00', 11, '2025-03-03 12:00', 'product') AS written_no \gset
SELECT is((SELECT (subject_id, due_at)::text FROM clock WHERE ticket_no = :'written' AND clock = 'department_promise'), (:product::bigint, '2025-03-03 18:00'::timestamptz)::text, 'D12: a note can speak for another department');
SELECT throws_ok(format('SELECT csflow.note(%s, %L, %L, agent_id => 11, team => %L)', :desk, :'written', 'x', 'nobody'), 'SF005', 'desk 1 has no active team "nobody"', 'D12: which must be one');

-- D7: tasks
SELECT opened('2025-03-03 08:00') AS busy \gset
UPDATE target SET clock = 'direction_before' WHERE desk_id = :desk AND clock = 'direction';
INSERT INTO target (desk_id, target_id, clock, calendar, mode, due_from, starts_on, stops_on, rearms_on, subject, outlives_closing)
VALUES (:desk, 7001, 'task', 'around_the_clock', 'each', 'named', '{task_created}', '{task_done}', '{task_created}', 'task', true);
INSERT INTO step (desk_id, target_id, position, at_share_pct, level, action, recipients) VALUES (:desk, 7001, 1, 75, 'warning', 'notify', '{owner}'), (:desk, 7001, 2, 100, 'breach', 'notify', '{owner,supervisor}'),
  (:desk, 7001, 3, 100, 'escalation', 'raise_priority', '{}');
SELECT add_task(:desk, :'busy', 'refund', '2025-03-03 12:00', assignee_id => 31, priority => 'A', at => '2025-03-03 09:00') AS one, add_task(:desk, :'busy', 'call', '2025-03-03 18:00', at => '2025-03-03 09:00') AS two \gset
SELECT is((SELECT (agent_id, due_at, priority)::text FROM task WHERE task_no = :one), (31, '2025-03-03 12:00'::timestamptz, 'A')::text, 'D7: owner, deadline and priority of a task');
SELECT finish_task(:desk, :'busy', :one, at => '2025-03-03 12:00:00.000001') AS done \gset
UPDATE task SET due_at = '2025-03-04 18:00', changed_at = '2025-03-03 13:00' WHERE task_no = :two;
SELECT results_eq(format('SELECT subject_id, due_at, outcome FROM csflow.clock WHERE ticket_no = %L AND clock = %L ORDER BY run', :'busy', 'task'),
  format($$VALUES (%s::bigint, '2025-03-03 12:00'::timestamptz, 'breached'), (%s, '2025-03-03 18:00', 'void'), (%s, '2025-03-04 18:00', NULL)$$, :one, :two, :two),
  'D7: each task has its clock; another date is another promise');
SELECT changed(:'busy', '2025-03-03 14:00', 'in_progress'), changed(:'busy', '2025-03-03 15:00', 'closed') \g /dev/null
SELECT escalate_batch('2025-03-03 16:00') > 0 AS swept \gset
SELECT results_eq(format($$SELECT kind, step_position::integer, due_at, at FROM csflow.event WHERE ticket_no = %L AND clock = 'task' ORDER BY seq$$, :'busy'),
  $$VALUES ('step_fired', 1, '2025-03-03 11:15'::timestamptz, '2025-03-03 16:00'::timestamptz), ('step_fired', 2, '2025-03-03 12:00', '2025-03-03 16:00'), ('step_skipped', 3, '2025-03-03 12:00', '2025-03-03 16:00')$$,
  'D6: a clock that stopped late before a sweep looked is told, in order; what would move the ticket is skipped');
SELECT is((SELECT array_agg(recipient_id ORDER BY outbox_id) FROM outbox WHERE ticket_no = :'busy' AND clock = 'task' AND recipient = 'owner'), '{31,31}'::bigint[], 'D7: the owner of the task is told');
SELECT is((SELECT stopped_at FROM clock WHERE ticket_no = :'busy' AND clock = 'task' AND subject_id = :two AND run = 3), NULL, 'D7: a task goes on over the closing');
SELECT finish_task(:desk, :'busy', :two, at => '2025-03-03 17:00', is_cancelled => true) AS cancelled \gset
SELECT is((SELECT outcome FROM clock WHERE ticket_no = :'busy' AND clock = 'task' AND subject_id = :two AND run = 3), 'void', 'D7: no longer needed');
SELECT throws_ok(format('SELECT csflow.finish_task(%s, %L, %s)', :desk, :'busy', :two), 'SF007', NULL, 'D7: what is over stays over');
SELECT throws_ok(format('SELECT csflow.add_task(%s, %L, %L, %L, at => %L)', :desk, :'busy', 'x', '2025-03-03 16:00', '2025-03-03 18:00'), 'SF008', NULL, 'D7: not due before it is made');
SELECT throws_ok(format('SELECT csflow.add_task(%s, %L, %L, at => %L)', :desk, :'busy', 'x', '2025-03-03 09:00'), 'SF008', NULL, '2.9: nor made before the ticket''s last change');
SELECT throws_ok('DELETE FROM csflow.task', 'SF007', NULL, 'H1: tasks stay');

-- B3: a goal that is reached already
SELECT opened('2025-03-03 08:00') AS found \gset
SELECT noted(:'found', '2025-03-03 09:00', 'cause_located', 21) \g /dev/null
SELECT changed(:'found', '2025-03-03 10:00', priority => 'A'), changed(:'found', '2025-03-03 11:00', team => :product, agent => 41) \g /dev/null
SELECT results_eq(format($$SELECT clock, started_at, stopped_at, outcome FROM csflow.clock WHERE ticket_no = %L AND clock IN ('cause_located', 'breakthrough') ORDER BY clock$$, :'found'),
  $$VALUES ('breakthrough', '2025-03-03 11:00'::timestamptz, '2025-03-03 11:00'::timestamptz, 'met'), ('cause_located', '2025-03-03 10:00', '2025-03-03 10:00', 'met')$$, 'B3, D3: a cause located before is not waited for');

-- D9: whose turn it was, of clocks that pause and clocks that do not
SELECT opened('2025-03-05 08:00') AS waited \gset
SELECT changed(:'waited', '2025-03-05 09:00', 'in_progress'), changed(:'waited', '2025-03-05 10:00', 'waiting_customer'), changed(:'waited', '2025-03-05 13:00', 'waiting_partner'),
  changed(:'waited', '2025-03-05 18:00', 'in_progress') \g /dev/null
SELECT results_eq(format($$SELECT clock, spent, own_time, customer_waiting, partner_waiting FROM csflow.clock_status_at(%s, '2025-03-05 20:00') WHERE ticket_no = %L AND clock IN ('resolve', 'first_response') ORDER BY clock$$, :desk, :'waited'),
  $$VALUES ('first_response', interval '12 h', interval '4 h', interval '3 h', interval '5 h'), ('resolve', '4 h', '4 h', '3 h', '5 h')$$, 'D9: customer, partner and own time apart');

SELECT results_eq(format($$SELECT own_time, customer_waiting, partner_waiting, done_time FROM csflow.waiting_time_at(%s, '2025-03-05 20:00') WHERE ticket_no = %L$$, :desk, :'waited'),
  $$VALUES (interval '4 h', interval '3 h', interval '5 h', interval '0')$$, 'D9: and of the ticket as a whole');
SELECT is((SELECT count(*) FROM waiting_time w JOIN ticket t USING (desk_id, ticket_no) WHERE w.own_time + w.customer_waiting + w.partner_waiting + w.done_time <> make_interval(secs => extract(epoch FROM now() - t.opened_at))), 0::bigint,
  'D9: the four add up to its age');

-- F3: the right to object
SELECT create_desk('objections', 'complaint') AS objections \gset
SELECT opened('2025-03-03 08:00', desk => 'objections') AS late, opened('2025-03-03 08:00', desk => 'objections') AS just \gset
SELECT changed(no, '2025-03-03 09:00', 'answered'), changed(no, '2025-03-03 10:00', 'closed') FROM unnest(ARRAY[:'late', :'just']::ticket_no[]) no \g /dev/null
SELECT object(:objections, :'just', 'no', at => '2025-03-10 09:00') AS just_state, object(:objections, :'late', 'no', at => '2025-03-10 09:00:00.000001') AS late_state \gset
SELECT is((:'just_state', :'late_state')::text, '(under_review,closed)', 'F3: seven days to the microsecond, also on a closed ticket; later the state stays');
SELECT results_eq(format($$SELECT ticket_no, clock, outcome FROM csflow.clock WHERE ticket_no IN (%L, %L) AND clock IN ('objection_window', 'late_objection') ORDER BY 1, 2$$, :'just', :'late'),
  format($$VALUES (%L::ticket_no, 'late_objection', NULL), (%1$L, 'objection_window', 'lapsed'), (%L, 'objection_window', 'measured')$$, :'late', :'just'), 'F3: no breach of anything');
SELECT sum(escalate_batch('2025-03-10 10:00')) > 0 AS swept FROM generate_series(1, 3) \gset
SELECT is((SELECT outcome FROM clock WHERE ticket_no = :'late' AND clock = 'objection_window'), 'lapsed', 'F3: the right has lapsed');
SELECT is((SELECT array_agg(recipient) FROM outbox WHERE ticket_no = :'late' AND clock = 'late_objection'), '{supervisor}'::text[], 'F3: a later objection goes to the supervisor');
SELECT is((SELECT count(*) FROM attainment WHERE clock = 'objection_window'), 0::bigint, 'G2: a window is no promise');

-- 2.9: a mapper writes back what it has read
INSERT INTO ticket (desk_id, channel, body) VALUES (:desk, 'email', 'x') RETURNING ticket_no AS live, changed_at AS read_at \gset
UPDATE ticket SET state = 'in_progress', changed_at = :'read_at' WHERE ticket_no = :'live';
SELECT cmp_ok((SELECT changed_at FROM ticket WHERE ticket_no = :'live'), '>', :'read_at'::timestamptz, '2.9: changed_at as it was read is not the instant of this change');
SELECT changed(:'waited', '2025-03-05 18:00', 'answered') \g /dev/null
SELECT is((SELECT changed_at FROM ticket WHERE ticket_no = :'waited'), '2025-03-05 18:00'::timestamptz, '2.9: in a log that is replayed it is');

-- A2: the next reply is owed from the oldest message without an answer; D6: steps before and after due by an amount, in the clock's
-- own calendar; F1: a clock that restarts; what is in force is on the clock; a step due on a closed ticket
INSERT INTO working_calendar (desk_id, code, base) VALUES (:desk, 'desk_hours', 'Asia/Shanghai; mon-fri 09:00-18:00');
INSERT INTO target (desk_id, target_id, clock, mode, duration, calendar, starts_on, stops_on, on_reopen, outlives_closing) VALUES
  (:desk, 7101, 'next_reply', 'each', '2 hours', 'around_the_clock', '{customer_message}', '{person_message}', 'none', false),
  (:desk, 7102, 'desk_care', 'once', '10 hours', 'desk_hours', '{opened}', '{answered}', 'restart', false),
  (:desk, 7103, 'aftercare', 'once', '1 hour', 'around_the_clock', '{closed}', '{}', 'none', true);
INSERT INTO step (desk_id, target_id, position, at_offset, level, action, recipients) VALUES
  (:desk, 7102, 1, '-2 hours', 'warning', 'notify', '{owner}'), (:desk, 7102, 2, '9 hours', 'breach', 'notify', '{supervisor}'),
  (:desk, 7103, 1, '0', 'breach', 'raise_priority', '{owner}'), (:desk, 7103, 2, '1 minute', 'escalation', 'notify', '{owner}');
SELECT opened('2025-03-07 15:00') AS cared \gset
INSERT INTO message (desk_id, ticket_no, author_kind, at, body) SELECT :desk, :'cared', 'customer', at::timestamptz, '?' FROM unnest('{2025-03-07 16:00,2025-03-07 16:30}'::text[]) AS at;
SELECT noted(:'cared', '2025-03-07 17:00', NULL, 21, public => true) \g /dev/null
INSERT INTO message (desk_id, ticket_no, author_kind, at, body) VALUES (:desk, :'cared', 'customer', '2025-03-07 17:30', '?');
SELECT results_eq(format($$SELECT run, started_at, due_at, outcome FROM csflow.clock WHERE ticket_no = %L AND clock = 'next_reply' ORDER BY run$$, :'cared'),
  $$VALUES (1, '2025-03-07 16:00'::timestamptz, '2025-03-07 18:00'::timestamptz, 'met'), (2, '2025-03-07 17:30', '2025-03-07 19:30', NULL)$$, 'A2: the next reply counts from the oldest unanswered message');
SELECT is((SELECT (target_id, calendar, priority, due_at, next_at)::text FROM clock WHERE ticket_no = :'cared' AND clock = 'desk_care'),
  (7102, 'desk_hours', 'B', '2025-03-10 16:00'::timestamptz, '2025-03-10 14:00'::timestamptz)::text, '2.2: target, calendar and priority in force are on the clock');
SELECT fire_steps(:desk, '2025-03-11 16:00', 1000, false, :'cared') > 0 AS fired \gset
SELECT results_eq(format($$SELECT step_position, due_at FROM csflow.event WHERE ticket_no = %L AND clock = 'desk_care' AND kind = 'step_fired' ORDER BY seq$$, :'cared'),
  $$VALUES (1::smallint, '2025-03-10 14:00'::timestamptz), (2::smallint, '2025-03-11 16:00')$$, 'D6: two hours before it is due, and nine hours of opening after');
SELECT changed(:'cared', '2025-03-12 10:00', 'answered'), changed(:'cared', '2025-03-12 12:00', 'in_progress') \g /dev/null
SELECT is((SELECT (run, started_at, due_at)::text FROM clock WHERE ticket_no = :'cared' AND clock = 'desk_care' AND stopped_at IS NULL),
  (2, '2025-03-12 12:00'::timestamptz, '2025-03-13 13:00'::timestamptz)::text, 'F1: reopened, the promise begins anew where the target says so');
SELECT changed(:'cared', '2025-03-12 13:00', 'answered'), changed(:'cared', '2025-03-12 14:00', 'closed') \g /dev/null
SELECT fire_steps(:desk, '2025-03-12 16:00', 1000, false, :'cared') > 0 AS fired \gset
SELECT results_eq(format($$SELECT kind, step_position, due_at FROM csflow.event WHERE ticket_no = %L AND clock = 'aftercare' ORDER BY seq$$, :'cared'),
  $$VALUES ('step_skipped', 1::smallint, '2025-03-12 15:00'::timestamptz), ('step_fired', 2::smallint, '2025-03-12 15:01')$$, 'D6: on a closed ticket a step tells, but moves nothing');

-- H4: bad rows
PREPARE bad AS INSERT INTO csflow.target (desk_id, clock, duration, calendar, mode, starts_on, stops_on, pauses_in, subject, is_window) VALUES ($1, 'bad', $2, $3, $4, $5, $6, $7, $8, $9);
SELECT throws_ok(format('EXECUTE bad(%s, %L, NULL, %L, %L, %L, %L, %L, false)', :desk, '1 h', 'once', '{opened}', '{}', '{}', 'ticket'), '23502', NULL, 'H4: no calendar');
SELECT throws_ok(format('EXECUTE bad(%s, %L, %L, %L, %L, %L, %L, %L, false)', :desk, '-1 h', 'around_the_clock', 'once', '{opened}', '{}', '{}', 'ticket'), 'SF012', NULL, 'H4: negative');
SELECT throws_ok(format('EXECUTE bad(%s, %L, %L, %L, %L, %L, %L, %L, false)', :desk, '1 h', 'around_the_clock', 'once', '{opened}', '{answered}', '{answered}', 'ticket'), 'SF012', NULL, 'H4: a pause that is a stop');
SELECT throws_ok(format('EXECUTE bad(%s, %L, %L, %L, %L, %L, %L, %L, false)', :desk, '1 h', 'around_the_clock', 'once', '{opened}', '{}', '{}', 'team'), 'SF012', NULL, 'H4: a department nothing tells of');
SELECT throws_ok(format('EXECUTE bad(%s, %L, %L, %L, %L, %L, %L, %L, true)', :desk, '1 h', 'around_the_clock', 'every', '{opened}', '{}', '{}', 'ticket'), 'SF012', NULL, 'H4: a window that repeats');
SELECT * FROM finish();
