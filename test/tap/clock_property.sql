-- Clocks as a property: whatever happens to a ticket, in whatever order, its clocks are what its events and the targets say,
-- as an independent replay computes them (test/oracle/clocks.sql). Handbook A2, B3, D2, D4, D6, D9, F1, F2; design 2.2.
-- Another seed, or more of it: CSFLOW_SEED=0.123 CSFLOW_TICKETS=5000 make check-tap TESTS=clock_property
\set seed 0.5
\set tickets 120
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
\ir ../oracle/clocks.sql
SELECT plan(9);
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
SELECT ticket_no, clock, row_number() OVER (PARTITION BY ticket_no, clock, subject_id ORDER BY run)::integer AS run, target_id, priority::text, started_at, length_microseconds AS length, spent_microseconds AS spent, run_since, due_at, paused_at,
  paused_microseconds AS paused, stopped_at, outcome, coalesce(subject_id, 0) AS subject, coalesce(missed, 0)::integer AS missed, CASE WHEN stopped_at IS NULL THEN coalesce(turn, 'own') END AS turn,
  CASE WHEN stopped_at IS NULL THEN coalesce(counted_until, started_at) END AS counted, coalesce(own_microseconds, 0) AS own, coalesce(customer_microseconds, 0) AS customer,
  coalesce(partner_microseconds, 0) AS partner
FROM clock WHERE desk_id = :desk;

SELECT is((SELECT count(*) FROM ticket WHERE desk_id = :desk), :tickets::bigint, 'as many tickets as were asked for');
SELECT is((SELECT format('clocks missing: %s; outcomes: %s; few: %s', (SELECT count(DISTINCT clock) FROM target WHERE desk_id = :desk) - count(DISTINCT clock), count(DISTINCT outcome),
    concat_ws(' ', CASE WHEN count(*) FILTER (WHERE paused > 0) < 40 THEN 'pauses' END, CASE WHEN count(*) FILTER (WHERE run > 3) < 40 THEN 'runs' END,
      CASE WHEN count(*) FILTER (WHERE stopped_at = due_at AND outcome = 'met') < 2 THEN 'stops exactly when due' END, CASE WHEN count(*) FILTER (WHERE subject > 0 AND run > 1) < 20 THEN 'subjects' END,
      CASE WHEN count(*) FILTER (WHERE customer > 0 AND partner > 0) < 5 THEN 'turns' END, CASE WHEN count(*) FILTER (WHERE missed > 0) < 20 THEN 'missed' END)) FROM actual),
  'clocks missing: 0; outcomes: 5; few: ', 'every clock, every outcome, pauses, many runs, departments and tasks, all turns, and stops exactly when due');
SELECT is((SELECT count(*) FROM actual), (SELECT count(*) FROM expected), '2.2: as many runs as the events account for');
SELECT is((SELECT count(*) FROM (SELECT * FROM actual EXCEPT ALL SELECT * FROM expected) d), 0::bigint, '2.2: each exactly as replayed');
SELECT is((SELECT format('is %s, replayed %s', a, e) FROM expected e FULL JOIN actual a USING (ticket_no, clock, subject, run) WHERE to_jsonb(a) IS DISTINCT FROM to_jsonb(e) ORDER BY ticket_no, clock, subject, run LIMIT 1), NULL,
  'the first difference, if any');
SELECT is((SELECT count(*) FROM clock WHERE desk_id = :desk AND outcome IN ('met', 'breached') AND (outcome = 'breached') <> (stopped_at > due_at)
  AND target_id NOT IN (SELECT target_id FROM target WHERE mode IN ('every', 'daily_at'))), 0::bigint, 'D6: breached is later than due, nothing else');
SELECT is((SELECT count(*) FROM (SELECT ticket_no, clock, max(run) - count(*) AS gap FROM clock WHERE desk_id = :desk GROUP BY 1, 2) d WHERE gap <> 0), 0::bigint, '2.2: runs are numbered without a gap over all subjects');
SELECT is((SELECT count(*) FROM (SELECT FROM event WHERE desk_id = :desk AND kind IN ('step_fired', 'step_skipped') GROUP BY ticket_no, clock, run, step_position HAVING count(*) > 1) d), 0::bigint, 'D6: no step twice');
-- Where the target stayed the same and nothing was reopened, each broken promise was told, however late somebody looked.
SELECT is((SELECT count(*) FROM clock c JOIN step s ON s.desk_id = c.desk_id AND s.target_id = c.target_id AND s.at_share_pct = 100
  WHERE c.desk_id = :desk AND c.outcome = 'breached' AND NOT EXISTS (SELECT FROM event e WHERE e.ticket_no = c.ticket_no AND e.kind IN ('priority_changed', 'category_changed', 'reopened'))
    AND NOT EXISTS (SELECT FROM event e WHERE e.ticket_no = c.ticket_no AND e.clock = c.clock AND e.run = c.run AND e.step_position = s.position AND e.due_at <= c.due_at)), 0::bigint,
  'D6: every breach is told (a clock that paused exactly when due had its step due there, and itself when it went on)');
SELECT * FROM finish();
