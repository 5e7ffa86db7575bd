-- csflow.attainment_counts: targets met and completed, by clock (handbook D6, G2).
SET search_path = csflow, public;
CREATE TABLE done (clock text, met boolean);
INSERT INTO done VALUES ('resolve', true), ('resolve', false), ('accept', true), ('resolve', true), ('受理"一"', false), ('accept', NULL), (NULL, true);
SELECT attainment(clock, met), sla_met_count(attainment(clock, met)), sla_total_count(attainment(clock, met)), sla_met_pct(attainment(clock, met)) FROM done;
SELECT c, sla_met_count(a, c), sla_total_count(a, c), round(sla_met_pct(a, c)::numeric, 3) AS pct
  FROM (SELECT attainment(clock, met) a FROM done) q, unnest(attainment_clocks(a) || '{unknown}'::text[]) c;
SELECT a::text::attainment_counts::text = a::text AS round_trip FROM (SELECT attainment(clock, met) a FROM done) q;
SELECT rollup(a)::text = (SELECT attainment(clock, met)::text FROM done) AS same FROM (SELECT attainment(clock, met) a FROM done GROUP BY met, clock) q;
SELECT attainment(clock, NULL) FROM done;
SELECT rollup(NULL::attainment_counts);
-- Open targets that are overdue are counted apart; of completed ones is_overdue says nothing.
CREATE TABLE late (clock text, met boolean, is_overdue boolean);
INSERT INTO late SELECT clock, met, true FROM done WHERE clock IS NULL OR met IS NOT NULL;
INSERT INTO late VALUES ('resolve', NULL, true), ('resolve', NULL, true), ('resolve', NULL, false), ('resolve', NULL, NULL), ('review', NULL, true);
SELECT attainment(clock, met, is_overdue) FROM late;
SELECT sla_met_count(a), sla_total_count(a), sla_open_breached_count(a), sla_met_pct(a), sla_met_pct_incl_open_breached(a)
  FROM (SELECT attainment(clock, met, is_overdue) a FROM late) q;
SELECT c, sla_open_breached_count(a, c), sla_met_pct(a, c), sla_met_pct_incl_open_breached(a, c)
  FROM (SELECT attainment(clock, met, is_overdue) a FROM late) q, unnest(attainment_clocks(a) || '{unknown}'::text[]) c;
SELECT jsonb_pretty(a::jsonb) FROM (SELECT attainment(clock, met, is_overdue) a FROM late WHERE clock LIKE 're%') q;
SELECT rollup(a)::text = (SELECT attainment(clock, met, is_overdue)::text FROM late) AS same
  FROM (SELECT attainment(clock, met, is_overdue) a FROM late GROUP BY met, is_overdue, clock) q;
CREATE TABLE kept AS SELECT attainment(clock, met) a FROM done UNION ALL SELECT attainment(clock, met, is_overdue) FROM late;
CREATE TABLE received (LIKE kept);
\copy kept TO 'results/attainment.bin' (FORMAT binary)
\copy received FROM 'results/attainment.bin' (FORMAT binary)
SELECT * FROM received;
SELECT ''::attainment_counts;
SELECT '"a":2/1'::attainment_counts;
SELECT '"a":0/0'::attainment_counts;
SELECT '"a":0/0+1'::attainment_counts;
SELECT '"a":1/1+0'::attainment_counts;
SELECT '"a":1/1+'::attainment_counts;
SELECT '"a":1/1,"a":1/1'::attainment_counts;
SELECT '"a":1/1,'::attainment_counts;
SELECT '"a'::attainment_counts;
SELECT '"a":1/9223372036854775808'::attainment_counts;
SELECT rollup(a) FROM (SELECT '"a":1/9223372036854775807'::attainment_counts a FROM generate_series(1, 2)) q;
SELECT attainment(n::text, true) FROM generate_series(1, 1001) n;
SELECT attainment_counts_add(NULL, 'a', true);
CREATE TABLE raw AS SELECT '\x00000000'::bytea b;
\copy raw TO 'results/attainment.bin' (FORMAT binary)
\copy received FROM 'results/attainment.bin' (FORMAT binary)
UPDATE raw SET b = '\x00000001000000000000000200000000000000010000000000000000000000016100';
\copy raw TO 'results/attainment.bin' (FORMAT binary)
\copy received FROM 'results/attainment.bin' (FORMAT binary)
UPDATE raw SET b = '\x00000001000000000000000100000000000000010000000000000000fffffff061';
\copy raw TO 'results/attainment.bin' (FORMAT binary)
\copy received FROM 'results/attainment.bin' (FORMAT binary)
SELECT sla_total_count('"a":1/9223372036854775807,"b":1/1');
DROP TABLE done, late, kept, received, raw;
