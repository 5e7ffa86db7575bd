-- The figures of tickets, computed from their events alone. Here and not in the extension because they name row types of tables.

CREATE FUNCTION csflow.ticket_facts_at(desk_id bigint, tickets csflow.ticket_no[], at timestamptz DEFAULT 'infinity',
  known_at timestamptz DEFAULT NULL)
RETURNS SETOF csflow.ticket_fact
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  missed_before timestamptz := coalesce(known_at, CASE WHEN isfinite(at) THEN at ELSE now() END);
BEGIN
  RETURN QUERY
  WITH period AS MATERIALIZED (
    SELECT p.valid_from, p.valid_until, p.calendar FROM csflow.report_periods(ticket_facts_at.desk_id) AS p
  ),
  wanted AS MATERIALIZED (
    SELECT t.* FROM csflow.ticket AS t
    WHERE t.desk_id = ticket_facts_at.desk_id AND t.ticket_no = ANY (tickets) AND t.state NOT IN ('duplicate', 'invalid')
  ),
  log AS MATERIALIZED (
    SELECT e.ticket_no, e.seq, e.at, e.kind, e.new_state, csflow.state_category(e.new_state) AS category, e.old_value, e.new_value
    FROM csflow.event AS e
    WHERE e.desk_id = ticket_facts_at.desk_id AND e.ticket_no = ANY (ARRAY(SELECT w.ticket_no FROM wanted AS w))
      AND e.at <= ticket_facts_at.at
      AND (e.new_state IS NOT NULL OR e.kind IN ('reply', 'routed', 'transferred', 'assigned', 'step_fired'))
  ),
  stay AS MATERIALIZED (
    SELECT l.ticket_no, l.seq, l.category, l.at AS since, lead(l.at) OVER (PARTITION BY l.ticket_no ORDER BY l.seq) AS until
    FROM log AS l WHERE l.new_state IS NOT NULL
  ),
  -- A mark as duplicate or invalid that was taken back neither solves nor reopens.
  turn AS (
    SELECT s.ticket_no, s.seq, s.since, s.category IN ('solved', 'closed') AS is_done,
      lag(s.category IN ('solved', 'closed'), 1, false) OVER (PARTITION BY s.ticket_no ORDER BY s.seq) AS was_done,
      lead(s.seq) OVER (PARTITION BY s.ticket_no ORDER BY s.seq) IS NULL AS is_last
    FROM stay AS s WHERE s.category IS NOT NULL
  ),
  solving AS MATERIALIZED (
    SELECT t.ticket_no, min(t.since) FILTER (WHERE t.is_done) AS first_solved_at,
      CASE WHEN bool_or(t.is_done AND t.is_last) THEN max(t.since) FILTER (WHERE t.is_done AND NOT t.was_done) END AS solved_at,
      (count(*) FILTER (WHERE t.was_done AND NOT t.is_done))::integer AS reopen_count,
      min(t.since) FILTER (WHERE t.was_done AND NOT t.is_done) AS first_reopened_at
    FROM turn AS t GROUP BY t.ticket_no
  ),
  point AS MATERIALIZED (
    SELECT l.ticket_no, min(l.at) FILTER (WHERE l.kind = 'opened') AS opened_at,
      min(l.at) FILTER (WHERE l.kind = 'reply') AS first_reply_at, max(l.at) FILTER (WHERE l.kind = 'reply') AS last_reply_at,
      (count(*) FILTER (WHERE l.kind = 'reply'))::integer AS reply_count,
      count(*) FILTER (WHERE l.kind IN ('routed', 'transferred') AND l.new_value IS NOT NULL) AS moves,
      min(l.seq) FILTER (WHERE l.kind = 'routed') AS first_routed, min(l.seq) FILTER (WHERE l.kind = 'transferred') AS first_transferred,
      (count(*) FILTER (WHERE l.kind = 'assigned'))::integer AS assignee_stations,
      (count(*) FILTER (WHERE l.kind = 'step_fired' AND l.old_value IN ('breach', 'escalation') AND l.new_value <> 'close'))::integer AS escalation_count
    FROM log AS l GROUP BY l.ticket_no
  ),
  span AS (
    SELECT s.ticket_no, s.category AS what, s.since, s.until FROM stay AS s
    WHERE s.until IS NOT NULL AND s.category IN ('new', 'open', 'pending', 'hold')
    UNION ALL
    SELECT p.ticket_no, 'first_reply', p.opened_at, p.first_reply_at FROM point AS p WHERE p.first_reply_at IS NOT NULL
    UNION ALL
    SELECT p.ticket_no, 'first_resolution', p.opened_at, s.first_solved_at
    FROM point AS p JOIN solving AS s ON s.ticket_no = p.ticket_no WHERE s.first_solved_at IS NOT NULL
    UNION ALL
    SELECT p.ticket_no, 'full_resolution', p.opened_at, s.solved_at
    FROM point AS p JOIN solving AS s ON s.ticket_no = p.ticket_no WHERE s.solved_at IS NOT NULL
  ),
  length AS (
    SELECT s.ticket_no, s.what, s.until - s.since AS cal, (
      SELECT coalesce(sum(csflow.business_between(p.calendar, greatest(s.since, p.valid_from), least(s.until, p.valid_until))), '0')
      FROM period AS p WHERE p.valid_from < s.until AND p.valid_until > s.since) AS bus
    FROM span AS s
  ),
  total AS (
    SELECT n.ticket_no,
      max(n.cal) FILTER (WHERE n.what = 'first_reply') AS first_reply_cal,
      max(n.bus) FILTER (WHERE n.what = 'first_reply') AS first_reply_bus,
      max(n.cal) FILTER (WHERE n.what = 'first_resolution') AS first_resolution_cal,
      max(n.bus) FILTER (WHERE n.what = 'first_resolution') AS first_resolution_bus,
      max(n.cal) FILTER (WHERE n.what = 'full_resolution') AS full_resolution_cal,
      max(n.bus) FILTER (WHERE n.what = 'full_resolution') AS full_resolution_bus,
      coalesce(sum(n.cal) FILTER (WHERE n.what IN ('new', 'open')), '0') AS work_cal,
      coalesce(sum(n.bus) FILTER (WHERE n.what IN ('new', 'open')), '0') AS work_bus,
      coalesce(sum(n.cal) FILTER (WHERE n.what = 'pending'), '0') AS pending_cal,
      coalesce(sum(n.bus) FILTER (WHERE n.what = 'pending'), '0') AS pending_bus,
      coalesce(sum(n.cal) FILTER (WHERE n.what = 'hold'), '0') AS hold_cal,
      coalesce(sum(n.bus) FILTER (WHERE n.what = 'hold'), '0') AS hold_bus
    FROM length AS n GROUP BY n.ticket_no
  ),
  promise AS (
    SELECT c.ticket_no, array_agg(ROW(c.clock, c.run, c.priority, c.due_at, s.stopped_at, s.is_met, s.is_missed)::csflow.promise
        ORDER BY c.clock COLLATE "C", c.run) AS promises,
      min(c.due_at) FILTER (WHERE s.stopped_at IS NULL AND NOT s.is_missed) AS next_due_at
    FROM csflow.clock AS c
    CROSS JOIN LATERAL (SELECT CASE WHEN c.stopped_at <= ticket_facts_at.at THEN c.stopped_at END AS stopped_at,
      CASE WHEN c.stopped_at <= ticket_facts_at.at THEN c.outcome = 'met' END AS is_met,
      CASE WHEN c.stopped_at <= ticket_facts_at.at THEN c.outcome = 'breached' ELSE coalesce(c.due_at < missed_before, false) END AS is_missed) AS s
    WHERE c.desk_id = ticket_facts_at.desk_id AND c.ticket_no = ANY (ARRAY(SELECT w.ticket_no FROM wanted AS w))
      AND c.started_at <= ticket_facts_at.at AND c.length_microseconds IS NOT NULL AND (c.outcome IS NULL OR c.outcome IN ('met', 'breached'))
      AND c.target_id <> ALL (ARRAY(
        SELECT g.target_id FROM csflow.target AS g WHERE g.desk_id = ticket_facts_at.desk_id AND g.is_window
        UNION ALL
        SELECT x.target_id FROM csflow.step AS x WHERE x.desk_id = ticket_facts_at.desk_id AND x.action = 'close'))
    GROUP BY c.ticket_no
  )
  SELECT w.desk_id, w.ticket_no, w.kind, w.category_id, w.team_id, w.agent_id, w.channel, w.customer_tier, w.priority,
    p.opened_at, p.first_reply_at, n.first_reply_cal, n.first_reply_bus, p.last_reply_at, p.reply_count,
    s.first_solved_at, n.first_resolution_cal, n.first_resolution_bus, s.reopen_count, s.first_reopened_at,
    s.solved_at, n.full_resolution_cal, n.full_resolution_bus,
    f.work_cal + f.hold_cal, f.work_bus + f.hold_bus, f.work_cal, f.work_bus, f.pending_cal, f.pending_bus,
    f.hold_cal, f.hold_bus, f.work_cal + f.pending_cal + f.hold_cal, f.work_bus + f.pending_bus + f.hold_bus,
    -- The event opened does not name the department: the first change tells what it was before.
    (p.moves + CASE
      WHEN p.first_routed IS NULL AND p.first_transferred IS NULL AND ticket_facts_at.at = 'infinity' THEN (w.team_id IS NOT NULL)::integer
      WHEN p.first_routed IS NULL AND p.first_transferred IS NULL THEN coalesce((
        SELECT (e.kind = 'transferred')::integer FROM csflow.event AS e
        WHERE e.desk_id = w.desk_id AND e.ticket_no = w.ticket_no AND e.kind IN ('routed', 'transferred')
        ORDER BY e.seq LIMIT 1), (w.team_id IS NOT NULL)::integer)
      WHEN p.first_transferred < p.first_routed OR p.first_routed IS NULL THEN 1 ELSE 0 END)::integer,
    p.assignee_stations, p.escalation_count, coalesce(m.promises, '{}'), m.next_due_at
  FROM wanted AS w
  JOIN point AS p ON p.ticket_no = w.ticket_no AND p.opened_at IS NOT NULL
  JOIN solving AS s ON s.ticket_no = w.ticket_no
  LEFT JOIN promise AS m ON m.ticket_no = w.ticket_no
  LEFT JOIN total AS n ON n.ticket_no = w.ticket_no
  LEFT JOIN total AS f ON f.ticket_no = w.ticket_no AND s.solved_at IS NOT NULL;
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
    FROM csflow.event AS e
    WHERE e.desk_id = reply_gaps_at.desk_id AND e.kind IN ('reply', 'customer_message') AND e.at <= reply_gaps_at.at
      AND e.ticket_no = ANY (ARRAY(SELECT t.ticket_no FROM csflow.ticket AS t
        WHERE t.desk_id = reply_gaps_at.desk_id AND t.ticket_no = ANY (tickets) AND t.state NOT IN ('duplicate', 'invalid')))
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
    FROM csflow.event AS e
    WHERE e.desk_id = reopenings_at.desk_id AND csflow.state_category(e.new_state) IS NOT NULL AND e.at <= reopenings_at.at
      AND e.ticket_no = ANY (ARRAY(SELECT t.ticket_no FROM csflow.ticket AS t
        WHERE t.desk_id = reopenings_at.desk_id AND t.ticket_no = ANY (tickets) AND t.state NOT IN ('duplicate', 'invalid')))
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
