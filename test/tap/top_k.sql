-- The most frequent values against exact counts, on skewed and on even data; in one pass, in parallel and rolled up in any order
-- (handbook G2, G4, design 2.14).
\set ON_ERROR_STOP 1
SET search_path = public, csflow;
SET client_min_messages = warning;
SELECT no_plan();

-- Three tables in one: by Zipf's law, all but even, and one value for half of the rows; the seed makes them the same every time.
SELECT setseed(0.41) \g /dev/null
CREATE TABLE value AS
SELECT n, name, 'issue ' || number AS w
FROM (SELECT n, random() AS a, random() AS b FROM generate_series(1, 100000) AS n) AS r,
  LATERAL (VALUES ('skewed', floor(exp(a * ln(20000)))::integer), ('even', floor(a * 3000)::integer),
    ('half', CASE WHEN b < 0.5 THEN 0 ELSE floor(a * 20000)::integer END)) AS v (name, number);
ALTER TABLE value SET (parallel_workers = 2);
CREATE TABLE exact AS SELECT name, w, count(*) AS n FROM value GROUP BY name, w;
ANALYZE;
SET max_parallel_workers_per_gather = 0;

-- Whether all promises hold, of values with their places: totals, error, bounds of what is listed and of what is not.
CREATE FUNCTION broken_promises(top_k, text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat_ws(', ',
    CASE WHEN top_k_count($1) <> (SELECT sum(n) FROM exact WHERE name = $2) THEN 'count' END,
    CASE WHEN top_k_error($1) > top_k_count($1) / (20 * top_k_places($1) + 1) THEN 'error' END,
    CASE WHEN EXISTS (SELECT FROM top_k_values($1) AS v LEFT JOIN exact AS e ON e.name = $2 AND e.w = v.value
      WHERE coalesce(e.n, 0) NOT BETWEEN v.at_least_count AND v.at_most_count) THEN 'bounds' END,
    CASE WHEN EXISTS (SELECT FROM exact AS e WHERE e.name = $2 AND e.w NOT IN (SELECT v.value FROM top_k_values($1) AS v)
      AND e.n > CASE WHEN (SELECT count(*) FROM top_k_values($1)) < top_k_places($1) THEN top_k_error($1)
        ELSE (SELECT min(v.at_most_count) FROM top_k_values($1) AS v) END) THEN 'not listed' END)
$$;
CREATE TABLE serial AS SELECT name, k, top_k(w, k) AS t FROM value, (VALUES (10), (50)) AS p (k) GROUP BY name, k;
SELECT is(broken_promises(t, name), '', format('G2: %s, %s places: bounds hold the exact counts, at most %s of %s apart', name, k,
  top_k_error(t), top_k_count(t))) FROM serial ORDER BY name, k;
SELECT is((SELECT array_agg(value ORDER BY rank) FROM serial, top_k_values(t) WHERE name = 'skewed' AND k = 10),
  (SELECT array_agg(w ORDER BY n DESC, w COLLATE "C") FROM (SELECT w, n FROM exact WHERE name = 'skewed' ORDER BY n DESC, w COLLATE "C" LIMIT 10) AS e),
  'G4: the TOP 10 of skewed data are those of exact counts');
SELECT is((SELECT value FROM serial, top_k_values(t) WHERE name = 'half' AND k = 10 AND rank = 1), 'issue 0', 'G4: what is half of everything is found');

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
SELECT ok(is_parallel('SELECT name, top_k(w, 10) FROM value GROUP BY name'), 'G2: counted by parallel workers');
CREATE TABLE parallel AS SELECT name, top_k(w, 10) AS t FROM value GROUP BY name;
SELECT is(broken_promises(t, name), '', format('G2: %s: the same in parallel', name)) FROM parallel ORDER BY name;

-- Rolled up: in random orders, in two steps, and what comes of different places.
SET max_parallel_workers_per_gather = 0;
CREATE TABLE part AS SELECT name, n % 200 AS part, top_k(w, 10) AS t FROM value GROUP BY name, part;
SELECT is((SELECT string_agg(DISTINCT broken_promises(t, r.name), '') FROM generate_series(1, 5) AS seed,
    LATERAL (SELECT name, rollup(t ORDER BY hashtext(part || ' ' || seed)) AS t FROM part GROUP BY name) AS r), '',
  'G2: 200 parts rolled up in five random orders');
SELECT is((SELECT string_agg(broken_promises(t, name), '') FROM (SELECT name, rollup(t) AS t FROM
    (SELECT name, rollup(t) AS t FROM part GROUP BY name, part % 7) AS seven GROUP BY name) AS r), '', 'G2: rolled up in two steps');
SELECT is((SELECT count(*) FROM (SELECT name, rollup(t) AS t FROM serial GROUP BY name) AS r
    WHERE top_k_places(t) = 10 AND top_k_count(t) = 200000 AND top_k_error(t) <= 200000 / 201), 3::bigint,
  'G2: rolled up with more places the least number counts, with its error');
CREATE TABLE few AS SELECT n, w FROM value WHERE name = 'even' AND n <= 600;
SELECT is((SELECT count(*) FROM (SELECT n, top_k(w, 10) OVER (ORDER BY n ROWS 199 PRECEDING) AS t FROM few) AS m
    WHERE top_k_error(t) = 0 AND top_k_count(t) = least(n, 200)
      AND (SELECT max(at_least_count) FROM top_k_values(t)) = (SELECT count(*) FROM few AS v WHERE v.n BETWEEN m.n - 199 AND m.n
        GROUP BY w ORDER BY 1 DESC LIMIT 1)), 600::bigint, 'G2: over a moving window, exact with as many counters as values');
SELECT ok(max(pg_column_size(t)) <= 8192, format('G2: ten places take at most 8 kB, here %s bytes', max(pg_column_size(t)))) FROM serial WHERE k = 10;
SELECT * FROM finish();
