-- csflow.priority (handbook B3, B4): reading, writing, order, ranks, raising, index use.
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS csflow;
CREATE SCHEMA priority_test;
RESET client_min_messages;
SET search_path = priority_test, csflow;
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

-- B3: the forms of each priority.
SELECT form.priority, string_agg(form.input, ' ' ORDER BY form.position) FILTER (WHERE form.input::priority = form.priority::priority) AS read_from,
       count(*) FILTER (WHERE form.input::priority <> form.priority::priority) AS read_wrongly
FROM (VALUES ('E', '{E,e,Ｅ,ｅ,E级,E級,e级,紧急,緊急,紧急级,緊急級,urgent,Urgent,URGENT,Ｕrgent,uRGENt," E ","	E","　紧急　"}'::text[]),
             ('A', '{A,a,Ａ,A级,A級,高,高优,高優,高级,高級,high,High,HIGH}'),
             ('B', '{B,b,Ｂ,B级,B級,中,中优,中優,中级,medium,Medium}'),
             ('C', '{C,c,Ｃ,C级,C級,低,低优,低優,低级,low,LOW}')) AS list (priority, inputs),
     LATERAL (SELECT list.priority, input, position FROM unnest(list.inputs) WITH ORDINALITY AS item (input, position)) AS form
GROUP BY form.priority ORDER BY form.priority::priority DESC;
SELECT E'\n 高\r\n'::text::priority AS from_text, 'E'::priority::text AS to_text, format('%s', 'low'::priority) AS formatted;

-- Refused, each with its reason.
SELECT input, outcome(format('%L::csflow.priority', input))
FROM unnest(ARRAY['', ' ', 'D', 'F', '0', '4', 'EE', 'E E', 'E级级', '级', '级E', 'urgent级', 'urgen', 'urgentt', '急', '紧', '紧 急', '最高', '高高',
                  '普通', 'P1', 'E-级', 'É', 'Е', '😀', repeat('E', 40), 'NULL', 'E;']) WITH ORDINALITY AS bad (input, position)
ORDER BY position;

-- Soft errors.
SELECT is_valid('紧急', 'csflow.priority'), is_valid('D', 'csflow.priority');

-- Order: E > A > B > C.
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, priority_cmp(a, b) > 0 AS cmp_gt,
       priority_larger(a, b) AS larger, priority_smaller(a, b) AS smaller
FROM unnest('{E,A,B,C}'::priority[]) a, unnest('{E,A,B,C}'::priority[]) b ORDER BY a DESC, b DESC;
SELECT string_agg(p::text, ' ' ORDER BY p DESC) AS descending, string_agg(p::text, ' ' ORDER BY p) AS ascending,
       string_agg(coalesce(p::text, 'null'), ' ' ORDER BY p NULLS FIRST) AS nulls_first
FROM unnest('{B,E,NULL,C,A}'::priority[]) p;
SELECT greatest('C'::priority, 'E', 'A'), least('E'::priority, 'B', 'A'), 'A'::priority BETWEEN 'B' AND 'E' AS between_b_and_e;
SELECT min(p), max(p) FROM unnest('{B,E,NULL,C,A}'::priority[]) p;
SELECT min(p) IS NULL AND max(p) IS NULL AS null_without_input FROM unnest('{}'::priority[]) p;

-- Hashes agree with equality and, for seed 0, with each other.
SELECT count(DISTINCT priority_hash(p)) AS hashes, bool_and(priority_hash(p) = (priority_hash_extended(p, 0)::bit(64) << 32)::bit(32)::integer) AS seed_zero_agrees,
       bool_and(priority_hash_extended(p, 1) <> priority_hash_extended(p, 2)) AS seeds_differ
FROM unnest('{E,A,B,C}'::priority[]) p;

-- Ranks, both ways, explicit only.
SELECT p, p::smallint AS as_smallint, p::integer AS as_integer, p::integer::priority = p AS and_back FROM unnest('{E,A,B,C}'::priority[]) p;
SELECT input, outcome(format('(%s)::csflow.priority', input))
FROM unnest(ARRAY['1', '4', '0', '5', '-1', '257', '2147483647', '-2147483648', 'NULL::integer', '1::bigint', 'true']) WITH ORDINALITY AS item (input, position)
ORDER BY position;
CREATE TABLE ranks (rank integer, p priority);
INSERT INTO ranks (rank) VALUES ('E'::priority);
INSERT INTO ranks (p) VALUES (4);
SELECT substr(outcome($$'E'::csflow.priority = 4$$), 1, 5) AS no_such_operator;

-- Captions and raising (B4).
SELECT p, priority_caption(p) AS default_zh, priority_caption(p, 'zh') AS zh, priority_caption(p, lang => 'en') AS en,
       priority_caption(p, 'zh')::priority = p AND priority_caption(p, 'en')::priority = p AS read_back
FROM unnest('{E,A,B,C}'::priority[]) p;
SELECT outcome($$priority_caption('E', 'de')$$), outcome($$priority_caption('E', '')$$), outcome($$priority_caption('E', NULL)$$);
SELECT p, string_agg(priority_raise(p, n)::text, ' ' ORDER BY n) AS by_minus_4_to_4 FROM unnest('{E,A,B,C}'::priority[]) p, generate_series(-4, 4) n
GROUP BY p ORDER BY p DESC;
SELECT priority_raise('B', 2147483647), priority_raise('B', -2147483648), priority_raise('B', NULL) IS NULL;

-- Binary: one byte, its rank; anything else is refused.
SELECT p, priority_send(p) FROM unnest('{E,A,B,C}'::priority[]) p;
CREATE TABLE given (id integer, p priority);
INSERT INTO given SELECT i, (1 + i % 4)::priority FROM generate_series(1, 400) i;
INSERT INTO given VALUES (0, NULL);
CREATE TABLE taken (LIKE given);
\copy given TO 'results/priority.bin' (FORMAT binary)
\copy taken FROM 'results/priority.bin' (FORMAT binary)
SELECT count(*), count(*) FILTER (WHERE t.p IS NOT DISTINCT FROM g.p) AS same FROM given g JOIN taken t USING (id);
CREATE TABLE raw (bytes bytea);
CREATE TABLE received (p priority);
INSERT INTO raw VALUES ('\x00');
\copy raw TO 'results/priority.bin' (FORMAT binary)
\copy received FROM 'results/priority.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x05';
\copy raw TO 'results/priority.bin' (FORMAT binary)
\copy received FROM 'results/priority.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x45';
\copy raw TO 'results/priority.bin' (FORMAT binary)
\copy received FROM 'results/priority.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x';
\copy raw TO 'results/priority.bin' (FORMAT binary)
\copy received FROM 'results/priority.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x0404';
\copy raw TO 'results/priority.bin' (FORMAT binary)
\copy received FROM 'results/priority.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x04';
\copy raw TO 'results/priority.bin' (FORMAT binary)
\copy received FROM 'results/priority.bin' (FORMAT binary)
SELECT * FROM received;

-- Indexes: equality, ranges, order both ways, min and max; then hash.
CREATE INDEX given_p ON given (p);
ANALYZE given;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
SELECT query, plan_of(query)
FROM unnest(ARRAY[$$SELECT id FROM given WHERE p = 'E'$$, $$SELECT id FROM given WHERE p > 'B'$$, $$SELECT id FROM given WHERE p >= '高' AND p < '紧急'$$,
                  $$SELECT id FROM given WHERE p BETWEEN 'C' AND 'B'$$, $$SELECT id FROM given WHERE p IN ('E', 'A')$$,
                  $$SELECT id FROM given ORDER BY p$$, $$SELECT id FROM given ORDER BY p DESC$$, $$SELECT id FROM given WHERE p <> 'E'$$]) query;
SELECT (SELECT count(*) FROM given WHERE p = 'E') AS e, (SELECT count(*) FROM given WHERE p > 'B') AS above_b,
       (SELECT count(*) FROM given WHERE p >= '高' AND p < '紧急') AS high, (SELECT count(*) FROM given WHERE p IS NULL) AS no_priority,
       (SELECT max(p) FROM given) AS max, (SELECT min(p) FROM given) AS min;
SELECT plan_of('SELECT max(p) FROM given') LIKE '%given_p cond%' AS max_uses_index, plan_of('SELECT min(p) FROM given') LIKE '%given_p cond%' AS min_uses_index;
DROP INDEX given_p;
CREATE INDEX given_p_hash ON given USING hash (p);
SELECT plan_of($$SELECT id FROM given WHERE p = 'E'$$), (SELECT count(*) FROM given WHERE p = 'E');
DROP INDEX given_p_hash;
RESET enable_seqscan;

-- Joins, grouping, distinct.
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT plan_of('SELECT count(*) FROM given a JOIN taken b USING (p)') LIKE '%Hash Join%' AS hashed, count(*) FROM given a JOIN taken b USING (p);
RESET enable_mergejoin;
SET enable_hashjoin = off;
SELECT plan_of('SELECT count(*) FROM given a JOIN taken b USING (p)') LIKE '%Merge Join%' AS merged, count(*) FROM given a JOIN taken b USING (p);
RESET enable_hashjoin;
SET enable_sort = off;
SELECT plan_of('SELECT p, count(*) FROM given GROUP BY p') AS hashed;
RESET enable_sort;
SET enable_hashagg = off;
SELECT plan_of('SELECT p, count(*) FROM given GROUP BY p') AS sorted;
SELECT p, count(*) FROM given GROUP BY p ORDER BY p DESC NULLS LAST;

-- Parallel min and max equal the serial ones.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT plan_of('SELECT min(p), max(p) FROM given') LIKE '%Gather%' AS parallel, min(p), max(p) FROM given;

-- Partitions by list and hash.
CREATE TABLE by_priority (p priority) PARTITION BY LIST (p);
CREATE TABLE by_priority_urgent PARTITION OF by_priority FOR VALUES IN ('E', 'A');
CREATE TABLE by_priority_rest PARTITION OF by_priority DEFAULT;
INSERT INTO by_priority SELECT p FROM given;
SELECT tableoid::regclass AS partition, count(*) FROM by_priority GROUP BY 1 ORDER BY 1;
SELECT plan_of($$SELECT * FROM by_priority WHERE p = 'B'$$);

-- Everything that takes or returns the type, directly, is described, immutable, strict and parallel safe.
SELECT object.identity
FROM (SELECT 'function ' || p.oid::regprocedure, 'pg_proc'::regclass, p.oid FROM pg_proc p
      WHERE 'priority'::regtype = p.prorettype OR 'priority'::regtype = ANY (p.proargtypes)
      UNION ALL
      SELECT 'operator ' || o.oid::regoperator, 'pg_operator'::regclass, o.oid FROM pg_operator o WHERE o.oprleft = 'priority'::regtype
      UNION ALL
      SELECT 'class ' || c.opcname, 'pg_opclass'::regclass, c.oid FROM pg_opclass c WHERE c.opcintype = 'priority'::regtype
      UNION ALL
      SELECT 'type ' || t.oid::regtype, 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.oid = 'priority'::regtype
      UNION ALL
      SELECT 'cast', 'pg_cast'::regclass, c.oid FROM pg_cast c WHERE 'priority'::regtype IN (c.castsource, c.casttarget))
     AS object (identity, catalog, oid)
LEFT JOIN pg_description d ON d.classoid = object.catalog AND d.objoid = object.oid AND d.objsubid = 0
WHERE d.description IS NULL;
SELECT p.oid::regprocedure AS mislabelled
FROM pg_proc p
WHERE 'priority'::regtype IN (p.prorettype, p.proargtypes[0]) AND p.prokind = 'f' AND p.pronamespace = 'csflow'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_language l WHERE l.oid = p.prolang AND l.lanname IN ('sql', 'plpgsql'))
  AND p.proname ~ '^priority_'
  AND (p.provolatile <> 'i' OR NOT p.proisstrict OR p.proparallel <> 's' OR
       p.proleakproof <> (p.proname ~ '^priority_(eq|ne|lt|le|gt|ge|cmp)$'));


SET client_min_messages = warning;
DROP SCHEMA priority_test CASCADE;
