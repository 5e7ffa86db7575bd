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
CREATE TABLE kept AS SELECT attainment(clock, met) a FROM done;
CREATE TABLE received (LIKE kept);
\copy kept TO 'results/attainment.bin' (FORMAT binary)
\copy received FROM 'results/attainment.bin' (FORMAT binary)
SELECT * FROM received;
SELECT ''::attainment_counts;
SELECT '"a":2/1'::attainment_counts;
SELECT '"a":0/0'::attainment_counts;
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
DROP TABLE done, kept, received, raw;
