-- Reading the health figures: what is measured, and any period from the coarsest buckets that fit (kpi.md; design 2.14).

CREATE FUNCTION csflow.health_measures()
RETURNS TABLE (measure text, base_measure text, is_timed boolean, date_logic text, caption_zh text, caption_en text, definition text, sort_order integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 23
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT m.measure, m.base_measure, m.is_timed, m.date_logic, m.caption_zh, m.caption_en, m.definition, m.sort_order
  FROM (VALUES
    ('opened', NULL, false, 'created', '新建工单', 'opened', 'tickets opened', 1),
    ('first_reply', NULL, true, 'event', '首次回复', 'first reply', 'tickets that got their first public reply by a person; time from opening to it', 2),
    ('next_reply', NULL, true, 'event', '后续回复', 'next reply', 'customer messages after the first reply that a person answered, a run of them once; time from the oldest of the run to the answer', 3),
    ('first_resolution', NULL, true, 'event', '首次解决', 'first resolution', 'tickets answered or closed for the first time; time from opening to it', 4),
    ('full_resolution', NULL, true, 'event', '最终解决', 'full resolution', 'tickets answered or closed that were not reopened since; time from opening to the last time', 5),
    ('requester_wait', NULL, true, 'event', '客户等待', 'requester wait', 'of tickets fully resolved: time in new, open and hold states', 6),
    ('agent_work', NULL, true, 'event', '客服处理', 'agent work', 'of tickets fully resolved: time in new and open states', 7),
    ('agent_wait', NULL, true, 'event', '等待客户', 'agent wait', 'of tickets fully resolved: time waiting for the customer', 8),
    ('on_hold', NULL, true, 'event', '等待第三方', 'on hold', 'of tickets fully resolved: time waiting for a third party', 9),
    ('solve_time', NULL, true, 'event', '解决用时', 'solve time', 'of tickets fully resolved: time in new, open, pending and hold states', 10),
    ('one_touch', 'first_resolution', false, 'event', '一次回复解决', 'one-touch', 'tickets first resolved then, with exactly one public reply by a person in their whole life', 11),
    ('zero_touch', 'first_resolution', false, 'event', '零回复解决', 'zero-touch', 'tickets first resolved then, without a public reply by a person', 12),
    ('quick_close', 'first_resolution', false, 'event', '十五分钟内解决', 'solved within 15 minutes', 'tickets first resolved then, not later than 15 minutes after opening', 13),
    ('first_contact', 'first_resolution', false, 'event', '首次联系解决', 'first-contact resolution', 'one-touch tickets first resolved then and not reopened within 7 days', 14),
    ('reopened', 'first_resolution', false, 'event', '被重开的工单', 'reopened tickets', 'tickets first resolved then that were reopened at any time since', 15),
    ('reopening', NULL, false, 'event', '重开次数', 'reopenings', 'times a ticket went from answered or closed back to work', 16),
    ('solved_again', NULL, false, 'event', '重开后解决', 'solved again', 'times a reopened ticket was answered or closed again', 17),
    ('transferred', 'opened', false, 'created', '被转交的工单', 'transferred tickets', 'tickets opened then that have changed department', 18),
    ('transfers', NULL, false, 'created', '转交次数', 'transfers', 'changes of department of tickets opened then', 19),
    ('reassigned', 'opened', false, 'created', '换人处理的工单', 'reassigned tickets', 'tickets opened then that had more than one assignment to a person', 20),
    ('reassignments', NULL, false, 'created', '换人次数', 'reassignments', 'assignments to a person after the first, of tickets opened then', 21),
    ('escalated', 'opened', false, 'created', '升级的工单', 'escalated tickets', 'tickets opened then for which a step of level breach or escalation fired, those that close left out', 22),
    ('escalations', NULL, false, 'created', '升级次数', 'escalations', 'such steps of tickets opened then', 23)
  ) AS m (measure, base_measure, is_timed, date_logic, caption_zh, caption_en, definition, sort_order);
END;
COMMENT ON FUNCTION csflow.health_measures() IS
'What csflow.health_hour, health_day and health_month count: measure; base_measure, the denominator of its percentage; whether durations are kept; date_logic, created (the bucket of the opening of the ticket) or event (the bucket in which it happened); captions; definition; order. Duplicate and invalid tickets are outside all of them. kpi.md.';

CREATE FUNCTION csflow.health_bounds(desk_id bigint, since timestamptz, until timestamptz,
  OUT period_start timestamptz, OUT period_end timestamptz, OUT zone text, OUT refreshed_to timestamptz)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  hours_from timestamptz;
BEGIN
  SELECT p.zone, p.refreshed_to, p.hours_from::timestamp AT TIME ZONE p.zone INTO zone, refreshed_to, hours_from
  FROM csflow.health_progress AS p WHERE p.desk_id = health_bounds.desk_id;
  period_start := date_trunc(CASE WHEN since < hours_from THEN 'day' ELSE 'hour' END, since, zone);
  period_end := date_trunc('hour', until + interval '1 hour' - interval '1 microsecond', zone);
  IF period_end < hours_from THEN
    period_end := ((until AT TIME ZONE zone) + interval '1 day' - interval '1 microsecond')::date::timestamp AT TIME ZONE zone;
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.health_bounds(bigint, timestamptz, timestamptz) IS
'A period taken outward to what the health figures of a desk are kept by: whole hours, whole local days before health_progress.hours_from; with the report zone and the instant of the last refresh. All NULL where nothing was refreshed yet. Part of health_sums() and health_between().';

CREATE FUNCTION csflow.health_sums(desk_id bigint, since timestamptz, until timestamptz, cut text)
RETURNS TABLE (value text, measure text, event_count bigint, cal csflow.duration_sketch, bus csflow.duration_sketch)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  bounds record := csflow.health_bounds(health_sums.desk_id, since, until);
  zone text := bounds.zone;
  first_hour timestamptz := bounds.period_start;
  last_hour timestamptz := bounds.period_end;
  first_day date := ((first_hour AT TIME ZONE zone) + interval '1 day' - interval '1 microsecond')::date;
  last_day date := (last_hour AT TIME ZONE zone)::date;
  first_month date;
  last_month date;
BEGIN
  IF first_day > last_day THEN
    -- Inside one day: the hours alone.
    first_day := last_day;
    RETURN QUERY
    SELECT h.value, h.measure, sum(h.event_count)::bigint, csflow.rollup(h.cal), csflow.rollup(h.bus)
    FROM csflow.health_hour AS h
    WHERE h.desk_id = health_sums.desk_id AND h.cut = health_sums.cut AND h.bucket_start >= first_hour AND h.bucket_start < last_hour
    GROUP BY h.value, h.measure;
    RETURN;
  END IF;
  first_month := (date_trunc('month', first_day::timestamp + interval '1 month' - interval '1 day'))::date;
  last_month := date_trunc('month', last_day::timestamp)::date;
  IF first_month >= last_month THEN
    first_month := last_day;
    last_month := last_day;
  END IF;
  RETURN QUERY
  SELECT b.value, b.measure, sum(b.event_count)::bigint, csflow.rollup(b.cal), csflow.rollup(b.bus)
  FROM (
    SELECT h.value, h.measure, h.event_count, h.cal, h.bus FROM csflow.health_hour AS h
    WHERE h.desk_id = health_sums.desk_id AND h.cut = health_sums.cut
      AND h.bucket_start >= first_hour AND h.bucket_start < first_day::timestamp AT TIME ZONE zone
    UNION ALL
    SELECT d.value, d.measure, d.event_count, d.cal, d.bus FROM csflow.health_day AS d
    WHERE d.desk_id = health_sums.desk_id AND d.cut = health_sums.cut AND d.bucket_date >= first_day AND d.bucket_date < first_month
    UNION ALL
    SELECT m.value, m.measure, m.event_count, m.cal, m.bus FROM csflow.health_month AS m
    WHERE m.desk_id = health_sums.desk_id AND m.cut = health_sums.cut AND m.bucket_date >= first_month AND m.bucket_date < last_month
    UNION ALL
    SELECT d.value, d.measure, d.event_count, d.cal, d.bus FROM csflow.health_day AS d
    WHERE d.desk_id = health_sums.desk_id AND d.cut = health_sums.cut AND d.bucket_date >= last_month AND d.bucket_date < last_day
    UNION ALL
    SELECT h.value, h.measure, h.event_count, h.cal, h.bus FROM csflow.health_hour AS h
    WHERE h.desk_id = health_sums.desk_id AND h.cut = health_sums.cut
      AND h.bucket_start >= last_day::timestamp AT TIME ZONE zone AND h.bucket_start < last_hour) AS b
  GROUP BY b.value, b.measure;
END
$$;
COMMENT ON FUNCTION csflow.health_sums(bigint, timestamptz, timestamptz, text) IS
'The buckets of a desk from the instant since up to until, both taken outward to whole hours (whole days where hours are kept no longer, desk.hour_figures_kept), merged by value and measure: whole months and days wherever they fit, hours at the ends only. cut: total, kind, category, team, channel or customer_tier. Sketches can be merged further with rollup(). Design 2.14.';

CREATE FUNCTION csflow.health_between(desk_id bigint, since timestamptz, until timestamptz, cut text DEFAULT 'total')
RETURNS TABLE (period_start timestamptz, period_end timestamptz, zone text, is_complete boolean, cut_value text, value_zh text, value_en text,
  measure text, measure_zh text, measure_en text, event_count bigint, base_count bigint, pct double precision,
  cal_mean_seconds double precision, cal_p50_seconds double precision, cal_p90_seconds double precision, cal_p95_seconds double precision,
  bus_mean_seconds double precision, bus_p50_seconds double precision, bus_p90_seconds double precision, bus_p95_seconds double precision,
  sort_order bigint)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_desk(health_between.desk_id);
  IF health_between.cut IS NULL OR health_between.cut NOT IN ('total', 'kind', 'category', 'team', 'channel', 'customer_tier') THEN
    RAISE EXCEPTION 'unknown cut "%"', coalesce(left(health_between.cut, 100), 'NULL') USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Cuts are: total, kind, category, team, channel, customer_tier.';
  ELSIF since IS NULL OR until IS NULL OR NOT isfinite(since) OR NOT isfinite(until) OR since >= until THEN
    RAISE EXCEPTION 'no period from % to %', coalesce(since::text, 'NULL'), coalesce(until::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give two finite instants, the earlier first.';
  END IF;
  RETURN QUERY
  WITH sums AS MATERIALIZED (
    SELECT s.* FROM csflow.health_sums(health_between.desk_id, since, until, health_between.cut) AS s
  ),
  bounds AS (
    SELECT b.period_start, b.period_end, b.zone, b.refreshed_to
    FROM csflow.health_bounds(health_between.desk_id, since, until) AS b WHERE b.zone IS NOT NULL
  ),
  value AS (
    SELECT v.value, v.caption_zh, v.caption_en, row_number() OVER (ORDER BY v.sort_order, v.value) AS place
    FROM csflow.health_cut AS v
    WHERE v.desk_id = health_between.desk_id AND v.cut = health_between.cut
      AND (health_between.cut = 'total' OR v.value IN (SELECT s.value FROM sums AS s))
  )
  SELECT b.period_start, b.period_end, b.zone, b.period_end <= b.refreshed_to, v.value, v.caption_zh, v.caption_en,
    m.measure, m.caption_zh, m.caption_en, coalesce(s.event_count, 0), CASE WHEN m.base_measure IS NOT NULL THEN coalesce(d.event_count, 0) END,
    100 * coalesce(s.event_count, 0)::double precision / nullif(d.event_count, 0),
    extract(epoch FROM csflow.sketch_mean(s.cal))::double precision, extract(epoch FROM csflow.approx_percentile(0.5, s.cal))::double precision,
    extract(epoch FROM csflow.approx_percentile(0.9, s.cal))::double precision, extract(epoch FROM csflow.approx_percentile(0.95, s.cal))::double precision,
    extract(epoch FROM csflow.sketch_mean(s.bus))::double precision, extract(epoch FROM csflow.approx_percentile(0.5, s.bus))::double precision,
    extract(epoch FROM csflow.approx_percentile(0.9, s.bus))::double precision, extract(epoch FROM csflow.approx_percentile(0.95, s.bus))::double precision,
    100 * v.place + m.sort_order
  FROM bounds AS b
  CROSS JOIN value AS v
  CROSS JOIN csflow.health_measures() AS m
  LEFT JOIN sums AS s ON s.value = v.value AND s.measure = m.measure
  LEFT JOIN sums AS d ON d.value = v.value AND d.measure = m.base_measure
  ORDER BY v.place, m.sort_order;
END
$$;
COMMENT ON FUNCTION csflow.health_between(bigint, timestamptz, timestamptz, text) IS
'Score-card of a desk for any period, as a whole or by one cut (kind, category, team, channel, customer_tier): one row a value and measure, see csflow.health_measures(). since and until are taken outward to whole hours, before desk.hour_figures_kept to whole days; period_start and period_end say to what. event_count: how often; base_count: the denominator of pct, where the measure has one; mean (exact) and percentiles (within 1 %) of elapsed (cal) and business time (bus) in seconds. NULL, never 0, where nothing was measured. is_complete: the period had ended when the figures were last refreshed. Errors: SF001 unknown desk, 22023 unknown cut or no period, SF014 no flow. Handbook G1-G4, kpi.md; design 2.14.';

CREATE FUNCTION csflow.first_contact_resolution(desk_id bigint, since timestamptz, until timestamptz, days integer DEFAULT 7,
  OUT resolved_count bigint, OUT first_contact_count bigint, OUT fcr_pct double precision)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_desk(first_contact_resolution.desk_id);
  IF days IS NULL OR days < 0 THEN
    RAISE EXCEPTION 'reopened within % days', coalesce(days::text, 'NULL') USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 0 or more.';
  END IF;
  SELECT count(*), count(*) FILTER (WHERE f.reply_count = 1 AND coalesce(f.first_reopened_at > f.first_solved_at + make_interval(days => days), true))
  INTO resolved_count, first_contact_count
  FROM csflow.ticket_fact AS f
  WHERE f.desk_id = first_contact_resolution.desk_id AND f.first_solved_at >= since AND f.first_solved_at < until;
  fcr_pct := 100 * first_contact_count::double precision / nullif(resolved_count, 0);
END
$$;
COMMENT ON FUNCTION csflow.first_contact_resolution(bigint, timestamptz, timestamptz, integer) IS
'First-contact resolution with another number of days than the 7 of the buckets: of the tickets first resolved from since up to until (by event), those with exactly one public reply by a person and not reopened within so many days; the percentage is NULL when none was resolved. Read from csflow.ticket_fact. Errors: SF001 unknown desk, 22023 negative days. kpi.md, "First contact resolution".';
