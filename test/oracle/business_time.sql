-- An oracle for business time that walks. It knows calendars as rows, not as text, asks the server only for the local time
-- of an instant (AT TIME ZONE), looks at every minute (every second where an offset is not a whole minute) of a window, and
-- counts. Random calendars, windows and cases come from random() after setseed(): the same seed gives the same cases.
CREATE SCHEMA oracle;

CREATE TABLE oracle.zone (number integer PRIMARY KEY, name text);
INSERT INTO oracle.zone SELECT n, z FROM unnest(ARRAY[
  'UTC', 'Asia/Shanghai', 'Asia/Hong_Kong', 'Asia/Kolkata', 'Asia/Kathmandu', 'Asia/Tehran', 'Asia/Gaza', 'Asia/Pyongyang',
  'Europe/Berlin', 'Europe/Dublin', 'Europe/Moscow', 'Europe/London', 'Africa/Casablanca', 'Africa/Cairo', 'Africa/Monrovia',
  'America/New_York', 'America/St_Johns', 'America/Sao_Paulo', 'America/Havana', 'America/Caracas', 'America/Santiago',
  'America/Scoresbysund', 'Australia/Lord_Howe', 'Australia/Sydney', 'Pacific/Auckland', 'Pacific/Chatham', 'Pacific/Apia',
  'Pacific/Kwajalein', 'Pacific/Kiritimati', 'Antarctica/Troll']) WITH ORDINALITY AS u(z, n);

-- The rules of the calendar at hand. weekday: 1 for Monday; minutes of the day, half-open.
CREATE TABLE oracle.weekly (weekday integer, from_minute integer, to_minute integer);
CREATE TABLE oracle.exception (day date PRIMARY KEY, weekday integer); -- like that weekday; 0: shifts of its own, or none
CREATE TABLE oracle.exception_shift (day date, from_minute integer, to_minute integer);
CREATE TABLE oracle.open_shift (day date, from_minute integer, to_minute integer);

-- The window: one row per step. open_before: open time in the window before the step.
CREATE TABLE oracle.step (n integer, at timestamptz, length interval, day date, open boolean, open_before interval,
  next_open timestamptz, next_close timestamptz);
CREATE INDEX ON oracle.step (at);
CREATE INDEX ON oracle.step (open_before) WHERE open;

CREATE TABLE oracle.difference (zone text, calendar text, asked text, expected text, got text);
CREATE TABLE oracle.done (zone text, cases bigint);

CREATE FUNCTION oracle.between(low integer, high integer) RETURNS integer LANGUAGE sql VOLATILE AS
'SELECT low + floor(random() * (high - low + 1))::integer';

-- Up to three shifts that neither overlap nor touch; often at the ends of the day.
CREATE FUNCTION oracle.shifts() RETURNS TABLE (from_minute integer, to_minute integer) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  grain integer := (ARRAY[1, 5, 15, 30])[oracle.between(1, 4)];
  at integer := CASE WHEN random() < 0.3 THEN 0 ELSE oracle.between(0, 700) / grain * grain END;
BEGIN
  FOR i IN 1 .. oracle.between(1, 3) LOOP
    from_minute := at;
    to_minute := least(1440, at + oracle.between(1, 400 / grain) * grain);
    EXIT WHEN from_minute >= 1440;
    IF random() < 0.1 THEN
      to_minute := 1440;
    END IF;
    RETURN NEXT;
    at := to_minute + oracle.between(1, 200 / grain) * grain;
  END LOOP;
END $$;

CREATE FUNCTION oracle.shift_text(from_minute integer, to_minute integer) RETURNS text LANGUAGE sql IMMUTABLE AS
$$SELECT format('%s:%s-%s:%s', lpad((from_minute / 60)::text, 2, '0'), lpad((from_minute % 60)::text, 2, '0'),
  lpad((to_minute / 60)::text, 2, '0'), lpad((to_minute % 60)::text, 2, '0'))$$;

-- Random rules for the days of a window; returns them as calendar text.
CREATE FUNCTION oracle.make_calendar(zone text, first_day date, last_day date) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  name text[] := '{mon,tue,wed,thu,fri,sat,sun}';
  result text := zone;
  clause text;
  chosen date;
BEGIN
  TRUNCATE oracle.weekly, oracle.exception, oracle.exception_shift, oracle.open_shift;
  FOR d IN 1 .. 7 LOOP
    CONTINUE WHEN d > 1 AND random() < 0.25;
    INSERT INTO oracle.weekly SELECT d, s.* FROM oracle.shifts() s;
    SELECT string_agg(oracle.shift_text(from_minute, to_minute), ',' ORDER BY random()) INTO clause
      FROM oracle.weekly WHERE weekday = d;
    result := result || '; ' || name[d] || ' ' || clause;
  END LOOP;
  FOR i IN 1 .. oracle.between(0, 1 + (last_day - first_day) / 3) LOOP
    chosen := first_day + oracle.between(0, last_day - first_day);
    CONTINUE WHEN EXISTS (SELECT FROM oracle.exception e WHERE e.day = chosen);
    INSERT INTO oracle.exception VALUES (chosen, CASE WHEN random() < 0.3 THEN oracle.between(1, 7) ELSE 0 END);
    INSERT INTO oracle.exception_shift
      SELECT chosen, s.* FROM oracle.exception e, oracle.shifts() s
      WHERE e.day = chosen AND e.weekday = 0 AND chosen - first_day <> i % 3;
  END LOOP;
  SELECT string_agg(format('; %s %s', e.day, CASE WHEN e.weekday > 0 THEN 'as ' || name[e.weekday] ELSE coalesce(
      (SELECT string_agg(oracle.shift_text(from_minute, to_minute), ',' ORDER BY from_minute)
       FROM oracle.exception_shift s WHERE s.day = e.day), 'off') END), '' ORDER BY random())
    INTO clause FROM oracle.exception e;
  INSERT INTO oracle.open_shift
    SELECT g.day, w.from_minute, w.to_minute
      FROM (SELECT d::date AS day FROM generate_series(first_day - 3, last_day + 3, interval '1 day') d) g
      LEFT JOIN oracle.exception e USING (day)
      JOIN oracle.weekly w ON w.weekday = coalesce(e.weekday, extract(isodow FROM g.day))
    UNION ALL
    SELECT day, from_minute, to_minute FROM oracle.exception_shift;
  RETURN result || coalesce(clause, '');
END $$;

-- Walks the window.
CREATE FUNCTION oracle.walk(zone text, start timestamptz, finish timestamptz, step interval) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  TRUNCATE oracle.step;
  INSERT INTO oracle.step
    WITH instant AS MATERIALIZED (
      SELECT i::integer AS n, start + i * step AS at, (start + i * step) AT TIME ZONE zone AS local
      FROM generate_series(0, floor(extract(epoch FROM finish - start) / extract(epoch FROM step))::integer) i),
    looked AS (
      SELECT n, at, local::date AS day, s.day IS NOT NULL AS open
      FROM instant LEFT JOIN oracle.open_shift s ON s.day = local::date
        AND local::time >= time '00:00' + s.from_minute * interval '1 minute'
        AND (s.to_minute = 1440 OR local::time < time '00:00' + s.to_minute * interval '1 minute')),
    counted AS (
      SELECT *, (count(*) FILTER (WHERE open) OVER back - open::integer) * step AS open_before,
        open AND NOT lead(open) OVER back AS closes
      FROM looked WINDOW back AS (ORDER BY n))
    SELECT n, at, step, day, open, open_before, min(at) FILTER (WHERE open) OVER ahead,
      min(at + step) FILTER (WHERE closes) OVER ahead
    FROM counted WINDOW ahead AS (ORDER BY n DESC);
  ANALYZE oracle.step;
END $$;

-- Random instants of the window, every fourth on a step, with the open time before them; and durations.
CREATE FUNCTION oracle.cases(cases integer)
RETURNS TABLE (at timestamptz, before interval, open boolean, next_open timestamptz, next_close timestamptz,
  duration interval, day date, days integer)
LANGUAGE sql VOLATILE AS $$
  WITH size AS MATERIALIZED (
    SELECT count(*)::integer AS steps, max(open_before + CASE WHEN open THEN length ELSE '0' END) AS total FROM oracle.step),
  drawn AS MATERIALIZED (
    SELECT oracle.between(0, steps - 1) AS n, CASE WHEN i % 4 = 0 THEN 0 ELSE random() END AS part,
      CASE WHEN i % 3 = 0 THEN date_trunc('minute', random() * total) ELSE random() * total END AS duration,
      oracle.between(-6, 6) AS days
    FROM size, generate_series(1, cases) i)
  SELECT s.at + part * length, open_before + CASE WHEN open THEN part * length ELSE '0' END, open,
    CASE WHEN open THEN s.at + part * length ELSE s.next_open END, s.next_close, duration, s.day, days
  FROM drawn JOIN oracle.step s USING (n)
$$;

CREATE FUNCTION oracle.compare(zone text, calendar text, cases integer) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  value csflow.calendar := calendar;
BEGIN
  CREATE TEMP TABLE chosen AS
    SELECT row_number() OVER () AS n, c.*, f.at AS forward, b.at AS backward
    FROM oracle.cases(cases) c
    -- the earliest instant with that much open time before it, and the latest
    LEFT JOIN LATERAL (SELECT s.at + (before + duration - open_before) AS at, s.at + length AS last FROM oracle.step s
      WHERE s.open AND open_before < before + duration ORDER BY open_before DESC LIMIT 1) f ON f.at <= f.last
    LEFT JOIN LATERAL (SELECT s.at + (before - duration - open_before) AS at, s.at + length AS last FROM oracle.step s
      WHERE s.open AND open_before <= before - duration ORDER BY open_before DESC LIMIT 1) b ON b.at < b.last
    WHERE duration > '0';
  INSERT INTO oracle.difference
    SELECT zone, calendar, format('%s at %s, %s', asked, c.at, c.duration), expected, got FROM chosen c, LATERAL (VALUES
      ('add', c.forward::text, CASE WHEN c.forward IS NOT NULL THEN csflow.business_add(value, c.at, duration)::text END),
      ('subtract', c.backward::text,
        CASE WHEN c.backward IS NOT NULL THEN csflow.business_add(value, c.at, -duration)::text END),
      ('open', c.open::text, csflow.business_open(value, c.at)::text),
      ('next open', c.next_open::text,
        CASE WHEN c.next_open IS NOT NULL THEN csflow.business_next_open(value, c.at)::text END),
      ('next close', c.next_close::text,
        CASE WHEN c.next_close IS NOT NULL THEN csflow.business_next_close(value, c.at)::text END)) v(asked, expected, got)
    WHERE got IS DISTINCT FROM expected
    UNION ALL
    SELECT zone, calendar, 'between ' || a.at || ' ' || b.at, (b.before - a.before)::text,
      csflow.business_between(value, a.at, b.at)::text
    FROM chosen a JOIN chosen b ON b.n = a.n + 1
    WHERE csflow.business_between(value, a.at, b.at)::text IS DISTINCT FROM (b.before - a.before)::text;

  -- Working days: dates with an open step, away from the ends of the window.
  CREATE TEMP TABLE working AS
    SELECT day, row_number() OVER (ORDER BY day)::integer AS n
    FROM (SELECT DISTINCT day FROM oracle.step WHERE open AND day > (SELECT min(day) FROM oracle.step)) d
    WHERE day < (SELECT max(day) FROM oracle.step);
  INSERT INTO oracle.difference
    SELECT zone, calendar, format('%s days from %s', c.days, c.at), expected, got
    FROM chosen c JOIN working w ON w.n = c.days
      + CASE WHEN c.days > 0 THEN (SELECT count(*) FROM working p WHERE p.day <= c.day)
             ELSE (SELECT count(*) + 1 FROM working p WHERE p.day < c.day) END,
      LATERAL (SELECT concat_ws(' ', w.day, CASE WHEN c.days <> 0 THEN (w.day + (c.at AT TIME ZONE zone)::time) AT TIME ZONE zone END) AS expected,
        concat_ws(' ', csflow.add_working_days(value, c.day, c.days),
          CASE WHEN c.days <> 0 THEN csflow.business_add(value, c.at, c.days * interval '1 day') END) AS got) v
    WHERE c.day > (SELECT min(day) FROM oracle.step) AND got IS DISTINCT FROM expected
    UNION ALL
    SELECT zone, calendar, format('count %s to %s', a.day, b.day), (b.n - a.n + 1)::text,
      csflow.count_working_days(value, a.day, b.day)::text
    FROM working a JOIN working b ON a.n <= b.n
    WHERE csflow.count_working_days(value, a.day, b.day) <> b.n - a.n + 1;
  INSERT INTO oracle.done
    SELECT zone, count(*) FROM chosen WHERE forward IS NOT NULL OR backward IS NOT NULL;
  DROP TABLE chosen, working;
END $$;

-- One window of a zone: half of them around a change of its offset, if a random year has one.
CREATE FUNCTION oracle.window(zone text, days integer, cases integer) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  year integer := CASE WHEN random() < 0.5 THEN oracle.between(1900, 2200) ELSE oracle.between(1965, 2035) END;
  start timestamptz := make_timestamptz(year, oracle.between(1, 12), oracle.between(1, 28), oracle.between(0, 23), 0, 0, 'UTC');
  change timestamptz;
  step interval := '1 minute';
  calendar text;
BEGIN
  IF random() < 0.5 THEN
    SELECT d INTO change FROM generate_series(start, start + interval '1 year', interval '1 day') d
      WHERE (d AT TIME ZONE zone) - (d AT TIME ZONE 'UTC')
         <> ((d + interval '24 hours') AT TIME ZONE zone) - ((d + interval '24 hours') AT TIME ZONE 'UTC') LIMIT 1;
    start := coalesce(change - oracle.between(0, days * 18) * interval '1 hour', start);
  END IF;
  start := greatest(start, timestamptz '1900-01-01 00:00+00');
  IF extract(epoch FROM (start AT TIME ZONE zone) - (start AT TIME ZONE 'UTC'))::integer % 60 <> 0
     OR extract(epoch FROM ((start + days * interval '24 hours') AT TIME ZONE zone)
       - ((start + days * interval '24 hours') AT TIME ZONE 'UTC'))::integer % 60 <> 0 THEN
    step := '1 second';
    start := coalesce(change - interval '3 hours', start);
    days := 1;
  END IF;
  calendar := oracle.make_calendar(zone, start::date, start::date + days);
  PERFORM oracle.walk(zone, start, start + days * interval '24 hours', step);
  PERFORM oracle.compare(zone, calendar, cases);
END $$;

CREATE FUNCTION oracle.run(seed double precision, windows integer, days integer, cases integer) RETURNS void
LANGUAGE plpgsql VOLATILE SET TimeZone = 'UTC' SET IntervalStyle = 'postgres' SET client_min_messages = warning AS $$
BEGIN
  PERFORM setseed(seed);
  FOR i IN 1 .. windows LOOP
    PERFORM oracle.window((SELECT name FROM oracle.zone WHERE number = 1 + i % (SELECT count(*) FROM oracle.zone)), days, cases);
  END LOOP;
END $$;
