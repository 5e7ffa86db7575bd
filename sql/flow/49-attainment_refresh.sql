-- Attainment by day (handbook G2, kpi.md "SLA achieved"): what changes when the promises of tickets change.

CREATE FUNCTION csflow.attainment_changes(zone text, old_facts csflow.ticket_fact[], new_facts csflow.ticket_fact[])
RETURNS TABLE (bucket_date date, cut text, value text, clock text, met_count bigint, breached_count bigint, missed_count bigint)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
  RETURN QUERY
  WITH pair AS MATERIALIZED (
    SELECT o.promises AS old_promises, o.kind AS old_kind, o.team_id AS old_team, o.channel AS old_channel, o.customer_tier AS old_tier,
      n.promises, n.kind, n.team_id, n.channel, n.customer_tier
    FROM unnest(old_facts) AS o
    FULL JOIN unnest(new_facts) AS n ON n.ticket_no = o.ticket_no
    WHERE o.promises IS DISTINCT FROM n.promises
      OR (o.kind, o.team_id, o.channel, o.customer_tier) IS DISTINCT FROM (n.kind, n.team_id, n.channel, n.customer_tier)
  ),
  promise AS (
    SELECT -1 AS sign, p.old_kind AS kind, p.old_team AS team_id, p.old_channel AS channel, p.old_tier AS customer_tier, x.*
    FROM pair AS p CROSS JOIN LATERAL unnest(p.old_promises) AS x
    UNION ALL
    SELECT 1, p.kind, p.team_id, p.channel, p.customer_tier, x.* FROM pair AS p CROSS JOIN LATERAL unnest(p.promises) AS x
  ),
  told AS (
    SELECT (p.stopped_at AT TIME ZONE attainment_changes.zone)::date AS day, p.sign * p.is_met::integer AS met,
      p.sign * (NOT p.is_met)::integer AS breached, 0 AS missed, p.clock, p.priority, p.kind, p.team_id, p.channel, p.customer_tier
    FROM promise AS p WHERE p.stopped_at IS NOT NULL
    UNION ALL
    SELECT (p.due_at AT TIME ZONE attainment_changes.zone)::date, 0, 0, p.sign, p.clock, p.priority, p.kind, p.team_id, p.channel, p.customer_tier
    FROM promise AS p WHERE p.is_missed
  ),
  -- What stays where it was cancels out here; the cuts are made of few rows.
  net AS (
    SELECT t.day, t.clock, t.priority, t.kind, t.team_id, t.channel, t.customer_tier, sum(t.met) AS met, sum(t.breached) AS breached, sum(t.missed) AS missed
    FROM told AS t
    GROUP BY t.day, t.clock, t.priority, t.kind, t.team_id, t.channel, t.customer_tier
    HAVING sum(t.met) <> 0 OR sum(t.breached) <> 0 OR sum(t.missed) <> 0
  )
  SELECT n.day, c.cut, c.value, n.clock, sum(n.met)::bigint, sum(n.breached)::bigint, sum(n.missed)::bigint
  FROM net AS n
  CROSS JOIN LATERAL (VALUES ('total', ''), ('kind', coalesce(n.kind, '')), ('priority', coalesce(n.priority::text, '')),
    ('team', coalesce(n.team_id::text, '')), ('channel', n.channel), ('customer_tier', coalesce(n.customer_tier, ''))) AS c (cut, value)
  GROUP BY 1, 2, 3, 4
  HAVING sum(n.met) <> 0 OR sum(n.breached) <> 0 OR sum(n.missed) <> 0;
END
$$;
COMMENT ON FUNCTION csflow.attainment_changes(text, csflow.ticket_fact[], csflow.ticket_fact[]) IS
'What the days of a zone gain and lose, by each cut and clock, when the facts of tickets change from one array to the other: promises met and breached on the day of their completion, missed on the day they fell due. Part of refresh_health.';

CREATE FUNCTION csflow.change_attainment(desk_id bigint, zone text, old_facts csflow.ticket_fact[], new_facts csflow.ticket_fact[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
  WITH change AS MATERIALIZED (
    SELECT c.* FROM csflow.attainment_changes(change_attainment.zone, old_facts, new_facts) AS c
  ),
  known AS (
    INSERT INTO csflow.attainment_value AS v (desk_id, cut, value, clock, first_date)
    SELECT change_attainment.desk_id, c.cut, c.value, c.clock, min(c.bucket_date) FROM change AS c GROUP BY c.cut, c.value, c.clock
    ON CONFLICT ON CONSTRAINT attainment_value_pkey DO UPDATE SET first_date = excluded.first_date WHERE excluded.first_date < v.first_date
  )
  INSERT INTO csflow.attainment_day AS d (desk_id, cut, value, clock, bucket_date, met_count, breached_count, missed_count)
  SELECT change_attainment.desk_id, c.cut, c.value, c.clock, c.bucket_date, c.met_count, c.breached_count, c.missed_count
  FROM change AS c
  ORDER BY c.cut, c.value, c.clock, c.bucket_date
  ON CONFLICT ON CONSTRAINT attainment_day_pkey DO UPDATE SET met_count = d.met_count + excluded.met_count,
    breached_count = d.breached_count + excluded.breached_count, missed_count = d.missed_count + excluded.missed_count;
END
$$;
COMMENT ON FUNCTION csflow.change_attainment(bigint, text, csflow.ticket_fact[], csflow.ticket_fact[]) IS
'Puts what csflow.attainment_changes() finds into csflow.attainment_day. Part of refresh_health; its caller holds the desk''s refresh lock. Design 2.14.';

REVOKE EXECUTE ON FUNCTION csflow.change_attainment(bigint, text, csflow.ticket_fact[], csflow.ticket_fact[]) FROM PUBLIC;
