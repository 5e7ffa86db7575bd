-- Each column of each table of the flow set to NULL and to values of its type that nobody expects, one at a time: in the rows that are there, in
-- a copy of one of them, and in a row of nothing else. Taken, and then used, or refused, never with an error of class XX,
-- and the server stands.
-- Then tables without rows, and two columns of a table at once, at random. Handbook H4; design 2.10. More of it:
-- CSFLOW_VALUES=20 CSFLOW_PAIRS=5000 CSFLOW_SEED=0.123 make check-tap TESTS=hostile_rows
-- Not in make quick: very many rows.
\ir ../lib/internet_desk.sql
\ir ../lib/every_table.sql
\ir ../lib/literals.sql
SELECT no_plan();
\set values 2
\set pairs 200
\set seed 0.5
\getenv values CSFLOW_VALUES
\getenv pairs CSFLOW_PAIRS
\getenv seed CSFLOW_SEED
SELECT diag('seed ' || :'seed' || ', ' || :'pairs' || ' pairs');
SELECT is_empty('SELECT pg_temp.empty_tables()', 'every table has rows');
CREATE TABLE refused (relation regclass, attribute name, given text, state text, message text);
CREATE FUNCTION attempt(relation regclass, attribute name, given text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  state text; message text;
BEGIN
  EXECUTE statement;
  -- What was taken is used.
  IF relation::text ~ '^(agent|approval_limit|calendar_day|campaign|caption|category|channel|customer|desk|keyword_|lexicon|priority_rule|report_|step|target|team|transition|working_)' THEN
    PERFORM csflow.open_ticket(d.desk_id, 'email', '闪退', customer_id => 2, at => '2025-03-11 09:00'), csflow.escalate_batch('2025-03-11 20:00'), e.*, csflow.export_playbook(d.desk_id)
    FROM (SELECT k.desk_id FROM csflow.desk AS k ORDER BY k.desk_id LIMIT 1) AS d LEFT JOIN LATERAL csflow.explain_classification(d.desk_id, '闪退') AS e ON true LIMIT 1;
  ELSE
    PERFORM csflow.escalate_batch('2025-03-12 09:00'), csflow.refresh_health_batch('2025-03-12 09:00'), (SELECT count(*) FROM csflow.clock_status);
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'ZZ000';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
  INSERT INTO public.refused VALUES (relation, attribute, given, state, message);
END $$;
-- Of each type the last, which are its strangest.
CREATE VIEW strange AS SELECT type, value FROM (SELECT type, value, row_number() OVER (PARTITION BY type ORDER BY n DESC) AS place FROM literal) AS l WHERE place <= :values;
CREATE VIEW tried AS
  SELECT c.oid::regclass AS relation, a.attname AS attribute, v.given, (SELECT string_agg(format('%I', o.attname), ', ' ORDER BY o.attnum) FROM pg_attribute AS o
      WHERE o.attrelid = c.oid AND o.attnum > 0 AND NOT o.attisdropped AND o.attgenerated = '' AND o.attidentity = '' AND o.attnum <> a.attnum) AS others
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid CROSS JOIN LATERAL (
    SELECT 'NULL' AS given UNION ALL SELECT format('%L::%s', l.value, format_type(a.atttypid, NULL)) FROM strange AS l WHERE l.type = a.atttypid) AS v
  WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
SELECT count(attempt(relation, attribute, given, s.statement)) AS statements, count(DISTINCT (relation, attribute)) AS columns
FROM tried CROSS JOIN LATERAL (VALUES (format('UPDATE %s SET %I = %s', relation, attribute, given)),
  (format('INSERT INTO %s (%I, %s) OVERRIDING SYSTEM VALUE SELECT %s, %s FROM %1$s LIMIT 1', relation, attribute, others, given, others)),
  (format('INSERT INTO %s (%I) OVERRIDING SYSTEM VALUE VALUES (%s)', relation, attribute, given))) AS s (statement) \gset
SELECT diag(:'statements' || ' statements about ' || :'columns' || ' columns, ' || (SELECT count(*) FROM refused WHERE state = 'ZZ000') || ' of them taken');
SELECT is(:columns, (SELECT count(*)::integer FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), 'every column of every table was tried');
SELECT is((SELECT count(*) FROM refused), :statements::bigint, 'and all were answered');
SELECT count(attempt(relation, NULL, c, c || relation || CASE WHEN c LIKE 'TRUNC%' THEN ' CASCADE' ELSE '' END)) AS emptied FROM (SELECT DISTINCT relation FROM tried) AS t, unnest('{"DELETE FROM ","TRUNCATE "}'::text[]) AS c \gset
SELECT is((SELECT count(*) FROM refused), :statements::bigint + :emptied, 'nor does it matter that all rows of one are gone');
CREATE TABLE pair AS SELECT a.relation, a.attribute, format('UPDATE %s SET %I = %s, %I = %s', a.relation, a.attribute, a.given, b.attribute, b.given) AS statement, b.attribute || ' = ' || b.given AS given
  FROM tried AS a JOIN tried AS b ON b.relation = a.relation AND b.attribute > a.attribute WHERE a.given <> 'NULL' OR b.given <> 'NULL' ORDER BY md5(concat(:'seed', a.relation, a.attribute, b.attribute, a.given, b.given)) LIMIT :pairs;
SELECT count(attempt(relation, attribute, given, statement)) AS pairs FROM pair \gset
SELECT is((SELECT count(*) FROM refused), :statements::bigint + :emptied + :pairs, 'two columns at once are answered, too');
SELECT is((SELECT string_agg(format('%s.%s = %s: %s %s', relation, attribute, given, state, message), E'\n' ORDER BY relation::text, attribute, given) FROM refused WHERE state LIKE 'XX%'), NULL,
  'none with an internal error');
SELECT * FROM finish();
