-- Working calendars as rows (handbook D8, H4): a holiday is one INSERT, also one that is decreed late, and the next statement
-- and the next clock go by it.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT csflow.create_desk('calendar_rows', NULL) AS desk \gset

SELECT plan(22);

-- As it stood on 23 January 2020: Spring Festival until the 30th, the Saturday 1 February worked in its place.
INSERT INTO csflow.working_calendar (desk_id, code, base)
VALUES (:desk, 'china', csflow.calendar_merge(csflow.calendar_china(), '{2020-01-31,2020-02-01,2020-02-02}', '{as fri,as fri,off}'));
SELECT is(csflow.add_working_days(calendar, '2020-01-23', 3), '2020-02-03'::date, 'D8: three working days before the late decree')
FROM csflow.working_calendar WHERE desk_id = :desk AND code = 'china';

INSERT INTO csflow.target (desk_id, clock, duration, calendar, stops_on)
VALUES (:desk, 'resolve', '3 days', 'china', '{answered}');
INSERT INTO csflow.ticket (desk_id, ticket_no, channel, body, opened_at)
VALUES (:desk, csflow.next_ticket_no('2020-01-23 10:00+08'), 'email', 'before', '2020-01-23 10:00+08');
SELECT is(due_at, '2020-02-03 10:00+08'::timestamptz, 'D8: a clock of three working days')
FROM csflow.clock WHERE desk_id = :desk;

INSERT INTO csflow.calendar_day (desk_id, code, day, rule, reason)
VALUES (:desk, 'china', '2020-01-31', 'off', 'late decree'), (:desk, 'china', '2020-02-01', 'off', 'late decree'),
  (:desk, 'china', '2020-02-02', 'off', 'late decree');
SELECT is(csflow.add_working_days(calendar, '2020-01-23', 3), '2020-02-05'::date, 'D8: the late decree of 2020-01-31 as rows corrects the answer')
FROM csflow.working_calendar WHERE desk_id = :desk AND code = 'china';
SELECT is(calendar, csflow.calendar_merge(base, '{2020-01-31,2020-02-01,2020-02-02}', '{off,off,off}'), 'the value is the base with its rows')
FROM csflow.working_calendar WHERE desk_id = :desk AND code = 'china';
SELECT is(calendar, csflow.calendar_china(), 'and equals the calendar as shipped, which knows the decree')
FROM csflow.working_calendar WHERE desk_id = :desk AND code = 'china';

INSERT INTO csflow.ticket (desk_id, ticket_no, channel, body, opened_at)
VALUES (:desk, csflow.next_ticket_no('2020-01-23 10:00+08'), 'email', 'after', '2020-01-23 10:00+08');
SELECT is(due_at, '2020-02-05 10:00+08'::timestamptz, 'H4: the next clock goes by the new holidays')
FROM csflow.clock WHERE desk_id = :desk AND ticket_no = (SELECT max(ticket_no) FROM csflow.ticket WHERE desk_id = :desk);

UPDATE csflow.calendar_day SET rule = '09:00-11:00' WHERE desk_id = :desk AND day = '2020-02-01';
SELECT is(csflow.business_between(calendar, '2020-02-01 00:00+08', '2020-02-02 00:00+08'), interval '2 hours', 'a day with hours of its own')
FROM csflow.working_calendar WHERE desk_id = :desk AND code = 'china';
DELETE FROM csflow.calendar_day WHERE desk_id = :desk;
SELECT is(calendar, base, 'without rows the value is the base again')
FROM csflow.working_calendar WHERE desk_id = :desk AND code = 'china';

SELECT throws_ok(format('INSERT INTO csflow.calendar_day VALUES (%s, ''china'', ''2020-02-01'', ''someday'')', :desk), '22023', NULL,
  'H4: a rule that is none is refused');
SELECT throws_ok(format('INSERT INTO csflow.calendar_day VALUES (%s, ''mars'', ''2020-02-01'', ''off'')', :desk), '23503', NULL,
  'H4: a calendar that is not there is refused');
SELECT is(count(*), 0::bigint, 'and nothing is half written') FROM csflow.calendar_day WHERE desk_id = :desk;

-- A calendar by which clocks run stays; they run on by it when their target has another, and leave it when they are recomputed.
INSERT INTO csflow.working_calendar (desk_id, code, base) VALUES (:desk, 'late', 'Asia/Shanghai; mon-fri 12:00-20:00');
UPDATE csflow.target SET calendar = 'late', duration = '16 hours' WHERE desk_id = :desk;
INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, level, action, recipients)
SELECT desk_id, target_id, position, share, 'warning', 'notify', '{team}' FROM csflow.target, (VALUES (1, 50), (2, 100)) AS v (position, share) WHERE desk_id = :desk;
SELECT csflow.create_partitions('2025-03-01', 1) AS made \gset
INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (:desk, 'email', 'by late hours', '2025-03-03 09:00+08') RETURNING ticket_no AS no \gset
UPDATE csflow.target SET calendar = 'china' WHERE desk_id = :desk;
CREATE FUNCTION pg_temp.runs(no csflow.ticket_no) RETURNS text LANGUAGE sql AS
  $$SELECT format('%s due %s next %s', calendar, to_char(due_at, 'DD HH24:MI'), to_char(next_at, 'DD HH24:MI')) FROM csflow.clock WHERE ticket_no = no$$;
SET TimeZone = 'Asia/Shanghai';
SELECT is(pg_temp.runs(:'no'), 'late due 04 20:00 next 03 20:00', 'D8: a clock runs on by the calendar it began with');
SELECT throws_ok(format('DELETE FROM csflow.working_calendar WHERE desk_id = %s AND code = %L', :desk, 'late'), 'SF007', 'working calendar late cannot be deleted: clocks run by it', 'H4: which stays');
SELECT throws_ok(format('UPDATE csflow.working_calendar SET code = %L WHERE desk_id = %s AND code = %L', 'later', :desk, 'late'), 'SF007', 'working calendar late cannot be renamed: clocks run by it', 'H4: under its name');
UPDATE csflow.working_calendar SET caption = 'late hours' WHERE desk_id = :desk AND code = 'late';
SELECT is_empty(format($$SELECT * FROM csflow.playbook_changes(%s, '{}') WHERE key[1] = 'late'$$, :desk), 'H4: a playbook that has it no longer leaves it until then');
SELECT is(csflow.escalate_batch('2025-03-03 20:00'), 1, 'D6: its step fires');
SELECT is(pg_temp.runs(:'no'), 'late due 04 20:00 next 04 20:00', 'D6: and the next is counted by it');
-- Where somebody took it away by force, its target's has to do.
ALTER TABLE csflow.working_calendar DISABLE TRIGGER refuse_calendar_in_use;
BEGIN;
DELETE FROM csflow.working_calendar WHERE desk_id = :desk AND code = 'late';
UPDATE csflow.clock SET next_at = '2025-03-03 20:00', next_position = 1 WHERE ticket_no = :'no';
SELECT is(csflow.escalate_batch('2025-03-03 21:00'), 1, 'H3: a sweep goes on by the calendar of its target');
SELECT is(csflow.change_state(:desk, :'no', 'in_progress', at => '2025-03-03 22:00'), 'in_progress', 'H3: so does the ticket');
ROLLBACK;
ALTER TABLE csflow.working_calendar ENABLE TRIGGER refuse_calendar_in_use;
SELECT is((SELECT count(*) FROM csflow.recompute_clocks(:desk) WHERE ticket_no = :'no'), 1::bigint, '2.6: recomputed, it runs by its target''s calendar');
SELECT matches(pg_temp.runs(:'no'), '^china due ', '2.6: from then on');
SELECT lives_ok(format('DELETE FROM csflow.working_calendar WHERE desk_id = %s AND code = %L', :desk, 'late'), 'H4: and the other can go');

SELECT * FROM finish();
