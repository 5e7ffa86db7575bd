-- csflow.recompute_clocks: after a change of targets, calendars, holidays and steps the clocks that are not stopped are where
-- the new configuration puts them, by an oracle in plain SQL; nothing else is touched. Handbook D8, H4; design 2.2, 2.3, 2.12.
-- Another seed, or more of it: CSFLOW_SEED=0.123 CSFLOW_TICKETS=5000 make check-tap TESTS=recompute
-- Not in make quick: much random or real data.
\set seed 0.25
\set tickets 200
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
SELECT no_plan();
SELECT diag('seed ' || :'seed' || ', ' || :'tickets' || ' tickets');
\ir ../lib/random_life.sql
CALL live(:desk, :seed, :tickets);
ANALYZE;
\set at '\'2025-03-18 12:00\''

CREATE FUNCTION us(span interval) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN (extract(epoch FROM span) * 1000000)::bigint;
-- The chains as verification sees them: no gap, the head is the last hash.
CREATE VIEW unsound AS
SELECT t.ticket_no FROM ticket t LEFT JOIN ticket_chain h USING (desk_id, ticket_no)
LEFT JOIN LATERAL (SELECT count(*) AS n, max(seq) AS last, (array_agg(hash ORDER BY seq DESC))[1] AS hash FROM event e WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no) e ON true
WHERE NOT coalesce(e.n = e.last AND h.seq = e.last AND h.head = e.hash, false);

-- Nothing changed, nothing moves: whatever has happened, a stored clock is what its target says.
SELECT cmp_ok((SELECT count(*) FROM clock WHERE desk_id = :desk AND stopped_at IS NULL), '>', :tickets::bigint, 'many clocks of every sort');
SELECT is((SELECT count(*) FROM recompute_clocks(:desk, true, :at)), 0::bigint, '2.2: under the same configuration no clock moves');
SELECT is((SELECT format('%s %s of %s: %s, due %s, was %s', r.change, r.clock, r.ticket_no, c.target_id, r.due_after, r.due_before) FROM recompute_clocks(:desk, true, :at) r
  JOIN clock c USING (ticket_no, clock, run) ORDER BY r.ticket_no, r.clock LIMIT 1), NULL, 'the first that does, if any');

-- Other durations, another calendar, a holiday, steps, all at once.
CREATE TABLE before AS SELECT c.*, t.mode, t.due_from, c.target_id AS target FROM clock c JOIN target t USING (desk_id, target_id) WHERE c.desk_id = :desk;
CREATE TABLE told AS SELECT count(*) AS events FROM event;
UPDATE target SET duration = '13 hours' WHERE desk_id = :desk AND clock = 'resolve' AND priority = 'B';
UPDATE target SET duration = '3 days' WHERE desk_id = :desk AND clock = 'resolve' AND priority = 'A';
UPDATE target SET duration = '1 hour' WHERE desk_id = :desk AND clock = 'patience';
UPDATE target SET calendar = 'office' WHERE desk_id = :desk AND clock = 'by_kind' AND kind = 'account_security';
UPDATE target SET daily_at = '11:30' WHERE desk_id = :desk AND clock = 'progress_update';
INSERT INTO calendar_day (desk_id, code, day, rule) VALUES (:desk, 'office', '2025-03-17', 'off'), (:desk, 'office', '2025-03-22', 'as mon');
UPDATE step SET at_share_pct = 60 WHERE desk_id = :desk AND at_share_pct = 75;

-- What is to be, from csflow.target and the row as it was. Named instants stay; daily ones stay on their date.
CREATE VIEW expected AS
SELECT b.ticket_no, b.clock, b.run, l.length,
  CASE WHEN b.run_since IS NULL THEN CASE WHEN l.length < b.spent_microseconds THEN CASE WHEN b.length_microseconds <= b.spent_microseconds AND b.due_at IS NOT NULL THEN b.due_at ELSE least(b.due_at, b.paused_at) END END
    WHEN l.length IS NULL THEN NULL
    WHEN l.length <= b.spent_microseconds THEN CASE WHEN b.length_microseconds <= b.spent_microseconds AND b.due_at IS NOT NULL THEN b.due_at ELSE least(b.due_at, b.run_since) END
    WHEN b.spent_microseconds = 0 AND b.run_since = b.started_at THEN business_add(w.calendar, b.started_at, t.duration)
    ELSE business_add(w.calendar, b.run_since, (l.length - b.spent_microseconds) * interval '1 microsecond') END AS due_at
FROM before b JOIN target t USING (desk_id, target_id) JOIN working_calendar w ON w.desk_id = t.desk_id AND w.code = t.calendar,
LATERAL (SELECT CASE WHEN t.due_from = 'none' THEN CASE WHEN b.length_microseconds <= b.spent_microseconds THEN b.length_microseconds END WHEN extract(day FROM t.duration) = 0 THEN us(t.duration)
  ELSE us(business_between(w.calendar, b.started_at, business_add(w.calendar, b.started_at, t.duration))) END AS length) l
WHERE b.stopped_at IS NULL AND t.due_from IN ('duration', 'none') AND t.mode <> 'daily_at';

CREATE TABLE preview AS SELECT * FROM recompute_clocks(:desk, true, :at);
SELECT is((SELECT count(*) FROM clock c JOIN before b USING (ticket_no, clock, run) WHERE (c.due_at, c.next_at, c.length_microseconds) IS DISTINCT FROM (b.due_at, b.next_at, b.length_microseconds)), 0::bigint,
  'a preview touches no clock');
SELECT is((SELECT count(*) FROM event), (SELECT events FROM told), 'and records nothing');
CREATE TABLE moved AS SELECT * FROM recompute_clocks(:desk, false, :at);
SELECT cmp_ok((SELECT count(*) FROM moved WHERE change = 'due'), '>', 20::bigint, 'many due instants move');
SELECT cmp_ok((SELECT count(DISTINCT change) FROM moved), '>=', 3::bigint, 'in more than one way');
SELECT is((SELECT count(*) FROM (TABLE moved EXCEPT ALL TABLE preview) d) + (SELECT count(*) FROM (TABLE preview EXCEPT ALL TABLE moved) d), 0::bigint, 'the preview said exactly that');

SELECT is((SELECT count(*) FROM expected e JOIN clock c USING (ticket_no, clock, run) WHERE (c.due_at, c.length_microseconds) IS DISTINCT FROM (e.due_at, e.length)), 0::bigint, '2.2: every clock is due when its target says');
SELECT is((SELECT format('%s of %s: due %s of %s, expected %s of %s', e.clock, e.ticket_no, c.due_at, c.length_microseconds, e.due_at, e.length) FROM expected e JOIN clock c USING (ticket_no, clock, run)
  WHERE (c.due_at, c.length_microseconds) IS DISTINCT FROM (e.due_at, e.length) ORDER BY 1 LIMIT 1), NULL, 'the first difference, if any');
SELECT is((SELECT count(*) FROM before b JOIN clock c USING (ticket_no, clock, run) WHERE b.mode = 'daily_at' AND b.stopped_at IS NULL AND b.run_since IS NOT NULL
  AND c.due_at <> date_trunc('day', b.due_at) + interval '11 hours 30 minutes'), 0::bigint, 'D2: a daily time of day moves on its date');
SELECT is((SELECT count(*) FROM before b JOIN clock c USING (ticket_no, clock, run) WHERE (b.due_from = 'named' OR b.stopped_at IS NOT NULL) AND c.due_at IS DISTINCT FROM b.due_at), 0::bigint,
  'D12: named instants stay, and what is over stays over');
SELECT is((SELECT count(*) FROM before b JOIN clock c USING (ticket_no, clock, run) WHERE (b.started_at, b.run_since, b.spent_microseconds, b.paused_microseconds, b.paused_at, b.next_position, b.stopped_at, b.outcome)
  IS DISTINCT FROM (c.started_at, c.run_since, c.spent_microseconds, c.paused_microseconds, c.paused_at, c.next_position, c.stopped_at, c.outcome)), 0::bigint, 'D6, D9: what was used and fired stays so');
SELECT is((SELECT count(*) FROM clock c JOIN target t USING (desk_id, target_id) WHERE c.desk_id = :desk AND c.stopped_at IS NULL AND c.calendar <> t.calendar), 0::bigint, 'the calendar in force is named');
-- The next step by itself: of those not fired the first, in the clock's own calendar.
SELECT is((SELECT count(*) FROM clock c JOIN target t USING (desk_id, target_id) JOIN working_calendar w ON w.desk_id = t.desk_id AND w.code = t.calendar
  LEFT JOIN LATERAL (SELECT s.* FROM step s WHERE s.desk_id = c.desk_id AND s.target_id = c.target_id AND s.position >= c.next_position ORDER BY s.position LIMIT 1) s ON true
  CROSS JOIN LATERAL (SELECT round(c.length_microseconds * s.at_share_pct / 100)::bigint - c.spent_microseconds AS us) n
  CROSS JOIN LATERAL (SELECT CASE WHEN s.at_offset IS NOT NULL THEN business_add(w.calendar, c.due_at, s.at_offset) WHEN s.at_share_pct = 0 THEN c.started_at WHEN s.at_share_pct = 100 THEN c.due_at
      WHEN n.us <= 0 THEN c.run_since ELSE business_add(w.calendar, c.run_since, n.us * interval '1 microsecond') END AS at) x
  WHERE c.desk_id = :desk AND c.run_since IS NOT NULL AND c.late_steps IS NULL AND c.next_at IS DISTINCT FROM
    -- what ends by itself does so the microsecond after it was due
    CASE WHEN (t.is_window OR t.mode IN ('every', 'daily_at') AND coalesce(c.missed, 0) + 1 < t.repeat_limit) AND coalesce(x.at > c.due_at, c.due_at IS NOT NULL) THEN c.due_at + interval '1 microsecond'
      ELSE x.at END), 0::bigint, 'D6: and so are the next steps');

SELECT is((SELECT count(*) FROM event WHERE kind = 'clocks_recomputed'), (SELECT count(DISTINCT ticket_no) FROM moved WHERE change <> 'steps'), 'one event a ticket, none where only steps moved');
SELECT is((SELECT count(*) FROM event) - (SELECT events FROM told), (SELECT count(*) FROM event WHERE kind = 'clocks_recomputed'), 'and no other');
SELECT is((SELECT count(*) FROM unsound), 0::bigint, '2.19: the chains stand');
SELECT is((SELECT count(*) FROM recompute_clocks(:desk, false, :at)), 0::bigint, 'again: nothing is left to move');
SELECT is((SELECT count(*) FROM event) - (SELECT events FROM told), (SELECT count(*) FROM event WHERE kind = 'clocks_recomputed'), 'and nothing is recorded');

-- Targets that no longer match, or are out of use: the next best takes over with the time used so far; where there is none the
-- clock is void. A state that now pauses, pauses.
CREATE TABLE before2 AS SELECT c.*, csflow.business_between(w.calendar, c.run_since, :at) AS ran FROM clock c JOIN working_calendar w ON w.desk_id = c.desk_id AND w.code = c.calendar WHERE c.desk_id = :desk AND c.stopped_at IS NULL;
UPDATE target SET is_active = false WHERE desk_id = :desk AND (clock = 'hearing' OR (clock = 'resolve' AND priority = 'B'));
UPDATE target SET pauses_in = pauses_in || '{new,assigned}' WHERE desk_id = :desk AND clock = 'patience';
CREATE TABLE moved2 AS SELECT * FROM recompute_clocks(:desk, false, :at);
SELECT is((SELECT count(*) FROM clock c JOIN before2 b USING (ticket_no, clock, run) WHERE c.clock = 'hearing' AND c.run = (SELECT max(run) FROM clock x WHERE x.ticket_no = c.ticket_no AND x.clock = c.clock)
  AND (c.outcome, c.stopped_at) IS DISTINCT FROM ('void', :at::timestamptz)), 0::bigint, 'a clock without a target is void from now on');
SELECT cmp_ok((SELECT count(*) FROM moved2 WHERE change = 'void'), '>', 0::bigint, 'some are');
SELECT is((SELECT count(*) FROM clock WHERE desk_id = :desk AND stopped_at IS NULL AND target_id IN (SELECT target_id FROM target WHERE NOT is_active)), 0::bigint, 'none runs on under a target out of use');
SELECT is((SELECT count(*) FROM clock c JOIN ticket t USING (desk_id, ticket_no) WHERE c.desk_id = :desk AND c.clock = 'patience' AND c.stopped_at IS NULL AND (c.paused_at IS NULL) = (t.state IN ('new', 'assigned', 'waiting_approval'))), 0::bigint,
  'A2: patience stands still where it now has to');
SELECT is((SELECT count(*) FROM clock c JOIN before2 b USING (ticket_no, clock, run) WHERE c.clock = 'patience' AND b.run_since IS NOT NULL AND c.paused_at = :at
  AND c.spent_microseconds <> b.spent_microseconds + us(b.ran)), 0::bigint, 'with the time it has used');
SELECT is((SELECT count(*) FROM unsound), 0::bigint, '2.19: the chains stand');
SELECT is((SELECT count(*) FROM recompute_clocks(:desk, true, :at)), 0::bigint, 'again: nothing is left to move');

-- In batches, each committed.
UPDATE target SET duration = '4 hours' WHERE desk_id = :desk AND clock = 'department_news';
UPDATE target SET duration = duration + '1 hour' WHERE desk_id = :desk AND mode = 'once' AND due_from = 'duration';
SELECT count(DISTINCT ticket_no) AS tickets, count(*) AS clocks FROM recompute_clocks(:desk, true) \gset
SELECT is((SELECT count(*) FROM recompute_clocks(:desk, true) m JOIN clock c ON (c.desk_id, c.ticket_no, c.clock, c.run) = (:desk, m.ticket_no, m.clock, m.run)
  WHERE m.subject_id IS DISTINCT FROM c.subject_id), 0::bigint, 'D12: the result names the department or task that a clock concerns');
SELECT cmp_ok((SELECT count(*) FROM recompute_clocks(:desk, true) WHERE subject_id IS NOT NULL), '>', 0::bigint, 'some concern one');
SELECT is((SELECT count(DISTINCT ticket_no) FROM recompute_clocks(:desk, true, NULL, NULL, 7)), 7::bigint, 'a batch is of tickets');
CALL run_recompute(:desk, 7);
SELECT is((SELECT count(*) FROM recompute_clocks(:desk, true)), 0::bigint, '2.12: the procedure moves all');
SELECT is((SELECT row(rows, finished_at IS NOT NULL, error)::text FROM job_run WHERE job = 'recompute'), row(:clocks, true, NULL)::text, 'H3: and notes how many');
SELECT is((SELECT count(*) FROM unsound), 0::bigint, '2.19: the chains stand');
SELECT is((SELECT (caption_zh, caption_en)::text FROM timeline WHERE kind = 'clocks_recomputed' LIMIT 1), '(时限重算,"deadlines recomputed")', 'A9: people can read it');

-- Rows are written straight to their places, unless somebody has to be told of an UPDATE: a trigger on the clocks sees each as
-- of any other statement. Either way the indexes find what the table holds.
CREATE FUNCTION searched(desk bigint, by_index boolean) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('enable_seqscan', (NOT by_index)::text, true), set_config('enable_indexscan', by_index::text, true), set_config('enable_bitmapscan', 'off', true);
  RETURN (SELECT format('%s %s', count(*), md5(string_agg(format('%s %s %s %s', ticket_no, clock, run, next_at), ',' ORDER BY ticket_no, clock, run)))
    FROM clock WHERE desk_id = desk AND next_at > '-infinity' AND NOT next_closes);
END
$$;
SELECT is(searched(:desk, true), searched(:desk, false), 'the index of the sweeps has every moved clock');
CREATE TABLE heard (clock text, due_before timestamptz, due_after timestamptz);
CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.heard VALUES (NEW.clock, OLD.due_at, NEW.due_at); RETURN NULL; END';
CREATE TRIGGER hear AFTER UPDATE ON clock FOR EACH ROW EXECUTE FUNCTION hear();
UPDATE target SET duration = duration + '1 hour' WHERE desk_id = :desk AND mode = 'once' AND due_from = 'duration';
CREATE TABLE moved3 AS SELECT * FROM recompute_clocks(:desk);
SELECT cmp_ok((SELECT count(*) FROM moved3), '>', 20::bigint, 'many clocks move');
SELECT results_eq('SELECT clock, due_before, due_after FROM heard ORDER BY 1, 2, 3', 'SELECT clock, due_before, due_after FROM moved3 ORDER BY 1, 2, 3', '2.6: a trigger on csflow.clock hears of each');
DROP TRIGGER hear ON clock;
CREATE FUNCTION hear_once() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.heard SELECT n.clock, NULL, n.due_at FROM n; RETURN NULL; END';
CREATE TRIGGER hear_once AFTER UPDATE ON clock REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION hear_once();
UPDATE target SET duration = duration + '1 hour' WHERE desk_id = :desk AND mode = 'once' AND due_from = 'duration';
TRUNCATE heard;
SELECT is((SELECT count(*) FROM recompute_clocks(:desk)), (SELECT count(*) FROM moved3), 'as many move again');
SELECT is((SELECT count(*) FROM heard), (SELECT count(*) FROM moved3), '2.6: so does one of the statement');
DROP TRIGGER hear_once ON clock;
SELECT is(searched(:desk, true), searched(:desk, false), 'the index of the sweeps has every moved clock');
SELECT is((SELECT count(*) FROM unsound), 0::bigint, '2.19: the chains stand');
UPDATE target SET duration = duration + '1 hour' WHERE desk_id = :desk AND mode = 'once' AND due_from = 'duration';
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is((SELECT count(*) FROM recompute_clocks(:desk)), (SELECT count(*) FROM moved3), 'under one snapshot for all as well');
SELECT is((SELECT count(*) FROM recompute_clocks(:desk)), 0::bigint, 'and seen by the statement after it');
COMMIT;
SELECT is((SELECT count(*) FROM unsound), 0::bigint, '2.19: the chains stand');
-- A constraint on the clocks is kept, whatever it asks for.
UPDATE target SET duration = duration + '1 hour' WHERE desk_id = :desk AND mode = 'once' AND due_from = 'duration';
ALTER TABLE clock ADD CONSTRAINT somewhere CHECK (tableoid <> 0);
SELECT is((SELECT count(*) FROM recompute_clocks(:desk)), (SELECT count(*) FROM moved3), '2.6: a constraint may ask for the partition');
ALTER TABLE clock ADD CONSTRAINT never_later CHECK (due_at < '2025-04-01') NOT VALID;
UPDATE target SET duration = duration + '100 days' WHERE desk_id = :desk AND clock = 'resolve' AND mode = 'once' AND due_from = 'duration';
SELECT throws_ok(format('SELECT count(*) FROM recompute_clocks(%s)', :desk), '23514', NULL, '2.6: a constraint on csflow.clock holds');
ALTER TABLE clock DROP CONSTRAINT never_later;
-- So is a unique key that a moved clock enters anew; the key it keeps is not asked for again.
SELECT a.clock AS one, b.clock AS other FROM clock a JOIN clock b USING (desk_id, ticket_no) JOIN target s ON (s.desk_id, s.target_id) = (a.desk_id, a.target_id) JOIN target t ON (t.desk_id, t.target_id) = (b.desk_id, b.target_id)
WHERE a.desk_id = :desk AND a.clock < b.clock AND a.stopped_at IS NULL AND b.stopped_at IS NULL AND (s.mode, s.due_from, t.mode, t.due_from) = ('once', 'duration', 'once', 'duration')
GROUP BY 1, 2 HAVING bool_and(a.length_microseconds <> b.length_microseconds) ORDER BY count(*) DESC, 1, 2 LIMIT 1 \gset
CREATE UNIQUE INDEX never_twice ON clock (desk_id, ticket_no, length_microseconds) WHERE stopped_at IS NULL AND clock IN (:'one', :'other');
UPDATE target SET duration = '500 hours' WHERE desk_id = :desk AND clock IN (:'one', :'other') AND mode = 'once' AND due_from = 'duration';
SELECT throws_ok(format('SELECT count(*) FROM recompute_clocks(%s)', :desk), '23505', NULL, '2.6: a unique key on csflow.clock holds');
UPDATE target SET duration = '501 hours' WHERE desk_id = :desk AND clock = :'one' AND mode = 'once' AND due_from = 'duration';
SELECT cmp_ok((SELECT count(*) FROM recompute_clocks(:desk)), '>', 0::bigint, 'and clocks move under it');
DROP INDEX never_twice;
SELECT is((SELECT count(*) FROM (SELECT FROM clock GROUP BY desk_id, ticket_no, clock, run HAVING count(*) > 1) d), 0::bigint, 'no clock is there twice');

-- A clock that was paused with a step untold, and runs again, keeps that step's instant through another pause, whatever else is late.
INSERT INTO target (desk_id, clock, duration, calendar, pauses_in, starts_on, stops_on) VALUES
  (:desk, 'a_halves', '24 hours', 'around_the_clock', '{waiting_customer}', '{opened}', '{answered}'),
  (:desk, 'a_tenth', '24 hours', 'around_the_clock', '{}', '{opened}', '{answered}');
INSERT INTO step (desk_id, target_id, position, at_share_pct, level, action, recipients)
SELECT t.desk_id, t.target_id, s.position, s.share, 'warning', 'notify', '{team}' FROM target t
JOIN (VALUES ('a_halves', 1, 50), ('a_halves', 2, 100), ('a_tenth', 1, 10)) s (clock, position, share) USING (clock) WHERE t.desk_id = :desk;
INSERT INTO ticket (desk_id, channel, body, opened_at) VALUES (:desk, 'email', 'nothing special', '2025-03-01 00:00') RETURNING ticket_no AS untold \gset
UPDATE ticket SET state = 'in_progress', changed_at = '2025-03-01 01:00' WHERE desk_id = :desk AND ticket_no = :'untold';
UPDATE ticket SET state = 'waiting_customer', changed_at = '2025-03-01 13:00' WHERE desk_id = :desk AND ticket_no = :'untold';
UPDATE ticket SET state = 'in_progress', changed_at = '2025-03-01 14:00' WHERE desk_id = :desk AND ticket_no = :'untold';
UPDATE target SET pauses_in = pauses_in || '{in_progress}' WHERE desk_id = :desk AND clock IN ('a_halves', 'a_tenth');
SELECT is((SELECT count(*) FROM recompute_clocks(:desk, false, :at) WHERE ticket_no = :'untold' AND change = 'paused'), 2::bigint, 'both pause');
SELECT results_eq(format('SELECT clock, late_steps FROM clock WHERE desk_id = %s AND ticket_no = %L AND late_steps IS NOT NULL AND clock LIKE %L ORDER BY 1', :desk, :'untold', 'a\_%'),
  $$VALUES ('a_halves', '{2025-03-01 12:00,2025-03-02 01:00}'::timestamptz[]), ('a_tenth', '{2025-03-01 02:24}')$$, 'D6: each untold step keeps its own instant');

-- Bad input and rights.
SELECT throws_ok('SELECT * FROM recompute_clocks(4711)', 'SF001', NULL, 'an unknown desk');
SELECT throws_ok('SELECT * FROM recompute_clocks(NULL)', 'SF001', NULL, 'no desk');
SELECT throws_ok(format('SELECT * FROM recompute_clocks(%s, batch => 0)', :desk), '22023', NULL, 'an empty batch');
SELECT throws_ok(format('SELECT * FROM recompute_clocks(%s, at => %L)', :desk, 'infinity'), '22023', NULL, 'no point in time');
CREATE ROLE nobody_recompute;
GRANT USAGE ON SCHEMA csflow TO nobody_recompute;
SET ROLE nobody_recompute;
SELECT throws_ok(format('SELECT * FROM csflow.recompute_clocks(%s)', :desk), '42501', NULL, 'H4: not for everybody');
RESET ROLE;
REVOKE ALL ON SCHEMA csflow FROM nobody_recompute;
DROP ROLE nobody_recompute;
SELECT * FROM finish();
