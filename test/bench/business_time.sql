-- Run by 20_business_time.sh.
SET client_min_messages = warning;
SET TimeZone = 'Asia/Shanghai';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET search_path = csflow, public;

CREATE TABLE instant AS
  SELECT g AS id, ts, ts + interval '30 days' AS month_later, ts + interval '10 years' AS decade_later, g % 1000 AS calendar_id
  FROM generate_series(1, 40000) g, LATERAL (SELECT timestamptz '2026-01-01' + g * interval '7 minutes' AS ts) t;

-- Calendars with 30 and 3,000 date exceptions that do not join into ranges; 1,024 variants of them.
CREATE FUNCTION with_exceptions(days integer, variant integer DEFAULT 0) RETURNS calendar LANGUAGE sql AS $$
  SELECT calendar_merge('Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00', array_agg(date '2020-01-01' + n * (4000 / days)),
    array_agg(CASE (n + variant) % 3 WHEN 0 THEN 'off' WHEN 1 THEN 'as mon' ELSE
      format('09:%s-12:00,13:00-18:%s', lpad((variant / 32)::text, 2, '0'), lpad((variant % 32)::text, 2, '0')) END))
  FROM generate_series(1, days) n
$$;
SELECT with_exceptions(30) AS few, with_exceptions(3000) AS many \gset
CREATE TABLE desk AS SELECT with_exceptions(30) AS few, with_exceptions(3000) AS many;
CREATE TABLE thousand AS SELECT n AS id, with_exceptions(30, n) AS few, with_exceptions(3000, n) AS many FROM generate_series(0, 999) n;
CREATE TABLE instant_with_calendar AS SELECT ts, with_exceptions(30, id % 2) AS few FROM instant WHERE id <= 2;
TRUNCATE instant_with_calendar;
INSERT INTO instant_with_calendar SELECT ts, few FROM instant, desk WHERE id <= 20000;

-- Two plain-SQL rivals: a function that walks shift by shift, and spans with running totals found by index.
CREATE TABLE shift (weekday integer, opens time, closes time);
INSERT INTO shift SELECT d, o, c FROM generate_series(1, 5) d, (VALUES (time '09:00', time '12:00'), ('13:00', '18:00')) v(o, c);
CREATE TABLE holiday AS SELECT date '2020-01-01' + n * 133 AS day FROM generate_series(1, 30) n;
SELECT calendar_merge('Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00', array_agg(day), array_agg('off'::text)) AS closed
  FROM holiday \gset
CREATE UNIQUE INDEX ON holiday (day);
CREATE FUNCTION walk(start timestamptz, needed interval) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
  at timestamp := start AT TIME ZONE 'Asia/Shanghai';
  today date := at::date;
  s record;
BEGIN
  LOOP
    IF NOT EXISTS (SELECT FROM holiday h WHERE h.day = today) THEN
      FOR s IN SELECT greatest(today + opens, at) AS opens, today + closes AS closes FROM shift
               WHERE weekday = extract(isodow FROM today) ORDER BY opens LOOP
        CONTINUE WHEN s.closes <= s.opens;
        IF s.closes - s.opens >= needed THEN
          RETURN (s.opens + needed) AT TIME ZONE 'Asia/Shanghai';
        END IF;
        needed := needed - (s.closes - s.opens);
      END LOOP;
    END IF;
    today := today + 1;
  END LOOP;
END $$;
CREATE TABLE span AS
  SELECT opens_at, closes_at, sum(closes_at - opens_at) OVER (ORDER BY opens_at) - (closes_at - opens_at) AS open_before
  FROM business_intervals(:'closed', '2018-01-01', '2036-12-31');
CREATE UNIQUE INDEX ON span (opens_at);
CREATE UNIQUE INDEX ON span (open_before);
CREATE FUNCTION by_spans(start timestamptz, needed interval) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT t.opens_at + (wanted - t.open_before)
  FROM (SELECT open_before + least(start - opens_at, closes_at - opens_at) + needed AS wanted
        FROM span WHERE opens_at <= start ORDER BY opens_at DESC LIMIT 1) f,
    LATERAL (SELECT opens_at, open_before FROM span WHERE open_before < wanted ORDER BY open_before DESC LIMIT 1) t
$$;
SELECT 'different calendars: ' || count(DISTINCT few) || ', ' || count(DISTINCT many) FROM thousand;
VACUUM ANALYZE;

-- Each measured query is a function, so that it is planned once.
CREATE TABLE measure (name text PRIMARY KEY, number serial, rows bigint, least_ms double precision DEFAULT 'infinity');
CREATE FUNCTION measure(name text, expression text, relation text DEFAULT 'instant', condition text DEFAULT 'true',
  beside text DEFAULT '*')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  query text := format('SELECT count(%s), count(%s) FROM %s WHERE %s', beside, expression, relation, condition);
  number integer;
  counted bigint;
BEGIN
  EXECUTE query INTO counted;
  INSERT INTO measure (name, rows) VALUES (name, counted) RETURNING measure.number INTO number;
  EXECUTE format('CREATE FUNCTION measured_%s() RETURNS void LANGUAGE plpgsql AS %L', number,
    format('DECLARE a bigint; b bigint; BEGIN %s; END', replace(query, ' FROM', ' INTO a, b FROM')));
END $$;
CREATE FUNCTION run(rounds integer, pattern text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  m record;
  started timestamptz;
BEGIN
  FOR i IN 1 .. rounds LOOP
    FOR m IN SELECT * FROM measure WHERE name LIKE pattern ORDER BY name LOOP
      started := clock_timestamp();
      EXECUTE format('SELECT measured_%s()', m.number);
      UPDATE measure SET least_ms = least(least_ms, extract(epoch FROM clock_timestamp() - started) * 1000) WHERE name = m.name;
    END LOOP;
  END LOOP;
END $$;
-- Nanoseconds per row above what the scan takes.
CREATE FUNCTION net(name text, scan text) RETURNS double precision LANGUAGE sql AS $$
  SELECT (m.least_ms / m.rows - s.least_ms / s.rows) * 1e6 FROM measure m, measure s WHERE m.name = net.name AND s.name = net.scan
$$;

SELECT measure('scan', 'ts');
SELECT measure('scan two', 'month_later > ts OR NULL');
SELECT measure('scan decade', 'decade_later > ts OR NULL');
SELECT measure('date_trunc', $$date_trunc('day', ts, 'Asia/Shanghai')$$);
SELECT measure('plus', $$ts + interval '8 hours'$$);
SELECT measure(format('add %s h, %s', h, n), format('business_add(%L, ts, interval ''%s hours'')', c, h))
  FROM unnest(ARRAY[8, 72, 400, 5000]) h, (VALUES (30, :'few'), (3000, :'many')) v(n, c);
SELECT measure('add 3 days, 30', format('business_add(%L, ts, interval ''3 days'')', :'few'));
SELECT measure(format('between 30 days, %s', n), format('business_between(%L, ts, month_later)', c)),
  measure(format('between 10 years, %s', n), format('business_between(%L, ts, decade_later)', c))
  FROM (VALUES (30, :'few'), (3000, :'many')) v(n, c);
SELECT measure('open, 30', format('business_open(%L, ts)', :'few'));
SELECT measure('scan desk few', 'ts', 'instant, desk', 'true', 'few'), measure('scan desk many', 'ts', 'instant, desk', 'true', 'many');
SELECT measure('column 30', $$business_add(few, ts, interval '72 hours')$$, 'instant, desk', 'true', 'few');
SELECT measure('column 3000', $$business_add(many, ts, interval '72 hours')$$, 'instant, desk', 'true', 'many');
SELECT run(100, '%');
-- Measured by themselves: what the one has brought into the processor's caches must not make up for the other.
SELECT measure('scan stored', 'ts', 'instant_with_calendar', 'true', 'few');
SELECT measure('stored 30', $$business_add(few, ts, interval '72 hours')$$, 'instant_with_calendar', 'true', 'few');
SELECT run(100, '%stored%');
SELECT measure('thousand scan few', 'ts', 'instant JOIN thousand ON thousand.id = calendar_id', 'true', 'few');
SELECT measure('thousand 30', $$business_add(few, ts, interval '72 hours')$$, 'instant JOIN thousand ON thousand.id = calendar_id', 'true', 'few');
SELECT run(40, 'thousand%');
SELECT format('memory of compiled calendars, 1,000 of 30 exceptions: %s MB', round(sum(total_bytes) / 1048576.0, 1))
  FROM pg_backend_memory_contexts WHERE name LIKE 'csflow calendar%';
SELECT measure('thousand scan many', 'ts', 'instant JOIN thousand ON thousand.id = calendar_id', 'true', 'many');
SELECT measure('thousand 3000', $$business_add(many, ts, interval '72 hours')$$, 'instant JOIN thousand ON thousand.id = calendar_id', 'true', 'many');
SELECT run(40, 'thousand%many');
SELECT run(40, 'thousand 3000');
SELECT measure(format('rival walk %s h', h), format('walk(ts, interval ''%s hours'')', h), 'instant', 'id <= 500'),
  measure(format('rival spans %s h', h), format('by_spans(ts, interval ''%s hours'')', h), 'instant', 'id <= 5000')
  FROM unnest(ARRAY[8, 72, 400]) h;
SELECT run(3, 'rival%');

-- The rivals must agree, else their times mean nothing.
SELECT 'rivals that disagree with business_add: ' || count(*) FILTER (WHERE walk(ts, needed) <> business_add(:'closed', ts, needed)
    OR by_spans(ts, needed) <> business_add(:'closed', ts, needed))
  FROM instant, unnest(ARRAY[interval '8 hours', '72 hours', '400 hours']) needed WHERE id % 1000 = 0;
SELECT format('date_trunc: %s ns net of the scan; timestamptz + interval: %s ns',
  round(net('date_trunc', 'scan')::numeric, 1), round(net('plus', 'scan')::numeric, 1));
SELECT format('%s date exceptions: ratio to date_trunc %s (%s ns)', rpad(name, 22),
    round((net(name, scan) / net('date_trunc', 'scan'))::numeric, 3), round(net(name, scan)::numeric, 1))
  FROM (SELECT name, CASE WHEN name LIKE 'between 30%' THEN 'scan two' WHEN name LIKE 'between 10%' THEN 'scan decade' ELSE 'scan' END AS scan
        FROM measure WHERE name ~ '^(add|between|open)') m ORDER BY name;
SELECT format('flatness of business_add, 8 to 5,000 h and 30 to 3,000 exceptions: most / least %s',
  round((max(net(name, 'scan')) / min(net(name, 'scan')))::numeric, 3)) FROM measure WHERE name ~ '^add .* h';
SELECT format('calendar from a column, %s exceptions: ratio to constant %s', n,
    round((net('column ' || n, 'scan desk ' || w) / net('add 72 h, ' || n, 'scan'))::numeric, 3))
  FROM (VALUES (30, 'few'), (3000, 'many')) v(n, w);
SELECT format('calendar stored in each row, 30 exceptions: ratio to constant %s',
  round((net('stored 30', 'scan stored') / net('add 72 h, 30', 'scan'))::numeric, 3));
SELECT format('1,000 calendars in turn, %s exceptions each: ratio to constant %s', n,
    round((net('thousand ' || n, 'thousand scan ' || w) / net('add 72 h, ' || n, 'scan'))::numeric, 3))
  FROM (VALUES (30, 'few'), (3000, 'many')) v(n, w);
SELECT format('memory of compiled calendars after that: %s MB, limit 64', round(sum(total_bytes) / 1048576.0, 1))
  FROM pg_backend_memory_contexts WHERE name LIKE 'csflow calendar%';
SELECT format('%s: %s times business_add of the same span', name, round((net(name, 'scan') / net('add ' || h || ' h, 30', 'scan'))::numeric))
  FROM (SELECT name, substring(name FROM '(\d+) h') AS h FROM measure WHERE name LIKE 'rival%') m ORDER BY name;
