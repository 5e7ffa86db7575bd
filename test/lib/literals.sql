-- Values of every type that a function of csflow takes, for tests that call all of them. The desk of internet_desk.sql with a
-- ticket must be there.
-- The first literal of a type is a sane value: the other arguments have it while one is varied.
CREATE TABLE literal (type regtype, n integer GENERATED ALWAYS AS IDENTITY, value text);
INSERT INTO literal (type, value) SELECT t::regtype, v FROM (VALUES
  ('bigint', ARRAY['1', '0', '-1', '9223372036854775807', '-9223372036854775808']),
  ('integer', ARRAY['1', '0', '-1', '2147483647', '-2147483648', '1000000']),
  ('smallint', ARRAY['1', '0', '-1', '32767', '-32768']),
  ('boolean', ARRAY['true', 'false']),
  ('double precision', ARRAY['0.5', '0', '-0', '-1', '2', 'NaN', 'Infinity', '-Infinity', '1e308', '-1e308', '5e-324']),
  ('numeric', ARRAY['1', '0', '-1', 'NaN', 'Infinity', '-Infinity', '1e1000']),
  ('text', ARRAY['x', '', ' ', 'Asia/Shanghai', 'internet', '闪退', '💥👩‍👩‍👧', repeat('e' || U&'\0301', 5000), repeat('退款', 20000), $$'; DROP TABLE csflow.ticket; --$$, U&'\D7FF\E000\FFFD', E'\n\t', '%s%n', '{}', 'csflow.ticket', 'infinity']),
  ('name', ARRAY['x', '', 'csflow', '闪退']),
  ('timestamptz', ARRAY['2025-03-04 09:00+08', 'infinity', '-infinity', '4714-11-24 00:00:00 UTC BC', '294276-12-31 23:59:59.999999 UTC', '0001-01-01 UTC', '2262-01-01 UTC', '1900-01-01 UTC']),
  ('date', ARRAY['2025-03-04', 'infinity', '-infinity', '4714-11-24 BC', '5874897-12-31', '0001-01-01']),
  ('time', ARRAY['10:00', '00:00', '24:00']),
  ('interval', ARRAY['1 hour', '0', '-1 hour', '1 month', '178000000 years', '-178000000 years', '2147483647 days', '-2147483648 days', '2562047788 hours', '1 day -24 hours']),
  ('jsonb', ARRAY['{}', 'null', '[]', '"x"', '1', '{"a": null}', '[[[[[[[[]]]]]]]]', repeat('[', 2000) || repeat(']', 2000), '{"targets": [{"clock": "x"}]}', '{"kinds": 5, "settings": [], "steps": {}, "calendars": "x"}']),
  ('bytea', ARRAY['\x', '\x00', '\xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', '\xdeadbeef']),
  ('text[]', ARRAY['{x}', '{}', '{NULL}', '{"",""}', '{{x},{y}}', '[0:0]={x}']),
  ('bigint[]', ARRAY['{1}', '{}', '{NULL}', '{{1},{2}}', '{-1,9223372036854775807}']),
  ('integer[]', ARRAY['{1}', '{}', '{NULL}', '{{1},{2}}', '{-1,2147483647}']),
  ('double precision[]', ARRAY['{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21}', '{}', '{NULL}', '{NaN}', '{Infinity,-Infinity}', '{{1},{2}}', '{1e308,1e308,-1e308}']),
  ('date[]', ARRAY['{2025-03-04}', '{}', '{NULL}', '{infinity}']),
  ('timestamptz[]', ARRAY['{2025-03-04}', '{}', '{NULL}', '{infinity}']),
  ('csflow.priority', ARRAY['B', 'E', 'C']),
  ('csflow.tag', ARRAY['故障-支付-E级']),
  ('csflow.ticket_no', ARRAY[(SELECT min(ticket_no)::text FROM csflow.ticket), '000101001', '999912001', '2023109999999999']),
  ('csflow.ticket_no[]', ARRAY['{202310001}', '{}', '{NULL}']),
  ('csflow.calendar', ARRAY['Asia/Shanghai; mon-fri 09:00-18:00', 'UTC; daily 00:00-24:00', 'America/New_York; sun 01:00-03:00; 2025-03-09 off', 'Asia/Shanghai; mon 00:00-00:01; until 2025-03-03'])
) AS v (t, a), unnest(v.a) WITH ORDINALITY AS u (v, o) ORDER BY t, o;
-- What aggregates make: of many values, of one, of none where that is one.
INSERT INTO literal (type, value)
  SELECT 'csflow.duration_sketch'::regtype, csflow.duration_sketch(n * interval '7 minutes')::text FROM generate_series(1, 500) AS n UNION ALL
  SELECT 'csflow.duration_sketch', csflow.duration_sketch(v::interval)::text FROM unnest('{0,1 microsecond,3650 days}'::text[]) AS v UNION ALL
  SELECT 'csflow.health', csflow.health(n * interval '1 minute', n * interval '1 hour', n * interval '1 second', n % 3, n % 2, n % 5 = 0)::text FROM generate_series(1, 50) AS n UNION ALL
  SELECT 'csflow.health', csflow.health('1 minute', NULL, NULL, 2147483647, 2147483647, NULL)::text UNION ALL
  SELECT 'csflow.csat', csflow.csat(n % 5 + 1)::text FROM generate_series(1, 50) AS n UNION ALL SELECT 'csflow.csat', '5:9223372036854775807' UNION ALL
  SELECT 'csflow.nps', csflow.nps(n % 11)::text FROM generate_series(1, 50) AS n UNION ALL SELECT 'csflow.nps', '10:9223372036854775807' UNION ALL
  SELECT 'csflow.ces', csflow.ces(n % 7 + 1)::text FROM generate_series(1, 50) AS n UNION ALL SELECT 'csflow.ces', '1:9223372036854775807' UNION ALL
  SELECT 'csflow.attainment_counts', csflow.attainment(CASE n % 2 WHEN 0 THEN 'resolve' ELSE 'first_response' END, n % 3 = 0)::text FROM generate_series(1, 50) AS n UNION ALL
  SELECT 'csflow.top_k', csflow.top_k('word ' || n % 20, 10)::text FROM generate_series(1, 500) AS n UNION ALL
  SELECT 'csflow.top_k', csflow.top_k(repeat('退款', 170), 1)::text;
-- Whatever comes later: a value of it, if it reads one of these; a type without any would be called with NULL only.
DO $$
DECLARE made regtype; try text;
BEGIN
  FOR made IN SELECT DISTINCT a FROM pg_proc p, unnest(p.proargtypes) a JOIN pg_type t ON t.oid = a
    WHERE p.pronamespace = 'csflow'::regnamespace AND t.typtype <> 'p' AND a NOT IN (SELECT type FROM literal) LOOP
    FOREACH try IN ARRAY '{"",0,1,"{}",x}'::text[] LOOP
      BEGIN
        EXECUTE format('INSERT INTO literal (type, value) VALUES (%L, (%L::%s)::text)', made, try, made);
      EXCEPTION WHEN OTHERS THEN NULL;
      END;
    END LOOP;
    IF NOT EXISTS (SELECT FROM literal WHERE type = made) THEN
      RAISE EXCEPTION 'no value of type % is known', made USING HINT = 'Add one to test/lib/literals.sql.';
    END IF;
  END LOOP;
END $$;
