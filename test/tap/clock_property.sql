-- Clocks as a property: whatever happens to a ticket, in whatever order, its clocks are what its events and the targets say,
-- as an independent replay computes them (test/oracle/clocks.sql). Handbook A2, B3, D2, D4, D6, D9, F1, F2; design 2.2.
-- Another seed, or more of it: CSFLOW_SEED=0.123 CSFLOW_TICKETS=5000 make check-tap TESTS=clock_property
\set seed 0.5
\set tickets 500
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
\ir ../oracle/clocks.sql
SELECT plan(6);
SELECT diag('seed ' || :'seed' || ', ' || :'tickets' || ' tickets');

\ir ../lib/random_life.sql
CALL replay.find_winners(:desk);
CALL live(:desk, :seed, :tickets);
ANALYZE;

CALL replay.read_changes(:desk);
ANALYZE replay.change;
CREATE TABLE expected AS
SELECT t.ticket_no, r.* FROM ticket t, replay.all_runs(:desk, t.ticket_no, '2025-03-18') r WHERE t.desk_id = :desk;
CREATE TABLE actual AS
SELECT ticket_no, clock, run, target_id, priority::text, started_at, length_microseconds AS length, spent_microseconds AS spent, run_since, due_at, paused_at,
  paused_microseconds AS paused, stopped_at, outcome, coalesce(subject_id, 0) AS subject, coalesce(missed, 0)::integer AS missed, CASE WHEN stopped_at IS NULL THEN coalesce(turn, 'own') END AS turn,
  CASE WHEN stopped_at IS NULL THEN coalesce(counted_until, started_at) END AS counted, coalesce(own_microseconds, 0) AS own, coalesce(customer_microseconds, 0) AS customer,
  coalesce(partner_microseconds, 0) AS partner
FROM clock WHERE desk_id = :desk;

SELECT cmp_ok((SELECT count(*) FROM ticket WHERE desk_id = :desk), '>=', 100::bigint, 'at least 100 tickets');
SELECT ok((SELECT count(DISTINCT clock) = (SELECT count(DISTINCT clock) FROM target WHERE desk_id = :desk) AND count(DISTINCT outcome) = 5 AND count(*) FILTER (WHERE paused > 0) > 100 AND count(*) FILTER (WHERE run > 3) > 100
  AND count(*) FILTER (WHERE stopped_at = due_at AND outcome = 'met') > 10 FROM actual), 'every clock, every outcome, pauses, many runs, and stops exactly when due');
SELECT is((SELECT count(*) FROM actual), (SELECT count(*) FROM expected), '2.2: as many runs as the events account for');
SELECT is((SELECT count(*) FROM (SELECT * FROM actual EXCEPT ALL SELECT * FROM expected) d), 0::bigint, '2.2: each exactly as replayed');
SELECT is((SELECT format('is %s, replayed %s', a, e) FROM expected e FULL JOIN actual a USING (ticket_no, clock, run) WHERE to_jsonb(a) IS DISTINCT FROM to_jsonb(e) ORDER BY ticket_no, clock, run LIMIT 1), NULL,
  'the first difference, if any');
SELECT is((SELECT count(*) FROM clock WHERE desk_id = :desk AND outcome IN ('met', 'breached') AND (outcome = 'breached') <> (stopped_at > due_at)
  AND target_id NOT IN (SELECT target_id FROM target WHERE mode IN ('every', 'daily_at'))), 0::bigint, 'D6: breached is later than due, nothing else');
SELECT * FROM finish();
