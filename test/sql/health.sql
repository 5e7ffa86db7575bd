-- csflow.health, csat, nps, ces: figures of groups, their ratios, what they refuse (handbook G1, G2; design 2.14).
SET search_path = csflow, public;

-- Eight tickets: three not solved, one of unknown transfers, one reopened twice.
CREATE TABLE case_of (n integer, desk integer, first_response interval, resolution interval, waiting interval, transfers integer,
  reopens integer, first_contact boolean);
INSERT INTO case_of VALUES
  (1, 1, '10 min', '2 h', '1 h', 0, 0, true), (2, 1, '20 min', '1 day', '5 h', 2, 0, false), (3, 1, NULL, NULL, NULL, 0, NULL, NULL),
  (4, 1, '30 min', '3 h', '2 h', 1, 2, false), (5, 2, '5 min', '5 min', '5 min', NULL, 0, true), (6, 2, '1 h', NULL, '7 h', 0, NULL, NULL),
  (7, 2, '2 h', '2 days', '0', 0, 0, false), (8, 3, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE figures AS SELECT desk, health(first_response, resolution, waiting, transfers, reopens, first_contact) AS h FROM case_of GROUP BY desk;
SELECT desk, ticket_count(h), transferred_count(h), transfer_total_count(h), transfer_event_count(h), round(transfer_pct(h)::numeric, 3) AS transfer_pct
  FROM figures ORDER BY desk;
SELECT desk, reopened_count(h), reopen_total_count(h), reopen_event_count(h), round(reopen_pct(h)::numeric, 3) AS reopen_pct,
  fcr_count(h), fcr_total_count(h), round(fcr_pct(h)::numeric, 3) AS fcr_pct FROM figures ORDER BY desk;
SELECT desk, sketch_mean(first_response(h)) AS first_response, sketch_max(resolution(h)) AS resolution, sketch_sum(waiting(h)) AS waiting,
  first_response_business(h) AS business FROM figures ORDER BY desk;
-- Text and JSON form; an empty denominator is NULL.
SELECT h FROM figures ORDER BY desk;
SELECT jsonb_pretty(h::jsonb) FROM figures WHERE desk = 3;
SELECT h::jsonb -> 'first_response' FROM figures WHERE desk = 1;
-- Rolled up, it is what one pass gives; the text and binary forms read back equal.
SELECT rollup(h)::text = (SELECT health(first_response, resolution, waiting, transfers, reopens, first_contact)::text FROM case_of) AS same FROM figures;
SELECT bool_and(h::text::health::text = h::text) AS text_round_trip FROM figures;
CREATE TABLE received (LIKE figures);
\copy figures TO 'results/health.bin' (FORMAT binary)
\copy received FROM 'results/health.bin' (FORMAT binary)
SELECT count(*), bool_and(f.h::text = r.h::text) AS same FROM figures f JOIN received r USING (desk);
-- Business time beside calendar time.
SELECT ticket_count(m), sketch_count(first_response(m)), sketch_count(first_response_business(m)), sketch_max(resolution_business(m)),
  sketch_min(waiting_business(m)), length(m::text) > length(a::text) AS longer
  FROM (SELECT merge(a, b) m, a FROM (SELECT health(first_response, resolution, waiting, transfers, reopens, first_contact) a,
    business_health(first_response / 2, resolution / 2, waiting / 2) b FROM case_of) q) r;
-- Nothing in, NULL out; NULL is left out.
SELECT health(NULL, NULL, NULL, NULL, NULL, NULL) WHERE false;
SELECT business_health(NULL, NULL, NULL) WHERE false;
SELECT rollup(NULL::health), merge(NULL, h) FROM figures WHERE desk = 1 GROUP BY h;
SELECT health(NULL, NULL, NULL, NULL, NULL, NULL);

-- Refused.
SELECT health('-1 s', NULL, NULL, NULL, NULL, NULL);
SELECT health(NULL, '1 month', NULL, NULL, NULL, NULL);
SELECT health(NULL, NULL, '200 years', NULL, NULL, NULL);
SELECT health(NULL, NULL, NULL, -1, NULL, NULL);
SELECT health(NULL, NULL, NULL, NULL, -1, NULL);
SELECT health_add(NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT health_combine(h, h) FROM figures;
SELECT health_count(h, 'nonsense') FROM figures WHERE desk = 1;
SELECT ''::health;
SELECT 'tickets=1 transfer_total=2 transferred=0 transfers=0 reopen_total=0 reopened=0 reopens=0 first_contact_total=0 first_contact=0'::health;
SELECT 'tickets=1 transfer_total=1 transferred=0 transfers=1 reopen_total=0 reopened=0 reopens=0 first_contact_total=0 first_contact=0'::health;
SELECT 'tickets=1 transfer_total=1 transferred=0 transfers=0 reopen_total=0 reopened=0 reopens=0 first_contact_total=0 first_contact=1'::health;
SELECT 'tickets=1 transfer_total=1 transferred=0 transfers=0 reopen_total=1 reopened=1 reopens=0 first_contact_total=0 first_contact=0'::health;
SELECT 'tickets=0 transfer_total=0 transferred=0 transfers=0 reopen_total=0 reopened=0 reopens=0 first_contact_total=0 first_contact=0 waiting={count=1 sum=5 min=5 max=5 buckets=0:1}'::health;
SELECT 'tickets=1 transfer_total=0 transferred=0 transfers=0 reopen_total=0 reopened=0 reopens=0 first_contact_total=0 first_contact=0 waiting={count=1 sum=6 min=5 max=5 buckets=0:1}'::health;
SELECT 'tickets=1 transfer_total=0 transferred=0 transfers=0 reopen_total=0 reopened=0 reopens=0 first_contact_total=0 first_contact=0 patience={}'::health;
CREATE TABLE raw AS SELECT substr(health_send(h), 1, 20) AS b FROM figures WHERE desk = 1;
\copy raw TO 'results/health.bin' (FORMAT binary)
CREATE TABLE read (h health);
\copy read FROM 'results/health.bin' (FORMAT binary)
UPDATE raw SET b = '\x01010200000000000000000000000000';
\copy raw TO 'results/health.bin' (FORMAT binary)
\copy read FROM 'results/health.bin' (FORMAT binary)

-- Answers to surveys.
SELECT csat(x), csat_count(csat(x)), csat_positive_count(csat(x)), csat_pct(csat(x)), csat_mean(csat(x)) FROM unnest('{5, 4, 4, NULL, 1}'::integer[]) x;
SELECT csat_response_rate_pct(csat(x), 8), csat_response_rate_pct(csat(x), 0), csat_response_rate_pct(csat(x), NULL), csat_response_rate_pct(csat(NULL), 8) FROM unnest('{5, 4, 4, NULL, 1}'::integer[]) x;
SELECT nps(x), nps_promoter_count(nps(x)), nps_detractor_count(nps(x)), nps(nps(x)) FROM unnest('{10, 9, 8, 7, 6, 0, NULL, 10}'::integer[]) x;
SELECT ces(x), ces_top_pct(ces(x)), ces_mean(ces(x)) FROM unnest('{1, 5, 7, 7}'::integer[]) x;
SELECT nps(nps(x)) FROM unnest('{0, 0}'::integer[]) x;
SELECT csat(x)::jsonb, nps(x)::jsonb, ces(x)::jsonb FROM unnest('{1, 5, 5}'::integer[]) x;
SELECT rollup(a), rollup(b), rollup(c) FROM (SELECT csat(x % 5 + 1) a, nps(x % 11) b, ces(x % 7 + 1) c FROM generate_series(1, 100) x GROUP BY x % 9) q;
SELECT csat(NULL), nps(NULL), ces(NULL), csat_pct(NULL), nps(NULL::nps);
SELECT '1:3 5:2'::csat, '0:1'::nps, '7:9223372036854775807'::ces;
CREATE TABLE answers AS SELECT '1:3 5:2'::csat a, '0:1'::nps b, '7:9'::ces c;
CREATE TABLE answers_received (LIKE answers);
\copy answers TO 'results/health.bin' (FORMAT binary)
\copy answers_received FROM 'results/health.bin' (FORMAT binary)
SELECT * FROM answers_received;
SELECT csat(0);
SELECT csat(6);
SELECT nps(-1);
SELECT nps(11);
SELECT ces(8);
SELECT ''::csat;
SELECT '6:1'::csat;
SELECT '1:0'::csat;
SELECT '2:1 1:1'::nps;
SELECT '1:1 '::ces;
SELECT '1:9223372036854775807 2:1'::ces;
SELECT rollup(a) FROM (SELECT '1:9223372036854775807'::csat a FROM generate_series(1, 2)) q;
SELECT csat_add(NULL, 1);
UPDATE raw SET b = decode(repeat('00', 40), 'hex');
\copy raw TO 'results/health.bin' (FORMAT binary)
CREATE TABLE read_csat (a csat);
\copy read_csat FROM 'results/health.bin' (FORMAT binary)
DROP TABLE case_of, figures, received, raw, read, answers, answers_received, read_csat;
