-- A desk with clocks of every sort, and two weeks of March 2025 in which anything happens to its tickets, in any order: CALL
-- live(desk, seed, tickets). After ../lib/internet_desk.sql.
-- The internet playbook, and what it lacks: working hours, working days, another calendar for another priority or kind,
-- restarting, a repeating clock that pauses, a step that raises the priority.
INSERT INTO working_calendar (desk_id, code, base) VALUES (:desk, 'office', 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00; 2025-03-10 off');
UPDATE target SET calendar = 'office', duration = '9 hours' WHERE desk_id = :desk AND clock = 'resolve' AND priority = 'B';
UPDATE target SET calendar = 'office', duration = '2 days', due_from = 'duration' WHERE desk_id = :desk AND clock = 'resolve' AND priority = 'A';
INSERT INTO target (desk_id, clock, kind, calendar, mode, duration, starts_on, stops_on, rearms_on, pauses_in, on_reopen) VALUES
  (:desk, 'patience', NULL, 'around_the_clock', 'once', '10 hours', '{opened}', '{answered}', '{}', '{waiting_approval}', 'restart'),
  (:desk, 'by_kind', 'technical_fault', 'office', 'once', '5 hours', '{condition_met}', '{answered}', '{}', '{waiting_customer}', 'resume'),
  (:desk, 'by_kind', 'account_security', 'around_the_clock', 'once', '30 hours', '{condition_met}', '{answered}', '{}', '{waiting_partner}', 'resume'),
  (:desk, 'hearing', NULL, 'around_the_clock', 'every', '9 hours', '{accepted}', '{answered}', '{public_message}', '{waiting_customer}', 'none'),
  (:desk, 'office_hearing', NULL, 'office', 'every', '4 hours', '{accepted}', '{answered}', '{public_message}', '{waiting_customer,waiting_partner}', 'restart');
INSERT INTO step (desk_id, target_id, position, at_share_pct, level, action, recipients)
SELECT desk_id, target_id, 1, 100, 'breach', 'notify', '{owner}' FROM target WHERE desk_id = :desk AND clock IN ('patience', 'by_kind', 'hearing', 'office_hearing');
UPDATE step SET action = 'raise_priority', recipients = '{}' WHERE desk_id = :desk AND at_share_pct = 150
  AND target_id = (SELECT target_id FROM target WHERE desk_id = :desk AND clock = 'direction');

INSERT INTO target (desk_id, clock, calendar, mode, duration, due_from, starts_on, stops_on, rearms_on, pauses_in, subject, outlives_closing, is_window, repeat_limit) VALUES
  (:desk, 'right_to_object', 'around_the_clock', 'each', '3 days', 'duration', '{answered}', '{reopened}', '{answered}', '{}', 'ticket', true, true, 12),
  (:desk, 'explanation', 'office', 'each', '6 hours', 'duration', '{solution_recorded}', '{promise_kept}', '{solution_recorded}', '{waiting_customer}', 'ticket', true, false, 12),
  (:desk, 'department_news', 'office', 'every', '3 hours', 'duration', '{transferred}', '{part_completed,answered}', '{progress_entered}', '{waiting_partner}', 'team', false, false, 3),
  (:desk, 'task', 'around_the_clock', 'each', NULL, 'named', '{task_created}', '{task_done}', '{task_created}', '{}', 'task', true, false, 12);
INSERT INTO step (desk_id, target_id, position, at_share_pct, level, action, recipients)
SELECT desk_id, target_id, s.position, s.share, s.level, 'notify', '{owner}' FROM target, (VALUES (1, 0, 'escalation'), (2, 75, 'warning'), (3, 100, 'breach')) s (position, share, level)
WHERE desk_id = :desk AND clock IN ('explanation', 'department_news', 'task');

CREATE FUNCTION any_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT choices[1 + floor(random() * cardinality(choices))::int]';

-- One thing that happens to a ticket. now and then exactly when one of its clocks is due.
CREATE PROCEDURE happens(desk bigint, i integer, at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
  t csflow.ticket;
  what double precision := random();
  due timestamptz;
  next text;
BEGIN
  SELECT * INTO t FROM csflow.ticket WHERE desk_id = desk AND external_id = i::text AND source = 'csflow';
  IF NOT FOUND THEN
    INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, external_id, opened_at, agent_id, state, priority)
    VALUES (desk, any_of('email', 'live_chat', 'hotline', 'web_form'), any_of(NULL, '1', '2')::bigint, any_of('提现失败', '密码被改', '怎么用', '建议增加夜间模式', 'x'), i::text, at,
      any_of(NULL, NULL, '11', '21')::bigint, any_of('new', 'new', 'new', 'in_progress', 'answered', 'invalid'), any_of(NULL, NULL, 'E', 'C')::csflow.priority);
    RETURN;
  END IF;
  IF random() < 0.15 THEN
    SELECT c.due_at INTO due FROM csflow.clock c WHERE c.desk_id = desk AND c.ticket_no = t.ticket_no AND c.stopped_at IS NULL
      AND c.due_at BETWEEN greatest(t.changed_at, happens.at) + interval '1 microsecond' AND happens.at + interval '12 hours' ORDER BY random() LIMIT 1;
  END IF;
  at := greatest(coalesce(due, at), t.changed_at + interval '1 microsecond');
  IF what < 0.35 THEN
    SELECT x.to_state INTO next FROM csflow.transition x WHERE x.desk_id = desk AND x.from_state = t.state ORDER BY random() * CASE WHEN x.to_state IN ('duplicate', 'invalid') THEN 8 ELSE 1 END LIMIT 1;
    UPDATE csflow.ticket x SET state = next, changed_at = at, close_reason = CASE next WHEN 'closed' THEN 'customer_confirmed' END,
      duplicate_of = CASE next WHEN 'duplicate' THEN (SELECT min(ticket_no) FROM csflow.ticket y WHERE y.desk_id = desk AND y.ticket_no <> t.ticket_no) END,
      agent_id = CASE WHEN random() < 0.3 THEN any_of('11', '12', '21')::bigint ELSE x.agent_id END
    WHERE x.desk_id = desk AND x.ticket_no = t.ticket_no;
  ELSIF what < 0.45 THEN
    UPDATE csflow.ticket x SET priority = any_of('E', 'A', 'B', 'C')::csflow.priority, changed_at = at, change_reason = 'so' WHERE x.desk_id = desk AND x.ticket_no = t.ticket_no;
  ELSIF what < 0.52 THEN
    UPDATE csflow.ticket x SET category_id = (SELECT category_id FROM csflow.category c WHERE c.desk_id = desk ORDER BY random() LIMIT 1), changed_at = at, change_reason = 'so'
    WHERE x.desk_id = desk AND x.ticket_no = t.ticket_no;
  ELSIF what < 0.62 THEN
    UPDATE csflow.ticket x SET team_id = (SELECT team_id FROM csflow.team m WHERE m.desk_id = desk ORDER BY random() LIMIT 1), agent_id = any_of(NULL, '11', '41')::bigint, changed_at = at, change_reason = 'so'
    WHERE x.desk_id = desk AND x.ticket_no = t.ticket_no;
  ELSIF what < 0.70 THEN
    UPDATE csflow.task k SET done_at = CASE WHEN what < 0.66 THEN happens.at END, cancelled_at = CASE WHEN what BETWEEN 0.66 AND 0.67 THEN happens.at END,
      changed_at = happens.at, due_at = CASE WHEN what > 0.67 THEN happens.at + interval '5 hours' ELSE k.due_at END
    WHERE k.desk_id = desk AND (k.ticket_no, k.task_no) = (SELECT o.ticket_no, min(o.task_no) FROM csflow.task o WHERE o.desk_id = desk AND o.ticket_no = t.ticket_no AND o.done_at IS NULL
      AND o.cancelled_at IS NULL GROUP BY o.ticket_no);
    IF NOT FOUND THEN
      INSERT INTO csflow.task (desk_id, ticket_no, title, due_at, agent_id, created_at)
      VALUES (desk, t.ticket_no, 'x', happens.at + any_of(NULL, '40 minutes', '9 hours')::interval, any_of(NULL, '11', '21')::bigint, happens.at);
    END IF;
  ELSIF what < 0.72 THEN
    UPDATE csflow.ticket x SET title = 'x' || random(), changed_at = at WHERE x.desk_id = desk AND x.ticket_no = t.ticket_no;
  ELSE
    INSERT INTO csflow.message (desk_id, ticket_no, author_kind, changed_by, is_public, at, milestone, next_news_at)
    SELECT desk, t.ticket_no, a.author, CASE WHEN a.author = 'agent' THEN any_of('11', '21', '71')::bigint END, random() < 0.7, happens.at,
      CASE WHEN random() < 0.5 THEN any_of('cause_located', 'interim_solution', 'solution_recorded', 'direction_given', 'progress_entered', 'progress_entered', 'part_completed',
        'checkpoint_agreed', 'partner_replied', 'promise_kept', 'solution_confirmed', 'plan_explained') END,
      CASE WHEN random() < 0.4 THEN happens.at + any_of('1 microsecond', '30 minutes', '7 hours', '2 days')::interval END
    FROM (SELECT any_of('customer', 'agent', 'agent', 'system') AS author) a;
  END IF;
END
$$;
CREATE PROCEDURE live(desk bigint, seed double precision, tickets integer) LANGUAGE plpgsql AS $$
DECLARE
  op record;
BEGIN
  PERFORM setseed(seed);
  FOR op IN SELECT i, '2025-03-03 08:00'::timestamptz + floor(random() * 14 * 86400 * 1e6) * interval '1 microsecond' AS at
    FROM generate_series(1, tickets) i, generate_series(1, 16) UNION ALL
    SELECT NULL, '2025-03-03 08:00'::timestamptz + floor(random() * 14 * 86400 * 1e6) * interval '1 microsecond' FROM generate_series(1, 60)
    ORDER BY at, i
  LOOP
    IF op.i IS NOT NULL THEN
      CALL happens(desk, op.i, op.at);
    ELSE
      WHILE csflow.fire_steps(desk, op.at, 1000, false) > 0 LOOP END LOOP;
      WHILE csflow.fire_steps(desk, op.at, 1000, true) > 0 LOOP END LOOP;
    END IF;
  END LOOP;
  WHILE csflow.fire_steps(desk, '2025-03-18', 1000, false) > 0 LOOP END LOOP;
END
$$;
