-- Promises kept by day, week and month: equal to the stored clocks counted one by one, to the live view, and to the breaches that
-- fired, whatever happens to tickets in between. Handbook G2, G4, D6; kpi.md "SLA achieved"; design 2.14.
-- Not in make quick: much random or real data.
\set seed 0.35
\set tickets 150
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
\ir ../lib/health_life.sql
SELECT no_plan();
SELECT diag('seed ' || :'seed' || ', ' || :'tickets' || ' tickets');
SELECT is((SELECT count(*) FROM attainment_daily) + (SELECT count(*) FROM attainment_weekly) + (SELECT count(*) FROM attainment_monthly), 0::bigint, 'nothing promised: no rows, not 0 %');

UPDATE desk SET zone = 'America/New_York' WHERE desk_id = :desk;
SET TimeZone = 'America/New_York';
-- What is no promise: a window, a clock that only measures, one that closes the ticket at its end.
INSERT INTO target (desk_id, target_id, clock, calendar, mode, duration, starts_on, stops_on, is_window)
SELECT :desk, 9001, 'objection', calendar, 'once', '1 day', starts_on, stops_on, true FROM target WHERE desk_id = :desk AND clock = 'first_response' ORDER BY target_id LIMIT 1;
INSERT INTO target (desk_id, target_id, clock, calendar, mode, due_from, starts_on, stops_on)
SELECT :desk, 9002, 'only_measured', calendar, 'once', 'none', starts_on, stops_on FROM target WHERE desk_id = :desk AND clock = 'first_response' ORDER BY target_id LIMIT 1;

-- One clock after the other, from the rows of the clocks and tickets alone.
CREATE FUNCTION slow(desk bigint) RETURNS TABLE (cut text, value text, clock text, what text, at timestamptz) LANGUAGE sql STABLE AS $$
  SELECT x.cut, x.value, c.clock, w.what, w.at
  FROM csflow.clock c JOIN csflow.ticket t ON t.desk_id = c.desk_id AND t.ticket_no = c.ticket_no JOIN csflow.target g ON g.desk_id = c.desk_id AND g.target_id = c.target_id
  CROSS JOIN LATERAL (VALUES ('total', ''), ('kind', coalesce(t.kind, '')), ('priority', coalesce(c.priority::text, '')), ('team', coalesce(t.team_id::text, '')), ('channel', t.channel), ('customer_tier', coalesce(t.customer_tier, ''))) x (cut, value)
  CROSS JOIN LATERAL (SELECT CASE c.outcome WHEN 'met' THEN 'met' ELSE 'breached' END AS what, c.stopped_at AS at WHERE c.outcome IN ('met', 'breached')
    UNION ALL SELECT 'missed', c.due_at WHERE c.outcome = 'breached' OR c.outcome IS NULL AND c.due_at < (SELECT refreshed_to FROM csflow.health_progress p WHERE p.desk_id = desk)) w
  WHERE c.desk_id = desk AND t.state NOT IN ('duplicate', 'invalid') AND NOT g.is_window AND c.length_microseconds IS NOT NULL
    AND (SELECT count(*) FROM csflow.step s WHERE s.desk_id = c.desk_id AND s.target_id = c.target_id AND s.action = 'close') = 0 $$;
CREATE FUNCTION differences(desk bigint, unit text, card text) RETURNS TABLE (difference text) LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE told AS SELECT * FROM slow(desk);
  RETURN QUERY EXECUTE format($q$
    SELECT concat_ws(' ', v.cut, v.value, v.clock, v.bucket_date, '|', v.met_count, v.breached_count, v.missed_count, v.open_breached_count, '|', o.met, o.breached, o.missed, o.open)
    FROM %I v CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE t.what = 'met' AND t.at >= v.bucket_start) AS met, count(*) FILTER (WHERE t.what = 'breached' AND t.at >= v.bucket_start) AS breached,
        count(*) FILTER (WHERE t.what = 'missed' AND t.at >= v.bucket_start) AS missed, count(*) FILTER (WHERE t.what = 'missed') - count(*) FILTER (WHERE t.what = 'breached') AS open
      FROM told t WHERE t.cut = v.cut AND t.value = v.value AND t.clock = v.clock AND t.at < v.bucket_end) o
    WHERE (v.met_count, v.breached_count, v.missed_count, v.open_breached_count) IS DISTINCT FROM (o.met, o.breached, o.missed, o.open)
      OR v.total_count <> o.met + o.breached OR v.met_pct IS DISTINCT FROM 100 * o.met::float8 / nullif(o.met + o.breached, 0)
      OR v.total_count_incl_open_breached <> o.met + o.breached + o.open OR v.met_pct_incl_open_breached IS DISTINCT FROM 100 * o.met::float8 / nullif(o.met + o.breached + o.open, 0)
      OR v.bucket_start <> date_trunc(%L, v.bucket_start, v.zone)
    UNION ALL
    SELECT format('not shown: %%s', t) FROM told t WHERE NOT EXISTS (SELECT FROM %1$I v WHERE v.cut = t.cut AND v.value = t.value AND v.clock = t.clock AND t.at >= v.bucket_start AND t.at < v.bucket_end)$q$, card, unit);
  DROP TABLE told;
END $$;
CREATE FUNCTION all_differences(desk bigint) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT 'daily ' || difference FROM differences(desk, 'day', 'attainment_daily') UNION ALL SELECT 'weekly ' || difference FROM differences(desk, 'week', 'attainment_weekly')
  UNION ALL SELECT 'monthly ' || difference FROM differences(desk, 'month', 'attainment_monthly') $$;

SELECT setseed(:seed) \g /dev/null
CALL live(:desk, :tickets, 6, '2025-03-03 13:00', '2025-03-12 13:00');
SELECT refresh_health_batch('2025-03-12 13:00', 10000) \g /dev/null
SELECT is_empty(format('SELECT * FROM all_differences(%s)', :desk), 'G2: every count and percentage of every bucket, cut and clock equals a slow count of the clocks');
CALL live(:desk, :tickets, 3, '2025-03-12 13:00', '2025-04-03 13:00');
DO $$BEGIN WHILE csflow.fire_steps((SELECT min(desk_id) FROM csflow.desk), '2025-04-03 13:00', 1000, false) > 0 LOOP END LOOP; END$$;
SELECT refresh_health_batch('2025-04-03 13:00', 10000) \g /dev/null
SELECT is_empty(format('SELECT * FROM all_differences(%s)', :desk), 'G2: late events, moved, duplicate and invalid tickets have repaired their buckets');
SELECT ok(min(n) > 0 AND count(*) = 3, 'something was met, breached and left open past due: ' || string_agg(what || ' ' || n, ', ')) FROM (SELECT what, count(*) AS n FROM slow(:desk) WHERE cut = 'total' GROUP BY 1) x;
SELECT ok(count(DISTINCT cut) = 6 AND count(DISTINCT clock) > 1, 'by six cuts, several clocks') FROM attainment_daily WHERE total_count > 0;
SELECT is_empty($$SELECT * FROM attainment_daily WHERE clock IN ('objection', 'only_measured')$$, 'windows and what is only measured are no promise');
SELECT ok(count(*) > 0, 'though there were such') FROM clock WHERE clock IN ('objection', 'only_measured');

-- The same number everywhere.
SELECT results_eq($$SELECT clock, value, sum(met_count)::bigint, sum(breached_count)::bigint, (array_agg(open_breached_count ORDER BY bucket_date DESC))[1] FROM attainment_daily WHERE cut = 'priority' GROUP BY 1, 2 ORDER BY 1, 2$$,
  format($$SELECT clock, coalesce(priority::text, ''), met_count, breached_count, overdue_count FROM attainment_at(%s, '2025-04-03 13:00') WHERE total_count + overdue_count > 0 ORDER BY 1, 2$$, :desk), 'G2: all days together are the live view, by clock and priority');
SELECT is_empty(format($$SELECT v.bucket_date, v.clock, v.met_count, v.breached_count, v.open_breached_count, a.* FROM attainment_daily v
  LEFT JOIN LATERAL (SELECT a.clock, sum(a.met_count) AS met, sum(a.breached_count) AS breached, sum(a.overdue_count) AS overdue
    FROM attainment_at(%s, v.bucket_end - interval '1 microsecond', v.bucket_start - interval '1 microsecond') a WHERE a.clock = v.clock GROUP BY a.clock) a ON true
  WHERE v.cut = 'total' AND v.is_complete AND (v.met_count, v.breached_count, v.open_breached_count) IS DISTINCT FROM (coalesce(a.met, 0)::bigint, coalesce(a.breached, 0)::bigint, coalesce(a.overdue, 0)::bigint)$$, :desk), 'G2: each day is what attainment_at() says of it');
SELECT results_eq($$SELECT v.clock, v.bucket_date, v.missed_count FROM attainment_daily v WHERE v.cut = 'total' AND v.missed_count > 0 ORDER BY 1, 2$$,
  format($$SELECT e.clock, (e.due_at AT TIME ZONE 'America/New_York')::date, count(*) FROM event e JOIN ticket t USING (desk_id, ticket_no) JOIN clock c ON c.ticket_no = e.ticket_no AND c.clock = e.clock AND c.run = e.run AND c.outcome IS DISTINCT FROM 'void'
    WHERE e.desk_id = %s AND e.kind = 'step_fired' AND e.old_value = 'breach' AND t.state NOT IN ('duplicate', 'invalid') GROUP BY 1, 2 ORDER BY 1, 2$$, :desk), 'G2: as many missed as breach events fired, by clock and day, those of clocks void since left out');

-- Computed from nothing they are the same; kept where the events have left.
CREATE TABLE before AS SELECT * FROM attainment_day WHERE met_count <> 0 OR breached_count <> 0 OR missed_count <> 0;
SELECT rebuild_health(:desk) \g /dev/null
SELECT is((SELECT count(*) FROM attainment_day), 0::bigint, 'rebuild_health forgets them');
SELECT refresh_health_batch('2025-04-03 13:00', 10000) \g /dev/null
SELECT set_eq('SELECT * FROM attainment_day', 'SELECT * FROM before', 'and they come back');
SELECT lives_ok($$ALTER TABLE event DISABLE TRIGGER USER; DELETE FROM event WHERE ticket_no IN (SELECT ticket_no FROM ticket WHERE ticket_serial(ticket_no) % 3 = 0); ALTER TABLE event ENABLE TRIGGER USER$$, 'I5: a third of the record leaves');
SELECT rebuild_health(:desk) \g /dev/null
SELECT refresh_health_batch('2025-04-03 13:00', 10000) \g /dev/null
SELECT set_eq('SELECT * FROM attainment_day WHERE met_count <> 0 OR breached_count <> 0 OR missed_count <> 0', 'SELECT * FROM before', 'I5: their figures stay');

-- A promise is missed by time alone, without an event.
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) VALUES (:desk, 'email', 1, '怎么用', '2025-04-07 10:00') RETURNING ticket_no AS late \gset
SELECT due_at AS due FROM clock WHERE ticket_no = :'late' AND due_at IS NOT NULL AND clock = 'first_response' \gset
SELECT refresh_health_batch(:'due', 10000) \g /dev/null
SELECT is((SELECT open_breached_count FROM attainment_daily WHERE cut = 'total' AND clock = 'first_response' ORDER BY bucket_date DESC LIMIT 1) , (SELECT sum(overdue_count)::bigint FROM attainment_at(:desk, :'due') WHERE clock = 'first_response'), 'due is not late');
SELECT cmp_ok(refresh_health_batch(:'due'::timestamptz + interval '1 microsecond', 10000), '>', 0, 'a microsecond later the refresh looks at it again, though nothing happened');
SELECT is((SELECT open_breached_count FROM attainment_daily WHERE cut = 'total' AND clock = 'first_response' ORDER BY bucket_date DESC LIMIT 1) , (SELECT sum(overdue_count)::bigint FROM attainment_at(:desk, :'due'::timestamptz + interval '1 microsecond') WHERE clock = 'first_response'), 'and counts it, as the live view does');
SELECT is(refresh_health_batch(:'due'::timestamptz + interval '1 microsecond', 10000), 0, 'once');
SELECT is((SELECT array_agg(DISTINCT concat_ws(' ', caption_zh, caption_en)) FROM attainment_monthly WHERE cut = 'priority' AND value = 'A'), '{"高 high"}', 'G4: captions in both languages');
SELECT is((SELECT string_agg(DISTINCT concat_ws(' ', clock_zh, clock_en, priority_zh, priority_en), ', ') FROM attainment WHERE clock = 'first_response' AND priority = 'A'), '首次响应 first response 高 high', 'A9: the live view, too');
SELECT * FROM finish();
