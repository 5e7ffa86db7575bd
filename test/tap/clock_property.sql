-- Clocks as a property: whatever happens to a ticket, in whatever order, its clocks are what its events and the targets say,
-- as an independent replay in Perl computes them (test/oracle/clocks.pl). Handbook A2, B3, D2, D4, D6, D7, D9, D12, F1, F2;
-- design 2.2. Another seed, or more of it: CSFLOW_SEED=0.123 CSFLOW_TICKETS=20000 make check-tap TESTS=clock_property
-- Not in make quick: much random or real data.
\set seed 0.5
\set tickets 5000
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
\ir ../oracle/clocks.sql
\ir ../lib/random_life.sql
SELECT plan(12);
SELECT diag('seed ' || :'seed' || ', ' || :'tickets' || ' tickets');

CALL live(:desk, :seed, :tickets);
ANALYZE;

INSERT INTO replay.setting VALUES (:desk, '2025-03-18');
\set file `mktemp`
\setenv CSFLOW_REPLAY :file
\copy (SELECT line FROM replay.input ORDER BY place, ticket_no, seq) TO PROGRAM 'perl test/oracle/clocks.pl >"$CSFLOW_REPLAY"'
\copy replay.run FROM PROGRAM 'cat "$CSFLOW_REPLAY" && rm "$CSFLOW_REPLAY"'
CREATE TABLE actual AS SELECT * FROM replay.actual;
ANALYZE actual, replay.run;

SELECT is((SELECT count(*) FROM ticket WHERE desk_id = :desk), :tickets::bigint, 'as many tickets as were asked for');
SELECT is((SELECT array_agg(n >= share * :tickets ORDER BY n) FROM (SELECT count(*) AS n, 0.6 AS share FROM (
    SELECT FROM event WHERE desk_id = :desk AND kind NOT LIKE 'step%' GROUP BY ticket_no HAVING count(DISTINCT at) >= 8) x) s), '{true}', 'most of them with 8 events or more, each at an instant of its own');
SELECT is((SELECT format('clocks missing: %s; outcomes: %s; few: %s', (SELECT count(DISTINCT clock) FROM target WHERE desk_id = :desk) - count(DISTINCT clock), count(DISTINCT outcome),
    concat_ws(' ', CASE WHEN count(*) FILTER (WHERE paused > 0) < :tickets THEN 'pauses' END, CASE WHEN count(*) FILTER (WHERE run > 3) < :tickets / 10 THEN 'runs' END,
      CASE WHEN count(*) FILTER (WHERE stopped_at = due_at AND outcome = 'met') < :tickets / 100 THEN 'stops exactly when due' END, CASE WHEN count(*) FILTER (WHERE subject > 0 AND run > 1) < :tickets / 10 THEN 'subjects' END,
      CASE WHEN count(*) FILTER (WHERE customer > 0 AND partner > 0) < :tickets / 20 THEN 'turns' END, CASE WHEN count(*) FILTER (WHERE missed > 0) < :tickets / 10 THEN 'missed' END)) FROM actual),
  'clocks missing: 0; outcomes: 5; few: ', 'every clock, every outcome, pauses, many runs, departments and tasks, all turns, and stops exactly when due');
SELECT is((SELECT count(*) FROM (SELECT unnest('{reopened,transferred,priority_changed,category_changed,customer_tier_changed,handling_tier_changed,task_cancelled,step_skipped}'::text[]) AS kind) k
  WHERE (SELECT count(*) FROM event e WHERE e.desk_id = :desk AND e.kind = k.kind) < :tickets / 50), 0::bigint, 'changes of every sort');
SELECT is((SELECT count(*) FROM set_aside), 0::bigint, 'no ticket was set aside');
SELECT is((SELECT count(*) FROM actual), (SELECT count(*) FROM replay.run), '2.2: as many runs as the events account for');
SELECT is((SELECT count(*) FROM (SELECT * FROM actual EXCEPT ALL SELECT * FROM replay.run) d), 0::bigint, '2.2: each exactly as replayed');
SELECT is((SELECT format('is %s, replayed %s', a, e) FROM replay.run e FULL JOIN actual a USING (ticket_no, clock, subject, run) WHERE a IS DISTINCT FROM e ORDER BY ticket_no, clock, subject, run LIMIT 1), NULL,
  'the first difference, if any');
SELECT is((SELECT count(*) FROM clock WHERE desk_id = :desk AND outcome IN ('met', 'breached') AND (outcome = 'breached') <> (stopped_at > due_at)
  AND target_id NOT IN (SELECT target_id FROM target WHERE mode IN ('every', 'daily_at'))), 0::bigint, 'D6: breached is later than due, nothing else');
SELECT is((SELECT count(*) FROM (SELECT ticket_no, clock, max(run) - count(*) AS gap FROM clock WHERE desk_id = :desk GROUP BY 1, 2) d WHERE gap <> 0), 0::bigint, '2.2: runs are numbered without a gap over all subjects');
SELECT is((SELECT count(*) FROM (SELECT FROM event WHERE desk_id = :desk AND kind IN ('step_fired', 'step_skipped') GROUP BY ticket_no, clock, run, step_position HAVING count(*) > 1) d), 0::bigint, 'D6: no step twice');
-- Where the target stayed the same and nothing was reopened, each broken promise was told, however late somebody looked.
CREATE TABLE told AS SELECT ticket_no, clock, run, step_position, min(due_at) AS due_at FROM event WHERE desk_id = :desk AND kind IN ('step_fired', 'step_skipped') GROUP BY 1, 2, 3, 4;
CREATE TABLE changed AS SELECT DISTINCT ticket_no FROM event WHERE desk_id = :desk
  AND kind IN ('priority_changed', 'category_changed', 'customer_tier_changed', 'handling_tier_changed', 'reopened');
ANALYZE told, changed;
SELECT is((SELECT count(*) FROM clock c JOIN step s ON s.desk_id = c.desk_id AND s.target_id = c.target_id AND s.at_share_pct = 100
  LEFT JOIN told e ON (e.ticket_no, e.clock, e.run, e.step_position) = (c.ticket_no, c.clock, c.run, s.position) AND e.due_at <= c.due_at
  WHERE c.desk_id = :desk AND c.outcome = 'breached' AND e.ticket_no IS NULL AND c.ticket_no NOT IN (SELECT ticket_no FROM changed)), 0::bigint,
  'D6: every breach is told (a clock that paused exactly when due had its step due there, and itself when it went on)');
SELECT * FROM finish();
