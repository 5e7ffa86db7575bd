-- Business time (handbook D8, design 2.5 and 4): what each function answers in every corner; doc/business-time.md says it in
-- words, under the same headings.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS csflow;
CREATE SCHEMA business_time_test;
RESET client_min_messages;
SET search_path = business_time_test, csflow;
SET DateStyle = 'ISO';
SET IntervalStyle = 'postgres';
SET TimeZone = 'UTC';
\pset format unaligned
\set SHOW_CONTEXT never
\set office '\'UTC; mon-fri 09:00-12:00,13:00-18:00\'::calendar'

CREATE FUNCTION outcome(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
  detail text;
  hint text;
BEGIN
  EXECUTE 'SELECT (' || expression || ')::text' INTO result;
  RETURN result;
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN SQLSTATE || ' ' || SQLERRM || coalesce(E'\n       ' || nullif(detail, ''), '') || coalesce(E'\n       ' || nullif(hint, ''), '');
END $$;

\echo == half-open shifts
SELECT at, business_open(:office, at) FROM unnest(ARRAY['2026-10-05 08:59:59.999999', '2026-10-05 09:00', '2026-10-05 11:59:59.999999',
  '2026-10-05 12:00', '2026-10-05 13:00', '2026-10-05 18:00', '2026-10-04 10:00']::timestamptz[]) at;

\echo == closing edge
SELECT business_add(:office, '2026-10-05 09:00', '3 hours') AS closing_edge,
  business_next_open(:office, business_add(:office, '2026-10-05 09:00', '3 hours')) AS other_reading,
  business_add(:office, '2026-10-05 09:00', '3 hours 1 microsecond') AS just_after,
  business_add(:office, '2026-10-09 09:00', '8 hours') AS friday_evening;

\echo == start outside hours
SELECT start, business_add(:office, start, '1 hour') AS plus_one, business_add(:office, start, '-1 hour') AS minus_one
  FROM unnest(ARRAY['2026-10-05 03:00', '2026-10-05 12:30', '2026-10-03 12:00']::timestamptz[]) start;

\echo == zero
SELECT start, business_add(:office, start, '0') = start AS stays, business_between(:office, start, start) AS nothing
  FROM unnest(ARRAY['2026-10-05 03:00', '2026-10-05 12:00', '2026-10-05 10:00']::timestamptz[]) start;

\echo == negative
SELECT business_add(:office, '2026-10-05 10:00', '-1 hour') AS opening_edge, business_add(:office, '2026-10-05 10:00', '-1 hour -1 microsecond') AS just_before,
  business_add(:office, '2026-10-05 10:00', '-9 hours') AS friday;

\echo == reversed
SELECT business_between(:office, '2026-10-02 17:00', '2026-10-05 10:00') AS forward, business_between(:office, '2026-10-05 10:00', '2026-10-02 17:00') AS backward,
  count_working_days(:office, '2026-10-02', '2026-10-05') AS forward_days, count_working_days(:office, '2026-10-05', '2026-10-02') AS backward_days;

\echo == hours, never days
SELECT business_between(calendar_always(), '2026-01-01', '2027-01-01') AS a_year, justify_hours(business_between(calendar_always(), '2026-01-01', '2027-01-01')) AS justified;

\echo == infinity
SELECT at, business_add(:office, at, '1 hour') AS plus, business_add(:office, at, '-3 days') AS minus, business_open(:office, at) AS open,
  business_next_open(:office, at) AS next_open, business_next_close(:office, at) AS next_close, calendar_covers(:office, at) AS covers
  FROM unnest(ARRAY['infinity', '-infinity']::timestamptz[]) at;
SELECT outcome($$business_between('UTC; mon 09:00-10:00', 'infinity', '2026-01-01')$$);
SELECT day, add_working_days(:office, day, 3), is_working_day(:office, day) FROM unnest(ARRAY['infinity', '-infinity']::date[]) day;
SELECT outcome($$count_working_days('UTC; mon 09:00-10:00', '2026-01-01', 'infinity')$$);
DO $$ BEGIN -- infinite intervals came with 17; they do what they do in timestamptz + interval
  IF current_setting('server_version_num')::integer >= 170000 THEN
    IF business_add('UTC; mon 09:00-10:00', '2026-01-01', 'infinity') <> 'infinity' OR business_add('UTC; mon 09:00-10:00', '2026-01-01', '-infinity') <> '-infinity'
       OR outcome($q$business_add('UTC; mon 09:00-10:00', 'infinity', '-infinity')$q$) !~ '^22008' THEN
      RAISE 'infinite intervals';
    END IF;
  END IF;
END $$;

\echo == NULL
SELECT num_nulls(business_add(NULL, now(), '1 hour'), business_add(:office, NULL, '1 hour'), business_add(:office, now(), NULL),
  business_between(:office, NULL, now()), business_open(NULL, now()), add_working_days(:office, NULL, 1), calendar_covers(:office, NULL)) AS nulls;

\echo == sub-second
SELECT business_add(:office, '2026-10-05 11:59:59.999999', '2 microseconds') AS add, business_add(:office, '2026-10-05 13:00:00.000001', '-2 microseconds') AS subtract,
  business_between(:office, '2026-10-05 11:59:59.999999', '2026-10-05 13:00:00.000001') AS between;

\echo == next open, next close
SELECT at, business_next_open(:office, at), business_next_close(:office, at)
  FROM unnest(ARRAY['2026-10-05 10:00', '2026-10-05 12:00', '2026-10-05 18:00', '2026-10-09 18:00']::timestamptz[]) at;
SELECT business_next_close(calendar_always(), '2026-01-01') AS never_closes, business_next_open('UTC; 2020-01-01 09:00-10:00', '2026-01-01') AS never_opens,
  business_next_close('UTC; daily 00:00-24:00; 2100-03-01 off', '2026-01-01') AS once;

\echo == 24:00
SELECT business_next_close('UTC; mon 18:00-24:00; tue 00:00-06:00', '2026-10-05 20:00') AS over_midnight,
  business_add('UTC; mon 18:00-24:00; tue 00:00-06:00', '2026-10-05 20:00', '10 hours') AS ten_hours,
  business_open('UTC; mon 18:00-24:00', '2026-10-06 00:00') AS midnight;

\echo == spring gap, autumn overlap, both hemispheres
-- 2026-03-29 has 23 hours in Berlin, 2026-10-25 has 25; 2026-10-04 has 23 in Sydney, 2026-04-05 has 25.
SELECT zone, day, business_between((zone || '; daily 00:00-24:00')::calendar, day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone) AS day_has,
  business_between((zone || '; daily 01:00-04:00')::calendar, day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone) AS night_shift_has
  FROM (VALUES ('Europe/Berlin', date '2026-03-29'), ('Europe/Berlin', '2026-10-25'), ('Australia/Sydney', '2026-10-04'), ('Australia/Sydney', '2026-04-05')) v(zone, day);
-- A shift that lies in the gap does not happen that day: no working day. In the overlap it happens twice.
SELECT day, working FROM calendar_days('Europe/Berlin; daily 02:00-03:00', '2026-03-28', '2026-03-30');
SELECT opens_at AT TIME ZONE 'Europe/Berlin' AS opens, closes_at - opens_at AS length FROM business_intervals('Europe/Berlin; daily 02:15-02:45', '2026-10-24 12:00', '2026-10-26');
-- Days: the same local time; skipped it is read with the offset before the gap, ambiguous the later instant is meant, as PostgreSQL reads it.
SET TimeZone = 'Europe/Berlin';
SELECT business_add('Europe/Berlin; daily 00:00-24:00', '2026-03-28 02:30', '1 day') AS gap, timestamptz '2026-03-29 02:30' AS postgres_gap,
  business_add('Europe/Berlin; daily 00:00-24:00', '2026-10-24 02:30', '1 day') AS overlap, timestamptz '2026-10-25 02:30' AS postgres_overlap;

\echo == half an hour: Lord Howe
SET TimeZone = 'Australia/Lord_Howe';
SELECT business_between('Australia/Lord_Howe; daily 00:00-24:00', '2026-04-05', '2026-04-06') AS autumn, business_between('Australia/Lord_Howe; daily 00:00-24:00', '2026-10-04', '2026-10-05') AS spring,
  business_add('Australia/Lord_Howe; daily 01:00-02:15', '2026-10-04 01:00', '1 hour') AS add_over_gap;

\echo == a day skipped: Samoa 2011-12-30, Kwajalein 1993-08-21; a day lived through twice: Kwajalein 1969-09-30
SET TimeZone = 'Pacific/Apia';
SELECT day, working, shifts FROM calendar_days('Pacific/Apia; daily 09:00-17:00', '2011-12-29', '2011-12-31');
SELECT business_add('Pacific/Apia; daily 09:00-17:00', '2011-12-29 16:00', '2 hours') AS two_hours, business_add('Pacific/Apia; daily 09:00-17:00', '2011-12-29 16:00', '1 day') AS one_day,
  count_working_days('Pacific/Apia; daily 09:00-17:00', '2011-12-29', '2011-12-31') AS working, add_working_days('Pacific/Apia; daily 09:00-17:00', '2011-12-30', 0) AS this_or_next;
SELECT is_working_day('Pacific/Kwajalein; daily 09:00-17:00', '1993-08-21') AS kwajalein_1993,
  business_between('Pacific/Kwajalein; 1969-09-30 09:00-17:00', '1969-09-01', '1969-11-01') AS twice;

\echo == leap days, centuries
SET TimeZone = 'UTC';
SELECT year, count_working_days('UTC; daily 09:00-10:00', make_date(year, 2, 1), make_date(year, 3, 1) - 1) AS february FROM unnest(ARRAY[1900, 2000, 2024, 2026, 2100, 2200]) year;
SELECT business_add('UTC; 2024-02-29 09:00-10:00,11:00-12:00; 2028-02-29 09:00-10:00', '2024-01-01', '2 hours 30 minutes') AS four_years;

\echo == whole closed weeks
SELECT business_add('UTC; mon-fri 09:00-17:00; 2026-07-01..2026-08-31 off', '2026-06-30 16:00', '2 hours') AS summer,
  business_add('UTC; 1950-06-01 09:00-10:00; 2150-06-01 09:00-10:00', '1950-06-01 09:30', '45 minutes') AS two_centuries,
  business_add('UTC; 1950-06-01 09:00-10:00; 2150-06-01 09:00-10:00', '2150-06-01 09:15', '-45 minutes') AS and_back;

\echo == beyond until
SELECT at, calendar_covers('Asia/Shanghai; mon-fri 09:00-18:00; from 2026-01-01; until 2026-12-31', at) FROM unnest(ARRAY['2025-12-31 15:59:59.999999', '2025-12-31 16:00',
  '2026-12-31 15:59:59.999999', '2026-12-31 16:00', '1850-01-01']::timestamptz[]) at;
SELECT business_add('UTC; mon-fri 09:00-18:00; 2026-01-01 off; until 2026-12-31', '2026-12-31 17:00', '2 hours') AS by_the_weekly_rule;

\echo == months are refused
SELECT outcome(call) FROM unnest(ARRAY[$$business_add('UTC; mon 09:00-10:00', '2026-01-01', '1 month')$$, $$business_add('UTC; mon 09:00-10:00', '2026-01-01', '1 year -2 days')$$]) call;

\echo == days count working days, to the same local time
SELECT start, duration, business_add(:office, start::timestamptz, duration::interval) FROM (VALUES
  ('2026-10-01 10:00', '1 day'), ('2026-10-02 10:00', '1 day'), ('2026-10-02 10:00', '3 days'), ('2026-10-03 10:00', '1 day'), ('2026-10-05 10:00', '-1 day'),
  ('2026-10-04 10:00', '-1 day'), ('2026-10-02 20:00', '1 day'), ('2026-10-02 20:00', '1 day 1 hour'), ('2026-10-02 17:00', '1 day 2 hours'),
  ('2026-10-02 10:00', '1 day -2 hours'), ('2026-10-02 10:00', '-1 day 2 hours')) v(start, duration);
SELECT n, add_working_days(:office, '2026-10-02', n) AS from_friday, add_working_days(:office, '2026-10-03', n) AS from_saturday FROM unnest(ARRAY[-6, -5, -1, 0, 1, 5, 6]) n;

\echo == limits: errors, never a wrapped instant
SELECT call || E'\n    -> ' || outcome(call) AS outcome FROM unnest(ARRAY[
  $$business_add('UTC; mon 09:00-10:00', '2026-01-01', interval '1000000000 hours')$$,
  $$business_add('UTC; mon 09:00-10:00', '2026-01-01', make_interval(secs => 9223372036854))$$,
  $$business_add('UTC; mon 09:00-10:00', '2026-01-01', make_interval(secs => -9223372036854))$$,
  $$business_add(calendar_always(), '2200-12-31', '1000 hours')$$,
  $$business_add(calendar_always(), '1900-01-01', '-1000 hours')$$,
  $$business_add('UTC; mon 09:00-10:00', '2026-01-01', '2147483647 days')$$,
  $$business_add('UTC; mon 09:00-10:00', '2026-01-01', '-2147483648 days')$$,
  $$business_add('UTC; mon 09:00-10:00', '2026-01-01', '40000 days')$$,
  $$business_add('UTC; 2020-01-01 09:00-10:00', '2026-01-01', '1 second')$$,
  $$business_add('UTC; mon 09:00-10:00', '1899-12-30', '0')$$,
  $$business_add('UTC; mon 09:00-10:00', '294276-12-31', '1 hour')$$,
  $$business_add('UTC; mon 09:00-10:00', '4713-01-01 BC', '1 hour')$$,
  $$business_between('UTC; mon 09:00-10:00', '2026-01-01', '2202-01-01')$$,
  $$business_between('UTC; mon 09:00-10:00', '1800-01-01', '2026-01-01')$$,
  $$business_open('UTC; mon 09:00-10:00', '2300-01-01')$$,
  $$business_next_open('UTC; mon 09:00-10:00', '1066-10-14')$$,
  $$business_next_close('UTC; mon 09:00-10:00', '2300-01-01')$$,
  $$add_working_days('UTC; mon 09:00-10:00', '2026-01-01', 2147483647)$$,
  $$add_working_days('UTC; mon 09:00-10:00', '2026-01-01', -2147483648)$$,
  $$add_working_days('UTC; mon 09:00-10:00', '5874897-12-31', 1)$$,
  $$count_working_days('UTC; mon 09:00-10:00', '4713-01-01 BC', '2026-01-01')$$,
  $$is_working_day('UTC; mon 09:00-10:00', '2300-01-01')$$]) WITH ORDINALITY AS u(call, n) ORDER BY n;
-- The years 1900 to 2200 are answered in every zone, to their last microsecond.
SELECT zone, extract(epoch FROM business_between((zone || '; daily 00:00-24:00')::calendar, first, next)) = extract(epoch FROM next - first) AS all_open
  FROM unnest(ARRAY['UTC', 'Asia/Shanghai', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'America/New_York']) zone,
    LATERAL (SELECT timestamp '1900-01-01' AT TIME ZONE zone AS first, timestamp '2201-01-01' AT TIME ZONE zone AS next) years;

\echo == laws: between(t, add(t, d)) = d; add(add(t, a), b) = add(t, a + b); add is monotone
SELECT setseed(0.25);
CREATE TABLE law AS
  SELECT n, c, timestamptz '1950-01-01' + random() * interval '200 years' AS t,
    random() * interval '3000 hours' AS a, random() * interval '300 hours' AS b
  FROM generate_series(1, 700) n, unnest(ARRAY[calendar_china(), 'Europe/Berlin; mon-fri 00:00-02:30,22:00-24:00; sat 02:00-03:00',
    'Australia/Lord_Howe; daily 01:30-02:00,02:15-03:45', 'America/St_Johns; sun-thu 00:00-00:01,23:00-24:00', 'Pacific/Apia; daily 00:00-24:00; 2011-12-31 off']::calendar[]) c;
SELECT count(*) AS cases,
  count(*) FILTER (WHERE business_between(c, t, business_add(c, t, a)) <> a) AS inverse_broken,
  count(*) FILTER (WHERE business_between(c, t, business_add(c, t, -a)) <> -a) AS negative_inverse_broken,
  count(*) FILTER (WHERE business_add(c, business_add(c, t, a), b) <> business_add(c, t, a + b)) AS sum_broken,
  count(*) FILTER (WHERE business_add(c, business_add(c, t, -a), -b) <> business_add(c, t, -a - b)) AS negative_sum_broken,
  count(*) FILTER (WHERE business_add(c, t + b, a) < business_add(c, t, a)) AS not_monotone,
  count(*) FILTER (WHERE business_between(c, t, t + a) + business_between(c, t + a, t + a + b) <> business_between(c, t, t + a + b)) AS not_additive
  FROM law;

\echo == the intervals and the totals tell the same
SELECT count(*) AS different FROM law WHERE n <= 20 AND business_between(c, t, t + b * 10)
  <> (SELECT coalesce(sum(closes_at - opens_at), '0') FROM business_intervals(c, t, t + b * 10));

SET client_min_messages = warning;
DROP SCHEMA business_time_test CASCADE;
