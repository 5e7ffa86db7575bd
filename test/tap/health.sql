-- Health figures as a property: whatever happens to tickets, in whatever order and however often it is refreshed in between, the
-- buckets hold what an independent count over the event log gives (test/oracle/health.sql). Handbook G1-G4; design 2.14; kpi.md.
-- Another seed, or more of it: CSFLOW_SEED=0.123 CSFLOW_TICKETS=2000 make check-tap TESTS=health
-- Not in make quick: much random or real data.
\set seed 0.25
\set tickets 300
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
\ir ../oracle/health.sql
\ir ../lib/health_life.sql
SELECT no_plan();
SELECT diag('seed ' || :'seed' || ', ' || :'tickets' || ' tickets');

-- A zone that changes to summer time on 9 March, and a working calendar that is replaced in the middle.
UPDATE desk SET zone = 'America/New_York' WHERE desk_id = :desk;
INSERT INTO working_calendar (desk_id, code, base) VALUES
  (:desk, 'work', 'America/New_York; mon-fri 09:00-12:00,13:00-18:00'), (:desk, 'long', 'America/New_York; mon-sat 08:00-20:00');
INSERT INTO report_calendar VALUES (:desk, '2025-03-10 12:34', 'long');

CREATE FUNCTION refresh(at timestamptz, batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  rounds integer := 1;
BEGIN
  WHILE csflow.refresh_health_batch(at, batch) >= batch LOOP rounds := rounds + 1; END LOOP;
  RETURN rounds;
END
$$;

-- Week by week, with refreshes of odd sizes between.
SELECT setseed(:seed) \g /dev/null
CALL live(:desk, :tickets, 8, '2025-03-03 08:00', '2025-03-10 08:00');
SELECT cmp_ok(refresh('2025-03-10', 37), '>', 3, '2.14: in many batches');
SELECT is((SELECT count(*) FROM health_dirty), 0::bigint, '2.14: nothing is left');
SELECT is((SELECT count(*) FROM set_aside WHERE job = 'refresh_health'), 0::bigint, '2.14: nothing failed');
SELECT is((SELECT string_agg(format('%s %s %s', grain, n, first), '; ') FROM oracle.bucket_differences(:desk) WHERE n > 0), NULL, 'G1, G2: hours, days and months as counted one by one');
CALL live(:desk, :tickets, 2, '2025-03-10 08:00', '2025-03-11 08:00');
SELECT refresh('2025-03-11', 11) \g /dev/null
CALL live(:desk, :tickets, 2, '2025-03-11 08:00', '2025-03-13 08:00');
SELECT refresh('2025-03-13', 100000) \g /dev/null
SELECT is((SELECT string_agg(format('%s %s %s', grain, n, first), '; ') FROM oracle.bucket_differences(:desk) WHERE n > 0), NULL, 'G1, G2: late events have repaired their buckets');
CALL live(:desk, :tickets, 4, '2025-03-13 08:00', '2025-04-02 08:00');
SELECT refresh('2025-04-02', 50) \g /dev/null
SELECT is((SELECT string_agg(format('%s %s %s', grain, n, first), '; ') FROM oracle.bucket_differences(:desk) WHERE n > 0), NULL, 'G1, G2: and again, over the end of a month');
SELECT ok((SELECT count(DISTINCT measure) = 23 AND count(DISTINCT cut) = 6 FROM health_hour WHERE event_count > 0), 'G4: every measure by every cut was put to the test');

SELECT * FROM finish();
