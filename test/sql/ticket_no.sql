-- csflow.ticket_no (handbook A4, design 2.15, 2.17): reading, writing, order, parts, casts, index use, partitions.
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS csflow;
CREATE SCHEMA ticket_no_test;
RESET client_min_messages;
SET search_path = ticket_no_test, csflow;
SET DateStyle = 'ISO';
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

-- Whether a literal is valid, asked through a soft error where the server has them (16), else by catching the error.
CREATE FUNCTION is_valid(literal text, type text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  valid boolean;
BEGIN
  IF current_setting('server_version_num')::integer >= 160000 THEN
    EXECUTE 'SELECT pg_input_is_valid($1, $2)' USING literal, type INTO valid;
    RETURN valid;
  END IF;
  BEGIN
    EXECUTE format('SELECT %L::%s', literal, type);
    RETURN true;
  EXCEPTION WHEN invalid_text_representation THEN
    RETURN false;
  END;
END $$;

-- The nodes of a plan: the index used, whether with a condition, and whether rows are filtered afterwards.
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT json, COSTS off) ' || query INTO plan;
  RETURN (SELECT string_agg(concat_ws(' ', node ->> 'Node Type', node ->> 'Index Name',
                                      CASE WHEN node ? 'Index Cond' THEN 'cond' END, CASE WHEN node ? 'Filter' THEN 'filter' END),
                            ' < ' ORDER BY position)
          FROM jsonb_path_query(plan, 'strict $.** ? (exists (@."Node Type"))') WITH ORDINALITY AS nodes (node, position));
END $$;

-- A4: YYYYMM + serial with at least three digits, and past 999 without breaking.
SELECT input, input::ticket_no AS number, input::ticket_no::text = btrim(input) AS same_text, ticket_month(input::ticket_no), ticket_serial(input::ticket_no)
FROM unnest(ARRAY['202310001', '202310010', '202310999', '2023101000', '20231012345', '2023109999999999', '190001001', '9999129999999999', ' 202312042 '])
     WITH ORDINALITY AS item (input, position) ORDER BY position;

-- Refused, each with its reason.
SELECT input, outcome(format('%L::csflow.ticket_no', input))
FROM unnest(ARRAY['', ' ', '2023', '202310', '2023101', '20231001', '202310000', '202300001', '202313001', '202399001', '189912001', '000001001',
                  '2023100001', '20231000001', '20231001000', '20231010000000000', '20231099999999999', '99999999999999999999999999', '-202310001',
                  '+202310001', '2023-10-001', '202310 001', '20231000a', 'T202310001', '202310001.0', '2.02310001e8', '0x202310001', '２０２３１０００１',
                  '202310001;', repeat('9', 60)]) WITH ORDINALITY AS bad (input, position)
ORDER BY position;
SELECT is_valid('202310001', 'csflow.ticket_no'), is_valid('202313001', 'csflow.ticket_no');

-- One number has one text, and the other way round: over all lengths of a serial, at both ends of each.
SELECT count(*) AS numbers, bool_and(text::ticket_no = number) AS read_back, count(DISTINCT text) AS texts,
       bool_and(ticket_month(number) = month AND ticket_serial(number) = serial) AS parts_agree,
       bool_and(number::bigint::ticket_no = number) AS bigint_and_back,
       bool_and(length(text) = 6 + greatest(3, length(serial::text))) AS no_padding_beyond_three
FROM generate_series(0, 9) digits, unnest(ARRAY[10::numeric ^ digits, 10::numeric ^ (digits + 1) - 1]) AS edge,
     LATERAL (SELECT edge::bigint) AS s (serial), unnest('{1900-01-01,2023-10-01,2024-02-01,9999-12-01}'::date[]) AS month,
     LATERAL (SELECT ticket_no(month, serial)) AS n (number), LATERAL (SELECT number::text) AS t (text);

-- Order is by month, then by serial as a number, not as text.
SELECT string_agg(n::text, ' ' ORDER BY n) AS ascending, string_agg(n::text, ' ' ORDER BY n DESC) AS descending, min(n), max(n)
FROM unnest('{202311001,2023101000,202310999,NULL,202310001,2022129999999999}'::ticket_no[]) n;
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, sign(ticket_no_cmp(a, b)) AS cmp,
       ticket_no_larger(a, b) AS larger, ticket_no_smaller(a, b) AS smaller
FROM unnest('{202310999,2023101000}'::ticket_no[]) a, unnest('{202310999,2023101000}'::ticket_no[]) b ORDER BY a, b;
SELECT min(n) IS NULL AND max(n) IS NULL AS null_without_input FROM unnest('{}'::ticket_no[]) n;
SELECT bool_and(ticket_no_hash(n) = (ticket_no_hash_extended(n, 0)::bit(64) << 32)::bit(32)::integer) AS seed_zero_agrees,
       bool_and(ticket_no_hash_extended(n, 1) <> ticket_no_hash_extended(n, 2)) AS seeds_differ
FROM unnest('{202310999,2023101000}'::ticket_no[]) n;

-- From a month, given by any of its days, and a serial.
SELECT ticket_no('2023-10-01', 1), ticket_no('2023-10-31', 1), ticket_no(month => '2024-02-29', serial => 12345);
SELECT expression, outcome('csflow.ticket_no(' || expression || ')')
FROM unnest(ARRAY[$$'2023-10-01', 0$$, $$'2023-10-01', -1$$, $$'2023-10-01', 9999999999$$, $$'2023-10-01', 10000000000$$,
                  $$'2023-10-01', 9223372036854775807$$, $$'1899-12-31', 1$$, $$'10000-01-01', 1$$, $$'0044-03-15 BC', 1$$, $$'infinity', 1$$,
                  $$'-infinity', 1$$, $$NULL, 1$$]) WITH ORDINALITY AS item (expression, position)
ORDER BY position;

-- The internal value: YYYYMM * 10^10 + serial, explicit both ways, every other refused.
SELECT '202310001'::ticket_no::bigint, 2023100000000001::bigint::ticket_no;
SELECT value, outcome(format('(%s)::bigint::csflow.ticket_no', value))
FROM unnest(ARRAY['202310001', '0', '1', '-1', '-2023100000000001', '2023100000000000', '2023000000000001', '2023130000000001', '1899120000000001',
                  '9999129999999999', '9999130000000000', '10000010000000001', '9223372036854775807', '-9223372036854775808', 'NULL'])
     WITH ORDINALITY AS item (value, position)
ORDER BY position;
SELECT substr(outcome($$'202310001'::csflow.ticket_no = 202310001$$), 1, 5) AS no_such_operator;

-- Binary: the internal value in eight bytes; anything else is refused.
SELECT ticket_no_send('202310001'), ticket_no_send('9999129999999999');
CREATE TABLE given (id integer, n ticket_no);
INSERT INTO given SELECT i, ticket_no((date '2023-10-01' + make_interval(months => i % 4))::date, i) FROM generate_series(1, 2000) i;
INSERT INTO given VALUES (0, NULL);
CREATE TABLE taken (LIKE given);
\copy given TO 'results/ticket_no.bin' (FORMAT binary)
\copy taken FROM 'results/ticket_no.bin' (FORMAT binary)
SELECT count(*), count(*) FILTER (WHERE t.n IS NOT DISTINCT FROM g.n) AS same FROM given g JOIN taken t USING (id);
CREATE TABLE raw (bytes bytea);
CREATE TABLE received (n ticket_no);
INSERT INTO raw VALUES (int8send(202310001));
\copy raw TO 'results/ticket_no.bin' (FORMAT binary)
\copy received FROM 'results/ticket_no.bin' (FORMAT binary)
UPDATE raw SET bytes = int8send(-2023100000000001);
\copy raw TO 'results/ticket_no.bin' (FORMAT binary)
\copy received FROM 'results/ticket_no.bin' (FORMAT binary)
UPDATE raw SET bytes = int8send(2023100000000000);
\copy raw TO 'results/ticket_no.bin' (FORMAT binary)
\copy received FROM 'results/ticket_no.bin' (FORMAT binary)
UPDATE raw SET bytes = int4send(202310);
\copy raw TO 'results/ticket_no.bin' (FORMAT binary)
\copy received FROM 'results/ticket_no.bin' (FORMAT binary)
UPDATE raw SET bytes = int8send(2023100000000001) || '\x00';
\copy raw TO 'results/ticket_no.bin' (FORMAT binary)
\copy received FROM 'results/ticket_no.bin' (FORMAT binary)
UPDATE raw SET bytes = int8send(2023100000000001);
\copy raw TO 'results/ticket_no.bin' (FORMAT binary)
\copy received FROM 'results/ticket_no.bin' (FORMAT binary)
SELECT * FROM received;

-- Indexes: equality, ranges, a month, order both ways, min and max; uniqueness; then hash.
CREATE UNIQUE INDEX given_n ON given (n);
ANALYZE given;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
SELECT query, plan_of(query)
FROM unnest(ARRAY[$$SELECT id FROM given WHERE n = '202310008'$$, $$SELECT id FROM given WHERE n > '202312001'$$,
                  $$SELECT id FROM given WHERE n >= ticket_no('2023-11-01', 1) AND n < ticket_no('2023-12-01', 1)$$,
                  $$SELECT id FROM given WHERE n BETWEEN '202310001' AND '202310099'$$, $$SELECT id FROM given WHERE n IN ('202310008', '202310012')$$,
                  $$SELECT id FROM given ORDER BY n$$, $$SELECT id FROM given ORDER BY n DESC$$, $$SELECT id FROM given WHERE n <> '202310008'$$]) query;
SELECT plan_of('SELECT max(n) FROM given') LIKE '%given_n cond%' AS max_uses_index, plan_of('SELECT min(n) FROM given') LIKE '%given_n cond%' AS min_uses_index;
SELECT (SELECT id FROM given WHERE n = '202310008') AS id, (SELECT count(*) FROM given WHERE n >= ticket_no('2023-11-01', 1) AND n < ticket_no('2023-12-01', 1)) AS november,
       (SELECT count(*) FROM given WHERE n > '2024011000') AS last, (SELECT min(n) FROM given) AS min, (SELECT max(n) FROM given) AS max;
INSERT INTO given VALUES (-1, '202310008');
DROP INDEX given_n;
CREATE INDEX given_n_hash ON given USING hash (n);
SELECT plan_of($$SELECT id FROM given WHERE n = '202310008'$$), (SELECT id FROM given WHERE n = '202310008');
DROP INDEX given_n_hash;
RESET enable_seqscan;

-- Joins, grouping.
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT plan_of('SELECT count(*) FROM given a JOIN taken b USING (n)') LIKE '%Hash Join%' AS hashed, count(*) FROM given a JOIN taken b USING (n);
RESET enable_mergejoin;
SET enable_hashjoin = off;
SELECT plan_of('SELECT count(*) FROM given a JOIN taken b USING (n)') LIKE '%Merge Join%' AS merged, count(*) FROM given a JOIN taken b USING (n);
RESET enable_hashjoin;
SELECT ticket_month(n) AS month, count(*), min(n), max(n) FROM given GROUP BY 1 ORDER BY 1 NULLS LAST;
SELECT count(DISTINCT n) FROM given;

-- Parallel min and max equal the serial ones.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT plan_of('SELECT min(n), max(n) FROM given') LIKE '%Gather%' AS parallel, min(n), max(n) FROM given;
SET max_parallel_workers_per_gather = 0;

-- Partitions by month: bounds as text or from a date, pruned by equality and by range.
CREATE TABLE by_month (n ticket_no PRIMARY KEY) PARTITION BY RANGE (n);
CREATE TABLE by_month_202310 PARTITION OF by_month FOR VALUES FROM ('202310001') TO ('202311001');
CREATE TABLE by_month_202311 PARTITION OF by_month FOR VALUES FROM (csflow.ticket_no(date '2023-11-15', 1)) TO (csflow.ticket_no(date '2023-11-15' + 30, 1));
CREATE TABLE by_month_rest PARTITION OF by_month DEFAULT;
INSERT INTO by_month SELECT n FROM given WHERE n IS NOT NULL;
SELECT tableoid::regclass AS partition, count(*), min(n), max(n) FROM by_month GROUP BY 1 ORDER BY 1;
SET enable_indexscan = off;
SELECT plan_of($$SELECT n FROM by_month WHERE n = '202311007'$$) AS one, plan_of($$SELECT n FROM by_month WHERE n >= '202310001' AND n < '202312001'$$) AS two;

-- Everything that takes or returns the type, directly, is described, immutable, strict and parallel safe.
SELECT object.identity
FROM (SELECT 'function ' || p.oid::regprocedure, 'pg_proc'::regclass, p.oid FROM pg_proc p
      WHERE 'ticket_no'::regtype = p.prorettype OR 'ticket_no'::regtype = ANY (p.proargtypes)
      UNION ALL
      SELECT 'operator ' || o.oid::regoperator, 'pg_operator'::regclass, o.oid FROM pg_operator o WHERE o.oprleft = 'ticket_no'::regtype
      UNION ALL
      SELECT 'class ' || c.opcname, 'pg_opclass'::regclass, c.oid FROM pg_opclass c WHERE c.opcintype = 'ticket_no'::regtype
      UNION ALL
      SELECT 'type ' || t.oid::regtype, 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.oid = 'ticket_no'::regtype
      UNION ALL
      SELECT 'cast', 'pg_cast'::regclass, c.oid FROM pg_cast c WHERE 'ticket_no'::regtype IN (c.castsource, c.casttarget))
     AS object (identity, catalog, oid)
LEFT JOIN pg_description d ON d.classoid = object.catalog AND d.objoid = object.oid AND d.objsubid = 0
WHERE d.description IS NULL;
SELECT p.oid::regprocedure AS mislabelled
FROM pg_proc p
WHERE 'ticket_no'::regtype IN (p.prorettype, p.proargtypes[0]) AND p.prokind = 'f' AND p.pronamespace = 'csflow'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_language l WHERE l.oid = p.prolang AND l.lanname IN ('sql', 'plpgsql'))
  AND p.proname ~ '^ticket_(no|month|serial)'
  AND (p.provolatile <> 'i' OR NOT p.proisstrict OR p.proparallel <> 's' OR
       p.proleakproof <> (p.proname ~ '^ticket_no_(eq|ne|lt|le|gt|ge|cmp)$'));


SET client_min_messages = warning;
DROP SCHEMA ticket_no_test CASCADE;
