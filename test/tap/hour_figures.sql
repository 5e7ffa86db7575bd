-- How long health figures are kept by hour, and that nothing else is lost with them. Handbook G1-G4, H3; design 2.14.
\set seed 0.45
\set tickets 60
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
\ir ../oracle/health.sql
\ir ../lib/health_life.sql
SELECT no_plan();
SELECT diag('seed ' || :'seed' || ', ' || :'tickets' || ' tickets');
UPDATE desk SET zone = 'America/New_York', hour_figures_kept = '100 days' WHERE desk_id = :desk;
INSERT INTO working_calendar (desk_id, code, base) VALUES (:desk, 'work', 'America/New_York; mon-fri 09:00-12:00,13:00-18:00');
SET TimeZone = 'America/New_York';
SELECT throws_ok(format('UPDATE csflow.desk SET hour_figures_kept = %L', v), '23514', NULL, 'H4: refused: ' || v) FROM (VALUES ('99 days'), ('0'), ('-1 day')) x (v);
SELECT is(forget_hours(:desk, '2025-06-21 12:00', 100), 0, 'before anything was refreshed nothing is forgotten');

SELECT setseed(:seed) \g /dev/null
CALL live(:desk, :tickets, 8, '2025-03-03 13:00', '2025-03-24 13:00');
SELECT refresh_health_batch('2025-06-21 12:00') \g /dev/null
CREATE TABLE days AS SELECT cut, bucket_date, value, measure, event_count, cal::text, bus::text FROM health_day;
CREATE TABLE hours AS SELECT cut, bucket_start, value, measure, event_count, cal::text, bus::text FROM health_hour;
CREATE TABLE cards AS SELECT s.d, b.* FROM generate_series(0, 20) s (d), LATERAL (SELECT '2025-03-04 03:30'::timestamptz + s.d * interval '1 day' AS since) x, LATERAL health_between(:desk, x.since, x.since + interval '50 hours', 'team') b WHERE b.event_count > 0;

-- 100 days before 21 June is 13 March
CALL run_housekeeping('2025-06-21 12:00', 50);
SELECT is((SELECT hours_from FROM health_progress WHERE desk_id = :desk), '2025-03-13'::date, 'H3: housekeeping forgets, in batches, the hours of days before');
SELECT cmp_ok((SELECT rows FROM job_run WHERE job = 'housekeeping'), '>=', (SELECT count(*) FROM hours WHERE bucket_start < '2025-03-13'), 'H3: and says how many');
SELECT set_eq('SELECT cut, bucket_start, value, measure, event_count, cal::text, bus::text FROM health_hour', $$SELECT * FROM hours WHERE bucket_start >= '2025-03-13'$$, '2.14: whole days, and no other hour');
SELECT ok(count(*) > 0, 'there were such') FROM hours WHERE bucket_start < '2025-03-13';
SELECT set_eq('SELECT cut, bucket_date, value, measure, event_count, cal::text, bus::text FROM health_day', 'SELECT * FROM days', '2.14: days stay as they are');
SELECT is(housekeeping_batch('2025-06-21 12:00', 50), 0, 'H3: nothing is left to forget');

-- A question over an old period takes whole days, and says so.
SELECT is((SELECT string_agg(DISTINCT concat_ws(' - ', b.period_start, b.period_end), ', ') FROM health_between(:desk, x.since, x.until) b), x.says, format('2.14: %s to %s', x.since, x.until))
  FROM (VALUES ('2025-03-05 10:20'::timestamptz, '2025-03-06 11:01'::timestamptz, '2025-03-05 00:00:00-05 - 2025-03-07 00:00:00-05'), ('2025-03-05 10:20', '2025-03-05 10:21', '2025-03-05 00:00:00-05 - 2025-03-06 00:00:00-05'), ('2025-03-05', '2025-03-06', '2025-03-05 00:00:00-05 - 2025-03-06 00:00:00-05'),
    ('2025-03-12 23:00', '2025-03-13', '2025-03-12 00:00:00-04 - 2025-03-13 00:00:00-04'), ('2025-03-12 23:59', '2025-03-13 00:01', '2025-03-12 00:00:00-04 - 2025-03-13 01:00:00-04'), ('2025-03-13 10:20', '2025-03-14 11:01', '2025-03-13 10:00:00-04 - 2025-03-14 12:00:00-04')) x (since, until, says);
CALL oracle.tell_all(:desk);
CREATE FUNCTION differences(desk bigint) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT concat_ws(' ', s.d, c.cut, v.cut_value, v.measure, v.period_start, v.period_end, v.event_count, v.told, v.counted, v.cal_p90_seconds, v.cal_p90)
  FROM generate_series(0, 20, 2) s (d), unnest('{total,category,channel}'::text[]) c (cut), LATERAL (SELECT '2025-03-04 03:30'::timestamptz + s.d * interval '1 day' AS since) x,
    LATERAL (SELECT min(b.period_start) AS a, min(b.period_end) AS z FROM csflow.health_between(desk, x.since, x.since + interval '50 hours') b) p,
    LATERAL (SELECT * FROM (SELECT * FROM csflow.health_between(desk, x.since, x.since + interval '50 hours', c.cut) b WHERE b.event_count > 0) b
      FULL JOIN (SELECT o.value, o.measure AS told, o.event_count AS counted, o.cal_p90, o.bus_p95, o.cal_sum FROM oracle.figures(p.a, p.z) o WHERE o.cut = c.cut) o ON o.value = b.cut_value AND o.told = b.measure) v
  WHERE v.event_count IS DISTINCT FROM v.counted OR NOT oracle.near(v.cal_p90_seconds * interval '1 second', v.cal_p90) OR NOT oracle.near(v.bus_p95_seconds * interval '1 second', v.bus_p95)
    OR abs(v.cal_mean_seconds - extract(epoch FROM v.cal_sum) / v.counted) > 0.001 $$;
SELECT is_empty(format('SELECT * FROM differences(%s)', :desk), 'G4: score-cards over periods with and without hours, counted one by one');
SELECT is_empty($$SELECT d, cut_value, measure, event_count, cal_p50_seconds FROM cards WHERE period_start >= '2025-03-13' EXCEPT SELECT s.d, b.cut_value, b.measure, b.event_count, b.cal_p50_seconds FROM generate_series(0, 20) s (d),
  LATERAL (SELECT '2025-03-04 03:30'::timestamptz + s.d * interval '1 day' AS since) x, LATERAL health_between($$ || :desk || $$, x.since, x.since + interval '50 hours', 'team') b$$, 'G4: where hours are kept nothing has changed');
SELECT is((SELECT (sum(contacts), sum(slots), max(contacts_per_slot) <= sum(contacts))::text FROM heatmap_at(:desk, '2025-03-03', '2025-03-17') WHERE cut = 'total'), (SELECT (count(*), 4 * 24, true)::text FROM oracle.cut WHERE cut = 'total' AND measure = 'opened' AND at >= '2025-03-13' AND at < '2025-03-17'), 'G4: the heat map is of the hours that are kept, contacts and slots alike');
SELECT is((SELECT bool_or(is_complete OR is_surge) FROM surge_counts(:desk, '2025-03-14')), NULL, 'G3: no growth over hours that are gone');

-- Late events repair days and months of which no hour is kept; no hour comes back.
CALL live(:desk, :tickets, 3, '2025-03-24 13:00', '2025-03-26 13:00');
UPDATE ticket SET category_id = (SELECT max(category_id) FROM category WHERE desk_id = :desk), changed_at = '2025-03-27 09:00', change_reason = 'so' WHERE desk_id = :desk AND ticket_serial(ticket_no) % 3 = 0 AND changed_at < '2025-03-27 09:00' AND state NOT IN ('closed', 'duplicate', 'invalid');
SELECT refresh_health_batch('2025-06-21 13:00', 17) \g /dev/null
DO $$BEGIN WHILE csflow.refresh_health_batch('2025-06-21 13:00', 17) >= 17 LOOP END LOOP; END$$;
SELECT is((SELECT string_agg(format('%s %s %s', grain, n, first), '; ') FROM oracle.bucket_differences(:desk) WHERE n > 0), NULL, '2.14: hours, days and months as counted one by one');
SELECT is((SELECT count(*) FROM health_hour WHERE bucket_start < '2025-03-13'), 0::bigint, '2.14: and no old hour');
SELECT isnt_empty($$SELECT * FROM days WHERE bucket_date < '2025-03-13' EXCEPT SELECT cut, bucket_date, value, measure, event_count, cal::text, bus::text FROM health_day$$, 'some old days were repaired');
CREATE TABLE repaired AS SELECT cut, bucket_date, value, measure, event_count, cal::text, bus::text FROM health_day WHERE event_count <> 0;
SELECT rebuild_health(:desk) \g /dev/null
SELECT refresh_health_batch('2025-06-21 13:00') \g /dev/null
SELECT set_eq('SELECT cut, bucket_date, value, measure, event_count, cal::text, bus::text FROM health_day WHERE event_count <> 0', 'SELECT * FROM repaired', '2.14: built anew the days are the same to the last byte');
SELECT is((SELECT (count(*) FILTER (WHERE bucket_start < '2025-03-13'), count(*) > 0)::text FROM health_hour), '(0,t)', '2.14: and the hours those of the days that are kept');
UPDATE desk SET hour_figures_kept = NULL WHERE desk_id = :desk;
CALL run_housekeeping('2025-10-01 12:00', 1000);
SELECT is((SELECT hours_from FROM health_progress WHERE desk_id = :desk), '2025-03-13'::date, 'H3: NULL: for ever');
SELECT * FROM finish();
