-- Every figure of the boards against a slow count over the event log (test/oracle/health.sql). Handbook G1, G2, G4; kpi.md.
-- Not in make quick: much random or real data.
\set seed 0.75
\set tickets 100
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
\ir ../oracle/health.sql
\ir ../lib/health_life.sql
SELECT no_plan();
SELECT diag('seed ' || :'seed' || ', ' || :'tickets' || ' tickets');

-- Before anything was refreshed there is nothing, not an error.
SELECT is((SELECT count(*) FROM health_daily) + (SELECT count(*) FROM backlog_ageing) + (SELECT count(*) FROM heatmap) + (SELECT count(*) FROM hot_issues), 0::bigint,
  'empty groups: no rows');
SELECT is((SELECT count(*) FROM health_between(:desk, '2025-03-01', '2025-03-02')), 0::bigint, 'and no score-card');

UPDATE desk SET zone = 'America/New_York' WHERE desk_id = :desk;
INSERT INTO working_calendar (desk_id, code, base) VALUES (:desk, 'work', 'America/New_York; mon-fri 09:00-12:00,13:00-18:00');
SELECT setseed(:seed) \g /dev/null
CALL live(:desk, :tickets, 8, '2025-03-03 13:00', '2025-03-12 13:00');
CALL live(:desk, :tickets, 3, '2025-03-12 13:00', '2025-04-03 13:00');
SELECT refresh_health_batch('2025-04-03 13:00') \g /dev/null
SET TimeZone = 'America/New_York';
CALL oracle.tell_all(:desk);
CREATE TABLE o AS SELECT * FROM oracle.cut;
CREATE INDEX ON o (cut, value, measure);
CREATE VIEW total AS SELECT * FROM o WHERE cut = 'total';
ANALYZE;

-- health_daily, weekly, monthly: counts, percentages, means and percentiles, by any cut.
CREATE FUNCTION card_differences(card text, unit text) RETURNS TABLE (column_name text, n bigint) LANGUAGE plpgsql AS $$
DECLARE
  m record;
  figure record;
BEGIN
  EXECUTE format('CREATE TEMP TABLE shown AS SELECT * FROM %I', card);
  FOR m IN SELECT * FROM csflow.health_measures() LOOP
    column_name := format('%s_count_by_%s', m.measure, m.date_logic);
    EXECUTE format('SELECT count(*) FROM shown v WHERE v.%I <> (SELECT coalesce(sum(x.n), 0) FROM o x WHERE x.cut = v.cut AND x.value = v.value AND x.measure = %L AND date_trunc(%L, x.at) = v.bucket_start)',
      column_name, m.measure, unit) INTO n;
    RETURN NEXT;
    IF m.base_measure IS NOT NULL THEN
      column_name := m.measure || '_pct';
      EXECUTE format($q$SELECT count(*) FROM shown v CROSS JOIN LATERAL (
        SELECT 100 * coalesce(sum(x.n) FILTER (WHERE x.measure = %L), 0)::float8 / nullif(sum(x.n) FILTER (WHERE x.measure = %L), 0) AS pct
        FROM o x WHERE x.cut = v.cut AND x.value = v.value AND date_trunc(%L, x.at) = v.bucket_start) e WHERE v.%I IS DISTINCT FROM e.pct$q$,
        m.measure, m.base_measure, unit, column_name) INTO n;
      RETURN NEXT;
    END IF;
    CONTINUE WHEN NOT m.is_timed;
    FOR figure IN SELECT k || '_' || f AS name, k, e FROM unnest('{cal,bus}'::text[]) k,
      (VALUES ('mean', 'extract(epoch FROM sum(x.%1$I)) / count(x.%1$I)'), ('p50', 'extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY x.%1$I))'),
        ('p90', 'extract(epoch FROM percentile_disc(0.9) WITHIN GROUP (ORDER BY x.%1$I))'), ('p95', 'extract(epoch FROM percentile_disc(0.95) WITHIN GROUP (ORDER BY x.%1$I))')) x (f, e) LOOP
      column_name := format('%s_%s_seconds', m.measure, figure.name);
      EXECUTE format($q$SELECT count(*) FROM shown v CROSS JOIN LATERAL (SELECT (%s)::float8 AS exact FROM o x
        WHERE x.cut = v.cut AND x.value = v.value AND x.measure = %L AND date_trunc(%L, x.at) = v.bucket_start) e
        WHERE (v.%4$I IS NULL) <> (e.exact IS NULL) OR abs(v.%4$I - e.exact) > %5$s * e.exact + 0.0011$q$,
        format(figure.e, figure.k), m.measure, unit, column_name, CASE WHEN figure.name LIKE '%mean' THEN 0 ELSE 0.0101 END) INTO n;
      RETURN NEXT;
    END LOOP;
  END LOOP;
  DROP TABLE shown;
END
$$;
SELECT is((SELECT string_agg(column_name || ' ' || n, ', ') FROM card_differences('health_daily', 'day') WHERE n > 0), NULL, 'G4: health_daily, every column, every cut');
SELECT is((SELECT string_agg(column_name || ' ' || n, ', ') FROM card_differences('health_weekly', 'week') WHERE n > 0), NULL, 'G4: health_weekly');
SELECT is((SELECT string_agg(column_name || ' ' || n, ', ') FROM card_differences('health_monthly', 'month') WHERE n > 0), NULL, 'G4: health_monthly');
SELECT results_eq($$SELECT bucket_date FROM health_daily WHERE cut = 'total' ORDER BY 1$$,
  $$SELECT g::date FROM generate_series('2025-03-03'::timestamp, '2025-04-03', '1 day') g$$, 'each local day once, empty ones too');
SELECT is((SELECT array_agg(bucket_end - bucket_start ORDER BY bucket_date) FROM health_daily WHERE cut = 'total' AND bucket_date IN ('2025-03-08', '2025-03-09')),
  '{24:00:00,23:00:00}'::interval[], 'the day on which summer time begins has 23 hours');
SELECT is((SELECT array_agg(bucket_date) FROM health_daily WHERE cut = 'total' AND NOT is_complete), '{2025-04-03}'::date[], 'the day of the refresh is not complete');
SELECT is((SELECT array_agg(bucket_date ORDER BY bucket_date) FROM health_weekly WHERE cut = 'total' AND NOT is_complete), '{2025-03-31}'::date[], 'nor is its week');
SELECT is((SELECT array_agg(is_complete ORDER BY bucket_date) FROM health_monthly WHERE cut = 'total'), '{t,f}'::boolean[], 'nor its month');

-- What stands beside the figures: zone, bounds, captions and their order, by name from the configuration.
CREATE VIEW named AS SELECT v.cut, v.value, CASE v.cut WHEN 'total' THEN '全部 all 0' WHEN 'kind' THEN (SELECT concat_ws(' ', k.caption_zh, k.caption_en, k.sort_order) FROM category k WHERE k.parent_id IS NULL AND k.code = v.value)
    WHEN 'category' THEN (SELECT concat_ws(' ', concat_ws(' / ', p.caption_zh, c.caption_zh), concat_ws(' / ', p.caption_en, c.caption_en), coalesce(1000 * p.sort_order + c.sort_order, 0)) FROM category c LEFT JOIN category p ON p.category_id = c.parent_id WHERE c.category_id::text = v.value)
    WHEN 'team' THEN (SELECT concat_ws(' ', t.name_zh, t.name_en, 0) FROM team t WHERE t.team_id::text = v.value)
    ELSE (SELECT concat_ws(' ', coalesce(max(c.text) FILTER (WHERE c.lang = 'zh'), v.value), coalesce(max(c.text) FILTER (WHERE c.lang = 'en'), v.value), coalesce(max(c.sort_order), 0)) FROM caption c WHERE c.kind = v.cut AND c.code = v.value) END AS captions
  FROM (SELECT DISTINCT cut, value FROM o) v;
CREATE FUNCTION beside(card text, unit text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$SELECT %1$L::text, h.cut, h.value, h.bucket_date FROM %1$I h LEFT JOIN named n USING (cut, value)
    WHERE h.zone <> 'America/New_York' OR h.desk_id <> (SELECT max(desk_id) FROM desk) OR h.bucket_start <> date_trunc('%2$s', h.bucket_start) OR h.bucket_end <> h.bucket_start + interval '1 %2$s' OR h.bucket_date <> h.bucket_start::date
      OR h.is_complete <> (h.bucket_end <= '2025-04-03 13:00+08') OR concat_ws(' ', h.caption_zh, h.caption_en, h.sort_order) IS DISTINCT FROM CASE WHEN h.value = '' AND h.cut <> 'total' THEN '（无） (none) 0' ELSE n.captions END$q$, card, unit);
END $$;
SELECT is_empty(format('SELECT * FROM beside(%L, %L) AS x (card text, cut text, value text, day date)', card, unit), 'G4: zone, bounds, completeness and captions of ' || card)
  FROM (VALUES ('health_daily', 'day'), ('health_weekly', 'week'), ('health_monthly', 'month'), ('net_flow', 'day'), ('backlog', 'day'), ('first_response', 'day'), ('transfers', 'day')) v (card, unit);
-- The boards made of the daily score-card show its figures, all of them.
CREATE FUNCTION taken_over(board text, other text) RETURNS TABLE (name text, n bigint) LANGUAGE plpgsql AS $$
BEGIN
  FOR name IN SELECT a.attname FROM pg_attribute a JOIN pg_attribute b ON b.attrelid = other::regclass AND b.attname = a.attname WHERE a.attrelid = board::regclass AND a.attnum > 0 LOOP
    EXECUTE format('SELECT count(*) FROM %I v FULL JOIN %I h USING (cut, value, bucket_date) WHERE v.%I IS DISTINCT FROM h.%I', board, other, CASE WHEN name IN ('cut', 'value', 'bucket_date') THEN 'desk_id' ELSE name END, CASE WHEN name IN ('cut', 'value', 'bucket_date') THEN 'desk_id' ELSE name END) INTO n;
    RETURN NEXT;
  END LOOP;
END $$;
SELECT is((SELECT string_agg(board || '.' || t.name || ' ' || t.n, ', ') FROM (VALUES ('first_response', 'health_daily'), ('transfers', 'health_daily'), ('net_flow', 'health_daily'), ('backlog', 'net_flow')) v (board, other), taken_over(board, other) t WHERE t.n > 0), NULL,
  'G1: first_response, transfers, net_flow and backlog have the columns of the score-card');

-- Score-cards of any period: from hours, days and months, whatever fits.
CREATE FUNCTION between_differences(desk bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  since timestamptz;
  until timestamptz;
  the_cut text;
  n bigint := 0;
BEGIN
  FOR i IN 1..12 LOOP
    since := date_trunc('hour', '2025-03-03 00:00'::timestamptz + random() * interval '31 days');
    until := CASE WHEN i < 10 THEN since + interval '1 hour' * ceil(random() ^ 3 * 800) ELSE '2025-05-01' END;
    IF i > 10 THEN since := '2025-02-01'; END IF;
    the_cut := any_of('total', 'kind', 'category', 'team', 'channel', 'customer_tier');
    n := n + (WITH f AS MATERIALIZED (SELECT * FROM oracle.figures(since, until) x WHERE x.cut = the_cut)
      SELECT count(*) FROM (SELECT * FROM csflow.health_between(desk, since, until, the_cut) b WHERE b.event_count > 0) b
      FULL JOIN f ON f.value = b.cut_value AND f.measure = b.measure
      WHERE b.event_count IS DISTINCT FROM f.event_count OR NOT oracle.near(b.cal_p90_seconds * interval '1 second', f.cal_p90)
        OR NOT oracle.near(b.bus_p95_seconds * interval '1 second', f.bus_p95)
        OR abs(b.cal_mean_seconds - extract(epoch FROM f.cal_sum) / f.event_count) > 0.001
        OR b.base_count IS DISTINCT FROM (SELECT CASE WHEN m.base_measure IS NOT NULL THEN coalesce(sum(x.event_count), 0) END FROM csflow.health_measures() m
          LEFT JOIN f x ON x.value = b.cut_value AND x.measure = m.base_measure WHERE m.measure = b.measure GROUP BY m.base_measure));
  END LOOP;
  RETURN n;
END
$$;
SELECT is(between_differences(:desk), 0::bigint, '2.14: health_between over odd periods by any cut');
SELECT is((SELECT (period_start, period_end)::text FROM health_between(:desk, '2025-03-04 10:20', '2025-03-04 11:01') LIMIT 1),
  ('2025-03-04 10:00'::timestamptz, '2025-03-04 12:00'::timestamptz)::text, 'bounds are taken outward to the hour');
SELECT throws_ok(format($$SELECT * FROM health_between(%s, '2025-03-04', '2025-03-05', 'agent')$$, :desk), '22023', 'unknown cut "agent"', 'an unknown cut is refused');
SELECT throws_like(format($$SELECT * FROM health_between(%s, '2025-03-05', '2025-03-05')$$, :desk), 'no period from %', 'an empty period is refused');
SELECT throws_ok('SELECT * FROM health_between(0, ''2025-03-04'', ''2025-03-05'')', 'SF001', 'unknown desk: 0', 'an unknown desk is refused');

-- Stock and flow.
CREATE VIEW live_event AS SELECT e.*, state_category(e.new_state) IN ('solved', 'closed') AS is_done FROM event e JOIN ticket t USING (desk_id, ticket_no)
WHERE t.state NOT IN ('duplicate', 'invalid') AND state_category(e.new_state) IS NOT NULL;
CREATE FUNCTION open_at(instant timestamptz) RETURNS SETOF csflow.ticket LANGUAGE sql STABLE AS $$
  SELECT t.* FROM csflow.ticket t WHERE t.opened_at <= instant AND t.state NOT IN ('duplicate', 'invalid')
    AND NOT coalesce((SELECT e.is_done FROM live_event e WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no AND e.at <= instant ORDER BY e.seq DESC LIMIT 1), false)
$$;
SELECT is((SELECT count(*) FROM backlog b WHERE b.is_complete AND b.backlog_open_count <> (
    SELECT count(*) FROM open_at(b.bucket_end - interval '1 microsecond') t
    WHERE CASE b.cut WHEN 'team' THEN coalesce(t.team_id::text, '') WHEN 'channel' THEN t.channel WHEN 'kind' THEN coalesce(t.kind, '') WHEN 'category' THEN coalesce(t.category_id::text, '')
      WHEN 'customer_tier' THEN coalesce(t.customer_tier, '') ELSE '' END = b.value)), 0::bigint, 'G4: backlog at the end of each day, by every cut');
SELECT is((SELECT count(*) FROM net_flow v CROSS JOIN LATERAL (SELECT coalesce(sum(x.n) FILTER (WHERE x.measure = 'opened'), 0) AS opened, coalesce(sum(x.n) FILTER (WHERE x.measure = 'reopening'), 0) AS reopened,
      coalesce(sum(x.n) FILTER (WHERE x.measure IN ('first_resolution', 'solved_again')), 0) AS solved FROM o x WHERE x.cut = v.cut AND x.value = v.value AND x.at >= v.bucket_start AND x.at < v.bucket_end) e
    WHERE (v.opened_count_by_event, v.reopening_count_by_event, v.solved_count_by_event, v.net_flow_by_event) IS DISTINCT FROM (e.opened, e.reopened, e.solved, e.opened + e.reopened - e.solved)), 0::bigint, 'G4: net_flow, every column, every cut');
SELECT is((SELECT backlog_open_count FROM backlog WHERE cut = 'total' AND NOT is_complete), (SELECT count(*) FROM open_at('infinity')), 'and now');
SELECT is((SELECT sum(net_flow_by_event)::bigint FROM net_flow WHERE cut = 'total'), (SELECT count(*) FROM open_at('infinity')), 'net flows add up to the stock');
SELECT is((SELECT string_agg(format('%s %s %s', at, basis, age_band), ', ') FROM unnest('{2025-03-07 03:00,2025-03-11 14:00,2025-03-25 09:00,2025-04-03 13:00}'::timestamptz[]) at,
    backlog_ageing_at(:desk, at) b WHERE b.open_count <> (SELECT count(*) FROM open_at(at) t CROSS JOIN LATERAL (
      SELECT at - CASE b.basis WHEN 'opened' THEN t.opened_at ELSE coalesce((SELECT max(e.at) FROM event e WHERE e.ticket_no = t.ticket_no AND e.kind = 'reply' AND e.at <= b_at.at), t.opened_at) END AS age
      FROM (SELECT at) b_at) a WHERE extract(epoch FROM a.age) >= b.from_seconds AND (b.to_seconds IS NULL OR extract(epoch FROM a.age) < b.to_seconds))), NULL,
  'G4: backlog by age and by time since the last reply, at four instants');
SELECT is((SELECT count(*) FROM backlog_ageing), 12::bigint, 'six bands, two bases');
SELECT is_empty(format($$SELECT at, b.* FROM unnest('{2025-03-02 00:00,2025-03-07 03:00,2025-04-03 13:00}'::timestamptz[]) at, backlog_ageing_at(%s, at) b, LATERAL (SELECT count(*) AS stock FROM open_at(at)) s
  WHERE b.total_count <> s.stock OR b.share_pct IS DISTINCT FROM 100.0::float8 * b.open_count / nullif(s.stock, 0)$$, :desk), 'G4: backlog_ageing, totals and shares; of nothing open NULL');
SELECT results_eq('SELECT basis, age_band, band_zh, band_en, from_seconds, to_seconds, sort_order FROM backlog_ageing ORDER BY sort_order',
  $$SELECT b, (ARRAY['under_4h', '4h_24h', '1d_3d', '3d_7d', '7d_30d', 'over_30d'])[i], (ARRAY['4 小时内', '4 至 24 小时', '1 至 3 天', '3 至 7 天', '7 至 30 天', '30 天以上'])[i], (ARRAY['under 4 hours', '4 to 24 hours', '1 to 3 days', '3 to 7 days', '7 to 30 days', 'over 30 days'])[i],
    3600 * (ARRAY[0, 4, 24, 72, 168, 720])[i]::float8, 3600 * (ARRAY[4, 24, 72, 168, 720])[i]::float8, p + i FROM (VALUES ('opened', 0), ('last_reply', 10)) v (b, p), generate_series(1, 6) i ORDER BY p, i$$, 'kpi: the bands, with captions, in order');
SELECT is((SELECT array_agg(DISTINCT refreshed_to) FROM backlog_ageing), ARRAY['2025-04-03 13:00+08'::timestamptz], 'and what they are as of');

-- First response, transfers.
SELECT is((SELECT count(*) FROM first_response v JOIN health_daily h USING (desk_id, cut, value, bucket_date)
  WHERE v.first_reply_bus_p90_seconds IS DISTINCT FROM h.first_reply_bus_p90_seconds OR v.next_reply_count_by_event <> h.next_reply_count_by_event), 0::bigint, 'G1: first_response shows the same figures');
SELECT is((SELECT (sum(transferred_count_by_created), sum(transfers_count_by_created))::text FROM transfers WHERE cut = 'total'),
  (SELECT (count(*) FILTER (WHERE n > 0), sum(n))::text FROM (SELECT count(e.*) FILTER (WHERE e.kind = 'transferred') AS n FROM ticket t LEFT JOIN event e USING (desk_id, ticket_no)
    WHERE t.state NOT IN ('duplicate', 'invalid') GROUP BY t.ticket_no) x), 'G1, C4: transfers are the events transferred');

-- Heat map: DST-proof.
SELECT is((SELECT (count(*), sum(slots), sum(contacts))::text FROM heatmap_at(:desk, '2025-03-03', '2025-03-17') WHERE cut = 'total'),
  (SELECT (168, 335, count(*))::text FROM total WHERE measure = 'opened' AND at < '2025-03-17'), 'G4: two weeks with the change to summer time have 335 hours');
SELECT is((SELECT (slots, contacts)::text FROM heatmap_at(:desk, '2025-03-03', '2025-03-17') WHERE cut = 'total' AND weekday = 7 AND hour = 2), '(1,' ||
  (SELECT count(*) FROM total WHERE measure = 'opened' AND extract(isodow FROM at) = 7 AND extract(hour FROM at) = 2 AND at < '2025-03-17') || ')', 'the hour that was skipped came once');
SELECT is((SELECT count(*) FROM heatmap h WHERE h.contacts <> (SELECT count(*) FROM o x WHERE x.cut = h.cut AND x.value = h.value AND x.measure = 'opened' AND x.at < '2025-04-03'
  AND extract(isodow FROM x.at) = h.weekday AND extract(hour FROM x.at) = h.hour)), 0::bigint, 'G4: heatmap, every slot of every cut');
SELECT is_empty($$SELECT h.cut, h.value, h.weekday, h.hour, h.slots, s.slots, h.contacts_per_slot FROM heatmap h LEFT JOIN named n USING (cut, value)
  CROSS JOIN LATERAL (SELECT count(*) AS slots FROM generate_series('2025-03-03 05:00+00'::timestamptz, '2025-04-03 03:59+00', '1 hour') g WHERE extract(isodow FROM g) = h.weekday AND extract(hour FROM g) = h.hour) s
  WHERE h.slots <> s.slots OR h.contacts_per_slot IS DISTINCT FROM h.contacts::float8 / nullif(s.slots, 0) OR h.sort_order <> 24 * (h.weekday - 1) + h.hour OR h.zone <> 'America/New_York' OR h.from_date <> '2025-01-02' OR h.last_date <> '2025-04-02'
    OR h.weekday_en <> trim(to_char('2025-03-02'::date + h.weekday, 'Day')) OR h.weekday_zh <> '星期' || substr('一二三四五六日', h.weekday, 1)
    OR concat_ws(' ', h.caption_zh, h.caption_en) <> CASE WHEN h.value = '' AND h.cut <> 'total' THEN '（无） (none)' ELSE substring(n.captions FROM '^(.*) -?\d+$') END$$, 'G4: heatmap, every other column');
SELECT is((SELECT count(*) FROM heatmap), (SELECT 168 * count(DISTINCT (cut, value)) FROM o WHERE at < '2025-04-03 13:00'), 'every hour of the week, by every value');
SELECT is((SELECT array_agg(DISTINCT slots) FROM heatmap), '{3,4,5}'::bigint[], 'a young desk: 31 days are four weeks and three days, with one hour skipped');

-- Hot issues: share, change against the days before, nothing over a base of nothing.
SELECT results_eq($$SELECT category_id::text, opened_count, base_count, round(share_pct::numeric, 6), round(growth_pct::numeric, 6), is_base_small FROM hot_issues_at($$ || :desk || $$, '2025-03-05', '2025-03-07', 5)$$,
  $$SELECT nullif(value, ''), sum(n) FILTER (WHERE at >= '2025-03-05'), coalesce(sum(n) FILTER (WHERE at < '2025-03-05'), 0),
      round(100.0 * sum(n) FILTER (WHERE at >= '2025-03-05') / (SELECT count(*) FROM total WHERE measure = 'opened' AND at >= '2025-03-05' AND at < '2025-03-07'), 6),
      round(100.0 * (sum(n) FILTER (WHERE at >= '2025-03-05') - coalesce(sum(n) FILTER (WHERE at < '2025-03-05'), 0)) / sum(n) FILTER (WHERE at < '2025-03-05'), 6),
      coalesce(sum(n) FILTER (WHERE at < '2025-03-05'), 0) < 20
    FROM o WHERE cut = 'category' AND measure = 'opened' AND at >= '2025-03-03' AND at < '2025-03-07' GROUP BY value
    HAVING sum(n) FILTER (WHERE at >= '2025-03-05') > 0 ORDER BY 2 DESC, value LIMIT 5$$, 'G4: hot issues with share and change');
SELECT is_empty($$SELECT h.*, e FROM hot_issues h
  FULL JOIN (SELECT * FROM (SELECT x.value, sum(x.n) FILTER (WHERE x.at >= '2025-03-27') AS n, coalesce(sum(x.n) FILTER (WHERE x.at < '2025-03-27'), 0) AS base, (SELECT sum(n) FROM total WHERE measure = 'opened' AND at >= '2025-03-27' AND at < '2025-04-03') AS everything,
      row_number() OVER (ORDER BY sum(x.n) FILTER (WHERE x.at >= '2025-03-27') DESC NULLS LAST, x.value) AS place
    FROM o x WHERE x.cut = 'category' AND x.measure = 'opened' AND x.at >= '2025-03-20' AND x.at < '2025-04-03' GROUP BY x.value) e WHERE e.n > 0 AND e.place <= 10) e ON e.place = h.place
  LEFT JOIN named n ON n.cut = 'category' AND n.value = e.value
  WHERE (h.category_id, h.opened_count, h.base_count, h.total_count) IS DISTINCT FROM (nullif(e.value, '')::bigint, e.n, e.base, e.everything) OR h.share_pct <> 100.0::float8 * e.n::float8 / e.everything::float8 OR NOT h.is_complete OR h.is_base_small <> (e.base < 20)
    OR h.growth_pct IS DISTINCT FROM 100.0::float8 * (e.n - e.base)::float8 / nullif(e.base, 0)::float8 OR h.from_date <> '2025-03-27' OR h.last_date <> '2025-04-02' OR h.zone <> 'America/New_York'
    OR concat_ws(' ', h.caption_zh, h.caption_en) <> CASE WHEN e.value = '' THEN '（无） (none)' ELSE substring(n.captions FROM '^(.*) -?\d+$') END$$, 'G4: hot_issues, every column');
SELECT is((SELECT count(*) FROM hot_issues_at(:desk, '2025-04-01', '2025-04-10') WHERE growth_pct IS NOT NULL), 0::bigint, 'no growth over a period that is not complete');
SELECT is((SELECT count(*) FROM hot_issues_at(:desk, '2025-03-01', '2025-03-04') WHERE growth_pct IS NOT NULL OR base_count > 0), 0::bigint, 'no growth over a base of 0');

-- Agents.
UPDATE agent SET capacity = 0 WHERE agent_id = 12;
CREATE FUNCTION slow_load(who bigint, OUT open bigint, OUT waiting bigint, OUT oldest timestamptz) LANGUAGE plpgsql AS $$
DECLARE t record;
BEGIN
  open := 0; waiting := 0;
  -- Whose it is and how it stands, as the last of the events tells.
  FOR t IN SELECT k.opened_at, (SELECT e.new_state FROM csflow.event e WHERE e.ticket_no = k.ticket_no AND e.new_state IS NOT NULL ORDER BY e.seq DESC LIMIT 1) AS state,
      (SELECT CASE e.kind WHEN 'assigned' THEN e.new_value END FROM csflow.event e WHERE e.ticket_no = k.ticket_no AND e.kind IN ('assigned', 'unassigned') ORDER BY e.seq DESC LIMIT 1) AS agent FROM csflow.ticket k LOOP
    CONTINUE WHEN t.agent IS DISTINCT FROM who::text OR t.state IN ('answered', 'closed', 'duplicate', 'invalid');
    open := open + 1;
    IF t.state LIKE 'waiting_%' AND t.state <> 'waiting_approval' THEN waiting := waiting + 1; END IF;
    oldest := least(oldest, t.opened_at);
  END LOOP;
END $$;
SELECT is_empty($$SELECT l.*, o FROM agent_load l FULL JOIN (SELECT a.*, g.name_zh, g.name_en FROM agent a LEFT JOIN team g USING (desk_id, team_id) WHERE NOT a.is_bot) a USING (agent_id) CROSS JOIN LATERAL slow_load(agent_id) o
  WHERE (l.open_count, l.working_count, l.waiting_count, l.oldest_opened_at, l.capacity, l.free_capacity, l.load_pct) IS DISTINCT FROM (o.open, o.open - o.waiting, o.waiting, o.oldest, a.capacity::bigint, greatest(a.capacity - o.open, 0), CASE WHEN a.capacity > 0 THEN 100 * o.open::float8 / a.capacity END)
    OR (l.name, l.tier, l.team_id, l.team_zh, l.team_en, l.is_active) IS DISTINCT FROM (a.name, a.tier, a.team_id, a.name_zh, a.name_en, a.is_active) OR l.occupancy_pct IS NOT NULL$$, 'I6: agent_load, every column; occupancy is unknown without a log of presence');
SELECT ok(count(*) FILTER (WHERE waiting_count > 0) > 0 AND count(*) FILTER (WHERE load_pct IS NULL) = 1, 'I6: some wait; a capacity of 0 has no share') FROM agent_load;

-- Late causes: as many as the attainment counts breaches, each with its cause.
INSERT INTO late_cause (desk_id, ticket_no, clock, run, cause)
SELECT desk_id, ticket_no, clock, run, CASE WHEN run % 2 = 0 THEN 'resources' ELSE 'process_design' END FROM clock
WHERE outcome = 'breached' AND ticket_serial(ticket_no) % 3 = 0;
SELECT results_eq('SELECT clock, sum(late_count), max(total_count), round(sum(share_pct)::numeric, 6) FROM late_causes_at(' || :desk || $$, '-infinity', 'infinity') GROUP BY 1 ORDER BY 1$$,
  $$SELECT clock, sum(breached_count + overdue_count), sum(breached_count + overdue_count)::bigint, 100.000000 FROM attainment WHERE breached_count + overdue_count > 0 GROUP BY 1 ORDER BY 1$$,
  'G5: late causes account for every broken promise');
SELECT results_eq('SELECT cause, sum(late_count) FROM late_causes_at(' || :desk || $$, '-infinity', 'infinity') WHERE cause IS NOT NULL GROUP BY 1 ORDER BY 1$$,
  $$SELECT cause, count(*)::numeric FROM late_cause JOIN clock USING (desk_id, ticket_no, clock, run) JOIN ticket t USING (desk_id, ticket_no)
    WHERE t.state NOT IN ('duplicate', 'invalid') AND clock IN (SELECT clock FROM attainment) GROUP BY 1 ORDER BY 1$$, 'G5: by cause');

CREATE FUNCTION slow_late(since timestamptz, until timestamptz) RETURNS TABLE (clock text, cause text, n bigint) LANGUAGE sql STABLE AS $$
  SELECT c.clock, l.cause, count(*) FROM csflow.clock c JOIN csflow.ticket t USING (desk_id, ticket_no) JOIN csflow.target g USING (desk_id, target_id)
    LEFT JOIN csflow.late_cause l ON (l.ticket_no, l.clock, l.run) = (c.ticket_no, c.clock, c.run)
  WHERE t.state <> 'duplicate' AND t.state <> 'invalid' AND c.due_at >= since AND c.due_at < until AND (coalesce(c.stopped_at, now()) > c.due_at AND c.outcome IS DISTINCT FROM 'void' OR c.outcome = 'breached') AND NOT g.is_window
    AND (SELECT count(*) FROM csflow.step s WHERE s.target_id = c.target_id AND s.action = 'close') = 0 GROUP BY 1, 2 $$;
SELECT is_empty(format($$SELECT a, e.* FROM (VALUES ('-infinity'::timestamptz, 'infinity'::timestamptz), ('2025-03-06 10:00', '2025-03-20 10:00')) v (since, until), LATERAL (
    SELECT l.clock AS shown, e.clock, e.cause, l.late_count, e.n, l.total_count, l.share_pct, l.sort_order FROM late_causes_at(%s, since, until) l FULL JOIN slow_late(since, until) e ON e.clock = l.clock AND e.cause IS NOT DISTINCT FROM l.cause
    WHERE l.late_count IS DISTINCT FROM e.n OR l.total_count <> (SELECT sum(x.n) FROM slow_late(since, until) x WHERE x.clock = e.clock) OR l.share_pct <> 100 * l.late_count::float8 / l.total_count
      OR l.clock_zh <> (SELECT text FROM caption WHERE kind = 'clock' AND code = l.clock AND lang = 'zh') OR l.clock_en <> (SELECT text FROM caption WHERE kind = 'clock' AND code = l.clock AND lang = 'en')
      OR l.cause_zh <> coalesce((SELECT text FROM caption WHERE kind = 'late_cause' AND code = l.cause AND lang = 'zh'), '未说明') OR l.cause_en <> coalesce((SELECT text FROM caption WHERE kind = 'late_cause' AND code = l.cause AND lang = 'en'), 'not recorded')) e, (SELECT 1) a$$, :desk), 'G5: late_causes, every column');
SELECT results_eq(format($$SELECT clock, cause FROM late_causes_at(%s, '-infinity', 'infinity') ORDER BY sort_order$$, :desk), format($$SELECT clock, cause FROM late_causes_at(%s, '-infinity', 'infinity') ORDER BY total_count DESC, clock, late_count DESC, cause$$, :desk), 'G5: in order');
UPDATE clock SET due_at = now() - interval '90 days' WHERE outcome = 'breached' AND ticket_no = (SELECT min(ticket_no) FROM clock JOIN ticket t USING (desk_id, ticket_no) WHERE outcome = 'breached' AND state NOT IN ('duplicate', 'invalid'));
SELECT ok(count(*) > 0 AND bool_and(since = now() - interval '91 days' AND until = now()) AND sum(late_count) = (SELECT sum(n) FROM slow_late(now() - interval '91 days', now())), 'G5: the view, of 91 days') FROM late_causes;

-- What tickets say of themselves, and compare_periods() reads, is what the facts say.
SELECT is_empty($$SELECT t.ticket_no, t.first_response_at, f.first_reply_at, t.reopen_count, f.reopen_count, t.transfer_count, f.group_stations FROM ticket t JOIN ticket_fact f USING (desk_id, ticket_no)
  WHERE t.first_response_at IS DISTINCT FROM f.first_reply_at OR t.reopen_count <> f.reopen_count OR t.transfer_count <> greatest(f.group_stations - 1, 0) OR (t.answered_at IS NOT NULL OR t.closed_at IS NOT NULL OR t.reopen_count > 0) <> (f.first_solved_at IS NOT NULL)$$, 'G8: periods are compared by the same figures');

-- First-contact resolution with another number of days.
SELECT is((SELECT array_agg(f.first_contact_count ORDER BY d) FROM unnest('{0,1,7,60}'::int[]) d, first_contact_resolution(:desk, '2025-03-01', '2025-05-01', d) f),
  (SELECT array_agg((SELECT count(*) FROM total s WHERE s.measure = 'first_resolution'
      AND (SELECT count(*) FROM event e WHERE e.ticket_no = s.ticket_no AND e.kind = 'reply') = 1
      AND NOT EXISTS (SELECT FROM total r WHERE r.ticket_no = s.ticket_no AND r.measure = 'reopening' AND r.at <= s.at + make_interval(days => d))) ORDER BY d) FROM unnest('{0,1,7,60}'::int[]) d),
  'G2: first-contact resolution within 0, 1, 7, 60 days');

-- The same tickets computed from nothing are the same figures.
CREATE TABLE before AS SELECT cut, bucket_start, value, measure, event_count, cal::text, bus::text FROM health_hour WHERE event_count <> 0;
SELECT is(rebuild_health(:desk), (SELECT count(*) FROM ticket WHERE desk_id = :desk), 'rebuild_health marks every ticket');
SELECT is((SELECT count(*) FROM health_hour) + (SELECT count(*) FROM ticket_fact), 0::bigint, 'and forgets the rest');
SELECT refresh_health_batch('2025-04-03 13:00', 1000) \g /dev/null
SELECT is((SELECT count(*) FROM (SELECT * FROM before EXCEPT SELECT cut, bucket_start, value, measure, event_count, cal::text, bus::text FROM health_hour) d), 0::bigint, 'built anew to the last byte');
SELECT is((SELECT count(*) FROM health_hour WHERE event_count <> 0), (SELECT count(*) FROM before), 'and nothing else');

-- Tickets whose events left with their month keep their figures.
SELECT ticket_no AS kept FROM ticket_fact WHERE solved_at IS NOT NULL ORDER BY ticket_no LIMIT 1 \gset
ALTER TABLE event DISABLE TRIGGER USER;
DELETE FROM event WHERE ticket_no = :'kept';
ALTER TABLE event ENABLE TRIGGER USER;
INSERT INTO health_dirty VALUES (:desk, :'kept');
SELECT refresh_health_batch('2025-04-03 13:00', 1000) \g /dev/null
SELECT is((SELECT count(*) FROM ticket_fact WHERE ticket_no = :'kept'), 1::bigint, 'I5: after the events have gone the fact stays');
SELECT rebuild_health(:desk) \g /dev/null
SELECT refresh_health_batch('2025-04-03 13:00', 1000) \g /dev/null
SELECT is((SELECT count(*) FROM (SELECT * FROM before EXCEPT SELECT cut, bucket_start, value, measure, event_count, cal::text, bus::text FROM health_hour) d), 0::bigint, 'I5: also when built anew');

-- One bad ticket does not stop the others; another isolation level is refused.
SELECT ticket_no AS bad FROM ticket_fact ORDER BY ticket_no DESC LIMIT 1 \gset
CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'spoilt'; END $$;
CREATE TRIGGER spoil BEFORE INSERT ON ticket_fact FOR EACH ROW WHEN (NEW.channel = 'help_centre') EXECUTE FUNCTION spoil();
UPDATE ticket SET channel = 'help_centre', changed_at = '2025-04-03 14:00' WHERE ticket_no = :'bad';
INSERT INTO health_dirty SELECT :desk, ticket_no FROM ticket_fact;
SELECT is(refresh_health_batch('2025-04-03 15:00', 1000), (SELECT count(*)::int FROM ticket_fact), '2.12: all are looked at');
SELECT is((SELECT string_agg(format('%s %s', ticket_no, error), ',') FROM set_aside WHERE job = 'refresh_health'), :'bad' || ' spoilt', '2.12: the bad one is set aside');
SELECT is((SELECT count(*) FROM health_dirty), 0::bigint, '2.12: and no longer in the queue');
DROP TRIGGER spoil ON ticket_fact;
SELECT refresh_health_batch('2025-04-03 15:00:30', 1000) \g /dev/null
SELECT is((SELECT count(*) FROM set_aside WHERE job = 'refresh_health'), 1::bigint, '2.12: it waits a minute');
SELECT refresh_health_batch('2025-04-03 15:02', 1000) \g /dev/null
SELECT is((SELECT count(*) FROM set_aside WHERE job = 'refresh_health'), 0::bigint, '2.12: then it is tried again');
SELECT is((SELECT channel FROM ticket_fact WHERE ticket_no = :'bad'), 'help_centre', '2.12: with success');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT throws_ok('SELECT refresh_health_batch()', '25000', 'health figures cannot be refreshed at isolation level repeatable read', 'only READ COMMITTED');
ROLLBACK;
SELECT throws_ok('SELECT refresh_health_batch(now(), 0)', '22023', 'batch of 0 tickets', 'a batch of nothing is refused');

-- The procedure commits each batch and notes its progress.
INSERT INTO health_dirty SELECT :desk, ticket_no FROM ticket_fact;
CALL refresh_health('2025-04-04 13:00', 20);
SELECT is((SELECT (rows, error)::text FROM job_run WHERE job = 'refresh_health'), (SELECT (count(*), NULL)::text FROM ticket_fact), 'H3: the run and its rows are recorded');
SELECT is((SELECT finished_at IS NOT NULL FROM job_run WHERE job = 'refresh_health'), true, 'H3: finished');
SELECT is((SELECT refreshed_to FROM health_progress WHERE desk_id = :desk), '2025-04-04 13:00'::timestamptz, 'complete up to its instant');
SELECT * FROM finish();
