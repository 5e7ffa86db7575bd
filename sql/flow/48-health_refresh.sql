-- From the facts of tickets to buckets: what changes when tickets' facts change from one set of rows to another. Additions are
-- merged into the buckets they fall into, so that a refresh costs what happened, whatever the bucket holds already; counts go
-- both ways; only where a duration leaves a bucket is that one bucket rolled up anew.

CREATE FUNCTION csflow.fact_changes(zone text, old_facts csflow.ticket_fact[], new_facts csflow.ticket_fact[])
RETURNS SETOF csflow.health_change
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  cuts text[] := '{total,kind,category,team,channel,customer_tier}';
BEGIN
  RETURN QUERY
  WITH pair AS MATERIALIZED (
    SELECT o.opened_at AS old_opened_at, o.group_stations AS old_group, o.assignee_stations AS old_assignee, o.escalation_count AS old_escalation,
      o.first_reply_at AS old_first_reply_at,
      o.first_solved_at AS old_first_solved_at, o.first_resolution_cal AS old_first_resolution_cal,
      o.reply_count AS old_replies, o.reopen_count AS old_reopens, o.first_reopened_at AS old_first_reopened_at,
      o.solved_at AS old_solved_at,
      -- Once a ticket, not once a cut: a look-up of the zone each.
      date_trunc('hour', o.opened_at, fact_changes.zone) AS old_opened_hour, date_trunc('hour', n.opened_at, fact_changes.zone) AS opened_hour,
      date_trunc('hour', o.first_reply_at, fact_changes.zone) AS old_first_reply_hour, date_trunc('hour', n.first_reply_at, fact_changes.zone) AS first_reply_hour,
      date_trunc('hour', o.first_solved_at, fact_changes.zone) AS old_first_solved_hour, date_trunc('hour', n.first_solved_at, fact_changes.zone) AS first_solved_hour,
      date_trunc('hour', o.solved_at, fact_changes.zone) AS old_solved_hour, date_trunc('hour', n.solved_at, fact_changes.zone) AS solved_hour,
      n.opened_at, n.group_stations, n.assignee_stations, n.escalation_count, n.first_reply_at, n.first_reply_cal, n.first_reply_bus,
      n.first_solved_at, n.first_resolution_cal, n.first_resolution_bus, n.reply_count, n.reopen_count, n.first_reopened_at,
      n.solved_at, n.full_resolution_cal, n.full_resolution_bus, n.requester_wait_cal, n.requester_wait_bus, n.agent_work_cal, n.agent_work_bus,
      n.agent_wait_cal, n.agent_wait_bus, n.on_hold_cal, n.on_hold_bus, n.solve_time_cal, n.solve_time_bus, v.old_values, v.new_values, v.old_values IS DISTINCT FROM v.new_values AS cuts_differ,
      (o.opened_at, o.group_stations, o.assignee_stations, o.escalation_count)
        IS DISTINCT FROM (n.opened_at, n.group_stations, n.assignee_stations, n.escalation_count) AS opening_differs,
      (o.first_reply_at, o.first_reply_cal, o.first_reply_bus)
        IS DISTINCT FROM (n.first_reply_at, n.first_reply_cal, n.first_reply_bus) AS reply_differs,
      (o.first_solved_at, o.first_resolution_cal, o.first_resolution_bus)
        IS DISTINCT FROM (n.first_solved_at, n.first_resolution_cal, n.first_resolution_bus) AS first_solved_differs,
      (o.first_solved_at, o.first_resolution_cal, o.reply_count, o.reopen_count, o.first_reopened_at)
        IS DISTINCT FROM (n.first_solved_at, n.first_resolution_cal, n.reply_count, n.reopen_count, n.first_reopened_at) AS quality_differs,
      (o.solved_at, o.full_resolution_cal, o.full_resolution_bus, o.requester_wait_cal,
          o.requester_wait_bus, o.agent_work_cal, o.agent_work_bus, o.agent_wait_cal, o.agent_wait_bus, o.on_hold_cal, o.on_hold_bus,
          o.solve_time_cal, o.solve_time_bus)
        IS DISTINCT FROM (n.solved_at, n.full_resolution_cal, n.full_resolution_bus, n.requester_wait_cal,
          n.requester_wait_bus, n.agent_work_cal, n.agent_work_bus, n.agent_wait_cal, n.agent_wait_bus, n.on_hold_cal, n.on_hold_bus,
          n.solve_time_cal, n.solve_time_bus) AS solved_differs
    FROM unnest(old_facts) AS o
    FULL JOIN unnest(new_facts) AS n ON n.ticket_no = o.ticket_no
    CROSS JOIN LATERAL (SELECT
      ARRAY['', coalesce(o.kind, ''), coalesce(o.category_id::text, ''), coalesce(o.team_id::text, ''), o.channel, coalesce(o.customer_tier, '')] AS old_values,
      ARRAY['', coalesce(n.kind, ''), coalesce(n.category_id::text, ''), coalesce(n.team_id::text, ''), n.channel, coalesce(n.customer_tier, '')] AS new_values) AS v
    WHERE o.ticket_no IS NULL OR n.ticket_no IS NULL OR o IS DISTINCT FROM n
  ),
  -- Counts and sketches are made once for all tickets with the same values, then put into each cut: far fewer rows and additions.
  opening AS (
    SELECT s.bucket_start, s.cut, s.value, sum(s.sign * s.opened)::bigint AS opened, sum(s.sign * s.transferred)::bigint AS transferred,
      sum(s.sign * s.transfers)::bigint AS transfers, sum(s.sign * s.reassigned)::bigint AS reassigned, sum(s.sign * s.reassignments)::bigint AS reassignments,
      sum(s.sign * s.escalated)::bigint AS escalated, sum(s.sign * s.escalations)::bigint AS escalations
    FROM (
      SELECT -1 AS sign, p.old_opened_hour AS bucket_start, count(*) AS opened,
        count(*) FILTER (WHERE p.old_group > 1) AS transferred, sum(greatest(p.old_group - 1, 0)) AS transfers,
        count(*) FILTER (WHERE p.old_assignee > 1) AS reassigned, sum(greatest(p.old_assignee - 1, 0)) AS reassignments,
        count(*) FILTER (WHERE p.old_escalation > 0) AS escalated, sum(p.old_escalation) AS escalations,
        p.opening_differs AS differs, unnest(cuts) AS cut, unnest(p.old_values) AS value, unnest(p.new_values) AS other
      FROM pair AS p WHERE p.old_opened_at IS NOT NULL AND (p.opening_differs OR p.cuts_differ)
      GROUP BY p.old_opened_hour, p.opening_differs, p.old_values, p.new_values
      UNION ALL
      SELECT 1, p.opened_hour, count(*),
        count(*) FILTER (WHERE p.group_stations > 1), sum(greatest(p.group_stations - 1, 0)),
        count(*) FILTER (WHERE p.assignee_stations > 1), sum(greatest(p.assignee_stations - 1, 0)),
        count(*) FILTER (WHERE p.escalation_count > 0), sum(p.escalation_count),
        p.opening_differs, unnest(cuts), unnest(p.new_values), unnest(p.old_values)
      FROM pair AS p WHERE p.opened_at IS NOT NULL AND (p.opening_differs OR p.cuts_differ)
      GROUP BY p.opened_hour, p.opening_differs, p.new_values, p.old_values) AS s
    WHERE s.differs OR s.value IS DISTINCT FROM s.other
    GROUP BY 1, 2, 3
  ),
  reply AS (
    SELECT s.bucket_start, s.cut, s.value, sum(s.replies)::bigint AS replies, csflow.rollup(s.cal) AS cal, csflow.rollup(s.bus) AS bus, bool_or(s.replies < 0) AS loses
    FROM (
      SELECT p.old_first_reply_hour AS bucket_start, -count(*) AS replies, NULL::csflow.duration_sketch AS cal, NULL::csflow.duration_sketch AS bus, p.reply_differs AS differs,
        unnest(cuts) AS cut, unnest(p.old_values) AS value, unnest(p.new_values) AS other
      FROM pair AS p WHERE p.old_first_reply_at IS NOT NULL AND (p.reply_differs OR p.cuts_differ)
      GROUP BY p.old_first_reply_hour, p.reply_differs, p.old_values, p.new_values
      UNION ALL
      SELECT p.first_reply_hour, count(*), csflow.duration_sketch(p.first_reply_cal), csflow.duration_sketch(p.first_reply_bus), p.reply_differs,
        unnest(cuts), unnest(p.new_values), unnest(p.old_values)
      FROM pair AS p WHERE p.first_reply_at IS NOT NULL AND (p.reply_differs OR p.cuts_differ)
      GROUP BY p.first_reply_hour, p.reply_differs, p.new_values, p.old_values) AS s
    WHERE s.differs OR s.value IS DISTINCT FROM s.other
    GROUP BY 1, 2, 3
  ),
  first_solved AS (
    SELECT s.bucket_start, s.cut, s.value, sum(s.solved)::bigint AS solved, csflow.rollup(s.cal) AS cal, csflow.rollup(s.bus) AS bus, bool_or(s.solved < 0) AS loses
    FROM (
      SELECT p.old_first_solved_hour AS bucket_start, -count(*) AS solved, NULL::csflow.duration_sketch AS cal, NULL::csflow.duration_sketch AS bus, p.first_solved_differs AS differs,
        unnest(cuts) AS cut, unnest(p.old_values) AS value, unnest(p.new_values) AS other
      FROM pair AS p WHERE p.old_first_solved_at IS NOT NULL AND (p.first_solved_differs OR p.cuts_differ)
      GROUP BY p.old_first_solved_hour, p.first_solved_differs, p.old_values, p.new_values
      UNION ALL
      SELECT p.first_solved_hour, count(*), csflow.duration_sketch(p.first_resolution_cal), csflow.duration_sketch(p.first_resolution_bus), p.first_solved_differs,
        unnest(cuts), unnest(p.new_values), unnest(p.old_values)
      FROM pair AS p WHERE p.first_solved_at IS NOT NULL AND (p.first_solved_differs OR p.cuts_differ)
      GROUP BY p.first_solved_hour, p.first_solved_differs, p.new_values, p.old_values) AS s
    WHERE s.differs OR s.value IS DISTINCT FROM s.other
    GROUP BY 1, 2, 3
  ),
  -- What was solved before may still be replied to or reopened: counted apart from the durations, which stay.
  quality AS (
    SELECT s.bucket_start, s.cut, s.value, sum(s.sign * s.one_touch)::bigint AS one_touch, sum(s.sign * s.zero_touch)::bigint AS zero_touch,
      sum(s.sign * s.quick_close)::bigint AS quick_close, sum(s.sign * s.first_contact)::bigint AS first_contact, sum(s.sign * s.reopened)::bigint AS reopened
    FROM (
      SELECT -1 AS sign, p.old_first_solved_hour AS bucket_start, count(*) FILTER (WHERE p.old_replies = 1) AS one_touch,
        count(*) FILTER (WHERE p.old_replies = 0) AS zero_touch, count(*) FILTER (WHERE p.old_first_resolution_cal <= interval '15 minutes') AS quick_close,
        count(*) FILTER (WHERE p.old_replies = 1 AND coalesce(p.old_first_reopened_at > p.old_first_solved_at + interval '7 days', true)) AS first_contact,
        count(*) FILTER (WHERE p.old_reopens > 0) AS reopened,
        p.quality_differs AS differs, unnest(cuts) AS cut, unnest(p.old_values) AS value, unnest(p.new_values) AS other
      FROM pair AS p WHERE p.old_first_solved_at IS NOT NULL AND (p.quality_differs OR p.cuts_differ)
      GROUP BY p.old_first_solved_hour, p.quality_differs, p.old_values, p.new_values
      UNION ALL
      SELECT 1, p.first_solved_hour, count(*) FILTER (WHERE p.reply_count = 1),
        count(*) FILTER (WHERE p.reply_count = 0), count(*) FILTER (WHERE p.first_resolution_cal <= interval '15 minutes'),
        count(*) FILTER (WHERE p.reply_count = 1 AND coalesce(p.first_reopened_at > p.first_solved_at + interval '7 days', true)),
        count(*) FILTER (WHERE p.reopen_count > 0),
        p.quality_differs, unnest(cuts), unnest(p.new_values), unnest(p.old_values)
      FROM pair AS p WHERE p.first_solved_at IS NOT NULL AND (p.quality_differs OR p.cuts_differ)
      GROUP BY p.first_solved_hour, p.quality_differs, p.new_values, p.old_values) AS s
    WHERE s.differs OR s.value IS DISTINCT FROM s.other
    GROUP BY 1, 2, 3
  ),
  solved AS (
    SELECT s.bucket_start, s.cut, s.value, sum(s.solved)::bigint AS solved, bool_or(s.solved < 0) AS loses,
      csflow.rollup(s.full_resolution_cal) AS full_resolution_cal, csflow.rollup(s.full_resolution_bus) AS full_resolution_bus,
      csflow.rollup(s.requester_wait_cal) AS requester_wait_cal, csflow.rollup(s.requester_wait_bus) AS requester_wait_bus,
      csflow.rollup(s.agent_work_cal) AS agent_work_cal, csflow.rollup(s.agent_work_bus) AS agent_work_bus,
      csflow.rollup(s.agent_wait_cal) AS agent_wait_cal, csflow.rollup(s.agent_wait_bus) AS agent_wait_bus,
      csflow.rollup(s.on_hold_cal) AS on_hold_cal, csflow.rollup(s.on_hold_bus) AS on_hold_bus,
      csflow.rollup(s.solve_time_cal) AS solve_time_cal, csflow.rollup(s.solve_time_bus) AS solve_time_bus
    FROM (
      SELECT p.solved_hour AS bucket_start, count(*) AS solved,
        csflow.duration_sketch(p.full_resolution_cal) AS full_resolution_cal, csflow.duration_sketch(p.full_resolution_bus) AS full_resolution_bus,
        csflow.duration_sketch(p.requester_wait_cal) AS requester_wait_cal, csflow.duration_sketch(p.requester_wait_bus) AS requester_wait_bus,
        csflow.duration_sketch(p.agent_work_cal) AS agent_work_cal, csflow.duration_sketch(p.agent_work_bus) AS agent_work_bus,
        csflow.duration_sketch(p.agent_wait_cal) AS agent_wait_cal, csflow.duration_sketch(p.agent_wait_bus) AS agent_wait_bus,
        csflow.duration_sketch(p.on_hold_cal) AS on_hold_cal, csflow.duration_sketch(p.on_hold_bus) AS on_hold_bus,
        csflow.duration_sketch(p.solve_time_cal) AS solve_time_cal, csflow.duration_sketch(p.solve_time_bus) AS solve_time_bus,
        p.solved_differs AS differs, unnest(cuts) AS cut, unnest(p.new_values) AS value, unnest(p.old_values) AS other
      FROM pair AS p WHERE p.solved_at IS NOT NULL AND (p.solved_differs OR p.cuts_differ)
      GROUP BY p.solved_hour, p.solved_differs, p.new_values, p.old_values
      UNION ALL
      SELECT p.old_solved_hour, -count(*), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        p.solved_differs, unnest(cuts), unnest(p.old_values), unnest(p.new_values)
      FROM pair AS p WHERE p.old_solved_at IS NOT NULL AND (p.solved_differs OR p.cuts_differ)
      GROUP BY p.old_solved_hour, p.solved_differs, p.old_values, p.new_values) AS s
    WHERE s.differs OR s.value IS DISTINCT FROM s.other
    GROUP BY 1, 2, 3
  )
  SELECT x.bucket_start, x.cut, x.value, m.measure, m.event_count, NULL::csflow.duration_sketch, NULL::csflow.duration_sketch, false
  FROM opening AS x
  CROSS JOIN LATERAL (VALUES ('opened', x.opened), ('transferred', x.transferred), ('transfers', x.transfers), ('reassigned', x.reassigned),
    ('reassignments', x.reassignments), ('escalated', x.escalated), ('escalations', x.escalations)) AS m (measure, event_count)
  WHERE m.event_count <> 0
  UNION ALL
  SELECT x.bucket_start, x.cut, x.value, m.measure, m.event_count, NULL, NULL, false
  FROM quality AS x
  CROSS JOIN LATERAL (VALUES ('one_touch', x.one_touch), ('zero_touch', x.zero_touch), ('quick_close', x.quick_close),
    ('first_contact', x.first_contact), ('reopened', x.reopened)) AS m (measure, event_count)
  WHERE m.event_count <> 0
  UNION ALL
  SELECT x.bucket_start, x.cut, x.value, 'first_reply', x.replies, x.cal, x.bus, x.loses FROM reply AS x
  UNION ALL
  SELECT x.bucket_start, x.cut, x.value, 'first_resolution', x.solved, x.cal, x.bus, x.loses FROM first_solved AS x
  UNION ALL
  SELECT x.bucket_start, x.cut, x.value, m.measure, x.solved, m.cal, m.bus, x.loses
  FROM solved AS x
  CROSS JOIN LATERAL (VALUES ('full_resolution', x.full_resolution_cal, x.full_resolution_bus),
    ('requester_wait', x.requester_wait_cal, x.requester_wait_bus), ('agent_work', x.agent_work_cal, x.agent_work_bus),
    ('agent_wait', x.agent_wait_cal, x.agent_wait_bus), ('on_hold', x.on_hold_cal, x.on_hold_bus),
    ('solve_time', x.solve_time_cal, x.solve_time_bus)) AS m (measure, cal, bus);
END
$$;
COMMENT ON FUNCTION csflow.fact_changes(text, csflow.ticket_fact[], csflow.ticket_fact[]) IS
'What buckets gain and lose when the facts of some tickets change from old_facts to new_facts (a ticket in one of them only appears or goes). zone: the report zone. Result: rows of csflow.health_change, one a bucket, cut, value and measure. Part of refresh_health. Design 2.14.';

CREATE FUNCTION csflow.moment_changes(zone text, old_facts csflow.ticket_fact[], new_facts csflow.ticket_fact[],
  old_gaps csflow.reply_gap[], new_gaps csflow.reply_gap[], old_reopenings csflow.reopening[], new_reopenings csflow.reopening[])
RETURNS SETOF csflow.health_change
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
  RETURN QUERY
  WITH fact AS (
    SELECT -1 AS sign, o.ticket_no, o.kind, o.category_id, o.team_id, o.channel, o.customer_tier FROM unnest(old_facts) AS o
    WHERE o.reply_count > 1 OR o.reopen_count > 0
    UNION ALL
    SELECT 1, n.ticket_no, n.kind, n.category_id, n.team_id, n.channel, n.customer_tier FROM unnest(new_facts) AS n
    WHERE n.reply_count > 1 OR n.reopen_count > 0
  ),
  moment AS (
    SELECT g.sign, g.ticket_no, g.number, g.measure, g.at, g.cal, g.bus
    FROM (
      SELECT -1 AS sign, o.ticket_no, o.gap_no AS number, 'next_reply' AS measure, o.replied_at AS at, o.gap_cal AS cal, o.gap_bus AS bus FROM unnest(old_gaps) AS o
      UNION ALL
      SELECT 1, n.ticket_no, n.gap_no, 'next_reply', n.replied_at, n.gap_cal, n.gap_bus FROM unnest(new_gaps) AS n
      UNION ALL
      SELECT -1, o.ticket_no, o.reopening_no, 'reopening', o.reopened_at, NULL, NULL FROM unnest(old_reopenings) AS o
      UNION ALL
      SELECT 1, n.ticket_no, n.reopening_no, 'reopening', n.reopened_at, NULL, NULL FROM unnest(new_reopenings) AS n
      UNION ALL
      SELECT -1, o.ticket_no, o.reopening_no, 'solved_again', o.solved_at, NULL, NULL FROM unnest(old_reopenings) AS o
      UNION ALL
      SELECT 1, n.ticket_no, n.reopening_no, 'solved_again', n.solved_at, NULL, NULL FROM unnest(new_reopenings) AS n) AS g
    WHERE g.at IS NOT NULL
  ),
  -- What stays where it was cancels out here.
  net AS (
    SELECT c.cut, c.value, m.measure, m.at, m.cal, m.bus, sum(m.sign) AS sign
    FROM moment AS m
    JOIN fact AS f ON f.ticket_no = m.ticket_no AND f.sign = m.sign
    CROSS JOIN LATERAL (VALUES ('total', ''), ('kind', coalesce(f.kind, '')), ('category', coalesce(f.category_id::text, '')),
      ('team', coalesce(f.team_id::text, '')), ('channel', f.channel), ('customer_tier', coalesce(f.customer_tier, ''))) AS c (cut, value)
    GROUP BY m.ticket_no, m.number, c.cut, c.value, m.measure, m.at, m.cal, m.bus
    HAVING sum(m.sign) <> 0
  )
  SELECT date_trunc('hour', n.at, moment_changes.zone), n.cut, n.value, n.measure, sum(n.sign)::bigint,
    csflow.duration_sketch(n.cal) FILTER (WHERE n.sign > 0), csflow.duration_sketch(n.bus) FILTER (WHERE n.sign > 0),
    bool_or(n.sign < 0 AND n.cal IS NOT NULL)
  FROM net AS n
  GROUP BY 1, 2, 3, 4;
END
$$;
COMMENT ON FUNCTION csflow.moment_changes(text, csflow.ticket_fact[], csflow.ticket_fact[], csflow.reply_gap[], csflow.reply_gap[],
  csflow.reopening[], csflow.reopening[]) IS
'As csflow.fact_changes, for what a ticket can have many of: answered runs of customer messages, reopenings and solving again. Part of refresh_health.';

CREATE FUNCTION csflow.hours_anew(desk_id bigint, zone text, lost csflow.health_change[])
RETURNS SETOF csflow.health_change
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  facts csflow.ticket_fact[];
  gaps csflow.reply_gap[];
BEGIN
  -- Each index is asked for the hours in which its measures lost something.
  gaps := ARRAY(
    SELECT g FROM (SELECT DISTINCT l.bucket_start AS hour FROM unnest(lost) AS l WHERE l.measure = 'next_reply') AS h
    JOIN csflow.reply_gap AS g ON g.desk_id = hours_anew.desk_id AND g.replied_at >= h.hour AND g.replied_at < h.hour + interval '1 hour');
  facts := ARRAY(
    WITH hour AS MATERIALIZED (
      SELECT DISTINCT l.bucket_start AS since, CASE WHEN l.measure IN ('first_reply', 'first_resolution', 'next_reply') THEN l.measure ELSE 'solved' END AS what
      FROM unnest(lost) AS l
    ),
    number AS (
      SELECT f.ticket_no FROM hour AS h JOIN csflow.ticket_fact AS f ON h.what = 'first_reply'
        AND f.desk_id = hours_anew.desk_id AND f.first_reply_at >= h.since AND f.first_reply_at < h.since + interval '1 hour'
      UNION
      SELECT f.ticket_no FROM hour AS h JOIN csflow.ticket_fact AS f ON h.what = 'first_resolution'
        AND f.desk_id = hours_anew.desk_id AND f.first_solved_at >= h.since AND f.first_solved_at < h.since + interval '1 hour'
      UNION
      SELECT f.ticket_no FROM hour AS h JOIN csflow.ticket_fact AS f ON h.what = 'solved'
        AND f.desk_id = hours_anew.desk_id AND f.solved_at >= h.since AND f.solved_at < h.since + interval '1 hour'
      UNION
      SELECT g.ticket_no FROM unnest(gaps) AS g
    )
    SELECT f FROM number AS n JOIN csflow.ticket_fact AS f ON f.desk_id = hours_anew.desk_id AND f.ticket_no = n.ticket_no);
  RETURN QUERY
  SELECT c.* FROM (
    SELECT * FROM csflow.fact_changes(zone, '{}', facts)
    UNION ALL
    SELECT * FROM csflow.moment_changes(zone, '{}', facts, '{}', gaps, '{}', '{}')) AS c
  JOIN unnest(lost) AS l ON l.bucket_start = c.bucket_start AND l.cut = c.cut AND l.value = c.value AND l.measure = c.measure;
END
$$;
COMMENT ON FUNCTION csflow.hours_anew(bigint, text, csflow.health_change[]) IS
'What the hours that lost durations hold now, from the facts; a measure without any has no row. Part of refresh_health.';

CREATE FUNCTION csflow.change_health(desk_id bigint, zone text, changes csflow.health_change[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  lost csflow.health_change[] := ARRAY(SELECT c FROM unnest(changes) AS c WHERE c.loses);
  hours_from timestamptz := (SELECT p.hours_from::timestamp AT TIME ZONE change_health.zone FROM csflow.health_progress AS p WHERE p.desk_id = change_health.desk_id);
BEGIN
  INSERT INTO csflow.health_value AS v (desk_id, cut, value, first_date)
  SELECT change_health.desk_id, c.cut, c.value, min((c.bucket_start AT TIME ZONE zone)::date) FROM unnest(changes) AS c
  WHERE c.event_count > 0 GROUP BY c.cut, c.value
  ON CONFLICT ON CONSTRAINT health_value_pkey DO UPDATE SET first_date = excluded.first_date WHERE excluded.first_date < v.first_date;

  INSERT INTO csflow.health_hour AS h (desk_id, cut, bucket_start, value, measure, event_count, cal, bus)
  SELECT change_health.desk_id, c.cut, c.bucket_start, c.value, c.measure, c.event_count, c.cal, c.bus
  FROM unnest(changes) AS c WHERE NOT c.loses AND c.bucket_start >= hours_from
  ORDER BY c.cut, c.bucket_start, c.value, c.measure
  ON CONFLICT ON CONSTRAINT health_hour_pkey DO UPDATE SET event_count = h.event_count + excluded.event_count,
    cal = (SELECT csflow.rollup(s.sketch) FROM (VALUES (h.cal), (excluded.cal)) AS s (sketch)),
    bus = (SELECT csflow.rollup(s.sketch) FROM (VALUES (h.bus), (excluded.bus)) AS s (sketch));
  IF cardinality(lost) > 0 THEN
    DELETE FROM csflow.health_hour AS h USING unnest(lost) AS l
    WHERE h.desk_id = change_health.desk_id AND h.cut = l.cut AND h.bucket_start = l.bucket_start AND h.value = l.value AND h.measure = l.measure;
    INSERT INTO csflow.health_hour (desk_id, cut, bucket_start, value, measure, event_count, cal, bus)
    SELECT change_health.desk_id, a.cut, a.bucket_start, a.value, a.measure, a.event_count, a.cal, a.bus
    FROM csflow.hours_anew(change_health.desk_id, zone, ARRAY(SELECT l FROM unnest(lost) AS l WHERE l.bucket_start >= hours_from)) AS a;
  END IF;

  INSERT INTO csflow.health_day AS d (desk_id, cut, bucket_date, value, measure, event_count, cal, bus)
  SELECT change_health.desk_id, c.cut, (c.bucket_start AT TIME ZONE zone)::date, c.value, c.measure,
    sum(c.event_count), csflow.rollup(c.cal), csflow.rollup(c.bus)
  FROM unnest(changes) AS c GROUP BY 1, 2, 3, 4, 5 HAVING NOT bool_or(c.loses) ORDER BY 2, 3, 4, 5
  ON CONFLICT ON CONSTRAINT health_day_pkey DO UPDATE SET event_count = d.event_count + excluded.event_count,
    cal = (SELECT csflow.rollup(s.sketch) FROM (VALUES (d.cal), (excluded.cal)) AS s (sketch)),
    bus = (SELECT csflow.rollup(s.sketch) FROM (VALUES (d.bus), (excluded.bus)) AS s (sketch));
  INSERT INTO csflow.health_month AS m (desk_id, cut, bucket_date, value, measure, event_count, cal, bus)
  SELECT change_health.desk_id, c.cut, date_trunc('month', c.bucket_start AT TIME ZONE zone)::date, c.value, c.measure,
    sum(c.event_count), csflow.rollup(c.cal), csflow.rollup(c.bus)
  FROM unnest(changes) AS c GROUP BY 1, 2, 3, 4, 5 HAVING NOT bool_or(c.loses) ORDER BY 2, 3, 4, 5
  ON CONFLICT ON CONSTRAINT health_month_pkey DO UPDATE SET event_count = m.event_count + excluded.event_count,
    cal = (SELECT csflow.rollup(s.sketch) FROM (VALUES (m.cal), (excluded.cal)) AS s (sketch)),
    bus = (SELECT csflow.rollup(s.sketch) FROM (VALUES (m.bus), (excluded.bus)) AS s (sketch));
  IF cardinality(lost) > 0 THEN
    PERFORM csflow.roll_up_anew(change_health.desk_id, zone, lost);
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.change_health(bigint, text, csflow.health_change[]) IS
'Puts changes into the hours, days and months of a desk: additions are merged; what lost durations is rolled up anew, hours from facts, days from hours, months from days. Part of refresh_health; its caller holds the desk''s refresh lock. Design 2.14.';

CREATE FUNCTION csflow.roll_up_anew(desk_id bigint, zone text, lost csflow.health_change[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  hours_from date := (SELECT p.hours_from FROM csflow.health_progress AS p WHERE p.desk_id = roll_up_anew.desk_id);
  -- The hours, kept no longer, of the days that lost durations.
  gone csflow.health_change[] := ARRAY(
    SELECT ROW(h.hour, h.cut, h.value, h.measure, 0, NULL, NULL, true)::csflow.health_change
    FROM (
      SELECT DISTINCT date_trunc('hour', g.half, zone) AS hour, l.cut, l.value, l.measure
      FROM (SELECT DISTINCT x.cut, (x.bucket_start AT TIME ZONE zone)::date AS day, x.value, x.measure FROM unnest(lost) AS x) AS l
      CROSS JOIN LATERAL generate_series(l.day::timestamp AT TIME ZONE zone, (l.day + 1)::timestamp AT TIME ZONE zone - interval '1 microsecond',
        interval '30 minutes') AS g (half)
      WHERE l.day < hours_from) AS h);
BEGIN
  DELETE FROM csflow.health_day AS d USING unnest(lost) AS l
  WHERE d.desk_id = roll_up_anew.desk_id AND d.cut = l.cut AND d.bucket_date = (l.bucket_start AT TIME ZONE zone)::date
    AND d.value = l.value AND d.measure = l.measure;
  INSERT INTO csflow.health_day (desk_id, cut, bucket_date, value, measure, event_count, cal, bus)
  SELECT roll_up_anew.desk_id, l.cut, l.day, l.value, l.measure, sum(h.event_count), csflow.rollup(h.cal), csflow.rollup(h.bus)
  FROM (SELECT DISTINCT x.cut, (x.bucket_start AT TIME ZONE zone)::date AS day, x.value, x.measure FROM unnest(lost) AS x) AS l
  JOIN csflow.health_hour AS h ON h.desk_id = roll_up_anew.desk_id AND h.cut = l.cut AND h.value = l.value AND h.measure = l.measure
    AND h.bucket_start >= l.day::timestamp AT TIME ZONE zone AND h.bucket_start < (l.day + 1)::timestamp AT TIME ZONE zone
  WHERE l.day >= hours_from
  GROUP BY l.cut, l.day, l.value, l.measure;
  IF cardinality(gone) > 0 THEN
    INSERT INTO csflow.health_day (desk_id, cut, bucket_date, value, measure, event_count, cal, bus)
    SELECT roll_up_anew.desk_id, a.cut, (a.bucket_start AT TIME ZONE zone)::date, a.value, a.measure, sum(a.event_count), csflow.rollup(a.cal), csflow.rollup(a.bus)
    FROM csflow.hours_anew(roll_up_anew.desk_id, zone, gone) AS a
    GROUP BY 2, 3, 4, 5;
  END IF;

  DELETE FROM csflow.health_month AS m USING unnest(lost) AS l
  WHERE m.desk_id = roll_up_anew.desk_id AND m.cut = l.cut AND m.bucket_date = date_trunc('month', l.bucket_start AT TIME ZONE zone)::date
    AND m.value = l.value AND m.measure = l.measure;
  INSERT INTO csflow.health_month (desk_id, cut, bucket_date, value, measure, event_count, cal, bus)
  SELECT roll_up_anew.desk_id, l.cut, l.month, l.value, l.measure, sum(d.event_count), csflow.rollup(d.cal), csflow.rollup(d.bus)
  FROM (SELECT DISTINCT x.cut, date_trunc('month', x.bucket_start AT TIME ZONE zone)::date AS month, x.value, x.measure FROM unnest(lost) AS x) AS l
  JOIN csflow.health_day AS d ON d.desk_id = roll_up_anew.desk_id AND d.cut = l.cut AND d.value = l.value AND d.measure = l.measure
    AND d.bucket_date >= l.month AND d.bucket_date < (l.month + interval '1 month')::date
  GROUP BY l.cut, l.month, l.value, l.measure;
END
$$;
COMMENT ON FUNCTION csflow.roll_up_anew(bigint, text, csflow.health_change[]) IS
'Rolls up the days and months of buckets that lost durations, from hours and days; days whose hours are kept no longer from the facts. Part of refresh_health.';

CREATE FUNCTION csflow.refresh_tickets(desk_id bigint, zone text, tickets csflow.ticket_no[], at timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  new_facts csflow.ticket_fact[] := ARRAY(SELECT f FROM csflow.ticket_facts_at(refresh_tickets.desk_id, tickets, known_at => refresh_tickets.at) AS f);
  -- A live ticket without an event opened is one whose events have left with their month: what is known of it stays.
  old_facts csflow.ticket_fact[] := ARRAY(SELECT f FROM csflow.ticket_fact AS f
    WHERE f.desk_id = refresh_tickets.desk_id AND f.ticket_no = ANY (tickets)
      AND (f.ticket_no IN (SELECT n.ticket_no FROM unnest(new_facts) AS n) OR EXISTS (SELECT FROM csflow.ticket AS t
        WHERE t.desk_id = f.desk_id AND t.ticket_no = f.ticket_no AND t.state IN ('duplicate', 'invalid'))));
  old_gaps csflow.reply_gap[] := ARRAY(SELECT g FROM csflow.reply_gap AS g
    WHERE g.desk_id = refresh_tickets.desk_id AND g.ticket_no = ANY (ARRAY(SELECT o.ticket_no FROM unnest(old_facts) AS o WHERE o.reply_count > 1)));
  new_gaps csflow.reply_gap[] := ARRAY(SELECT g FROM csflow.reply_gaps_at(refresh_tickets.desk_id,
    ARRAY(SELECT f.ticket_no FROM unnest(new_facts) AS f WHERE f.reply_count > 1)) AS g);
  old_reopenings csflow.reopening[] := ARRAY(SELECT r FROM csflow.reopening AS r
    WHERE r.desk_id = refresh_tickets.desk_id AND r.ticket_no = ANY (ARRAY(SELECT o.ticket_no FROM unnest(old_facts) AS o WHERE o.reopen_count > 0)));
  new_reopenings csflow.reopening[] := ARRAY(SELECT r FROM csflow.reopenings_at(refresh_tickets.desk_id,
    ARRAY(SELECT f.ticket_no FROM unnest(new_facts) AS f WHERE f.reopen_count > 0)) AS r);
BEGIN
  DELETE FROM csflow.ticket_fact AS f USING unnest(old_facts) AS o
  WHERE f.desk_id = o.desk_id AND f.ticket_no = o.ticket_no
    AND NOT EXISTS (SELECT FROM unnest(new_facts) AS n WHERE n.ticket_no = o.ticket_no AND n IS NOT DISTINCT FROM o);
  INSERT INTO csflow.ticket_fact SELECT n.* FROM unnest(new_facts) AS n ORDER BY n.ticket_no
  ON CONFLICT ON CONSTRAINT ticket_fact_pkey DO NOTHING;
  -- What can no longer be computed need not be looked at when it falls due.
  UPDATE csflow.ticket_fact AS f SET next_due_at = NULL
  WHERE f.desk_id = refresh_tickets.desk_id AND f.next_due_at IS NOT NULL
    AND f.ticket_no = ANY (ARRAY(SELECT t.no FROM unnest(tickets) AS t (no) EXCEPT SELECT n.ticket_no FROM unnest(new_facts) AS n));
  DELETE FROM csflow.reply_gap AS g USING unnest(old_gaps) AS o
  WHERE g.desk_id = o.desk_id AND g.ticket_no = o.ticket_no AND g.gap_no = o.gap_no;
  INSERT INTO csflow.reply_gap SELECT n.* FROM unnest(new_gaps) AS n;
  DELETE FROM csflow.reopening AS r USING unnest(old_reopenings) AS o
  WHERE r.desk_id = o.desk_id AND r.ticket_no = o.ticket_no AND r.reopening_no = o.reopening_no;
  INSERT INTO csflow.reopening SELECT n.* FROM unnest(new_reopenings) AS n;

  PERFORM csflow.change_health(refresh_tickets.desk_id, zone, ARRAY(
    SELECT c FROM csflow.fact_changes(zone, old_facts, new_facts) AS c
    UNION ALL
    SELECT c FROM csflow.moment_changes(zone, old_facts, new_facts, old_gaps, new_gaps, old_reopenings, new_reopenings) AS c));
  PERFORM csflow.change_attainment(refresh_tickets.desk_id, zone, old_facts, new_facts);
END
$$;
COMMENT ON FUNCTION csflow.refresh_tickets(bigint, text, csflow.ticket_no[], timestamptz) IS
'Computes the facts of some tickets anew, what is missed as of the instant at, and puts what changed into the buckets. Part of refresh_health; its caller holds the desk''s refresh lock. Design 2.14.';

CREATE FUNCTION csflow.roll_up_kept(desk_id bigint, zone text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  facts csflow.ticket_fact[];
  last csflow.ticket_no;
BEGIN
  LOOP
    facts := ARRAY(SELECT f FROM csflow.ticket_fact AS f
      WHERE f.desk_id = roll_up_kept.desk_id AND (last IS NULL OR f.ticket_no > last) ORDER BY f.ticket_no LIMIT 10000);
    EXIT WHEN cardinality(facts) = 0;
    last := facts[cardinality(facts)].ticket_no;
    PERFORM csflow.change_health(roll_up_kept.desk_id, zone, ARRAY(
      SELECT c FROM csflow.fact_changes(zone, '{}', facts) AS c
      UNION ALL
      SELECT c FROM csflow.moment_changes(zone, '{}', facts,
        '{}', ARRAY(SELECT g FROM unnest(facts) AS f JOIN csflow.reply_gap AS g ON g.desk_id = f.desk_id AND g.ticket_no = f.ticket_no),
        '{}', ARRAY(SELECT r FROM unnest(facts) AS f JOIN csflow.reopening AS r ON r.desk_id = f.desk_id AND r.ticket_no = f.ticket_no)) AS c));
    PERFORM csflow.change_attainment(roll_up_kept.desk_id, zone, '{}', facts);
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow.roll_up_kept(bigint, text) IS
'Puts all facts that a desk has into its buckets, which must be empty: part of rebuild_health(), for tickets whose events have left.';

REVOKE EXECUTE ON FUNCTION csflow.roll_up_kept(bigint, text), csflow.change_health(bigint, text, csflow.health_change[]),
  csflow.roll_up_anew(bigint, text, csflow.health_change[]), csflow.refresh_tickets(bigint, text, csflow.ticket_no[], timestamptz) FROM PUBLIC;
