-- csflow.duration_sketch: input and output, what it tells, what it refuses (handbook G1, design 2.14).
SET search_path = csflow, public;

-- Five minutes' worth.
CREATE TABLE kept (name text, s duration_sketch);
INSERT INTO kept SELECT 'minutes', duration_sketch(x * interval '1 minute') FROM generate_series(1, 5) x;
INSERT INTO kept SELECT 'one', duration_sketch(interval '1 hour');
INSERT INTO kept SELECT 'zero', duration_sketch(interval '0') FROM generate_series(1, 3);
INSERT INTO kept SELECT 'short', duration_sketch(x * interval '1 microsecond') FROM generate_series(0, 2000) x;
INSERT INTO kept SELECT 'wide', duration_sketch(x) FROM unnest('{0, 1 ms, 1 day, 36525 days, 25:00:00.000001}'::interval[]) x;
INSERT INTO kept SELECT 'seconds', seconds_sketch(x) FROM unnest('{0, 0.5, 86400.000001, 1e9}'::float8[]) x;
SELECT name, s, octet_length(duration_sketch_send(s)) AS bytes FROM kept ORDER BY name COLLATE "C";
SELECT name, sketch_count(s), sketch_sum(s), sketch_mean(s), sketch_min(s), sketch_max(s) FROM kept ORDER BY name COLLATE "C";
SELECT name, p, approx_percentile(p, s), approx_rank(approx_percentile(p, s), s) >= p AS rank_reaches
  FROM kept, unnest('{0, 0.2, 0.5, 0.95, 1}'::float8[]) p ORDER BY name COLLATE "C", p;
SELECT approx_rank(d, s) FROM kept, unnest('{0, 00:00:59, 00:01, 00:03, 00:04:59, 00:05, 10 days}'::interval[]) WITH ORDINALITY u (d, n)
 WHERE name = 'minutes' ORDER BY n;

-- Text and binary forms read back equal.
SELECT bool_and(s::text::duration_sketch::text = s::text) AS text_round_trip FROM kept;
CREATE TABLE received (LIKE kept);
CREATE TABLE raw (b bytea);
CREATE TABLE read (s duration_sketch);
\copy kept TO 'results/sketch.bin' (FORMAT binary)
\copy received FROM 'results/sketch.bin' (FORMAT binary)
SELECT count(*), bool_and(k.s::text = r.s::text) AS same FROM kept k JOIN received r USING (name);
-- Bytes that are no sketch: another format, too short, too long, another count, an absurd count, none.
INSERT INTO raw SELECT '\x00'::bytea || substr(duration_sketch_send(s), 2) FROM kept WHERE name = 'minutes';
\copy raw TO 'results/sketch.bin' (FORMAT binary)
\copy read FROM 'results/sketch.bin' (FORMAT binary)
UPDATE raw SET b = (SELECT substr(duration_sketch_send(s), 1, 20) FROM kept WHERE name = 'minutes');
\copy raw TO 'results/sketch.bin' (FORMAT binary)
\copy read FROM 'results/sketch.bin' (FORMAT binary)
UPDATE raw SET b = (SELECT duration_sketch_send(s) || '\x00' FROM kept WHERE name = 'minutes');
\copy raw TO 'results/sketch.bin' (FORMAT binary)
\copy read FROM 'results/sketch.bin' (FORMAT binary)
UPDATE raw SET b = (SELECT set_byte(duration_sketch_send(s), 1, 6) FROM kept WHERE name = 'minutes');
\copy raw TO 'results/sketch.bin' (FORMAT binary)
\copy read FROM 'results/sketch.bin' (FORMAT binary)
UPDATE raw SET b = '\x01ffffffffffffffffff7f00000000';
\copy raw TO 'results/sketch.bin' (FORMAT binary)
\copy read FROM 'results/sketch.bin' (FORMAT binary)
UPDATE raw SET b = '';
\copy raw TO 'results/sketch.bin' (FORMAT binary)
\copy read FROM 'results/sketch.bin' (FORMAT binary)
SELECT count(*) AS read FROM read;
DROP TABLE received, raw, read;

-- Merging is exact, whatever the order.
SELECT rollup(s)::text = (SELECT duration_sketch(x * interval '1 minute')::text FROM generate_series(1, 10) x, generate_series(1, 2)) AS same
  FROM (SELECT duration_sketch(x * interval '1 minute') s FROM generate_series(1, 20) y, LATERAL (SELECT (y + 1) / 2) z (x) GROUP BY y % 3) q;
SELECT sketch_count(rollup(s)), sketch_min(rollup(s)), sketch_max(rollup(s)) FROM kept;

-- NULL is left out; nothing in, NULL out.
SELECT duration_sketch(x) FROM unnest('{NULL, NULL}'::interval[]) x;
SELECT duration_sketch(x) FROM unnest('{NULL, 1 min, NULL}'::interval[]) x;
SELECT duration_sketch(interval '1 min') WHERE false;
SELECT seconds_sketch(NULL);
SELECT rollup(s) FROM kept WHERE false;
SELECT rollup(NULL::duration_sketch);
SELECT approx_percentile(NULL, s), approx_percentile(0.5, NULL), sketch_count(NULL), approx_rank(NULL, s) FROM kept LIMIT 1;

-- Refused: durations that are none.
SELECT duration_sketch(interval '-1 microsecond');
SELECT duration_sketch(interval '1 day -25:00:00');
SELECT duration_sketch(interval '1 month');
SELECT duration_sketch(interval '36525 days 00:00:00.000001');
SELECT duration_sketch(interval '-2147483648 days');
SELECT seconds_sketch(-0.001);
SELECT seconds_sketch('NaN');
SELECT seconds_sketch('infinity');
SELECT seconds_sketch('-infinity');
SELECT seconds_sketch(1e300);
SELECT approx_rank('-1 hour', s) FROM kept LIMIT 1;
-- The greatest value, also of one value more than a double can count.
SELECT approx_percentile(1, 'count=9007199254740993 sum=9007199256740992 min=1 max=2000000 buckets=0:9007199254740992,381:1');
-- Refused: shares that are none.
SELECT approx_percentile(-0.01, s) FROM kept LIMIT 1;
SELECT approx_percentile(1.01, s) FROM kept LIMIT 1;
SELECT approx_percentile('NaN', s) FROM kept LIMIT 1;
SELECT approx_percentile(50, s) FROM kept LIMIT 1;
-- Refused: text that is no sketch.
SELECT ''::duration_sketch;
SELECT 'NaN'::duration_sketch;
SELECT 'count=0 sum=0 min=0 max=0 buckets='::duration_sketch;
SELECT 'count=0 sum=0 min=0 max=0 buckets=0:0'::duration_sketch;
SELECT 'count=1 sum=5 min=5 max=5 buckets=0:2'::duration_sketch;
SELECT 'count=1 sum=6 min=5 max=5 buckets=0:1'::duration_sketch;
SELECT 'count=2 sum=10 min=5 max=6 buckets=0:2'::duration_sketch;
SELECT 'count=2 sum=11 min=5 max=6 buckets=0:1,1:1'::duration_sketch;
SELECT 'count=2 sum=1005 min=5 max=1000 buckets=0:1,1:1'::duration_sketch AS right;
SELECT 'count=2 sum=1005 min=5 max=1000 buckets=1:1,0:1'::duration_sketch;
SELECT 'count=3 sum=1005 min=5 max=1000 buckets=0:1,1:1,2:1'::duration_sketch;
SELECT 'count=1 sum=5 min=5 max=5 buckets=0:1 '::duration_sketch;
SELECT 'count=1 sum=-5 min=5 max=5 buckets=0:1'::duration_sketch;
SELECT 'count=1 sum=5 min=5 max=5 buckets=1441:1'::duration_sketch;
SELECT 'count=9223372036854775808 sum=5 min=5 max=5 buckets=0:1'::duration_sketch;
SELECT 'count=1 sum=99999999999999999999999999999999999999999999 min=5 max=5 buckets=0:1'::duration_sketch;
-- Huge, but sketches: the sum beyond 64 bits, the count at its end.
SELECT sketch_mean(s), sketch_count(s) FROM (SELECT
  'count=4000000000 sum=12623040000000000000000000 min=3155760000000000 max=3155760000000000 buckets=1440:4000000000'::duration_sketch s) q;
SELECT sketch_sum('count=10000 sum=31557600000000000000 min=3155760000000000 max=3155760000000000 buckets=1440:10000');
SELECT rollup(s) FROM (SELECT 'count=5000000000 sum=0 min=0 max=0 buckets=0:5000000000'::duration_sketch s FROM generate_series(1, 2)) q;
SELECT rollup(s) FROM (SELECT 'count=9223372036854775807 sum=0 min=0 max=0 buckets=0:9223372036854775807'::duration_sketch s
  FROM generate_series(1, 2)) q;
-- Where the least or greatest has left a moving window, a bound stands for it.
CREATE TABLE moved AS SELECT n, duration_sketch(n * interval '1 minute') OVER (ORDER BY n DESC ROWS 2 PRECEDING) AS s FROM generate_series(1, 5) n;
SELECT n, s, octet_length(duration_sketch_send(s)) AS bytes, sketch_max(s), approx_percentile(1, s) FROM moved ORDER BY n DESC;
\copy (SELECT s FROM moved) TO 'results/sketch.bin' (FORMAT binary)
CREATE TABLE received (s duration_sketch);
\copy received FROM 'results/sketch.bin' (FORMAT binary)
SELECT count(*) FROM received r JOIN moved m ON duration_sketch_send(m.s) = duration_sketch_send(r.s);
SELECT rollup(s) FROM (VALUES ('count=2 sum=20 min>=5 max<=999 buckets=0:2'::duration_sketch), ('count=1 sum=5 min=5 max=5 buckets=0:1')) v (s);
SELECT 'count=1 sum=5 min>=5 max=5 buckets=0:1'::duration_sketch;
SELECT 'count=2 sum=20 min>5 max=15 buckets=0:2'::duration_sketch;
SELECT 'count=2 sum=20 min<=5 max=15 buckets=0:2'::duration_sketch;
DROP TABLE moved, received;
-- Refused: steps of the aggregates by themselves.
SELECT duration_sketch_add(NULL, '1 hour');
SELECT duration_sketch_combine(s, s) FROM kept;
SELECT duration_sketch_remove(NULL, '1 hour');
SELECT duration_sketch_remove_sketch(s, s) FROM kept;
DROP TABLE kept;
