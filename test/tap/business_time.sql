-- Business time as the handbook needs it (D8, A2): shifts, holidays, make-up days, zones, 24x7, China's calendar.
SET client_min_messages = warning;
SET TimeZone = 'Asia/Shanghai';
SET search_path = csflow, public;
SELECT plan(26);

-- D8: China's calendar against counts made from the published days by a program that knows nothing of csflow.
SELECT results_eq(
  $$SELECT year, count_working_days(calendar_china(), make_date(year, 1, 1), make_date(year, 12, 31)),
      (SELECT count(*) FROM calendar_days(calendar_china(), make_date(year, 1, 1), make_date(year, 12, 31)) d WHERE NOT working AND extract(isodow FROM day) < 6)::integer,
      (SELECT count(*) FROM calendar_days(calendar_china(), make_date(year, 1, 1), make_date(year, 12, 31)) d WHERE working AND extract(isodow FROM day) > 5)::integer
    FROM generate_series(2004, 2026) year ORDER BY year$$,
  $$VALUES (2004, 252, 16, 6), (2005, 250, 16, 6), (2006, 251, 17, 8), (2007, 249, 19, 7), (2008, 251, 16, 5), (2009, 250, 17, 6), (2010, 250, 19, 8),
    (2011, 250, 16, 6), (2012, 249, 18, 6), (2013, 250, 23, 12), (2014, 250, 16, 5), (2015, 249, 17, 5), (2016, 250, 17, 6), (2017, 249, 16, 5),
    (2018, 250, 18, 7), (2019, 250, 17, 6), (2020, 249, 19, 6), (2021, 250, 18, 7), (2022, 249, 18, 7), (2023, 249, 18, 7), (2024, 251, 19, 8),
    (2025, 248, 18, 5), (2026, 248, 19, 6)$$,
  'D8: China 2004-2026: working days, closed weekdays and make-up days of every year');
SELECT is(calendar_from(calendar_china()), date '2004-01-01', 'D8: China''s data begin with 2004');
SELECT is(calendar_until(calendar_china()), date '2026-12-31', 'D8: China''s data end with 2026');
SELECT ok(NOT calendar_covers(calendar_china(), '2027-01-01 00:00'), 'D8: 2027 is not published yet, and the calendar says so');

SELECT is(business_add(calendar_china(), start::timestamptz, interval '3 days'), due::timestamptz, 'D8: 3 working days from ' || start || ', ' || why)
FROM (VALUES
  ('2026-02-13 15:00', '2026-02-25 15:00', 'over Spring Festival 2026, with the make-up Saturday before it'),
  ('2026-02-16 15:00', '2026-02-26 15:00', 'from inside Spring Festival 2026'),
  ('2024-02-08 10:00', '2024-02-19 10:00', 'over Spring Festival 2024, with the make-up Sunday after it'),
  ('2026-09-30 10:00', '2026-10-10 10:00', 'over National Day 2026, ending on a make-up Saturday'),
  ('2025-09-30 10:00', '2025-10-11 10:00', 'over National Day and Mid-Autumn 2025'),
  ('2023-09-28 10:00', '2023-10-09 10:00', 'over National Day 2023, with make-up Saturday and Sunday')) v(start, due, why);
SELECT is(business_add(calendar_china(), '2026-09-30 17:00', interval '2 hours'), '2026-10-08 10:00'::timestamptz, 'D8: hours, too, jump over the holiday');

-- D8: a decree that comes late. Spring Festival 2020 was first to end on 30 January with 1 February worked.
SELECT 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00; 2020-01-19 as mon; 2020-01-24..2020-01-30 off; 2020-02-01 as mon; until 2020-12-31' AS before_decree \gset
SELECT is(add_working_days(:'before_decree', '2020-01-22', 3), date '2020-02-01', 'D8: 3 working days from 2020-01-22, before the late decree');
SELECT is(add_working_days(calendar_merge(:'before_decree', '{2020-01-31,2020-02-01,2020-02-02}', '{off,off,off}'), '2020-01-22', 3), date '2020-02-04',
  'D8: and with the decree''s days merged in');
SELECT is(add_working_days(calendar_china(), '2020-01-22', 3), date '2020-02-04', 'D8: as in the calendar that ships');

-- D8: several shifts, own shifts of a date, each desk in its zone.
SELECT is(business_add('Asia/Shanghai; mon-sat 08:30-12:00,13:30-17:30,19:00-21:00', '2026-10-12 11:30', interval '7 hours'),
  '2026-10-13 09:00'::timestamptz, 'D8: three shifts a day');
SELECT is(business_between('Asia/Shanghai; mon-fri 09:00-18:00; 2026-12-31 09:00-12:00', '2026-12-31 08:00', '2027-01-01 08:00'), interval '3 hours',
  'D8: a date with shifts of its own');
SELECT is(business_add('America/New_York; mon-fri 09:00-17:00', '2026-03-06 16:00-05', interval '2 hours'), '2026-03-09 10:00-04'::timestamptz,
  'D8: local hours on both sides of a daylight-saving change');
SELECT is(business_add('Europe/London; mon-fri 09:00-17:00', t, '1 day'), t + interval '24 hours', 'D8: a calendar knows its zone whatever the session''s')
  FROM (SELECT '2026-10-12 10:00+01'::timestamptz AS t) v;

-- A2: figures that are not called working days run round the clock.
SELECT is(business_add(calendar_always('Asia/Shanghai'), '2026-02-16 23:59:45', target), '2026-02-16 23:59:45'::timestamptz + target,
  'A2: ' || target || ' round the clock, Spring Festival or not')
FROM unnest(ARRAY[interval '30 seconds', '1 minute', '10 minutes', '24 hours']) target;
SELECT is(business_add(calendar_always('Europe/Berlin'), '2026-03-28 12:00+01', '24 hours'), '2026-03-29 12:00+01'::timestamptz,
  'A2: 24 hours stay 24 hours over a daylight-saving change');
SELECT is(business_add(calendar_always('Europe/Berlin'), '2026-03-28 12:00+01', '1 day'), '2026-03-29 12:00+02'::timestamptz,
  'D8: while a day ends at the same local time');
SELECT is(business_add(calendar_china(), '2026-10-09 17:59:30', interval '1 minute'), '2026-10-10 09:00:30'::timestamptz,
  'A2: a desk closed at night may put its acknowledgement on its calendar');
SELECT is(business_next_open(calendar_china(), business_add(calendar_china(), '2026-10-09 17:00', '1 hour')), '2026-10-10 09:00'::timestamptz,
  'D8: a target that ends at closing time is due then; the next opening is the other reading');
SELECT * FROM finish();
