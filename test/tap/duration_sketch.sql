-- Sketches against exact percentiles on six distributions; the same in one pass, in parallel, rolled up and over moving windows
-- (handbook G1, design 2.14).
-- Not in make quick: much random or real data.
\set ON_ERROR_STOP 1
SET search_path = public, csflow;
SET client_min_messages = warning;
SELECT no_plan();

-- 120,000 values each, microseconds; the seed makes them the same every time.
SELECT setseed(0.17) \g /dev/null
CREATE TABLE value AS
SELECT n, name, make_interval(secs => seconds) AS d
FROM (SELECT n, random() AS a, random() AS b, random() AS c FROM generate_series(1, 120000) AS n) AS r,
  LATERAL (VALUES
    ('uniform', a * 86400), ('exponential', -ln(1 - a) * 7200), ('lognormal', exp(8 + 1.7 * sqrt(-2 * ln(1 - a)) * cos(2 * pi() * b))),
    ('pareto', least(60 / power(1 - a, 1 / 1.1), 3e9)), ('bimodal', CASE WHEN c < 0.6 THEN 120 + 30 * a ELSE 172800 + 7200 * b END),
    ('constant', 3600)) AS v (name, seconds);
ALTER TABLE value SET (parallel_workers = 2);
ANALYZE value;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT name, duration_sketch(d) AS s FROM value GROUP BY name;

CREATE FUNCTION share_of(interval, interval) RETURNS double precision LANGUAGE sql IMMUTABLE RETURN
  abs(extract(epoch FROM $1) - extract(epoch FROM $2)) / extract(epoch FROM $2);
SELECT ok(max(share_of(approx_percentile(p, s), exact)) <= 0.01,
  format('G1: %s: seven percentiles within 1 %% of percentile_disc, at most %s %% off', name,
    round((100 * max(share_of(approx_percentile(p, s), exact)))::numeric, 3)))
FROM serial JOIN (SELECT name, unnest(ps) AS p, unnest(percentile_disc(ps) WITHIN GROUP (ORDER BY d)) AS exact
  FROM value, (VALUES ('{0, 0.01, 0.25, 0.5, 0.95, 0.999, 1}'::double precision[])) AS q (ps) GROUP BY name, ps) AS e USING (name)
GROUP BY name ORDER BY name COLLATE "C";
SELECT is((SELECT count(*) FROM serial JOIN (SELECT name, count(*) AS n, sum(d) AS sum, min(d) AS min, max(d) AS max FROM value GROUP BY name) AS e
    USING (name) WHERE (sketch_count(s), sketch_sum(s), sketch_min(s), sketch_max(s)) = (n, sum, min, max)),
  6::bigint, 'G1: count, sum, least and greatest are exact');
SELECT is((SELECT count(*) FROM serial AS s, LATERAL (SELECT count(*) FILTER (WHERE d <= '1 hour') / 120000.0::double precision AS low,
    count(*) FILTER (WHERE d <= interval '1 hour' * 1.021) / 120000.0::double precision AS high FROM value AS v WHERE v.name = s.name) AS e
    WHERE approx_rank('1 hour', s) BETWEEN low AND high), 6::bigint, 'G1: approx_rank lies between the exact ranks of the duration and one 2.1 % longer');
SELECT ok(bool_and(pg_column_size(s) <= 4096), 'G1: each sketch takes at most 4 kB, the largest ' || max(pg_column_size(s)) || ' bytes') FROM serial;

-- Parallel: forced, and seen in the plan's answer only.
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE FUNCTION is_parallel(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || statement LOOP
    IF line ~ 'Partial .*Aggregate' THEN RETURN true; END IF;
  END LOOP;
  RETURN false;
END $$;
SELECT ok(is_parallel('SELECT name, duration_sketch(d) FROM value GROUP BY name'), 'G1: sketches are made by parallel workers');
CREATE TABLE parallel AS SELECT name, duration_sketch(d) AS s FROM value GROUP BY name;
SELECT is((SELECT count(*) FROM serial AS a JOIN parallel AS b USING (name) WHERE duration_sketch_send(a.s) = duration_sketch_send(b.s)), 6::bigint,
  'G1: in parallel to the last bit as in one pass');

-- Rolled up: in two steps, and in random orders, by one process and by several.
CREATE TABLE part AS SELECT name, n % 500 AS part, duration_sketch(d) AS s FROM value GROUP BY name, part;
ALTER TABLE part SET (parallel_workers = 2);
ANALYZE part;
SELECT is((SELECT count(*) FROM serial AS a JOIN (SELECT name, rollup(s) AS s FROM part GROUP BY name) AS b USING (name)
    WHERE duration_sketch_send(a.s) = duration_sketch_send(b.s)), 6::bigint, 'G1: 500 parts rolled up are the whole, to the last bit');
SET max_parallel_workers_per_gather = 0;
SELECT is((SELECT count(DISTINCT duration_sketch_send(s)) FROM generate_series(1, 10) AS seed,
    LATERAL (SELECT rollup(s ORDER BY hashtext(part || ' ' || seed)) AS s FROM part WHERE name = 'lognormal') AS r), 1::bigint,
  'G1: ten random orders of merging give the same bytes');
SELECT is((SELECT rollup(s)::text FROM (SELECT rollup(s) AS s FROM part WHERE name = 'pareto' GROUP BY part % 7) AS seven),
  (SELECT s::text FROM serial WHERE name = 'pareto'), 'G1: rolled up in two steps');

-- Moving windows: values come and go; what stays has its counts and sum to the microsecond and its percentiles within 1 %.
CREATE TABLE few AS SELECT n, CASE WHEN n % 7 > 0 AND n NOT BETWEEN 300 AND 360 THEN d END AS d FROM value WHERE name = 'lognormal' AND n <= 600;
CREATE TABLE moved AS
SELECT size, m.* FROM (VALUES (0), (1), (6), (49), (199)) AS w (size),
  LATERAL (SELECT n, duration_sketch(d) OVER x AS s, seconds_sketch(extract(epoch FROM d)) OVER x AS seconds
    FROM few WINDOW x AS (ORDER BY n ROWS BETWEEN size PRECEDING AND CURRENT ROW)) AS m;
CREATE TABLE frame AS
SELECT size, m.n, count(f.d) AS count, sum(f.d) AS sum, min(f.d) AS least, max(f.d) AS greatest, duration_sketch(f.d) AS s,
  percentile_disc('{0, 0.05, 0.5, 0.95, 1}'::double precision[]) WITHIN GROUP (ORDER BY f.d) AS exact
FROM moved AS m JOIN few AS f ON f.n BETWEEN m.n - size AND m.n GROUP BY size, m.n;
SELECT is((SELECT count(*) FROM moved AS m JOIN frame AS f USING (size, n) WHERE sketch_count(m.s) IS NOT DISTINCT FROM nullif(f.count, 0)
    AND sketch_sum(m.s) IS NOT DISTINCT FROM f.sum), 3000::bigint, 'G1: over a moving window count and sum are exact, NULL without a value');
SELECT ok(max(share_of(approx_percentile(p, m.s), e)) <= 0.01, format('G1: over a moving window every percentile is within 1 %%, at most %s %% off',
  round((100 * max(share_of(approx_percentile(p, m.s), e)))::numeric, 3)))
FROM moved AS m JOIN frame AS f USING (size, n), unnest('{0, 0.05, 0.5, 0.95, 1}'::double precision[], f.exact) AS q (p, e);
SELECT ok(bool_and(sketch_min(m.s) <= f.least AND sketch_max(m.s) >= f.greatest AND share_of(sketch_min(m.s), f.least) <= 0.021
    AND share_of(sketch_max(m.s), f.greatest) <= 0.021), 'G1: over a moving window least and greatest are bounds within 2.1 %')
FROM moved AS m JOIN frame AS f USING (size, n) WHERE f.count > 0;
SELECT ok(count(*) FILTER (WHERE m.s::text ~ 'min>=') > 0 AND bool_and(m.s::text::duration_sketch::text = m.s::text),
  'G1: text says where they are bounds, and reads back') FROM moved AS m;
SELECT ok(bool_and(split_part(m.s::text, 'buckets', 2) = split_part(f.s::text, 'buckets', 2) AND m.s::text = m.seconds::text),
  'G1: over a moving window the buckets are those of the rows, of seconds_sketch too') FROM moved AS m JOIN frame AS f USING (size, n) WHERE f.count > 0;
SELECT is((SELECT count(*) FROM moved AS m JOIN frame AS f USING (size, n) WHERE f.count = 1 AND m.s::text = f.s::text),
  (SELECT count(*) FROM frame WHERE count = 1), 'G1: a single value that stays is exact');
CREATE TABLE part_moved AS SELECT part AS n, rollup(s) OVER (ORDER BY part ROWS 6 PRECEDING) AS s FROM part WHERE name = 'lognormal';
SELECT is((SELECT count(*) FROM part_moved AS m, LATERAL (SELECT rollup(p.s) AS s FROM part AS p WHERE name = 'lognormal' AND p.part BETWEEN m.n - 6 AND m.n) AS f
    WHERE sketch_count(m.s) = sketch_count(f.s) AND sketch_sum(m.s) = sketch_sum(f.s) AND share_of(approx_percentile(0.5, m.s), approx_percentile(0.5, f.s)) = 0
      AND split_part(m.s::text, 'buckets', 2) = split_part(f.s::text, 'buckets', 2)
      AND sketch_min(m.s) <= sketch_min(f.s) AND share_of(sketch_min(m.s), sketch_min(f.s)) <= 0.021
      AND sketch_max(m.s) >= sketch_max(f.s) AND share_of(sketch_max(m.s), sketch_max(f.s)) <= 0.021),
  500::bigint, 'G1: the same of sketches rolled up');
SELECT is((SELECT rollup(s ORDER BY n)::text FROM part_moved), (SELECT rollup(s ORDER BY n DESC)::text FROM part_moved),
  'G1: rolled up again in any order with the same result');

-- Health: the same, with all figures.
CREATE TABLE one AS SELECT n % 30 AS desk, d, CASE WHEN n % 3 = 0 THEN NULL ELSE n % 2 END AS events, n % 5 = 0 AS yes FROM value WHERE name = 'bimodal';
ALTER TABLE one SET (parallel_workers = 2);
ANALYZE one;
CREATE TABLE health_serial AS SELECT desk, merge(health(d, d / 2, NULL, events, events, yes), business_health(d / 3, NULL, d / 4)) AS h FROM one GROUP BY desk;
SET max_parallel_workers_per_gather = 2;
SELECT ok(is_parallel('SELECT desk, health(d, d, d, events, events, yes) FROM one GROUP BY desk'), 'G1: health is made by parallel workers');
SELECT is((SELECT count(*) FROM health_serial AS a JOIN (SELECT desk, merge(health(d, d / 2, NULL, events, events, yes),
    business_health(d / 3, NULL, d / 4)) AS h FROM one GROUP BY desk) AS b USING (desk) WHERE health_send(a.h) = health_send(b.h)),
  30::bigint, 'G1: health in parallel to the last bit as in one pass');
SELECT is((SELECT rollup(h)::text FROM health_serial),
  (SELECT merge(health(d, d / 2, NULL, events, events, yes), business_health(d / 3, NULL, d / 4))::text FROM one), 'G1: health rolled up');
SELECT is((SELECT row(ticket_count(h), round(transfer_pct(h)::numeric, 6), round(fcr_pct(h)::numeric, 6)) FROM (SELECT rollup(h) AS h FROM health_serial) AS r),
  (SELECT row(count(*), round(avg(100.0 * (events > 0)::integer), 6), round(avg(100.0 * yes::integer), 6)) FROM one), 'G2: ratios are those of the rows');
SELECT is((SELECT row(rollup(a)::text, rollup(b)::text, rollup(c)::text) FROM (SELECT csat(n % 5 + 1) AS a, nps(n % 11) AS b, ces(n % 7 + 1) AS c
    FROM value WHERE name = 'constant' GROUP BY n % 100) AS q),
  (SELECT row(csat(n % 5 + 1)::text, nps(n % 11)::text, ces(n % 7 + 1)::text) FROM value WHERE name = 'constant'), 'G2: answers rolled up');
SELECT * FROM finish();
