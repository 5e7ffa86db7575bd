-- csflow.tag (handbook B6): reading, writing, order, parts, search by part, index use.
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS csflow;
CREATE SCHEMA tag_test;
RESET client_min_messages;
SET search_path = tag_test, csflow;
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

-- B6: kind-domain-priority, whatever the dash and the form of the priority; written one way.
SELECT input, input::tag AS tag, tag_kind(input::tag), tag_domain(input::tag), tag_priority(input::tag)
FROM unnest(ARRAY['故障-支付-E级', '咨询-会员-A级', '故障-支付-E級', '故障-支付-E', '故障-支付-紧急', '故障－支付－Ｅ级', '故障–支付–urgent', '故障—支付—緊急',
                  '故障——支付——E', ' 故障 - 支付 - E ', '　故障　-　支付　-　高　', 'fault-payment-low', 'Fault 1-Pay & go-B', '投诉-Ünïcödé-C', '建议-😀-中',
                  repeat('障', 64) || '-' || repeat('😀', 64) || '-E']) WITH ORDINALITY AS item (input, position)
ORDER BY position;
SELECT '故障-支付-E级'::text::tag, '故障-支付-high'::tag::text, '故障-支付-E'::tag = '故障—支付—緊急' AS same;

-- Refused, each with its reason.
SELECT left(input, 40) AS input, replace(outcome(format('%L::csflow.tag', input)), input, left(input, 40))
FROM unnest(ARRAY['', ' ', '-', '--', '---', '故障', '故障-支付', '故障-支付-', '-支付-E', '故障--E', ' - - ', '　-支付-E', '故障-支付-D', '故障-支付-E级级', 'E-支付-故障',
                  '故障-支付-E-', '故障-支付-渠道-E', '-故障-支付-E', '故障-*-E', '*-支付-E', '故障-支付-*', '故＊障-支付-E', repeat('障', 65) || '-支付-E', '故障-' || repeat('a', 65) || '-E',
                  repeat('-', 1000), repeat('x', 100000)]) WITH ORDINALITY AS bad (input, position)
ORDER BY position;
-- Characters nobody sees, or that are none; the same in a tag, in a tag from parts and in a search.
SELECT to_hex(code) AS code_point, split_part(outcome(format('%L::csflow.tag', '故' || chr(code) || '障-支付-E')), E'\n', 2) AS detail,
       split_part(outcome(format('csflow.tag(%L, %L, %L)', '故障', '支' || chr(code) || '付', 'E')), E'\n', 2) AS from_parts,
       split_part(outcome(format('csflow.tag_matches(%L, %L)', '故障-支付-E', '故' || chr(code) || '障')), E'\n', 2) AS in_search
FROM unnest('{1,9,31,127,133,8203,8205,8206,8232,8238,8288,8294,65279,1114111}'::integer[]) code;
SELECT is_valid('故障-支付-E级', 'csflow.tag'), is_valid('故障-支付', 'csflow.tag'), is_valid('故障-支付-D', 'csflow.tag');

-- From parts, by the same rules.
SELECT tag('故障', '支付', 'E'), tag(kind => ' 咨询 ', domain => '会员', priority => '高'), tag(NULL, '支付', 'E') IS NULL AS null_is_null;
SELECT expression, outcome('csflow.tag(' || expression || ')')
FROM unnest(ARRAY[$$'', '支付', 'E'$$, $$'故障', '　', 'E'$$, $$'故-障', '支付', 'E'$$, $$'故障', '支—付', 'E'$$, $$'故障', '*', 'E'$$, $$repeat('x', 65), 'y', 'E'$$, $$'故障', '支付', 'D'$$]) WITH ORDINALITY AS item (expression, position)
ORDER BY position;

-- Order: kind and domain bytewise, then priority; checked over all pairs against the parts.
CREATE TABLE word (w text);
INSERT INTO word VALUES ('a'), ('A'), ('ab'), ('a b'), ('a!'), ('b'), ('z'), ('é'), ('支付'), ('支'), ('付'), ('故障'), ('😀'), ('ﬀ');
CREATE TABLE every_tag AS
SELECT tag(k.w, d.w, p) AS g, k.w AS kind, d.w AS domain, p FROM word k, word d, unnest('{E,A,B,C}'::priority[]) p;
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE (a.g < b.g) <> o.lt OR (a.g > b.g) <> o.gt OR (a.g = b.g) <> NOT (o.lt OR o.gt) OR (a.g <> b.g) <> (o.lt OR o.gt) OR
                              (a.g <= b.g) <> NOT o.gt OR (a.g >= b.g) <> NOT o.lt OR sign(tag_cmp(a.g, b.g)) <> o.gt::integer - o.lt::integer OR
                              tag_larger(a.g, b.g) <> CASE WHEN o.lt THEN b.g ELSE a.g END OR tag_smaller(a.g, b.g) <> CASE WHEN o.gt THEN b.g ELSE a.g END)
         AS wrong
FROM every_tag a, every_tag b,
     LATERAL (SELECT (a.kind COLLATE "C", a.domain COLLATE "C", a.p) < (b.kind COLLATE "C", b.domain COLLATE "C", b.p) AS lt,
                     (a.kind COLLATE "C", a.domain COLLATE "C", a.p) > (b.kind COLLATE "C", b.domain COLLATE "C", b.p) AS gt) AS o;
SELECT count(*) AS tags, count(DISTINCT g) AS different, count(*) FILTER (WHERE g::text::tag = g) AS read_back,
       count(*) FILTER (WHERE tag_kind(g) = kind AND tag_domain(g) = domain AND tag_priority(g) = p) AS parts_agree,
       bool_and(tag_hash(g) = (tag_hash_extended(g, 0)::bit(64) << 32)::bit(32)::integer) AS seed_zero_agrees
FROM every_tag;
SELECT min(g), max(g), (SELECT g FROM every_tag ORDER BY g LIMIT 1) AS first, (SELECT g FROM every_tag ORDER BY g DESC LIMIT 1) AS last FROM every_tag;
SELECT min(g) IS NULL AND max(g) IS NULL AS null_without_input FROM unnest('{NULL}'::tag[]) g;
SELECT pg_column_size('故障-支付-E'::tag) AS bytes_of_value, pg_column_size(ROW('故障-支付-E'::tag)) - pg_column_size(ROW()) AS bytes_in_row;

-- Binary: two counted texts and one byte; whatever makes no tag is refused.
SELECT tag_send('故障-支付-E');
CREATE TABLE given (id integer, g tag);
INSERT INTO given SELECT i, tag((ARRAY['故障', '咨询', '投诉', '建议'])[1 + i % 4], (ARRAY['支付', '会员', '登录'])[1 + i % 3], (1 + i % 5 % 4)::priority)
FROM generate_series(1, 600) i;
INSERT INTO given VALUES (0, NULL);
CREATE TABLE taken (LIKE given);
\copy given TO 'results/tag.bin' (FORMAT binary)
\copy taken FROM 'results/tag.bin' (FORMAT binary)
SELECT count(*), count(*) FILTER (WHERE t.g IS NOT DISTINCT FROM s.g) AS same FROM given s JOIN taken t USING (id);
CREATE TABLE raw (bytes bytea);
CREATE TABLE received (g tag);
INSERT INTO raw VALUES ('\x');
UPDATE raw SET bytes = '';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = int4send(octet_length(convert_to('故障', 'UTF8'))) || convert_to('故障', 'UTF8');
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = int4send(octet_length(convert_to('故障', 'UTF8'))) || convert_to('故障', 'UTF8') || int4send(octet_length(convert_to('支付', 'UTF8'))) || convert_to('支付', 'UTF8');
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = int4send(octet_length(convert_to('故障', 'UTF8'))) || convert_to('故障', 'UTF8') || int4send(octet_length(convert_to('支付', 'UTF8'))) || convert_to('支付', 'UTF8') || '\x00';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = int4send(octet_length(convert_to('故障', 'UTF8'))) || convert_to('故障', 'UTF8') || int4send(octet_length(convert_to('支付', 'UTF8'))) || convert_to('支付', 'UTF8') || '\x05';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = int4send(octet_length(convert_to('', 'UTF8'))) || convert_to('', 'UTF8') || int4send(octet_length(convert_to('支付', 'UTF8'))) || convert_to('支付', 'UTF8') || '\x04';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = int4send(octet_length(convert_to('故障', 'UTF8'))) || convert_to('故障', 'UTF8') || int4send(octet_length(convert_to('支-付', 'UTF8'))) || convert_to('支-付', 'UTF8') || '\x04';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = int4send(octet_length(convert_to('*', 'UTF8'))) || convert_to('*', 'UTF8') || int4send(octet_length(convert_to('支付', 'UTF8'))) || convert_to('支付', 'UTF8') || '\x04';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = '\xffffffff04';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x7fffffff04';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x00000002e69504';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x00000003616200' || int4send(octet_length(convert_to('支付', 'UTF8'))) || convert_to('支付', 'UTF8') || '\x04';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = '\x00000001ff' || int4send(octet_length(convert_to('支付', 'UTF8'))) || convert_to('支付', 'UTF8') || '\x04';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = int4send(octet_length(convert_to('故障', 'UTF8'))) || convert_to('故障', 'UTF8') || int4send(octet_length(convert_to('支付', 'UTF8'))) || convert_to('支付', 'UTF8') || '\x0404';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
UPDATE raw SET bytes = int4send(octet_length(convert_to(' 故障　', 'UTF8'))) || convert_to(' 故障　', 'UTF8') || int4send(octet_length(convert_to('支付', 'UTF8'))) || convert_to('支付', 'UTF8') || '\x04';
\copy raw TO 'results/tag.bin' (FORMAT binary)
\copy received FROM 'results/tag.bin' (FORMAT binary)
SELECT * FROM received;

-- Search by part.
SELECT search, string_agg(g::text, ' ' ORDER BY g) AS found
FROM unnest(ARRAY['故障-*-E', '故障-支付-E级', '故障-支付', '故障', '*', '*-*-*', '*-支付', '*-*-urgent', '*-会员-高', ' 故障 — ＊ — 緊急 ', '故障——*——E', '咨询', '无此', '故', '支付'])
     WITH ORDINALITY AS s (search, position)
LEFT JOIN unnest('{故障-支付-E,故障-支付-A,故障-登录-E,故障码-支付-E,咨询-会员-A,NULL}'::tag[]) g ON g ~ search
GROUP BY search, position ORDER BY position;
SELECT tag_matches('故障-支付-E', '故障-*-E'), tag_matches(tag => '故障-支付-A', search => '故障-*-E'), tag_matches('故障-支付-E', NULL) IS NULL AS null_is_null;
SELECT search, outcome(format('''故障-支付-E''::csflow.tag ~ %L', search))
FROM unnest(ARRAY['', ' ', '-', '故障-', '-支付', '故障--E', '故障-*-', '故障-支付-D', '故障-支付-E-*', '故*', '*障-支付', '**', '*-**', '故障-支*-E', '*-*-*-*', repeat('障', 65)]) WITH ORDINALITY AS bad (search, position)
ORDER BY position;

-- Every search over every tag finds what comparing the parts finds.
CREATE TABLE search AS
SELECT k AS kind, d AS domain, p::priority, concat_ws('-', coalesce(k, '*'), coalesce(d, '*'), coalesce(p, '*')) AS search
FROM unnest('{故障,支,a,ab,NULL}'::text[]) k, unnest('{支付,支,A,"a b",NULL}'::text[]) d, unnest('{E,C,NULL}'::text[]) p;
SELECT count(*) AS searched, count(*) FILTER (WHERE g ~ search) AS found,
       count(*) FILTER (WHERE g ~ search <> (coalesce(s.kind = t.kind, true) AND coalesce(s.domain = t.domain, true) AND coalesce(s.p = t.p, true))) AS wrong
FROM every_tag t, search s;

-- Indexes: equality, ranges, order both ways, min and max, and searches that fix the kind.
CREATE INDEX given_g ON given (g);
ANALYZE given;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
SELECT query, plan_of(query)
FROM unnest(ARRAY[$$SELECT id FROM given WHERE g = '故障-支付-E'$$, $$SELECT id FROM given WHERE g > '故障-支付-E'$$,
                  $$SELECT id FROM given WHERE g BETWEEN '故障-会员-C' AND '故障-会员-E'$$, $$SELECT id FROM given WHERE g IN ('故障-支付-E', '咨询-会员-A')$$,
                  $$SELECT id FROM given ORDER BY g$$, $$SELECT id FROM given ORDER BY g DESC$$, $$SELECT id FROM given WHERE g <> '故障-支付-E'$$,
                  $$SELECT id FROM given WHERE g ~ '故障'$$, $$SELECT id FROM given WHERE g ~ '故障-支付'$$, $$SELECT id FROM given WHERE g ~ '故障-支付-E'$$,
                  $$SELECT id FROM given WHERE g ~ '故障-*-E'$$, $$SELECT id FROM given WHERE tag_matches(g, '故障-支付')$$,
                  $$SELECT id FROM given WHERE g ~ '*-支付'$$, $$SELECT id FROM given WHERE g ~ '*'$$, $$SELECT a.id FROM given a, (VALUES ('故障'), ('咨询')) s (search) WHERE a.g ~ s.search$$]) query;
SELECT plan_of('SELECT max(g) FROM given') LIKE '%given_g cond%' AS max_uses_index, plan_of('SELECT min(g) FROM given') LIKE '%given_g cond%' AS min_uses_index;
-- The same by index and without.
CREATE FUNCTION found(search text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  result bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM given WHERE g ~ %L', search) INTO result;
  RETURN result;
END $$;
CREATE TABLE by_index AS
SELECT search, found(search) FROM unnest(ARRAY['故障', '故障-支付', '故障-支付-E', '故障-*-E', '咨询', '投诉-会员', '建议-*-C', '无此', '*-支付']) search;
SET enable_seqscan = on;
SET enable_indexscan = off;
SELECT search, found AS by_index, found(search) AS by_scan FROM by_index ORDER BY search COLLATE "C";
RESET enable_indexscan;
SET enable_seqscan = off;
-- A parameter of a prepared statement is a constant once it is planned with its value; a domain over tag has the same index.
PREPARE searching(text) AS SELECT id FROM given WHERE g ~ $1;
SET plan_cache_mode = force_custom_plan;
SELECT plan_of($$EXECUTE searching('故障')$$);
SET plan_cache_mode = force_generic_plan;
SELECT plan_of($$EXECUTE searching('故障')$$);
RESET plan_cache_mode;
CREATE DOMAIN fault_tag AS tag CHECK (VALUE ~ '故障');
CREATE TABLE fault (g fault_tag);
INSERT INTO fault VALUES ('故障-支付-E');
INSERT INTO fault VALUES ('咨询-会员-A');
CREATE INDEX fault_g ON fault (g);
SELECT plan_of($$SELECT g FROM fault WHERE g ~ '故障-支付'$$), (SELECT g FROM fault WHERE g ~ '故障-支付');
-- Nothing is claimed for an index in another order, or on another expression.
CREATE INDEX given_kind ON given (tag_kind(g));
DROP INDEX given_g;
SELECT plan_of($$SELECT id FROM given WHERE g ~ '故障'$$), plan_of($$SELECT id FROM given WHERE tag_kind(g) = '故障'$$);
CREATE INDEX given_g_hash ON given USING hash (g);
SELECT plan_of($$SELECT id FROM given WHERE g = '故障-支付-E'$$), plan_of($$SELECT id FROM given WHERE g ~ '故障-支付-E'$$),
       plan_of($$SELECT id FROM given WHERE g ~ '故障-支付'$$);
SELECT found('故障-支付-E');
DROP INDEX given_g_hash;
RESET enable_seqscan;

-- Joins, grouping, long values.
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT plan_of('SELECT count(*) FROM given a JOIN taken b USING (g)') LIKE '%Hash Join%' AS hashed, count(*) FROM given a JOIN taken b USING (g);
RESET enable_mergejoin;
SET enable_hashjoin = off;
SELECT plan_of('SELECT count(*) FROM given a JOIN taken b USING (g)') LIKE '%Merge Join%' AS merged, count(*) FROM given a JOIN taken b USING (g);
RESET enable_hashjoin;
SELECT g, count(*) FROM given WHERE g ~ '故障' OR g IS NULL GROUP BY g ORDER BY g DESC NULLS LAST;
CREATE TABLE long (g tag);
CREATE UNIQUE INDEX long_g ON long (g);
INSERT INTO long SELECT tag(repeat(k, 64), repeat(d, 64), p) FROM unnest('{障,😀}'::text[]) k, unnest('{付,😀}'::text[]) d, unnest('{E,C}'::priority[]) p;
SELECT count(*), count(*) FILTER (WHERE g::text::tag = g), max(pg_column_size(g)) < 600 AS bounded FROM long;
INSERT INTO long SELECT min(g) FROM long;

-- Parallel min and max equal the serial ones.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT plan_of('SELECT min(g), max(g) FROM given') LIKE '%Gather%' AS parallel, min(g), max(g) FROM given;

-- Everything that takes or returns the type, directly, is described, immutable, strict and parallel safe.
SELECT object.identity
FROM (SELECT 'function ' || p.oid::regprocedure, 'pg_proc'::regclass, p.oid FROM pg_proc p
      WHERE 'tag'::regtype = p.prorettype OR 'tag'::regtype = ANY (p.proargtypes)
      UNION ALL
      SELECT 'operator ' || o.oid::regoperator, 'pg_operator'::regclass, o.oid FROM pg_operator o WHERE o.oprleft = 'tag'::regtype
      UNION ALL
      SELECT 'class ' || c.opcname, 'pg_opclass'::regclass, c.oid FROM pg_opclass c WHERE c.opcintype = 'tag'::regtype
      UNION ALL
      SELECT 'type ' || t.oid::regtype, 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.oid = 'tag'::regtype
      UNION ALL
      SELECT 'cast', 'pg_cast'::regclass, c.oid FROM pg_cast c WHERE 'tag'::regtype IN (c.castsource, c.casttarget))
     AS object (identity, catalog, oid)
LEFT JOIN pg_description d ON d.classoid = object.catalog AND d.objoid = object.oid AND d.objsubid = 0
WHERE d.description IS NULL;
SELECT p.oid::regprocedure AS mislabelled
FROM pg_proc p
WHERE 'tag'::regtype IN (p.prorettype, p.proargtypes[0]) AND p.prokind = 'f' AND p.pronamespace = 'csflow'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_language l WHERE l.oid = p.prolang AND l.lanname IN ('sql', 'plpgsql'))
  AND p.proname ~ '^tag_'
  AND (p.provolatile <> 'i' OR NOT p.proisstrict OR p.proparallel <> 's' OR
       p.proleakproof <> (p.proname ~ '^tag_(eq|ne|lt|le|gt|ge|cmp)$'));


SET client_min_messages = warning;
DROP SCHEMA tag_test CASCADE;
