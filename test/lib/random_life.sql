-- A desk with clocks of every sort, and two weeks of March 2025 in which anything happens to its tickets, in any order: CALL
-- live(desk, seed, tickets). After ../lib/internet_desk.sql. In rounds of a few minutes to days, each of which does something to
-- most tickets in a handful of statements; sweeps come between rounds.
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

-- What only tiers ask for; a step that raises them; repeating clocks that are given up sooner.
INSERT INTO target (desk_id, clock, handling_tier, customer_tier, calendar, duration, stops_on, pauses_in, on_reopen) VALUES
  (:desk, 'tier_care', 2, NULL, 'office', '11 hours', '{answered}', '{waiting_customer}', 'resume'), (:desk, 'tier_care', 3, NULL, 'around_the_clock', '20 hours', '{answered}', '{}', 'resume'),
  (:desk, 'tier_care', 3, 'vip', 'around_the_clock', '4 hours', '{answered}', '{waiting_partner}', 'restart');
INSERT INTO step (desk_id, target_id, position, at_share_pct, level, action)
SELECT desk_id, target_id, 2, 150, 'escalation', 'raise_tier' FROM target WHERE desk_id = :desk AND clock = 'by_kind';
UPDATE target SET repeat_limit = 4 WHERE desk_id = :desk AND clock IN ('hearing', 'office_hearing', 'customer_update', 'progress_update');

-- A number in [0, 1) for a ticket, a round and a purpose: the same in every plan.
CREATE FUNCTION chance(seed double precision, i bigint, round integer, purpose integer) RETURNS double precision LANGUAGE sql IMMUTABLE RETURN
  (hashint8extended(i * 65536 + round * 256 + purpose, (seed * 1e9)::bigint) & 4294967295)::double precision / 4294967296;
CREATE FUNCTION pick(chance double precision, VARIADIC choices text[]) RETURNS text LANGUAGE sql IMMUTABLE RETURN
  choices[1 + floor(chance * cardinality(choices))::integer];

-- What happens to whom in a round.
CREATE UNLOGGED TABLE act (i bigint PRIMARY KEY, ticket_no ticket_no, state text, what double precision, at timestamptz, next text, task_no bigint,
  a double precision, b double precision, c double precision, d double precision);

CREATE PROCEDURE open_tickets(desk bigint, seed double precision, tickets integer, since timestamptz) LANGUAGE sql AS $$
  INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, external_id, opened_at, agent_id, state, priority)
  SELECT desk, pick(chance(seed, i, 0, 1), 'email', 'live_chat', 'hotline', 'web_form'), pick(chance(seed, i, 0, 2), NULL, '1', '2')::bigint,
    pick(chance(seed, i, 0, 3), '提现失败', '密码被改', '怎么用', '建议增加夜间模式', 'x'), i::text,
    since + floor(chance(seed, i, 0, 4) * 4e9) * interval '1 microsecond', pick(chance(seed, i, 0, 5), NULL, NULL, '11', '21')::bigint,
    pick(chance(seed, i, 0, 6), 'new', 'new', 'new', 'in_progress', 'answered', 'invalid'), pick(chance(seed, i, 0, 7), NULL, NULL, 'E', 'C')::csflow.priority
  FROM generate_series(1, tickets) i ORDER BY i
$$;

-- Now and then exactly when one of its clocks is due.
CREATE PROCEDURE choose(desk bigint, seed double precision, round integer, since timestamptz, until timestamptz) LANGUAGE sql AS $$
  TRUNCATE act;
  INSERT INTO act
  SELECT k.i, k.ticket_no, k.state, chance(seed, k.i, round, 1),
    greatest(coalesce(CASE WHEN chance(seed, k.i, round, 2) < 0.15 THEN (SELECT c.due_at FROM csflow.clock c WHERE c.desk_id = desk AND c.ticket_no = k.ticket_no AND c.stopped_at IS NULL
        AND c.due_at > greatest(k.changed_at, since) AND c.due_at <= until ORDER BY chance(seed, k.i, round, hashtext(c.clock) & 255), c.clock, c.run LIMIT 1) END,
      since + floor(chance(seed, k.i, round, 3) * extract(epoch FROM until - since)::double precision * 1e6) * interval '1 microsecond'), k.changed_at + interval '1 microsecond'),
    (SELECT x.to_state FROM csflow.transition x WHERE x.desk_id = desk AND x.from_state = k.state
      ORDER BY chance(seed, k.i, round, hashtext(x.to_state) & 255) * CASE WHEN x.to_state IN ('duplicate', 'invalid') THEN 8 ELSE 1 END, x.to_state LIMIT 1),
    (SELECT min(o.task_no) FROM csflow.task o WHERE o.desk_id = desk AND o.ticket_no = k.ticket_no AND o.done_at IS NULL AND o.cancelled_at IS NULL),
    chance(seed, k.i, round, 4), chance(seed, k.i, round, 5), chance(seed, k.i, round, 6), chance(seed, k.i, round, 7)
  FROM (SELECT t.*, t.external_id::bigint AS i FROM csflow.ticket t WHERE t.desk_id = desk AND t.source = 'csflow') k
  WHERE chance(seed, k.i, round, 8) < 0.85
$$;

-- State, priority, category, department, tiers, or nothing that a clock asks about.
CREATE PROCEDURE change_tickets(desk bigint) LANGUAGE sql AS $$
  UPDATE csflow.ticket x SET changed_at = p.at, change_reason = 'so',
    state = CASE WHEN what < 0.35 THEN p.next ELSE x.state END,
    close_reason = CASE WHEN what >= 0.35 THEN x.close_reason WHEN p.next = 'closed' THEN 'customer_confirmed' END,
    duplicate_of = CASE WHEN what >= 0.35 THEN x.duplicate_of WHEN p.next = 'duplicate' THEN (SELECT min(y.ticket_no) FROM csflow.ticket y WHERE y.desk_id = desk AND y.ticket_no <> x.ticket_no) END,
    agent_id = CASE WHEN what < 0.35 AND a < 0.3 THEN pick(b, '11', '12', '21')::bigint WHEN what BETWEEN 0.52 AND 0.60 THEN pick(b, NULL, '11', '41')::bigint ELSE x.agent_id END,
    priority = CASE WHEN what BETWEEN 0.35 AND 0.45 THEN pick(a, 'E', 'A', 'B', 'C')::csflow.priority ELSE x.priority END,
    category_id = CASE WHEN what BETWEEN 0.45 AND 0.52 THEN (SELECT q.category_id FROM csflow.category q WHERE q.desk_id = desk ORDER BY chance(p.a, q.category_id, 0, 0) LIMIT 1) ELSE x.category_id END,
    team_id = CASE WHEN what BETWEEN 0.52 AND 0.60 THEN (SELECT m.team_id FROM csflow.team m WHERE m.desk_id = desk ORDER BY chance(p.a, m.team_id, 0, 0) LIMIT 1) ELSE x.team_id END,
    customer_tier = CASE WHEN what BETWEEN 0.60 AND 0.62 THEN pick(a, 'standard', 'vip') ELSE x.customer_tier END,
    handling_tier = CASE WHEN what BETWEEN 0.62 AND 0.64 THEN pick(a, '1', '2', '3')::smallint ELSE x.handling_tier END,
    title = CASE WHEN what BETWEEN 0.64 AND 0.65 THEN 'x' || p.i ELSE x.title END
  FROM act p WHERE x.desk_id = desk AND x.ticket_no = p.ticket_no AND p.what < 0.65
$$;

CREATE PROCEDURE change_tasks(desk bigint) LANGUAGE sql AS $$
  UPDATE csflow.task k SET changed_at = p.at, done_at = CASE WHEN p.a < 0.5 THEN p.at END, cancelled_at = CASE WHEN p.a BETWEEN 0.5 AND 0.7 THEN p.at END,
    due_at = CASE WHEN p.a > 0.7 THEN p.at + interval '5 hours' ELSE k.due_at END
  FROM act p WHERE k.desk_id = desk AND k.ticket_no = p.ticket_no AND k.task_no = p.task_no AND p.what BETWEEN 0.65 AND 0.72;
  INSERT INTO csflow.task (desk_id, ticket_no, title, due_at, agent_id, created_at)
  SELECT desk, p.ticket_no, 'x', p.at + pick(p.a, NULL, '40 minutes', '9 hours')::interval, pick(p.b, NULL, '11', '21')::bigint, p.at
  FROM act p WHERE p.what BETWEEN 0.65 AND 0.72 AND p.task_no IS NULL ORDER BY p.i
$$;

-- Some say two things in one statement.
CREATE PROCEDURE write_messages(desk bigint) LANGUAGE sql AS $$
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, changed_by, is_public, at, milestone, next_news_at)
  SELECT desk, m.ticket_no, m.author, CASE WHEN m.author = 'agent' THEN pick(m.b, '11', '21', '71')::bigint END, m.d < 0.7, m.at,
    CASE WHEN m.b < 0.5 THEN pick(m.b * 2, 'cause_located', 'interim_solution', 'solution_recorded', 'direction_given', 'progress_entered', 'progress_entered', 'part_completed',
      'checkpoint_agreed', 'partner_replied', 'promise_kept', 'solution_confirmed', 'plan_explained') END,
    CASE WHEN m.c < 0.4 THEN m.at + pick(m.c * 2.5, '1 microsecond', '30 minutes', '7 hours', '2 days')::interval END
  FROM (
    SELECT p.ticket_no, p.i, p.at, pick(p.a, 'customer', 'agent', 'agent', 'system') AS author, p.b, p.c, p.d FROM act p WHERE p.what > 0.72
    UNION ALL
    SELECT p.ticket_no, p.i, p.at + floor(p.a * 10) * interval '1 second', pick(p.d, 'agent', 'customer', 'system'), p.c, p.a, p.b FROM act p WHERE p.what > 0.95) m
  ORDER BY m.i, m.at
$$;

-- Two sweeps never have the same instant: what the first of them changed is a change of its own.
CREATE PROCEDURE live(desk bigint, seed double precision, tickets integer) LANGUAGE plpgsql AS $$
DECLARE
  since timestamptz := '2025-03-03 08:00';
  until timestamptz;
BEGIN
  CALL open_tickets(desk, seed, tickets, since);
  since := since + interval '70 minutes';
  FOR round IN 1..14 LOOP
    COMMIT;
    -- The tables are new: without figures the plans are those of empty ones.
    IF round IN (1, 4) THEN
      ANALYZE;
    END IF;
    until := since + (ARRAY['12 minutes', '100 minutes', '9 hours', '26 hours', '51 hours'])[1 + (round + floor(seed * 5)::integer) % 5]::interval;
    CALL choose(desk, seed, round, since, until);
    CALL change_tickets(desk);
    CALL change_tasks(desk);
    CALL write_messages(desk);
    IF chance(seed, 0, round, 1) < 0.6 THEN
      PERFORM csflow.fire_steps(desk, until, tickets, false), csflow.fire_steps(desk, until + interval '1 second', tickets, true);
    END IF;
    since := until + interval '2 seconds';
  END LOOP;
  WHILE csflow.fire_steps(desk, '2025-03-18', tickets, false) > 0 LOOP END LOOP;
END
$$;
