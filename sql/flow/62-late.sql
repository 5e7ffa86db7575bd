-- Promises about to be broken and broken: who waits for whom, at which step, since when, and why (handbook G5, G9).

CREATE FUNCTION csflow.due_within(desk_id bigint, within interval, at timestamptz DEFAULT now())
RETURNS TABLE (ticket_no csflow.ticket_no, clock text, run integer, due_at timestamptz, seconds_to_due double precision,
  priority csflow.priority, kind text, title text, state text, team_id bigint, agent_id bigint, opened_at timestamptz)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT t.ticket_no, c.clock, c.run, c.due_at, extract(epoch FROM c.due_at - due_within.at)::double precision,
    t.priority, t.kind,
    (SELECT y.title FROM csflow.my_ticket AS y WHERE y.desk_id = t.desk_id AND y.ticket_no = t.ticket_no), t.state, t.team_id, t.agent_id, t.opened_at
  FROM csflow.ticket AS t
  JOIN csflow.clock AS c ON c.desk_id = t.desk_id AND c.ticket_no = t.ticket_no
  WHERE t.desk_id = due_within.desk_id AND t.state NOT IN ('answered', 'closed', 'duplicate', 'invalid')
    AND c.stopped_at IS NULL AND c.run_since IS NOT NULL
    AND c.due_at >= due_within.at AND c.due_at <= due_within.at + due_within.within
    AND NOT EXISTS (SELECT FROM csflow.step AS s
      WHERE s.desk_id = c.desk_id AND s.target_id = c.target_id AND s.action = 'close')
    AND NOT EXISTS (SELECT FROM csflow.target AS g
      WHERE g.desk_id = c.desk_id AND g.target_id = c.target_id AND g.is_window)
  ORDER BY c.due_at, t.priority::integer DESC, t.ticket_no, c.clock, c.run;
END;
COMMENT ON FUNCTION csflow.due_within(bigint, interval, timestamptz) IS
'What is about to time out: the running clocks of a desk''s open tickets that are due from the instant at on within so much elapsed time, the first due first; seconds_to_due are elapsed seconds from at. Clocks that close the ticket at their end and windows are no promise and left out. Example: SELECT * FROM csflow.due_within(1, ''15 minutes''). Without a SET clause so that it can be inlined; the body is bound when it is created. Handbook G9.';

CREATE FUNCTION csflow.late_at(desk_id bigint, at timestamptz DEFAULT now())
RETURNS TABLE (ticket_no csflow.ticket_no, clock text, run integer, waiting_for text, waiting_for_id bigint, state text,
  state_since timestamptz, last_step smallint, level text, action text, next_step_at timestamptz, due_at timestamptz,
  overdue_seconds double precision, elapsed_seconds double precision, priority csflow.priority, kind text, team_id bigint,
  agent_id bigint, cause text, cause_zh text, cause_en text, cause_is_asked boolean)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT t.ticket_no, c.clock, c.run,
    CASE t.state WHEN 'waiting_customer' THEN 'customer' WHEN 'waiting_partner' THEN 'partner' WHEN 'waiting_approval' THEN 'approver'
      WHEN 'under_review' THEN 'reviewer' ELSE CASE WHEN t.agent_id IS NULL THEN 'team' ELSE 'owner' END END,
    CASE t.state WHEN 'waiting_customer' THEN t.customer_id WHEN 'waiting_partner' THEN NULL WHEN 'waiting_approval' THEN NULL
      WHEN 'under_review' THEN t.reviewer_id ELSE coalesce(t.agent_id, t.team_id) END,
    t.state,
    (SELECT max(e.at) FROM csflow.event AS e
      WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no AND e.new_state = t.state AND e.at <= late_at.at),
    p.position, p.level, p.action, c.next_at, c.due_at,
    extract(epoch FROM greatest(s.spent - c.length_microseconds * interval '1 microsecond', interval '0'))::double precision,
    extract(epoch FROM late_at.at - c.due_at)::double precision,
    t.priority, t.kind, t.team_id, t.agent_id, l.cause, coalesce(z.text, l.cause), coalesce(n.text, l.cause),
    EXISTS (SELECT FROM csflow.step AS a
      WHERE a.desk_id = c.desk_id AND a.target_id = c.target_id AND a.action = 'ask_late_cause')
  FROM csflow.ticket AS t
  JOIN csflow.clock AS c ON c.desk_id = t.desk_id AND c.ticket_no = t.ticket_no
  LEFT JOIN csflow.working_calendar AS w ON w.desk_id = c.desk_id AND w.code = c.calendar
  CROSS JOIN LATERAL (
    SELECT c.spent_microseconds * interval '1 microsecond'
      + CASE WHEN c.run_since IS NULL OR late_at.at <= c.run_since THEN interval '0'
        ELSE csflow.business_between(w.calendar, c.run_since, late_at.at) END AS spent) AS s
  LEFT JOIN LATERAL (
    SELECT x.position, x.level, x.action FROM csflow.step AS x
    WHERE x.desk_id = c.desk_id AND x.target_id = c.target_id AND x.position < c.next_position
    ORDER BY x.position DESC LIMIT 1) AS p ON true
  LEFT JOIN csflow.late_cause AS l ON l.desk_id = c.desk_id AND l.ticket_no = c.ticket_no AND l.clock = c.clock AND l.run = c.run
  LEFT JOIN csflow.caption AS z ON z.desk_id = l.desk_id AND z.kind = 'late_cause' AND z.code = l.cause AND z.lang = 'zh'
  LEFT JOIN csflow.caption AS n ON n.desk_id = l.desk_id AND n.kind = 'late_cause' AND n.code = l.cause AND n.lang = 'en'
  WHERE t.desk_id = late_at.desk_id AND t.state NOT IN ('duplicate', 'invalid')
    AND c.stopped_at IS NULL AND c.due_at < late_at.at
    AND NOT EXISTS (SELECT FROM csflow.step AS y
      WHERE y.desk_id = c.desk_id AND y.target_id = c.target_id AND y.action = 'close')
    AND NOT EXISTS (SELECT FROM csflow.target AS g
      WHERE g.desk_id = c.desk_id AND g.target_id = c.target_id AND g.is_window);
END;
COMMENT ON FUNCTION csflow.late_at(bigint, timestamptz) IS
'Every promise of a desk that is overdue and not yet kept at the instant at, as csflow.late shows it at present; tickets and clocks are as they are now. Without a SET clause so that conditions reach the table; the body is bound when it is created. Handbook G5.';

CREATE VIEW csflow.late WITH (security_invoker = true) AS
SELECT d.desk_id, l.*
FROM csflow.desk AS d
CROSS JOIN LATERAL csflow.late_at(d.desk_id, now()) AS l;
COMMENT ON VIEW csflow.late IS 'Late cases: every clock past its due instant and not stopped, as of the start of the transaction, with whom it waits for, how far it has escalated, since when and why (handbook G5). A clock that closes the ticket at its end and a window are no promise and never late.';
COMMENT ON COLUMN csflow.late.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.late.ticket_no IS 'Ticket.';
COMMENT ON COLUMN csflow.late.clock IS 'The promise that is broken.';
COMMENT ON COLUMN csflow.late.run IS 'Run of the clock.';
COMMENT ON COLUMN csflow.late.waiting_for IS 'Whose turn it is: owner, team (nobody has the ticket), customer, partner, approver or reviewer.';
COMMENT ON COLUMN csflow.late.waiting_for_id IS 'Agent for owner and reviewer, csflow.team for team, csflow.customer for customer; NULL where it is not known, and for partner and approver.';
COMMENT ON COLUMN csflow.late.state IS 'State of the ticket.';
COMMENT ON COLUMN csflow.late.state_since IS 'Since when it is in that state: how long it has been waiting for them.';
COMMENT ON COLUMN csflow.late.last_step IS 'Position of the last step that fired; NULL: none.';
COMMENT ON COLUMN csflow.late.level IS 'Level of that step: warning, breach or escalation.';
COMMENT ON COLUMN csflow.late.action IS 'What that step did.';
COMMENT ON COLUMN csflow.late.next_step_at IS 'When the next step is due; NULL: there is none, or the clock stands still.';
COMMENT ON COLUMN csflow.late.due_at IS 'Since when it is late.';
COMMENT ON COLUMN csflow.late.overdue_seconds IS 'Seconds of business time used beyond what was promised, pauses left out.';
COMMENT ON COLUMN csflow.late.elapsed_seconds IS 'Elapsed seconds since due_at.';
COMMENT ON COLUMN csflow.late.priority IS 'Priority of the ticket.';
COMMENT ON COLUMN csflow.late.kind IS 'Code of its kind.';
COMMENT ON COLUMN csflow.late.team_id IS 'Handling department, csflow.team.';
COMMENT ON COLUMN csflow.late.agent_id IS 'Whose ticket it is, csflow.agent; NULL: nobody''s.';
COMMENT ON COLUMN csflow.late.cause IS 'Why, csflow.late_cause; NULL: not recorded.';
COMMENT ON COLUMN csflow.late.cause_zh IS 'cause in Chinese.';
COMMENT ON COLUMN csflow.late.cause_en IS 'cause in English.';
COMMENT ON COLUMN csflow.late.cause_is_asked IS 'Whether the clock''s target asks for the cause.';

CREATE VIEW csflow.late_cause_missing WITH (security_invoker = true) AS
SELECT c.desk_id, c.ticket_no, c.clock, c.run, t.team_id, t.agent_id, t.state, c.due_at, c.stopped_at
FROM csflow.target AS g
JOIN csflow.clock AS c ON c.desk_id = g.desk_id AND c.target_id = g.target_id
JOIN csflow.ticket AS t ON t.desk_id = c.desk_id AND t.ticket_no = c.ticket_no
WHERE EXISTS (SELECT FROM csflow.step AS s
    WHERE s.desk_id = g.desk_id AND s.target_id = g.target_id AND s.action = 'ask_late_cause')
  AND CASE WHEN c.stopped_at IS NULL THEN c.due_at < now() ELSE c.outcome = 'breached' END
  AND t.state NOT IN ('duplicate', 'invalid')
  AND NOT EXISTS (SELECT FROM csflow.late_cause AS l
    WHERE l.desk_id = c.desk_id AND l.ticket_no = c.ticket_no AND l.clock = c.clock AND l.run = c.run);
COMMENT ON VIEW csflow.late_cause_missing IS 'Broken promises whose cause is asked for (action ask_late_cause) and not recorded, as of the start of the transaction; csflow.record_late_cause() records it (handbook G5).';
COMMENT ON COLUMN csflow.late_cause_missing.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.late_cause_missing.ticket_no IS 'Ticket.';
COMMENT ON COLUMN csflow.late_cause_missing.clock IS 'The promise that was broken.';
COMMENT ON COLUMN csflow.late_cause_missing.run IS 'Run of the clock.';
COMMENT ON COLUMN csflow.late_cause_missing.team_id IS 'Handling department now, csflow.team.';
COMMENT ON COLUMN csflow.late_cause_missing.agent_id IS 'Whose ticket it is now, csflow.agent: who is asked.';
COMMENT ON COLUMN csflow.late_cause_missing.state IS 'State of the ticket now.';
COMMENT ON COLUMN csflow.late_cause_missing.due_at IS 'When it was due.';
COMMENT ON COLUMN csflow.late_cause_missing.stopped_at IS 'When it was kept after all; NULL: not yet.';
