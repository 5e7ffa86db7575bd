-- Promises kept by day, week and month (handbook G2, G4; kpi.md "SLA achieved"). csflow.attainment is the same live from the clocks.

CREATE VIEW csflow.attainment_cut WITH (security_invoker = true) AS
SELECT v.desk_id, v.cut, v.value, v.clock, v.first_date,
  coalesce(CASE WHEN v.cut = 'total' THEN '全部' WHEN v.value = '' THEN '（无）' END, k.caption_zh, t.name_zh, z.text, v.value) AS caption_zh,
  coalesce(CASE WHEN v.cut = 'total' THEN 'all' WHEN v.value = '' THEN '(none)' END, k.caption_en, t.name_en, e.text, v.value) AS caption_en,
  coalesce(cz.text, v.clock) AS clock_zh, coalesce(ce.text, v.clock) AS clock_en,
  coalesce(k.sort_order, z.sort_order, e.sort_order, 0)::bigint AS sort_order
FROM csflow.attainment_value AS v
LEFT JOIN csflow.category AS k ON v.cut = 'kind' AND k.desk_id = v.desk_id AND k.parent_id IS NULL AND k.code = v.value
LEFT JOIN csflow.team AS t ON v.cut = 'team' AND t.desk_id = v.desk_id AND t.team_id::text = v.value
LEFT JOIN csflow.caption AS z ON z.desk_id = v.desk_id AND z.kind = v.cut AND z.code = v.value AND z.lang = 'zh'
LEFT JOIN csflow.caption AS e ON e.desk_id = v.desk_id AND e.kind = v.cut AND e.code = v.value AND e.lang = 'en'
LEFT JOIN csflow.caption AS cz ON cz.desk_id = v.desk_id AND cz.kind = 'clock' AND cz.code = v.clock AND cz.lang = 'zh'
LEFT JOIN csflow.caption AS ce ON ce.desk_id = v.desk_id AND ce.kind = 'clock' AND ce.code = v.clock AND ce.lang = 'en';
COMMENT ON VIEW csflow.attainment_cut IS 'The clocks and the values by which attainment can be cut, with captions; total has one value, the empty one.';
COMMENT ON COLUMN csflow.attainment_cut.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.attainment_cut.cut IS 'total, kind, priority, team, channel or customer_tier.';
COMMENT ON COLUMN csflow.attainment_cut.value IS 'Code of the kind, priority, number of the team, channel, customer tier; empty for total and where there is none.';
COMMENT ON COLUMN csflow.attainment_cut.clock IS 'What is promised, such as first_response.';
COMMENT ON COLUMN csflow.attainment_cut.first_date IS 'Local date of the earliest figure.';
COMMENT ON COLUMN csflow.attainment_cut.caption_zh IS 'What people read for value, in Chinese.';
COMMENT ON COLUMN csflow.attainment_cut.caption_en IS 'The same in English.';
COMMENT ON COLUMN csflow.attainment_cut.clock_zh IS 'clock in Chinese.';
COMMENT ON COLUMN csflow.attainment_cut.clock_en IS 'clock in English.';
COMMENT ON COLUMN csflow.attainment_cut.sort_order IS 'Order of the values within a cut.';

DO $csflow_do$
DECLARE
  card record;
  figure record;
BEGIN
  FOR card IN
    SELECT * FROM (VALUES ('daily', 'day', 'local day'), ('weekly', 'week', 'local week, Monday to Sunday'), ('monthly', 'month', 'local month')) AS c (name, unit, meaning)
  LOOP
    EXECUTE format($view$CREATE VIEW csflow.attainment_%1$s WITH (security_invoker = true) AS
SELECT x.desk_id, x.zone, x.clock, x.clock_zh, x.clock_en, x.cut, x.value, x.caption_zh, x.caption_en, x.sort_order, x.bucket_date,
  x.bucket_start, x.bucket_end, x.is_complete, x.met_count, x.breached_count, x.met_count + x.breached_count AS total_count,
  100 * x.met_count::double precision / nullif(x.met_count + x.breached_count, 0) AS met_pct, x.missed_count, x.open_breached_count,
  x.met_count + x.breached_count + x.open_breached_count AS total_count_incl_open_breached,
  100 * x.met_count::double precision / nullif(x.met_count + x.breached_count + x.open_breached_count, 0) AS met_pct_incl_open_breached
FROM (
  SELECT v.*, p.zone, g.bucket::date AS bucket_date, g.bucket AT TIME ZONE p.zone AS bucket_start,
    (g.bucket + interval '1 %2$s') AT TIME ZONE p.zone AS bucket_end,
    (g.bucket + interval '1 %2$s') AT TIME ZONE p.zone <= p.refreshed_to AS is_complete, f.met_count, f.breached_count, f.missed_count,
    (sum(f.missed_count - f.breached_count) OVER (PARTITION BY v.desk_id, v.cut, v.value, v.clock ORDER BY g.bucket))::bigint AS open_breached_count
  FROM csflow.health_progress AS p
  JOIN csflow.attainment_cut AS v ON v.desk_id = p.desk_id
  CROSS JOIN LATERAL generate_series(date_trunc('%2$s', v.first_date::timestamp),
    CASE WHEN isfinite(p.refreshed_to) THEN p.refreshed_to AT TIME ZONE p.zone ELSE v.first_date END, interval '1 %2$s') AS g (bucket)
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(d.met_count), 0)::bigint AS met_count, coalesce(sum(d.breached_count), 0)::bigint AS breached_count,
      coalesce(sum(d.missed_count), 0)::bigint AS missed_count
    FROM csflow.attainment_day AS d
    WHERE d.desk_id = v.desk_id AND d.cut = v.cut AND d.value = v.value AND d.clock = v.clock
      AND d.bucket_date >= g.bucket::date AND d.bucket_date < (g.bucket + interval '1 %2$s')::date) AS f) AS x$view$, card.name, card.unit);
    EXECUTE format($comment$COMMENT ON VIEW csflow.attainment_%1$s IS 'Promises kept by %2$s, in total and by each cut, by clock: targets by the bucket of their completion (by event), empty buckets as zero rows, up to the last refresh_health. Void clocks, windows, clocks that only measure or close the ticket at their end, and duplicate and invalid tickets are left out, as in csflow.attainment, which shows all of them live (handbook G2, kpi.md "SLA achieved"). Choose a cut: WHERE cut = ''total''.'$comment$,
      card.name, card.meaning);
    FOR figure IN
      SELECT * FROM (VALUES
        ('desk_id', 'Desk.'),
        ('zone', 'Report zone: that of the local dates.'),
        ('clock', 'What is promised, such as first_response.'),
        ('clock_zh', 'clock in Chinese.'),
        ('clock_en', 'clock in English.'),
        ('cut', 'total, kind, priority, team, channel or customer_tier: the priority when the target took force, the others as the ticket has them now.'),
        ('value', 'Value of the cut, see csflow.attainment_cut; empty for total.'),
        ('caption_zh', 'What people read for value, in Chinese.'),
        ('caption_en', 'The same in English.'),
        ('sort_order', 'Order of the values within a cut.'),
        ('bucket_date', 'First local date of the bucket.'),
        ('bucket_start', 'Start of the bucket.'),
        ('bucket_end', 'End of the bucket, not part of it.'),
        ('is_complete', 'Whether the bucket had ended at the last refresh.'),
        ('met_count', 'Targets completed in the bucket, not later than due: the numerator of both percentages.'),
        ('breached_count', 'Targets completed in the bucket, later than due.'),
        ('total_count', 'Targets completed in the bucket: met_count + breached_count, the denominator of met_pct.'),
        ('met_pct', 'Percent of the completed targets that were met; NULL when none was completed.'),
        ('missed_count', 'Targets that fell due in the bucket and were not completed by then: each was a breach at that instant.'),
        ('open_breached_count', 'Targets past due and not completed at the end of the bucket, at the last refresh in one that is not complete.'),
        ('total_count_incl_open_breached', 'total_count + open_breached_count, the denominator of met_pct_incl_open_breached.'),
        ('met_pct_incl_open_breached', 'Percent met of the completed targets and those breached and still open; NULL when there are none.')) AS f (name, comment)
    LOOP
      EXECUTE format('COMMENT ON COLUMN csflow.attainment_%s.%I IS %L', card.name, figure.name, figure.comment);
    END LOOP;
  END LOOP;
END
$csflow_do$;
