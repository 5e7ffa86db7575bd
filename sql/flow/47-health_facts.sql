-- The figures of tickets, computed from their events alone. Here and not in the extension because they name row types of tables.

CREATE FUNCTION csflow.ticket_facts_at(desk_id bigint, tickets csflow.ticket_no[], at timestamptz DEFAULT 'infinity',
  known_at timestamptz DEFAULT NULL)
RETURNS SETOF csflow.ticket_fact
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off -- but for the LATERAL ones: the length of tickets is a guess, and a loop over all others unbearable for many
AS $$
DECLARE
  missed_before timestamptz := coalesce(known_at, CASE WHEN isfinite(at) THEN at ELSE now() END);
  -- Promises of windows, and of clocks that close the ticket at their end, are none.
  excluded bigint[] := ARRAY(
    SELECT g.target_id FROM csflow.target AS g WHERE g.desk_id = ticket_facts_at.desk_id AND g.is_window
    UNION ALL
    SELECT x.target_id FROM csflow.step AS x WHERE x.desk_id = ticket_facts_at.desk_id AND x.action = 'close');
BEGIN
  RETURN QUERY
  -- LATERAL with OFFSET: by the key, as in engine/ticket_figures.c.
  WITH promise AS (
    SELECT c.ticket_no, array_agg(ROW(c.clock, c.run, c.priority, c.due_at, s.stopped_at, s.is_met, s.is_missed)::csflow.promise
        ORDER BY c.clock COLLATE "C", c.run) AS promises,
      min(c.due_at) FILTER (WHERE s.stopped_at IS NULL AND NOT s.is_missed) AS next_due_at
    FROM (SELECT DISTINCT unnest(tickets)) AS n (ticket_no)
    CROSS JOIN LATERAL (
      SELECT k.ticket_no, k.clock, k.run, k.priority, k.due_at, k.stopped_at, k.outcome FROM csflow.clock AS k
      WHERE k.desk_id = ticket_facts_at.desk_id AND k.ticket_no = n.ticket_no
        AND k.started_at <= ticket_facts_at.at AND k.length_microseconds IS NOT NULL AND (k.outcome IS NULL OR k.outcome IN ('met', 'breached'))
        AND k.target_id <> ALL (excluded)
      OFFSET 0) AS c
    CROSS JOIN LATERAL (SELECT CASE WHEN c.stopped_at <= ticket_facts_at.at THEN c.stopped_at END AS stopped_at,
      CASE WHEN c.stopped_at <= ticket_facts_at.at THEN c.outcome = 'met' END AS is_met,
      CASE WHEN c.stopped_at <= ticket_facts_at.at THEN c.outcome = 'breached' ELSE coalesce(c.due_at < missed_before, false) END AS is_missed) AS s
    GROUP BY c.ticket_no
  )
  SELECT w.desk_id, w.ticket_no, w.kind, w.category_id, w.team_id, w.agent_id, w.channel, w.customer_tier, w.priority,
    f.opened_at, f.first_reply_at, f.first_reply_cal, f.first_reply_bus, f.last_reply_at, f.reply_count,
    f.first_solved_at, f.first_resolution_cal, f.first_resolution_bus, f.reopen_count, f.first_reopened_at,
    f.solved_at, f.full_resolution_cal, f.full_resolution_bus, f.requester_wait_cal, f.requester_wait_bus,
    f.agent_work_cal, f.agent_work_bus, f.agent_wait_cal, f.agent_wait_bus, f.on_hold_cal, f.on_hold_bus, f.solve_time_cal, f.solve_time_bus,
    -- The event opened does not name the department: the first change tells what it was before.
    f.department_moves + coalesce(f.began_in_department, w.team_id IS NOT NULL)::integer,
    f.assignee_stations, f.escalation_count, coalesce(m.promises, '{}'), m.next_due_at
  FROM csflow.ticket_figures(ticket_facts_at.desk_id, tickets, ticket_facts_at.at) AS f
  CROSS JOIN LATERAL (
    SELECT t.* FROM csflow.ticket AS t
    WHERE t.desk_id = ticket_facts_at.desk_id AND t.ticket_no = f.ticket_no AND t.state NOT IN ('duplicate', 'invalid') OFFSET 0) AS w
  LEFT JOIN promise AS m ON m.ticket_no = f.ticket_no;
END
$$;
COMMENT ON FUNCTION csflow.ticket_facts_at(bigint, csflow.ticket_no[], timestamptz, timestamptz) IS
'The figures of some tickets of a desk as their events up to the instant at tell them, and their promises as their clocks do, one row each, as csflow.ticket_fact keeps them; none for duplicate and invalid tickets and those opened later. kind, category, department, channel, tier and priority are those of now, as are the due instants of clocks. known_at: what fell due before it and is not completed is missed; NULL: at, or now where that is infinite. Result: rows of csflow.ticket_fact. kpi.md; design 2.14.';

CREATE FUNCTION csflow.reply_gaps_at(desk_id bigint, tickets csflow.ticket_no[], at timestamptz DEFAULT 'infinity')
RETURNS SETOF csflow.reply_gap
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  WITH period AS MATERIALIZED (
    SELECT p.valid_from, p.valid_until, p.calendar FROM csflow.report_periods(reply_gaps_at.desk_id) AS p
  ),
  said AS (
    SELECT e.ticket_no, e.seq, e.at, e.kind,
      (count(*) FILTER (WHERE e.kind = 'reply') OVER (PARTITION BY e.ticket_no ORDER BY e.seq))::integer AS replies
    FROM (SELECT DISTINCT unnest(tickets)) AS n (ticket_no)
    CROSS JOIN LATERAL (
      SELECT x.ticket_no, x.seq, x.at, x.kind FROM csflow.event AS x
      WHERE x.desk_id = reply_gaps_at.desk_id AND x.ticket_no = n.ticket_no AND x.kind IN ('reply', 'customer_message') AND x.at <= reply_gaps_at.at
        AND EXISTS (SELECT FROM csflow.ticket AS t
          WHERE t.desk_id = x.desk_id AND t.ticket_no = n.ticket_no AND t.state NOT IN ('duplicate', 'invalid'))
      OFFSET 0) AS e
  ),
  run AS (
    SELECT s.ticket_no, s.replies, min(s.at) FILTER (WHERE s.kind = 'customer_message') AS since,
      lead(min(s.at) FILTER (WHERE s.kind = 'reply')) OVER (PARTITION BY s.ticket_no ORDER BY s.replies) AS until
    FROM said AS s GROUP BY s.ticket_no, s.replies
  )
  SELECT reply_gaps_at.desk_id, r.ticket_no, r.replies, r.since, r.until, r.until - r.since, (
    SELECT coalesce(sum(csflow.business_between(p.calendar, greatest(r.since, p.valid_from), least(r.until, p.valid_until))), '0')
    FROM period AS p WHERE p.valid_from < r.until AND p.valid_until > r.since)
  FROM run AS r WHERE r.replies > 0 AND r.since IS NOT NULL AND r.until IS NOT NULL;
END
$$;
COMMENT ON FUNCTION csflow.reply_gaps_at(bigint, csflow.ticket_no[], timestamptz) IS
'The next-reply times of some tickets of a desk by their events up to the instant at: for each run of customer messages after the first reply that a person has answered, from the oldest of the run to that answer. Result: rows of csflow.reply_gap. kpi.md, "Next reply time".';

CREATE FUNCTION csflow.reopenings_at(desk_id bigint, tickets csflow.ticket_no[], at timestamptz DEFAULT 'infinity')
RETURNS SETOF csflow.reopening
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  WITH state AS (
    SELECT e.ticket_no, e.seq, e.at, csflow.state_category(e.new_state) IN ('solved', 'closed') AS is_done,
      lag(csflow.state_category(e.new_state) IN ('solved', 'closed'), 1, false) OVER (PARTITION BY e.ticket_no ORDER BY e.seq) AS was_done
    FROM (SELECT DISTINCT unnest(tickets)) AS n (ticket_no)
    CROSS JOIN LATERAL (
      SELECT x.ticket_no, x.seq, x.at, x.new_state FROM csflow.event AS x
      WHERE x.desk_id = reopenings_at.desk_id AND x.ticket_no = n.ticket_no AND csflow.state_category(x.new_state) IS NOT NULL AND x.at <= reopenings_at.at
        AND EXISTS (SELECT FROM csflow.ticket AS t
          WHERE t.desk_id = x.desk_id AND t.ticket_no = n.ticket_no AND t.state NOT IN ('duplicate', 'invalid'))
      OFFSET 0) AS e
  ),
  turn AS (
    SELECT s.ticket_no, s.seq, s.at, s.is_done, lead(s.at) OVER (PARTITION BY s.ticket_no ORDER BY s.seq) AS next_at
    FROM state AS s WHERE s.is_done <> s.was_done
  )
  SELECT reopenings_at.desk_id, t.ticket_no, (row_number() OVER (PARTITION BY t.ticket_no ORDER BY t.seq))::integer, t.at, t.next_at
  FROM turn AS t WHERE NOT t.is_done;
END
$$;
COMMENT ON FUNCTION csflow.reopenings_at(bigint, csflow.ticket_no[], timestamptz) IS
'Each time some tickets of a desk went from answered or closed back to work, by their events up to the instant at, and when they were solved again. Result: rows of csflow.reopening. kpi.md, "Reopen %".';
