-- Working calendars as rows (handbook D8, H4): a holiday is one INSERT, also one that is decreed late, and the next statement
-- and the next clock go by it.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT csflow.create_desk('calendar_rows', NULL) AS desk \gset

SELECT plan(11);

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

SELECT * FROM finish();
