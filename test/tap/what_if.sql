-- csflow.what_if: attainment under other targets, from the events (handbook G5; design 2.2). Under the same targets it is what was
-- recorded, whatever happened; under others what a plain-SQL oracle says. Nothing is written.
-- Another seed, or more of it: CSFLOW_SEED=0.123 CSFLOW_TICKETS=5000 make check-tap TESTS=what_if
-- Not in make quick: much random or real data.
\set seed 0.75
\set tickets 200
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
SELECT no_plan();
SELECT diag('seed ' || :'seed' || ', ' || :'tickets' || ' tickets');
\ir ../lib/random_life.sql
-- What targets can ask about besides kind and priority.
INSERT INTO target (desk_id, clock, complexity, channel, handling_tier, duration, calendar, stops_on, pauses_in) VALUES
  (:desk, 'facts', 'complex', NULL, NULL, '6 hours', 'office', '{answered}', '{waiting_customer}'), (:desk, 'facts', NULL, 'email', 2, '3 hours', 'office', '{answered}', '{}'),
  (:desk, 'facts', NULL, NULL, NULL, '1 day', 'around_the_clock', '{answered}', '{waiting_partner}');
CALL live(:desk, :seed, :tickets);
-- Columns edited by hand, some days later.
UPDATE ticket SET complexity = 'complex', changed_at = '2025-03-18 09:00' WHERE desk_id = :desk AND ticket_serial(ticket_no) % 3 = 0;
UPDATE ticket SET channel = 'email', handling_tier = 2, changed_at = '2025-03-18 10:00' WHERE desk_id = :desk AND ticket_serial(ticket_no) % 4 = 0;
UPDATE ticket SET state = 'in_progress', changed_at = '2025-03-18 11:00' WHERE desk_id = :desk AND state = 'waiting_customer' AND ticket_serial(ticket_no) % 2 = 0;
ANALYZE;
\set at '\'2025-03-19 12:00\''

SELECT cmp_ok((SELECT count(*) FROM what_if(:desk, '{}', at => :at)), '>', 20::bigint, 'many clocks and kinds');
SELECT cmp_ok((SELECT sum(met_then) FROM what_if(:desk, '{}', at => :at)), '>', :tickets::numeric, 'many were met');
SELECT cmp_ok((SELECT sum(breached_then) FROM what_if(:desk, '{}', at => :at)), '>', :tickets::numeric, 'many were not');
SELECT is_empty(format($$SELECT * FROM what_if(%s, '{}', at => %L) WHERE (met_then, breached_then) <> (met_now, breached_now)$$, :desk, :at), 'under the same targets: what was recorded, to the last run');
SELECT is_empty(format($$SELECT * FROM what_if(%s, NULL, at => %L) WHERE (met_then, breached_then) <> (met_now, breached_now)$$, :desk, :at), 'nothing to change is nothing changed');
SELECT is_empty(format($$SELECT * FROM what_if(%s, (SELECT jsonb_build_object('targets', p -> 'targets', 'calendars', p -> 'calendars') FROM export_playbook(%1$s) p), at => %L) WHERE (met_then, breached_then) <> (met_now, breached_now)$$, :desk, :at),
  'nor is the whole of what is there');
SELECT is((SELECT sum(met_then) FROM what_if(:desk, '{}', at => :at)), (SELECT count(*)::numeric FROM clock WHERE desk_id = :desk AND outcome = 'met'), 'then is what is stored');
SELECT is((SELECT count(*) FROM what_if(:desk, '{}', at => :at) WHERE total_then <> met_then + breached_then OR total_now <> met_now + breached_now
  OR met_pct_then IS DISTINCT FROM 100 * met_then / nullif(total_then, 0)::double precision), 0::bigint, 'sums and shares');
SELECT is((SELECT sum(total_now) FROM what_if(:desk, '{}', NULL, '2025-03-03 08:30', :at)) + (SELECT sum(total_now) FROM what_if(:desk, '{}', '2025-03-03 08:30', NULL, :at)),
  (SELECT sum(total_now) FROM what_if(:desk, '{}', at => :at)), 'a time and the rest of it are all');

-- Simple clocks under other targets and hours: an oracle without stopwatch. A desk whose clocks neither pause nor change.
SELECT create_desk('simple', NULL) AS simple \gset
INSERT INTO working_calendar (desk_id, code, base) VALUES (:simple, 'office', 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00');
INSERT INTO target (desk_id, clock, priority, duration, calendar, stops_on) VALUES
  (:simple, 'first_response', NULL, '4 hours', 'office', '{person_message}'), (:simple, 'resolve', NULL, '2 days', 'office', '{answered}'), (:simple, 'resolve', 'A', '8 hours', 'around_the_clock', '{answered}');
INSERT INTO ticket (desk_id, channel, priority, external_id, opened_at)
SELECT :simple, 'email', (CASE WHEN i % 3 = 0 THEN 'A' ELSE 'B' END)::priority, i, '2025-03-03 00:00'::timestamptz + i * interval '17 minutes 13 seconds' FROM generate_series(1, 600) i;
INSERT INTO message (desk_id, ticket_no, author_kind, changed_by, at) SELECT desk_id, ticket_no, 'agent', NULL, opened_at + external_id::int % 97 * interval '23 minutes'
FROM ticket WHERE desk_id = :simple AND external_id::int % 11 <> 0;
UPDATE ticket SET state = 'answered', changed_at = greatest(changed_at, opened_at + external_id::int % 89 * interval '71 minutes') WHERE desk_id = :simple AND external_id::int % 7 <> 0;

CREATE FUNCTION oracle(desk bigint, wanted text, hours calendar, other text, target interval, target_a interval, at timestamptz) RETURNS TABLE (met bigint, breached bigint) LANGUAGE sql AS $$
  SELECT count(*) FILTER (WHERE stopped <= due), count(*) FILTER (WHERE coalesce(stopped, at) > due)
  FROM (SELECT CASE wanted WHEN 'resolve' THEN t.answered_at ELSE t.first_response_at END AS stopped,
    CASE WHEN t.priority = 'A' AND target_a IS NOT NULL THEN business_add(other::calendar, t.opened_at, target_a) ELSE business_add(hours, t.opened_at, target) END AS due
    FROM ticket t WHERE t.desk_id = desk) x
$$;
CREATE FUNCTION now_of(desk bigint, wanted text, targets jsonb, at timestamptz) RETURNS TABLE (met bigint, breached bigint) LANGUAGE sql AS
  'SELECT sum(met_now)::bigint, sum(breached_now)::bigint FROM what_if(desk, targets, at => at) WHERE clock = wanted';
\set all_day 'Asia/Shanghai; daily 00:00-24:00'
SELECT results_eq(format($$SELECT * FROM now_of(%s, 'first_response', '{}', %L)$$, :simple, :at),
  format($$SELECT * FROM oracle(%s, 'first_response', 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00', NULL, '4 hours', NULL, %L)$$, :simple, :at), 'the oracle agrees on what was');
SELECT results_eq(format($$SELECT * FROM now_of(%s, 'first_response', '{"targets": [{"clock": "first_response", "duration": "90 minutes"}]}', %L)$$, :simple, :at),
  format($$SELECT * FROM oracle(%s, 'first_response', 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00', NULL, '90 minutes', NULL, %L)$$, :simple, :at), 'another duration, the rest of the target as it is');
SELECT results_eq(format($$SELECT * FROM now_of(%s, 'first_response', '{"calendars": [{"code": "office", "hours": "daily 08:00-22:00"}]}', %L)$$, :simple, :at),
  format($$SELECT * FROM oracle(%s, 'first_response', 'Asia/Shanghai; daily 08:00-22:00', NULL, '4 hours', NULL, %L)$$, :simple, :at), 'D8: other opening hours');
SELECT results_eq(format($$SELECT * FROM now_of(%s, 'resolve', '{"calendars": [{"code": "office", "days": [{"day": "2025-03-05", "rule": "off"}]}]}', %L)$$, :simple, :at),
  format($$SELECT * FROM oracle(%s, 'resolve', 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00; 2025-03-05 off', %L, '2 days', '8 hours', %L)$$, :simple, :'all_day', :at), 'D8: a holiday more');
SELECT results_eq(format($$SELECT * FROM now_of(%s, 'resolve', '{"targets": [{"clock": "resolve", "priority": "A级", "calendar": "night", "duration": "5 hours"}, {"clock": "resolve", "duration": "30 hours", "calendar": "around_the_clock"}],
  "calendars": [{"code": "night", "hours": "daily 20:00-24:00"}]}', %L)$$, :simple, :at),
  format($$SELECT * FROM oracle(%s, 'resolve', %L, 'Asia/Shanghai; daily 20:00-24:00', '30 hours', '5 hours', %L)$$, :simple, :'all_day', :at), 'a calendar and durations of one''s own');
SELECT is((SELECT sum(total_now) FROM what_if(:simple, '{"targets": [{"clock": "resolve", "priority": "A", "exempt": true}]}', at => :at) WHERE clock = 'resolve'),
  (SELECT count(*)::numeric FROM ticket WHERE desk_id = :simple AND priority = 'B' AND (state = 'answered' OR business_add('Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00', opened_at, '2 days') < :at)), 'no target: no clock');
SELECT results_eq(format($$SELECT met_then, breached_then, met_now, breached_now, met_now + breached_now > 0 FROM what_if(%s, '{"targets": [{"clock": "quick", "duration": "1 second", "stops_on": ["answered"]}]}', at => %L) WHERE clock = 'quick'$$, :simple, :at),
  format($$SELECT 0::bigint, 0::bigint, count(*) FILTER (WHERE answered_at <= opened_at + interval '1 second'), count(*) FILTER (WHERE coalesce(answered_at, %L) > opened_at + interval '1 second'), true FROM ticket WHERE desk_id = %s$$, :at, :simple),
  'a clock that nobody had');
-- Times as they are, only the pauses fall away: attainment can only fall.
SELECT is_empty(format($$SELECT * FROM what_if(%s, (SELECT jsonb_build_object('targets', jsonb_agg(t || '{"pauses_in": []}')) FROM jsonb_array_elements(export_playbook(%1$s) -> 'targets') t WHERE t ->> 'clock' IN ('resolve', 'patience')), at => %L)
  WHERE clock = 'patience' AND met_now > met_then$$, :desk, :at), 'D9: without pauses nothing is met that was not');

-- Who wrote is part of the event: what was senior then is so whoever the agent is today (C5). A run that begins later and lies in
-- the past finds what was said and done before by the same signals.
SELECT create_desk('seniors', NULL) AS seniors \gset
INSERT INTO agent (desk_id, agent_id, name, tier, is_bot) VALUES (:seniors, 1, 'Expert', 'expert', false), (:seniors, 2, 'Novice', 'novice', false), (:seniors, 3, 'Bot', 'expert', true);
INSERT INTO target (desk_id, clock, priority, duration, calendar, starts_on, stops_on) VALUES
  (:seniors, 'follow_up', NULL, '4 hours', 'around_the_clock', '{opened}', '{senior_message}'), (:seniors, 'care', 'A', '3 hours', 'around_the_clock', '{opened}', '{senior_message}'),
  (:seniors, 'second_look', 'A', '3 hours', 'around_the_clock', '{opened}', '{reviewer_named}'), (:seniors, 'helped', 'A', '3 hours', 'around_the_clock', '{opened}', '{task_done}'),
  (:seniors, 'planned', 'A', '3 hours', 'around_the_clock', '{opened}', '{task_created}');
INSERT INTO ticket (desk_id, channel, priority, external_id, state, opened_at) SELECT :seniors, 'email', 'B', i, 'in_progress', '2025-03-03 09:00' FROM generate_series(1, 4) i;
CREATE FUNCTION senior_ticket(desk bigint, id text) RETURNS ticket_no LANGUAGE sql STABLE RETURN (SELECT ticket_no FROM ticket WHERE desk_id = desk AND external_id = id);
INSERT INTO message (desk_id, ticket_no, author_kind, changed_by, is_public, at) VALUES
  (:seniors, senior_ticket(:seniors, '1'), 'agent', 1, true, '2025-03-03 10:00'), (:seniors, senior_ticket(:seniors, '2'), 'agent', 1, false, '2025-03-03 14:00'),
  (:seniors, senior_ticket(:seniors, '3'), 'agent', 2, true, '2025-03-03 10:00'), (:seniors, senior_ticket(:seniors, '4'), 'agent', 3, true, '2025-03-03 10:00');
SELECT is((SELECT string_agg(t.external_id || ' ' || e.kind || coalesce(' ' || e.old_value, ''), ', ' ORDER BY t.external_id) FROM event e JOIN ticket t USING (desk_id, ticket_no) WHERE e.desk_id = :seniors AND e.message_no IS NOT NULL),
  '1 reply senior, 2 note senior, 3 reply, 4 automatic_message', 'C5: the event of a message says that a senior wrote it');
SELECT is((SELECT string_agg(DISTINCT coalesce(detail_en, 'nothing'), ', ') FROM timeline WHERE desk_id = :seniors AND message_no IS NOT NULL), 'nothing', 'A9: which the timeline need not say');
UPDATE agent SET tier = CASE tier WHEN 'expert' THEN 'novice' ELSE 'expert' END WHERE desk_id = :seniors;
SELECT results_eq(format($$SELECT met_then, breached_then, met_now, breached_now FROM what_if(%s, '{}', at => %L) WHERE clock = 'follow_up'$$, :seniors, :at), 'VALUES (1::bigint, 3::bigint, 1::bigint, 3::bigint)', 'C5: what a senior stopped is stopped in the replay, though he is a novice today');
SELECT results_eq(format($$SELECT met_now, breached_now FROM what_if(%s, '{"targets": [{"clock": "follow_up", "duration": "30 minutes"}]}', at => %L) WHERE clock = 'follow_up'$$, :seniors, :at), 'VALUES (0::bigint, 4::bigint)', 'and judged by the other length');
INSERT INTO task (desk_id, ticket_no, task_no, title, created_at, changed_at) VALUES (:seniors, senior_ticket(:seniors, '1'), 1, 'x', '2025-03-03 10:30', '2025-03-03 10:30');
UPDATE task SET done_at = '2025-03-03 11:00', changed_at = '2025-03-03 11:00' WHERE desk_id = :seniors;
UPDATE ticket SET state = 'answered', changed_at = '2025-03-03 14:15' WHERE desk_id = :seniors AND external_id = '2';
UPDATE ticket SET state = 'under_review', changed_at = '2025-03-03 14:20' WHERE desk_id = :seniors AND external_id = '2';
UPDATE ticket SET reviewer_id = 3, changed_at = '2025-03-03 14:30' WHERE desk_id = :seniors AND external_id = '2';
UPDATE ticket SET priority = 'A', change_reason = 'so', changed_at = '2025-03-03 15:00' WHERE desk_id = :seniors;
SELECT is((SELECT string_agg(format('%s %s %s %s', clock, t.external_id, outcome, to_char(stopped_at, 'HH24:MI')), ', ' ORDER BY clock, t.external_id) FROM clock c JOIN ticket t USING (desk_id, ticket_no) WHERE c.desk_id = :seniors AND c.clock <> 'follow_up' AND c.stopped_at IS NOT NULL),
  'care 1 met 10:00, care 2 breached 14:00, helped 1 met 11:00, planned 1 met 10:30, second_look 2 breached 14:30', 'D12: a run that lies in the past ends at the senior''s word, the reviewer''s name, the task that was made or done');
SELECT is_empty(format($$SELECT * FROM what_if(%s, '{}', at => %L) WHERE (met_then, breached_then) <> (met_now, breached_now)$$, :seniors, :at), 'and so it does in the replay');

-- Several UPDATEs at one instant by one person stay apart: a run of no time at all is a run. One UPDATE that does both starts none.
INSERT INTO target (desk_id, clock, duration, calendar, mode, starts_on, stops_on) VALUES (:seniors, 'acceptance', '10 minutes', 'around_the_clock', 'once', '{assigned}', '{accepted}');
INSERT INTO ticket (desk_id, channel, external_id, opened_at) VALUES (:seniors, 'email', 'apart', '2025-03-04 09:00'), (:seniors, 'email', 'at once', '2025-03-04 09:00');
BEGIN;
UPDATE ticket SET agent_id = 2, changed_at = '2025-03-04 09:30' WHERE desk_id = :seniors AND external_id = 'apart';
UPDATE ticket SET state = 'in_progress', changed_at = '2025-03-04 09:30' WHERE desk_id = :seniors AND external_id = 'apart';
COMMIT;
UPDATE ticket SET agent_id = 2, state = 'in_progress', changed_at = '2025-03-04 09:30' WHERE desk_id = :seniors AND external_id = 'at once';
SELECT is((SELECT string_agg(format('%s: %s', t.external_id, e.kinds), ', ' ORDER BY t.external_id) FROM ticket t, LATERAL (SELECT string_agg(e.kind || CASE WHEN e.same_act THEN ' with it' ELSE '' END, ', ' ORDER BY e.seq) AS kinds
    FROM event e WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no AND e.at = '2025-03-04 09:30') e WHERE t.desk_id = :seniors AND t.external_id IN ('apart', 'at once')),
  'apart: assigned, state_changed with it, accepted, at once: assigned, accepted with it', 'H1: an event says whether it belongs to the act of the one before');
SELECT is((SELECT string_agg(t.external_id || ' ' || c.outcome, ', ') FROM clock c JOIN ticket t USING (desk_id, ticket_no) WHERE c.desk_id = :seniors AND clock = 'acceptance'), 'apart met', 'one has run for no time at all');
SELECT results_eq(format($$SELECT met_then, met_now FROM what_if(%s, '{}', at => %L) WHERE clock = 'acceptance'$$, :seniors, :at), 'VALUES (1::bigint, 1::bigint)', 'and the replay has it');

-- No side effects: it runs where nothing may be written, and leaves the desk as it is.
CREATE TABLE footprint AS SELECT (SELECT md5(string_agg(c::text, ',' ORDER BY c)) FROM clock c) AS clocks, (SELECT count(*) FROM event) AS events, (SELECT md5(export_playbook(:desk)::text)) AS playbook;
BEGIN READ ONLY;
SELECT lives_ok(format($$SELECT * FROM what_if(%s, '{"targets": [{"clock": "resolve", "duration": "1 hour"}]}', at => %L)$$, :simple, :at), 'in a transaction that may not write');
COMMIT;
SELECT results_eq('SELECT (SELECT md5(string_agg(c::text, '','' ORDER BY c)) FROM clock c), (SELECT count(*) FROM event), (SELECT md5(export_playbook(' || :desk || ')::text))', 'TABLE footprint', 'nothing has changed');

-- Faults have the path in the caller's own document.
CREATE FUNCTION faults(desk bigint, targets jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
BEGIN
  PERFORM what_if(desk, targets);
  RETURN 'none';
EXCEPTION WHEN SQLSTATE 'SF003' THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN detail;
END
$$;
SELECT is(faults(:simple, '[]'), '$: must be an object, not array', 'a list');
SELECT is(faults(:simple, '{"rules": []}'), '$.rules: is not something to try out; calendars, steps and targets are', 'H4: what has no effect is refused');
SELECT is(faults(:simple, '{"targets": [{"clock": "resolve", "duration": "soon"}, {"clock": "resolve", "priority": "A", "pauses_in": ["asleep"]}]}'),
  E'$.targets[0].duration: is no interval: "soon"\n$.targets[1].pauses_in[0]: unknown state: "asleep"', 'each fault with its path');
SELECT is(faults(:simple, '{"targets": [7]}'), '$.targets[0]: must be an object, not 7', 'no object');
SELECT matches(faults(:simple, '{"calendars": [{"code": "office", "hours": "mon-fri 18:00-09:00"}]}'), '^\$\.calendars\[0\]: ', 'D8: hours that are none');
SELECT throws_ok('SELECT * FROM what_if(4711, ''{}'')', 'SF001', NULL, 'an unknown desk');

-- The caller's rights.
CREATE ROLE what_if_reader;
GRANT USAGE ON SCHEMA csflow TO what_if_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA csflow TO what_if_reader;
ALTER TABLE ticket ENABLE ROW LEVEL SECURITY;
CREATE POLICY even_numbers ON ticket TO what_if_reader USING (ticket_serial(ticket_no) % 2 = 0);
SET ROLE what_if_reader;
SELECT is((SELECT row(sum(total_then), sum(total_now))::text FROM what_if(:simple, '{}', at => :at) WHERE clock = 'first_response'),
  (SELECT row(count(*), count(*))::text FROM ticket t JOIN clock c USING (desk_id, ticket_no) WHERE t.desk_id = :simple AND c.clock = 'first_response' AND (c.outcome IN ('met', 'breached') OR c.due_at < :at)), '2.11: only tickets the caller may see');
RESET ROLE;
REVOKE SELECT ON event FROM what_if_reader;
SET ROLE what_if_reader;
SELECT throws_ok(format('SELECT * FROM what_if(%s, ''{}'')', :simple), '42501', 'permission denied for table event', '2.11: and only with the right to read events');
RESET ROLE;
REVOKE ALL ON ALL TABLES IN SCHEMA csflow FROM what_if_reader;
REVOKE ALL ON SCHEMA csflow FROM what_if_reader;
DROP POLICY even_numbers ON ticket;
DROP ROLE what_if_reader;
SELECT * FROM finish();
