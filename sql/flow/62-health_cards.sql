-- Score-cards by day, week and month (handbook G1, G2, G4; kpi.md). One list of measures makes the three views alike: each has the
-- bucket, then for every measure its count, its percentage with the base beside it, or mean and percentiles of its durations.

CREATE VIEW csflow.health_cut WITH (security_invoker = true) AS
SELECT v.desk_id, v.cut, v.value, v.first_date,
  coalesce(CASE WHEN v.cut = 'total' THEN '全部' WHEN v.value = '' THEN '（无）' END, k.caption_zh, nullif(concat_ws(' / ', p.caption_zh, c.caption_zh), ''), t.name_zh, z.text, v.value)
    AS caption_zh,
  coalesce(CASE WHEN v.cut = 'total' THEN 'all' WHEN v.value = '' THEN '(none)' END, k.caption_en, nullif(concat_ws(' / ', p.caption_en, c.caption_en), ''), t.name_en, e.text, v.value)
    AS caption_en,
  coalesce(1000 * p.sort_order + c.sort_order, k.sort_order, z.sort_order, e.sort_order, 0)::bigint AS sort_order
FROM csflow.health_value AS v
LEFT JOIN csflow.category AS k ON v.cut = 'kind' AND k.desk_id = v.desk_id AND k.parent_id IS NULL AND k.code = v.value
LEFT JOIN csflow.category AS c ON v.cut = 'category' AND c.desk_id = v.desk_id AND c.category_id::text = v.value
LEFT JOIN csflow.category AS p ON p.desk_id = c.desk_id AND p.category_id = c.parent_id
LEFT JOIN csflow.team AS t ON v.cut = 'team' AND t.desk_id = v.desk_id AND t.team_id::text = v.value
LEFT JOIN csflow.caption AS z ON z.desk_id = v.desk_id AND z.kind = v.cut AND z.code = v.value AND z.lang = 'zh'
LEFT JOIN csflow.caption AS e ON e.desk_id = v.desk_id AND e.kind = v.cut AND e.code = v.value AND e.lang = 'en';
COMMENT ON VIEW csflow.health_cut IS 'The values by which health figures can be cut, with captions; total has one, the empty value.';
COMMENT ON COLUMN csflow.health_cut.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.health_cut.cut IS 'total, kind, category, team, channel or customer_tier.';
COMMENT ON COLUMN csflow.health_cut.value IS 'Code of the kind, number of the category or team, channel, customer tier; empty for total and where tickets have none.';
COMMENT ON COLUMN csflow.health_cut.first_date IS 'Local date of the earliest figure.';
COMMENT ON COLUMN csflow.health_cut.caption_zh IS 'What people read for value, in Chinese.';
COMMENT ON COLUMN csflow.health_cut.caption_en IS 'The same in English.';
COMMENT ON COLUMN csflow.health_cut.sort_order IS 'Order within the cut.';

DO $csflow_do$
DECLARE
  card record;
  m record;
  figure record;
  inner_columns text;
  outer_columns text;
  comments text;
  counted text;
BEGIN
  FOR card IN
    SELECT * FROM (VALUES
      ('daily', 'day', 'local day', 'health_day', 'v.first_date::timestamp', 'h.bucket_date = g.bucket::date'),
      ('weekly', 'week', 'local week, Monday to Sunday', 'health_day', 'date_trunc(''week'', v.first_date::timestamp)',
        'h.bucket_date >= g.bucket::date AND h.bucket_date < g.bucket::date + 7'),
      ('monthly', 'month', 'local month', 'health_month', 'date_trunc(''month'', v.first_date::timestamp)', 'h.bucket_date = g.bucket::date')
    ) AS c (name, unit, meaning, source, first_bucket, condition)
  LOOP
    inner_columns := '';
    outer_columns := '';
    comments := '';
    FOR m IN SELECT * FROM csflow.health_measures() ORDER BY sort_order LOOP
      counted := m.measure || '_count';
      inner_columns := inner_columns || format(E',\n    coalesce(sum(h.event_count) FILTER (WHERE h.measure = %L), 0)::bigint AS %I', m.measure, counted);
      outer_columns := outer_columns || format(E',\n  f.%I AS %I', counted, counted || '_by_' || m.date_logic);
      comments := comments || format('COMMENT ON COLUMN csflow.health_%s.%I IS %L;', card.name, counted || '_by_' || m.date_logic,
        'Count: ' || m.definition || CASE m.date_logic WHEN 'created' THEN '; in the bucket of the opening.' ELSE '; in the bucket in which it happened.' END);
      IF m.base_measure IS NOT NULL THEN
        outer_columns := outer_columns || format(E',\n  100 * f.%I::double precision / nullif(f.%I, 0) AS %I', counted, m.base_measure || '_count', m.measure || '_pct');
        comments := comments || format('COMMENT ON COLUMN csflow.health_%s.%I IS %L;', card.name, m.measure || '_pct',
          format('%s in percent of %s_count; NULL when that is 0.', counted, m.base_measure));
      END IF;
      IF m.is_timed THEN
        inner_columns := inner_columns || format(E',\n    csflow.rollup(h.cal) FILTER (WHERE h.measure = %1$L) AS %2$I, csflow.rollup(h.bus) FILTER (WHERE h.measure = %1$L) AS %3$I',
          m.measure, m.measure || '_cal', m.measure || '_bus');
        FOR figure IN SELECT * FROM unnest('{cal,bus}'::text[], '{elapsed,business}'::text[]) AS k (kind, meaning),
          (VALUES ('mean', 'csflow.sketch_mean(f.%I)', 'Mean'), ('p50', 'csflow.approx_percentile(0.5, f.%I)', 'Median'),
            ('p90', 'csflow.approx_percentile(0.9, f.%I)', '90th percentile'), ('p95', 'csflow.approx_percentile(0.95, f.%I)', '95th percentile')) AS x (name, expression, caption)
        LOOP
          outer_columns := outer_columns || format(E',\n  extract(epoch FROM ' || figure.expression || ')::double precision AS %I',
            m.measure || '_' || figure.kind, format('%s_%s_%s_seconds', m.measure, figure.kind, figure.name));
          comments := comments || format('COMMENT ON COLUMN csflow.health_%s.%I IS %L;', card.name, format('%s_%s_%s_seconds', m.measure, figure.kind, figure.name),
            format('%s of the %s time, in seconds, of what %s_count counts%s; NULL when that is 0.', figure.caption, figure.meaning, m.measure,
              CASE WHEN figure.name = 'mean' THEN ', exact' ELSE ', within 1 %' END));
        END LOOP;
      END IF;
    END LOOP;
    EXECUTE format($view$CREATE VIEW csflow.health_%1$s WITH (security_invoker = true) AS
SELECT v.desk_id, p.zone, v.cut, v.value, v.caption_zh, v.caption_en, v.sort_order, g.bucket::date AS bucket_date,
  g.bucket AT TIME ZONE p.zone AS bucket_start, (g.bucket + interval '1 %2$s') AT TIME ZONE p.zone AS bucket_end,
  (g.bucket + interval '1 %2$s') AT TIME ZONE p.zone <= p.refreshed_to AS is_complete%3$s
FROM csflow.health_progress AS p
JOIN csflow.health_cut AS v ON v.desk_id = p.desk_id
CROSS JOIN LATERAL generate_series(%4$s, CASE WHEN isfinite(p.refreshed_to) THEN p.refreshed_to AT TIME ZONE p.zone ELSE v.first_date END, interval '1 %2$s') AS g (bucket)
CROSS JOIN LATERAL (
  SELECT 1%5$s
  FROM csflow.%6$s AS h
  WHERE h.desk_id = v.desk_id AND h.cut = v.cut AND h.value = v.value AND %7$s) AS f$view$,
      card.name, card.unit, outer_columns, card.first_bucket, inner_columns, card.source, card.condition);
    EXECUTE comments;
    EXECUTE format($comments$
      COMMENT ON VIEW csflow.health_%1$s IS 'Score-card by %2$s: total and by each cut, empty buckets as zero rows, up to the last refresh_health (handbook G1-G4, kpi.md). Choose a cut: WHERE cut = ''total''.';
      COMMENT ON COLUMN csflow.health_%1$s.desk_id IS 'Desk.';
      COMMENT ON COLUMN csflow.health_%1$s.zone IS 'Report zone: that of the local dates.';
      COMMENT ON COLUMN csflow.health_%1$s.cut IS 'total, kind, category, team, channel or customer_tier.';
      COMMENT ON COLUMN csflow.health_%1$s.value IS 'Value of the cut, see csflow.health_cut; empty for total.';
      COMMENT ON COLUMN csflow.health_%1$s.caption_zh IS 'What people read for value, in Chinese.';
      COMMENT ON COLUMN csflow.health_%1$s.caption_en IS 'The same in English.';
      COMMENT ON COLUMN csflow.health_%1$s.sort_order IS 'Order of the values within a cut.';
      COMMENT ON COLUMN csflow.health_%1$s.bucket_date IS 'First local date of the bucket.';
      COMMENT ON COLUMN csflow.health_%1$s.bucket_start IS 'Start of the bucket.';
      COMMENT ON COLUMN csflow.health_%1$s.bucket_end IS 'End of the bucket, not part of it.';
      COMMENT ON COLUMN csflow.health_%1$s.is_complete IS 'Whether the bucket had ended at the last refresh; a running one reads lower than it will be.';$comments$,
      card.name, card.meaning);
  END LOOP;
END
$csflow_do$;
