-- csflow.calendar (handbook D8, design 2.4 and 4): reading, writing, refusals, order, storage, merging, parts, rows.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS csflow;
CREATE SCHEMA calendar_test;
RESET client_min_messages;
SET search_path = calendar_test, csflow;
SET DateStyle = 'ISO';
SET TimeZone = 'UTC';
\pset format unaligned
\set SHOW_CONTEXT never

-- The value of an expression as text, or what is said against it.
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

-- D8: texts and their canonical form, which reads back as itself.
CREATE TABLE given (number serial, input text);
INSERT INTO given (input) VALUES
  ('Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00; sat 10:00-14:00; 2026-10-01..2026-10-07 off; 2026-10-10 as mon; 2026-12-31 09:00-12:00; until 2026-12-31'),
  ('  asia/SHANGHAI;MON-Fri 9:00 - 12:00 , 13:00-18:00 ; 2026-10-01 .. 2026-10-07 OFF;2026-10-10 As Mon;'),
  ('UTC; daily 00:00-24:00'),
  ('UTC; mon-sun 00:00-12:00,12:00-24:00'),
  ('utc; sun-thu 08:00-16:00'),
  ('UTC; fri-mon 08:00-16:00; wed 08:00-16:00'),
  ('UTC; tue 13:00-14:00,09:00-10:00,10:00-13:00; sun off'),
  ('Etc/GMT-8; mon 09:00-10:00'),
  ('UTC; 2024-02-29 09:00-10:00'),
  ('UTC; mon 09:00-10:00; 2026-01-03 off; 2026-01-02 off; 2026-01-01 off; 2026-01-02..2026-01-05 off'),
  ('UTC; mon 09:00-10:00; 2026-01-03 as tue; 2026-01-04 as wed; 2026-01-05 off; 2026-01-06 off'),
  (E'UTC;\n\tmon 09:00-10:00;\r\n from 2020-01-01; until 2020-01-01'),
  ('UTC; mon 09:00-10:00; 1900-01-01..2200-12-31 off; '),
  ('UTC; mon 09:00-10:00; 1900-01-02..2200-12-31 off');
SELECT number, outcome(format('%L::calendar', input)) AS canonical FROM given ORDER BY number;
SELECT count(*) AS unstable FROM given WHERE number <> 13 AND input::calendar::text::calendar::text <> input::calendar::text;

-- Refused, with clause and character (issue: bad input).
SELECT input || E'\n    -> ' || outcome(format('%L::calendar', input)) AS refused FROM unnest(ARRAY[
  '', '   ', ';', 'Mars/Olympus; daily 09:00-10:00', 'EST5EDT; daily 09:00-10:00', 'FOO-8; daily 09:00-10:00', 'Etc/GMT-99; daily 09:00-10:00',
  'Asia/Shanghai1; daily 09:00-10:00', '<+08>-8; daily 09:00-10:00', '../etc/passwd; daily 09:00-10:00', 'right/UTC; daily 09:00-10:00',
  'Asia/Shanghai daily 09:00-10:00', 'UTC', 'UTC;', 'UTC; ; daily 09:00-10:00', 'UTC; sun off', 'UTC; 2026-01-01 as mon; mon off',
  'UTC; mon 10:00-09:00', 'UTC; mon 10:00-10:00', 'UTC; mon 22:00-06:00', 'UTC; mon 24:00-24:00', 'UTC; mon 09:00-24:01',
  'UTC; mon 09:00-12:60', 'UTC; mon 9-12', 'UTC; mon 09:00', 'UTC; mon 009:00-12:00', 'UTC; mon 09:00-12:00,11:59-13:00',
  'UTC; mon 13:00-14:00,09:00-13:01', 'UTC; mon 09:00-10:00,09:00-10:00', 'UTC; mon 09:00-10:00,', 'UTC; mon', 'UTC; monday 09:00-10:00',
  'UTC; mon-fry 09:00-10:00', 'UTC; mon-fri 09:00-10:00; wed 11:00-12:00', 'UTC; mon,mon 09:00-10:00', 'UTC; daily 09:00-10:00; sun off',
  'UTC; mon 09:00-10:00 and more', 'UTC; mon 09:00-10:00; 2026-01-01 off off', 'UTC; mon 09:00-10:00; 2026-02-29 off',
  'UTC; mon 09:00-10:00; 2026-13-01 off', 'UTC; mon 09:00-10:00; 1899-12-31 off', 'UTC; mon 09:00-10:00; 2201-01-01 off',
  'UTC; mon 09:00-10:00; 2026-1-1 off', 'UTC; mon 09:00-10:00; 2026-01-02..2026-01-01 off', 'UTC; mon 09:00-10:00; 2026-01-01 as',
  'UTC; mon 09:00-10:00; 2026-01-01 as noon', 'UTC; mon 09:00-10:00; 2026-01-01', 'UTC; mon 09:00-10:00; 2026-01-01 off; 2026-01-01 as mon',
  'UTC; mon 09:00-10:00; 2026-01-01..2026-01-09 off; 2026-01-20 off; 2026-01-05 09:00-10:00', 'UTC; mon 09:00-10:00; until 2026-01-01; until 2026-01-01',
  'UTC; mon 09:00-10:00; until', 'UTC; mon 09:00-10:00; from 2026-01-02; until 2026-01-01', 'UTC; mon 09:00-10:00; 星期一 09:00-10:00', 'UTC; ２０２６-01-01 off'])
  WITH ORDINALITY AS u(input, n) ORDER BY n;
SELECT outcome(format('%L::calendar', 'UTC; mon ' || string_agg(format('%s:%s-%s:%s', lpad((n / 2)::text, 2, '0'), n % 2 * 30,
  lpad((n / 2)::text, 2, '0'), n % 2 * 30 + 15), ','))) IS NOT NULL AS "48 shifts a day" FROM generate_series(0, 47) n;
SELECT outcome(format('%L::calendar', 'UTC; mon ' || string_agg(format('%s:%s-%s:%s', lpad((n / 4)::text, 2, '0'), lpad((n % 4 * 15)::text, 2, '0'),
  lpad((n / 4)::text, 2, '0'), lpad((n % 4 * 15 + 10)::text, 2, '0')), ','))) AS "49 shifts a day" FROM generate_series(0, 48) n;
SELECT left(outcome(format('%L::calendar', 'UTC; ' || string_agg(format('%s 00:00-%s:%s', date '2026-01-01' + n, lpad((n / 60)::text, 2, '0'),
  lpad((n % 60)::text, 2, '0')), '; '))), 120) AS "600 different lists" FROM generate_series(1, 600) n;

-- A calendar of 100,000 date clauses is read, and used.
CREATE TABLE large AS SELECT ('UTC; mon-fri 09:00-17:00; ' || string_agg(format('%s %s', date '1900-01-01' + n,
  CASE WHEN n % 2 = 0 THEN 'off' ELSE '10:00-12:00' END), '; '))::calendar AS calendar FROM generate_series(1, 100000) n;
SELECT length(calendar::text) AS length, business_add(calendar, '1950-01-01', '2 hours') AS two_hours,
  count_working_days(calendar, '1900-01-01', '2173-10-15') AS working FROM large;

-- Input errors are soft (pg_input_is_valid) where the server knows that.
DO $$ BEGIN
  IF current_setting('server_version_num')::integer >= 160000 THEN
    IF pg_input_is_valid('UTC; mon 10:00-09:00', 'calendar') OR NOT pg_input_is_valid('UTC; mon 09:00-10:00', 'calendar') THEN
      RAISE 'input errors are not soft';
    END IF;
  END IF;
END $$;

-- Binary: a version and the text, checked like input.
CREATE TABLE sent AS SELECT number, input::calendar AS calendar FROM given WHERE number <> 13;
CREATE TABLE received (number integer, calendar calendar);
\copy sent TO 'results/calendar.bin' (FORMAT binary)
\copy received FROM 'results/calendar.bin' (FORMAT binary)
SELECT count(*) AS lost FROM sent FULL JOIN received USING (number, calendar) WHERE sent IS NULL OR received IS NULL;
CREATE TABLE raw (bytes bytea);
CREATE TABLE read (calendar calendar);
INSERT INTO raw VALUES ('\x01' || convert_to('UTC; mon 10:00-09:00', 'UTF8'));
\copy raw TO 'results/calendar.bin' (FORMAT binary)
\copy read FROM 'results/calendar.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x02' || convert_to('UTC; mon 09:00-10:00', 'UTF8');
\copy raw TO 'results/calendar.bin' (FORMAT binary)
\copy read FROM 'results/calendar.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x';
\copy raw TO 'results/calendar.bin' (FORMAT binary)
\copy read FROM 'results/calendar.bin' (FORMAT binary)

-- Equality, order, hash: by canonical text, also stored out of line and compressed.
CREATE TABLE stored (number integer, calendar calendar);
INSERT INTO stored SELECT number, calendar FROM sent;
INSERT INTO stored SELECT 100, calendar_china();
INSERT INTO stored SELECT 101, calendar FROM large;
ALTER TABLE stored ALTER calendar SET STORAGE EXTENDED;
INSERT INTO stored SELECT number + 1000, calendar FROM stored;
SELECT a.number AS first, array_agg(b.number ORDER BY b.number) AS equal_to FROM stored a JOIN stored b USING (calendar)
  GROUP BY a.number ORDER BY a.number;
SELECT count(DISTINCT calendar) AS different, count(DISTINCT calendar_hash(calendar)) AS hashes,
  count(DISTINCT calendar_hash_extended(calendar, 7)) AS extended_hashes FROM stored;
SELECT bool_and((a.calendar = b.calendar) = (a.calendar::text = b.calendar::text)
  AND (a.calendar <> b.calendar) = (a.calendar::text <> b.calendar::text)
  AND (a.calendar < b.calendar) = (a.calendar::text COLLATE "C" < b.calendar::text COLLATE "C")
  AND (a.calendar <= b.calendar) = (a.calendar::text COLLATE "C" <= b.calendar::text COLLATE "C")
  AND (a.calendar > b.calendar) = (a.calendar::text COLLATE "C" > b.calendar::text COLLATE "C")
  AND (a.calendar >= b.calendar) = (a.calendar::text COLLATE "C" >= b.calendar::text COLLATE "C")
  AND calendar_cmp(a.calendar, b.calendar) = -calendar_cmp(b.calendar, a.calendar)
  AND (a.calendar <> b.calendar OR calendar_hash(a.calendar) = calendar_hash(b.calendar))) AS consistent
  FROM stored a, stored b WHERE a.number % 1000 <> 101 AND b.number % 1000 <> 101;
CREATE UNIQUE INDEX ON sent (calendar) WHERE number NOT IN (2, 4);
CREATE INDEX ON stored USING hash (calendar);

-- Every way a value can be stored gives the same answers: inline, compressed, out of line, many in turn.
SELECT count(*) AS rows, count(DISTINCT business_add(calendar, '2026-03-02 08:00', '5 hours')) AS answers
  FROM stored WHERE number IN (101, 1101);
SELECT string_agg(DISTINCT business_add(calendar, '2026-03-02 08:00', '5 hours')::text, ', ') AS answer
  FROM stored WHERE number IN (100, 1100);
CREATE TABLE many AS SELECT n, calendar_merge(calendar_china(), ARRAY[date '2026-03-02'],
  ARRAY[format('09:00-%s:%s', 10 + n / 60 % 14, lpad((n % 60)::text, 2, '0'))]) AS calendar FROM generate_series(1, 800) n;
SELECT count(*) AS wrong FROM many, generate_series(1, 3) round
  WHERE business_between(calendar, '2026-03-02', '2026-03-02 20:00') <> (60 + n) * interval '1 minute';
-- Compiled calendars are freed beyond 64 MB (one may add 4 MB): 60 calendars over 300 years would take more than 100 MB.
SELECT round, count(*) FILTER (WHERE is_open) AS open, count(*) FILTER (WHERE is_open <> (at::time >= '09:00' AND at::time < time '10:00' + n * interval '1 minute')) AS wrong
  FROM generate_series(1, 2) round, generate_series(1, 60) n,
    LATERAL (SELECT format('UTC; daily 09:00-10:%s,%s:00-24:00', lpad((n % 60)::text, 2, '0'), 12 + n / 60)::calendar AS calendar) c,
    generate_series(timestamptz '1900-01-01 10:30', '2200-12-31', '300 days') at,
    LATERAL (SELECT business_open(calendar, at) AS is_open) o
  WHERE n < 60 GROUP BY round ORDER BY round;
SELECT sum(total_bytes) BETWEEN 67108864 / 2 AND 67108864 + (8 << 20) AS bounded FROM pg_backend_memory_contexts WHERE name LIKE 'csflow calendar%';

-- Single dates merged into a calendar: later entries hold, ranges are cut, rules as in a date clause.
SELECT outcome(call) AS merged FROM unnest(ARRAY[
  $$calendar_merge('UTC; mon-fri 09:00-17:00; 2026-01-01..2026-01-05 off; until 2026-06-30', '{2026-01-03,2026-01-05,2026-01-06,2026-01-05}', '{as mon,off,OFF,"10:00-11:00, 09:00-10:00"}', '2026-12-31')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00; 2026-01-01..2026-01-05 off', '{2026-01-01,2026-01-02,2026-01-03,2026-01-04,2026-01-05}', '{as mon,as mon,as mon,as mon,as mon}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{2026-01-02,2026-01-04,2026-01-03}', '{off,off,off}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{}', '{}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', NULL, '{}')$$,
  $$calendar_merge('UTC; 2026-01-02 09:00-17:00', '{2026-01-02}', '{off}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{2026-01-02}', '{}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{2026-01-02}', '{closed}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{2026-01-02}', '{off; 2026-01-03 off}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{2026-01-02}', ARRAY[NULL::text])$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{2026-01-02,NULL}', '{off,off}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{{2026-01-02},{2026-01-03}}', '{{off},{off}}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{1899-12-31}', '{off}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{infinity}', '{off}')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00; from 2026-01-01', '{2026-01-02}', '{off}', '2025-12-31')$$,
  $$calendar_merge('UTC; mon-fri 09:00-17:00', '{2026-01-02}', '{off}', '2201-01-01')$$])
  WITH ORDINALITY AS u(call, n) ORDER BY n;

-- Parts.
SELECT calendar_zone(c), calendar_from(c), calendar_until(c)
  FROM unnest(ARRAY['asia/tokyo; mon 09:00-10:00', 'UTC; mon 09:00-10:00; until 2026-06-30', 'UTC; mon 09:00-10:00; from 2026-01-01; until 2026-06-30']::calendar[]) c;

-- As rows: dates with what decides them, open intervals cut at both ends.
SELECT * FROM calendar_days('Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00; 2026-10-01..2026-10-07 off; 2026-10-10 as mon; from 2026-10-01; until 2026-10-10', '2026-09-30', '2026-10-12');
SELECT * FROM calendar_days('UTC; mon 09:00-10:00', '2026-10-02', '2026-10-01');
SELECT * FROM business_intervals('Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00; 2026-10-01..2026-10-07 off', '2026-09-30 16:00+08', '2026-10-08 09:30+08');
SELECT * FROM business_intervals('UTC; mon,tue 00:00-24:00', '2026-10-05', '2026-10-12');
SELECT * FROM business_intervals('UTC; mon,tue 00:00-24:00', '2026-10-12', '2026-10-05');
SELECT * FROM business_intervals(calendar_always(), '1900-01-01', '2200-12-31');
SELECT count(*), min(opens_at), max(closes_at) FROM business_intervals('UTC; daily 09:00-10:00', '1900-01-01', '2201-01-01');
SELECT a.n, i.* FROM (VALUES (1, calendar_always()), (2, 'UTC; mon 09:00-10:00'::calendar)) a(n, calendar),
  LATERAL business_intervals(calendar, '2026-10-05', '2026-10-06') i ORDER BY n;
SELECT outcome(call) AS refused FROM unnest(ARRAY[
  $$(SELECT count(*) FROM business_intervals('UTC; mon 09:00-10:00', '-infinity', '2026-01-01'))$$,
  $$(SELECT count(*) FROM business_intervals('UTC; mon 09:00-10:00', '2026-01-01', '2300-01-01'))$$,
  $$(SELECT count(*) FROM calendar_days('UTC; mon 09:00-10:00', '-infinity', '2026-01-01'))$$]) call;
-- A reader that stops early leaves nothing behind.
SELECT * FROM business_intervals('UTC; daily 09:00-10:00', '2026-01-01', '2200-01-01') LIMIT 2;

-- IMMUTABLE, PARALLEL SAFE, and STRICT but for the merge with its default.
SELECT proname AS unexpected FROM pg_proc WHERE pronamespace = 'csflow'::regnamespace
  AND (proname ~ '^(calendar_|business_)' OR proname ~ 'working_day') AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')
  AND (provolatile <> 'i' OR proparallel <> 's' OR (NOT proisstrict AND proname <> 'calendar_merge')) ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA calendar_test CASCADE;
