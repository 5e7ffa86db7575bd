-- The data of a desk: two durations, in seconds and as intervals, and the answers that ratios are made of.
SELECT setseed(0.2026);
CREATE UNLOGGED TABLE fact AS
SELECT g % 40 AS category, d.frt_s, d.res_s, d.frt_s * interval '1 second' AS frt, d.res_s * interval '1 second' AS res,
  (random() * 4 + 1)::integer AS csat, (random() * 10)::integer AS nps, random() < 0.2 AS transferred, random() < 0.9 AS sla_met,
  (random() < 0.2)::integer AS transfers, (random() < 0.1)::integer AS reopens, random() < 0.5 AS first_contact
FROM generate_series(1, :rows) AS g,
  LATERAL (SELECT exp(random() * 6) * 30 AS frt_s, exp(random() * 8) * 60 + g * 0 AS res_s) AS d;
VACUUM ANALYZE fact;
CREATE TABLE sketches AS
SELECT csflow.duration_sketch(frt) AS s FROM fact GROUP BY (ctid::text::point)[0];
CREATE TABLE full_sketches AS
SELECT s FROM (SELECT csflow.duration_sketch(res) AS s FROM fact GROUP BY category) AS c, generate_series(1, 1000);

-- Under EXPLAIN, because EXECUTE alone does not run a query in parallel.
CREATE TEMP TABLE measured (name text PRIMARY KEY, statement text, ms double precision, small_ms double precision);
INSERT INTO measured (name, statement) VALUES
('floor', 'SELECT category, count(*), avg(frt_s), avg(res_s), avg(csat), avg(nps) FROM fact GROUP BY category'),
('floor, intervals', 'SELECT category, count(*), avg(frt), avg(res), avg(csat), avg(nps) FROM fact GROUP BY category'),
('exact', 'SELECT category, count(*), avg(transferred::int), avg(sla_met::int), avg((csat >= 4)::int),
  100.0 * (count(*) FILTER (WHERE nps >= 9) - count(*) FILTER (WHERE nps <= 6)) / count(*),
  percentile_cont(array[.5,.95]) WITHIN GROUP (ORDER BY frt_s), percentile_cont(array[.5,.95]) WITHIN GROUP (ORDER BY res_s)
  FROM fact GROUP BY category'),
('exact, intervals', 'SELECT category, count(*), avg(transferred::int), avg(sla_met::int), avg((csat >= 4)::int),
  100.0 * (count(*) FILTER (WHERE nps >= 9) - count(*) FILTER (WHERE nps <= 6)) / count(*),
  percentile_cont(array[.5,.95]) WITHIN GROUP (ORDER BY frt), percentile_cont(array[.5,.95]) WITHIN GROUP (ORDER BY res)
  FROM fact GROUP BY category'),
('score-card, intervals', 'SELECT category, csflow.health(frt, res, NULL, transfers, reopens, first_contact), csflow.csat(csat), csflow.nps(nps),
  avg(sla_met::int) FROM fact GROUP BY category'),
('score-card, seconds', 'SELECT category, count(*), csflow.seconds_sketch(frt_s), csflow.seconds_sketch(res_s), csflow.csat(csat),
  csflow.nps(nps), count(*) FILTER (WHERE transferred), count(*) FILTER (WHERE sla_met) FROM fact GROUP BY category'),
('two sketches', 'SELECT category, csflow.duration_sketch(frt), csflow.duration_sketch(res) FROM fact GROUP BY category'),
('moving, 100 rows', 'SELECT csflow.duration_sketch(res) OVER (ROWS 99 PRECEDING) FROM (SELECT res FROM fact LIMIT 50000) AS r'),
('moving, 10000 rows', 'SELECT csflow.duration_sketch(res) OVER (ROWS 9999 PRECEDING) FROM (SELECT res FROM fact LIMIT 50000) AS r'),
('top_k', 'SELECT csflow.top_k(category::text, 10) FROM fact'),
('top_k, count of each', 'SELECT category::text, count(*) FROM fact GROUP BY 1'),
('top_k, many values', 'SELECT csflow.top_k((res_s::integer * 3)::text, 10) FROM fact'),
('top_k, many values, count of each', 'SELECT (res_s::integer * 3)::text, count(*) FROM fact GROUP BY 1'),
('merge', 'SELECT csflow.rollup(s) FROM sketches'),
('merge, full', 'SELECT csflow.rollup(s) FROM full_sketches');

DO $$
DECLARE
  m record;
  began timestamptz;
  took double precision;
BEGIN
  FOR round IN 1 .. 6 LOOP
    FOR m IN SELECT * FROM measured WHERE round <= 3 OR name ~ '^(floor|exact|score-card)' ORDER BY name COLLATE "C" LOOP
      PERFORM set_config('work_mem', CASE WHEN round > 3 THEN '4MB' ELSE reset_val || unit END, false) FROM pg_settings WHERE name = 'work_mem';
      began := clock_timestamp();
      EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) ' || m.statement;
      took := extract(epoch FROM clock_timestamp() - began) * 1000;
      UPDATE measured AS x SET ms = CASE WHEN round <= 3 THEN least(x.ms, took) ELSE x.ms END,
        small_ms = CASE WHEN round > 3 THEN least(x.small_ms, took) ELSE x.small_ms END WHERE x.name = m.name;
    END LOOP;
  END LOOP;
END $$;
RESET work_mem;

SELECT format('settings: %s rows, work_mem %s, max_parallel_workers_per_gather %s', :rows, current_setting('work_mem'),
  current_setting('max_parallel_workers_per_gather'));
SELECT format('%-22s %9s ms %7s x floor %7s x exact', name, round(ms), round((ms / floor)::numeric, 2), round((ms / exact)::numeric, 3))
FROM measured, (SELECT max(ms) FILTER (WHERE name = 'floor') AS floor, max(ms) FILTER (WHERE name = 'exact') AS exact FROM measured) AS base
WHERE name !~ '^(merge|moving|top_k)' ORDER BY name COLLATE "C";
-- Each card against what reads the same columns.
SELECT format('score-card of %s, work_mem %s: %s times the count/avg floor (at most 1.6), %s times as fast as exact (at least 5)',
  columns, work_mem, round((card / floor)::numeric, 2), round((exact / card)::numeric, 1))
FROM (
  SELECT coalesce(substring(m.name FROM ', (.*)'), 'seconds') AS columns, v.work_mem, max(v.t) FILTER (WHERE m.name LIKE 'floor%') AS floor,
    max(v.t) FILTER (WHERE m.name LIKE 'exact%') AS exact, max(v.t) FILTER (WHERE m.name LIKE 'score-card%') AS card
  FROM measured AS m, LATERAL (VALUES (current_setting('work_mem'), m.ms), ('4MB', m.small_ms)) AS v (work_mem, t)
  WHERE m.name ~ '^(floor|exact|score-card)' GROUP BY 1, 2) AS base
ORDER BY columns COLLATE "C" DESC, work_mem DESC;
SELECT format('%s: %s sketches of %s values and %s bytes each, %s a second (at least 200000)', name, n, values, bytes,
  round((n / ms * 1000)::numeric))
FROM (SELECT 'merge' AS name, count(*) AS n, round(avg(csflow.sketch_count(s))) AS values, round(avg(pg_column_size(s))) AS bytes FROM sketches
  UNION ALL SELECT 'merge, full', count(*), round(avg(csflow.sketch_count(s))), round(avg(pg_column_size(s))) FROM full_sketches) AS s
JOIN measured USING (name) ORDER BY name;
SELECT format('moving window: a row of a 10000-row frame costs %s times one of a 100-row frame, %s microseconds', round((large / small)::numeric, 2),
  round((large / 50)::numeric, 1))
FROM (SELECT max(ms) FILTER (WHERE name = 'moving, 100 rows') AS small, max(ms) FILTER (WHERE name = 'moving, 10000 rows') AS large FROM measured) AS m;
SELECT format('%s: %s ms, %s times count(*) of each value', t.name, round(t.ms), round((t.ms / c.ms)::numeric, 2))
FROM measured AS t JOIN measured AS c ON c.name = t.name || ', count of each' WHERE t.name LIKE 'top_k%' ORDER BY 1;
SELECT format('sketch of all %s resolutions, 1 minute to 2 days: %s bytes; 1 second to 1 year in every bucket: %s bytes (at most 4096)', :rows,
  (SELECT pg_column_size(csflow.duration_sketch(res)) FROM fact),
  (SELECT pg_column_size(csflow.seconds_sketch(exp(x / 100000.0 * ln(31557600.0)))) FROM generate_series(0, 100000) AS x));
